/** The provider that node:crypto (OpenSSL 3.5) is: all rows of this version. */

import { agreement } from "./agreement.ts"
import {
  agreedHkdf,
  argon2id,
  cmacPrf,
  counterMode,
  feedbackMode,
  hkdf,
  hmacPrf,
  pbkdf2Hmac,
} from "./derivation.ts"
import { dsaHashes, ecdsaHashes, preHashes, rsaHashes } from "../../domain/hashes.ts"
import { scripts } from "../hbs/chains.ts"
import { hashBasedKeys, hashBasedSignature } from "../hbs/keys.ts"
import { cardanoSeed, slip10Seed } from "../hd/seed-keys.ts"
import { ed25519Ctx, ed25519Ph, ed448Ph } from "../noble/edwards.ts"
import { withExtended } from "../noble/ed25519-extended.ts"
import { rowsOf, type Provider } from "../provider.ts"
import { withSecp256k1 } from "../secp256k1/ecdsa.ts"
import { schnorr } from "../secp256k1/schnorr.ts"
import { aead } from "./aead.ts"
import { blockCipher } from "./block-cipher.ts"
import { dh } from "./dh-group.ts"
import { ecdhEsA256Kw } from "./jwe-wrap.ts"
import { mlKemAesKwp, mlKemRow } from "./kem.ts"
import { kw, kwp } from "./key-wrap.ts"
import { cmac, gmac, hmac, kmac, poly1305 } from "./macs.ts"
import { dsa } from "./dsa.ts"
import type { NodeKey } from "./key.ts"
import { edwards25519, edwards448 } from "./edwards-point.ts"
import { pairKeys } from "./pair-keys.ts"
import { ec, edwards, mlDsa, mlKem, montgomery, rsa, slhDsa } from "./pair-types.ts"
import { pkcs1Encryption, raw } from "./rsa-legacy.ts"
import { oaep } from "./rsa-oaep.ts"
import { oaepWrap, rsaAesKwp } from "./rsa-wrap.ts"
import { hasEqualParts, secretKeys } from "./secret-keys.ts"
import {
  dsaNone,
  dsaSignature,
  ecdsa,
  ecdsaNone,
  eddsa,
  hashPostQuantum,
  pkcs1,
  pkcs1None,
  postQuantum,
  pss,
} from "./signatures.ts"
import { xaes256Gcm } from "./xaes.ts"
import { xchacha20Poly1305 } from "./xchacha.ts"

const aesCbc = (bits: number): string => `aes-${bits}-cbc`
const camelliaCbc = (bits: number): string => `camellia-${bits}-cbc`
const tdeaCbc = (): string => "des-ede3-cbc"

export const nodeProvider = {
  name: "node:crypto",
  keys: {
    AES_128: secretKeys("AES_128", { bytes: 16 }),
    AES_192: secretKeys("AES_192", { bytes: 24 }),
    AES_256: secretKeys("AES_256", { bytes: 32 }),
    CHACHA20: secretKeys("CHACHA20", { bytes: 32 }),
    CAMELLIA_128: secretKeys("CAMELLIA_128", { bytes: 16 }),
    CAMELLIA_192: secretKeys("CAMELLIA_192", { bytes: 24 }),
    CAMELLIA_256: secretKeys("CAMELLIA_256", { bytes: 32 }),
    TDEA: secretKeys("TDEA", { bytes: 24, isWeak: hasEqualParts }),
    HMAC_SHA_1: secretKeys("HMAC_SHA_1", { bytes: 20, bytesMax: 64 }),
    HMAC_SHA_224: secretKeys("HMAC_SHA_224", { bytes: 28, bytesMax: 64 }),
    HMAC_SHA_256: secretKeys("HMAC_SHA_256", { bytes: 32, bytesMax: 64 }),
    HMAC_SHA_384: secretKeys("HMAC_SHA_384", { bytes: 48, bytesMax: 128 }),
    HMAC_SHA_512: secretKeys("HMAC_SHA_512", { bytes: 64, bytesMax: 128 }),
    HMAC_SHA_512_224: secretKeys("HMAC_SHA_512_224", { bytes: 28, bytesMax: 128 }),
    HMAC_SHA_512_256: secretKeys("HMAC_SHA_512_256", { bytes: 32, bytesMax: 128 }),
    HMAC_SHA3_224: secretKeys("HMAC_SHA3_224", { bytes: 28, bytesMax: 144 }),
    HMAC_SHA3_256: secretKeys("HMAC_SHA3_256", { bytes: 32, bytesMax: 136 }),
    HMAC_SHA3_384: secretKeys("HMAC_SHA3_384", { bytes: 48, bytesMax: 104 }),
    HMAC_SHA3_512: secretKeys("HMAC_SHA3_512", { bytes: 64, bytesMax: 72 }),
    KMAC_128: secretKeys("KMAC_128", { bytes: 16, bytesMax: 168 }),
    KMAC_256: secretKeys("KMAC_256", { bytes: 32, bytesMax: 136 }),
    POLY1305: secretKeys("POLY1305", { bytes: 32 }),
    GENERIC_SECRET: secretKeys("GENERIC_SECRET", { bytes: 32, bytesMin: 16, bytesMax: 1_024 }),
    PASSWORD: secretKeys("PASSWORD", { bytes: 32, bytesMin: 1, bytesMax: 1_024 }),
    RSA_2048: pairKeys("RSA_2048", rsa(2048)),
    RSA_3072: pairKeys("RSA_3072", rsa(3072)),
    RSA_4096: pairKeys("RSA_4096", rsa(4096)),
    RSA_8192: pairKeys("RSA_8192", rsa(8192)),
    EC_P224: pairKeys("EC_P224", ec("secp224r1")),
    EC_P256: pairKeys("EC_P256", ec("prime256v1")),
    EC_P384: pairKeys("EC_P384", ec("secp384r1")),
    EC_P521: pairKeys("EC_P521", ec("secp521r1")),
    EC_SECP256K1: pairKeys("EC_SECP256K1", ec("secp256k1")),
    EC_BRAINPOOL_P224: pairKeys("EC_BRAINPOOL_P224", ec("brainpoolP224r1")),
    EC_BRAINPOOL_P256: pairKeys("EC_BRAINPOOL_P256", ec("brainpoolP256r1")),
    EC_BRAINPOOL_P320: pairKeys("EC_BRAINPOOL_P320", ec("brainpoolP320r1")),
    EC_BRAINPOOL_P384: pairKeys("EC_BRAINPOOL_P384", ec("brainpoolP384r1")),
    EC_BRAINPOOL_P512: pairKeys("EC_BRAINPOOL_P512", ec("brainpoolP512r1")),
    DSA_2048: pairKeys("DSA_2048", dsa(2048)),
    DSA_3072: pairKeys("DSA_3072", dsa(3072)),
    ED25519: pairKeys("ED25519", edwards("ed25519", edwards25519)),
    ED448: pairKeys("ED448", edwards("ed448", edwards448)),
    X25519: pairKeys("X25519", montgomery("x25519")),
    X448: pairKeys("X448", montgomery("x448")),
    DH_FFDHE2048: pairKeys("DH_FFDHE2048", dh(2048)),
    DH_FFDHE3072: pairKeys("DH_FFDHE3072", dh(3072)),
    DH_FFDHE4096: pairKeys("DH_FFDHE4096", dh(4096)),
    DH_FFDHE6144: pairKeys("DH_FFDHE6144", dh(6144)),
    DH_FFDHE8192: pairKeys("DH_FFDHE8192", dh(8192)),
    ML_KEM_512: pairKeys("ML_KEM_512", mlKem("ml-kem-512")),
    ML_KEM_768: pairKeys("ML_KEM_768", mlKem("ml-kem-768")),
    ML_KEM_1024: pairKeys("ML_KEM_1024", mlKem("ml-kem-1024")),
    ML_DSA_44: pairKeys("ML_DSA_44", mlDsa("ml-dsa-44")),
    ML_DSA_65: pairKeys("ML_DSA_65", mlDsa("ml-dsa-65")),
    ML_DSA_87: pairKeys("ML_DSA_87", mlDsa("ml-dsa-87")),
    SLH_DSA_SHA2_128S: pairKeys("SLH_DSA_SHA2_128S", slhDsa("slh-dsa-sha2-128s")),
    SLH_DSA_SHA2_128F: pairKeys("SLH_DSA_SHA2_128F", slhDsa("slh-dsa-sha2-128f")),
    SLH_DSA_SHA2_192S: pairKeys("SLH_DSA_SHA2_192S", slhDsa("slh-dsa-sha2-192s")),
    SLH_DSA_SHA2_192F: pairKeys("SLH_DSA_SHA2_192F", slhDsa("slh-dsa-sha2-192f")),
    SLH_DSA_SHA2_256S: pairKeys("SLH_DSA_SHA2_256S", slhDsa("slh-dsa-sha2-256s")),
    SLH_DSA_SHA2_256F: pairKeys("SLH_DSA_SHA2_256F", slhDsa("slh-dsa-sha2-256f")),
    SLH_DSA_SHAKE_128S: pairKeys("SLH_DSA_SHAKE_128S", slhDsa("slh-dsa-shake-128s")),
    SLH_DSA_SHAKE_128F: pairKeys("SLH_DSA_SHAKE_128F", slhDsa("slh-dsa-shake-128f")),
    SLH_DSA_SHAKE_192S: pairKeys("SLH_DSA_SHAKE_192S", slhDsa("slh-dsa-shake-192s")),
    SLH_DSA_SHAKE_192F: pairKeys("SLH_DSA_SHAKE_192F", slhDsa("slh-dsa-shake-192f")),
    SLH_DSA_SHAKE_256S: pairKeys("SLH_DSA_SHAKE_256S", slhDsa("slh-dsa-shake-256s")),
    SLH_DSA_SHAKE_256F: pairKeys("SLH_DSA_SHAKE_256F", slhDsa("slh-dsa-shake-256f")),
    LMS_SHA256_H5: hashBasedKeys("LMS_SHA256_H5"),
    LMS_SHA256_H10: hashBasedKeys("LMS_SHA256_H10"),
    LMS_SHA256_H15: hashBasedKeys("LMS_SHA256_H15"),
    HSS_SHA256_H5_H5: hashBasedKeys("HSS_SHA256_H5_H5"),
    HSS_SHA256_H10_H10: hashBasedKeys("HSS_SHA256_H10_H10"),
    HSS_LMS: hashBasedKeys("HSS_LMS"),
    XMSS_SHA2_10_256: hashBasedKeys("XMSS_SHA2_10_256"),
    BIP32_SECP256K1: slip10Seed("BIP32_SECP256K1"),
    SLIP10_P256: slip10Seed("SLIP10_P256"),
    SLIP10_ED25519: slip10Seed("SLIP10_ED25519"),
    BIP32_ED25519_CARDANO: cardanoSeed("BIP32_ED25519_CARDANO"),
  },
  encryption: {
    XAES_256_GCM: xaes256Gcm,
    AES_GCM: aead((bits) => `aes-${bits}-gcm`),
    AES_GCM_SIV: aead((bits) => `aes-${bits}-gcm-siv`),
    AES_CCM: aead((bits) => `aes-${bits}-ccm`),
    XCHACHA20_POLY1305: xchacha20Poly1305,
    CHACHA20_POLY1305: aead(() => "chacha20-poly1305"),
    AES_CBC_PAD: blockCipher({ cipher: aesCbc, ivBytes: 16, pad: true }),
    AES_CBC: blockCipher({ cipher: aesCbc, ivBytes: 16, pad: false, wholeBlocks: 16 }),
    AES_CTR: blockCipher({ cipher: (bits) => `aes-${bits}-ctr`, ivBytes: 16, pad: false }),
    AES_ECB: blockCipher({
      cipher: (bits) => `aes-${bits}-ecb`,
      ivBytes: 0,
      pad: false,
      wholeBlocks: 16,
    }),
    CAMELLIA_CBC_PAD: blockCipher({ cipher: camelliaCbc, ivBytes: 16, pad: true }),
    CAMELLIA_CBC: blockCipher({ cipher: camelliaCbc, ivBytes: 16, pad: false, wholeBlocks: 16 }),
    CAMELLIA_CTR: blockCipher({
      cipher: (bits) => `camellia-${bits}-ctr`,
      ivBytes: 16,
      pad: false,
    }),
    CAMELLIA_ECB: blockCipher({
      cipher: (bits) => `camellia-${bits}-ecb`,
      ivBytes: 0,
      pad: false,
      wholeBlocks: 16,
    }),
    TDEA_CBC_PAD: blockCipher({ cipher: tdeaCbc, ivBytes: 8, pad: true }),
    TDEA_CBC: blockCipher({ cipher: tdeaCbc, ivBytes: 8, pad: false, wholeBlocks: 8 }),
    TDEA_ECB: blockCipher({ cipher: () => "des-ede3-ecb", ivBytes: 0, pad: false, wholeBlocks: 8 }),
    RSA_OAEP_SHA_1: oaep("SHA-1"),
    RSA_OAEP_SHA_256: oaep("SHA-256"),
    RSA_OAEP_SHA_384: oaep("SHA-384"),
    RSA_OAEP_SHA_512: oaep("SHA-512"),
    RSA_PKCS1_ENCRYPTION: pkcs1Encryption,
    RSA_RAW: raw,
  },
  signature: {
    ...rowsOf("ECDSA", ecdsaHashes, (id) => withSecp256k1(ecdsa(id), id)),
    ECDSA_NONE: withSecp256k1(ecdsaNone, undefined),
    BIP340_SCHNORR: schnorr,
    ...rowsOf("RSA_PSS", rsaHashes, pss),
    ...rowsOf("RSA_PKCS1", rsaHashes, pkcs1),
    RSA_PKCS1_NONE: pkcs1None,
    ...rowsOf("DSA", dsaHashes, dsaSignature),
    DSA_NONE: dsaNone,
    ED25519: withExtended(eddsa),
    ED25519_CTX: ed25519Ctx,
    ED25519_PH: ed25519Ph,
    ED448: eddsa,
    ED448_PH: ed448Ph,
    ML_DSA: postQuantum,
    ...rowsOf("HASH_ML_DSA", preHashes, hashPostQuantum),
    SLH_DSA: postQuantum,
    ...rowsOf("HASH_SLH_DSA", preHashes, hashPostQuantum),
    HSS_LMS: hashBasedSignature(scripts),
    XMSS: hashBasedSignature(scripts),
  },
  mac: {
    HMAC_SHA_1: hmac("sha1"),
    HMAC_SHA_224: hmac("sha224"),
    HMAC_SHA_256: hmac("sha256"),
    HMAC_SHA_384: hmac("sha384"),
    HMAC_SHA_512: hmac("sha512"),
    HMAC_SHA_512_224: hmac("sha512-224"),
    HMAC_SHA_512_256: hmac("sha512-256"),
    HMAC_SHA3_224: hmac("sha3-224"),
    HMAC_SHA3_256: hmac("sha3-256"),
    HMAC_SHA3_384: hmac("sha3-384"),
    HMAC_SHA3_512: hmac("sha3-512"),
    KMAC_128: kmac(128, 32),
    KMAC_256: kmac(256, 64),
    AES_CMAC: cmac("aes"),
    AES_GMAC: gmac,
    CAMELLIA_CMAC: cmac("camellia"),
    POLY1305: poly1305,
  },
  wrap: {
    AES_KWP: kwp,
    AES_KW: kw,
    ECDH_ES_A256KW: ecdhEsA256Kw,
    ML_KEM_AES_KWP: mlKemAesKwp,
    RSA_AES_KWP_SHA_256: rsaAesKwp("SHA-256"),
    RSA_AES_KWP_SHA_384: rsaAesKwp("SHA-384"),
    RSA_AES_KWP_SHA_512: rsaAesKwp("SHA-512"),
    RSA_AES_KWP_SHA_1: rsaAesKwp("SHA-1"),
    RSA_OAEP_WRAP_SHA_256: oaepWrap("SHA-256"),
    RSA_OAEP_WRAP_SHA_384: oaepWrap("SHA-384"),
    RSA_OAEP_WRAP_SHA_512: oaepWrap("SHA-512"),
    RSA_OAEP_WRAP_SHA_1: oaepWrap("SHA-1"),
  },
  kem: { ML_KEM: mlKemRow },
  agreement: { ECDH: agreement, X25519: agreement, X448: agreement, DH: agreement },
  derivation: {
    AGREEMENT_HKDF_SHA_256: agreedHkdf("sha256"),
    AGREEMENT_HKDF_SHA_384: agreedHkdf("sha384"),
    AGREEMENT_HKDF_SHA_512: agreedHkdf("sha512"),
    HKDF_SHA_256: hkdf("sha256"),
    HKDF_SHA_384: hkdf("sha384"),
    HKDF_SHA_512: hkdf("sha512"),
    KBKDF_COUNTER_HMAC_SHA_256: counterMode(hmacPrf("sha256")),
    KBKDF_COUNTER_HMAC_SHA_384: counterMode(hmacPrf("sha384")),
    KBKDF_COUNTER_HMAC_SHA_512: counterMode(hmacPrf("sha512")),
    KBKDF_COUNTER_AES_CMAC: counterMode(cmacPrf),
    KBKDF_FEEDBACK_HMAC_SHA_256: feedbackMode(hmacPrf("sha256")),
    KBKDF_FEEDBACK_HMAC_SHA_384: feedbackMode(hmacPrf("sha384")),
    KBKDF_FEEDBACK_HMAC_SHA_512: feedbackMode(hmacPrf("sha512")),
    KBKDF_FEEDBACK_AES_CMAC: feedbackMode(cmacPrf),
    ARGON2ID: argon2id,
    PBKDF2_HMAC_SHA_256: pbkdf2Hmac("sha256"),
    PBKDF2_HMAC_SHA_512: pbkdf2Hmac("sha512"),
  },
} as const satisfies Provider<NodeKey>
