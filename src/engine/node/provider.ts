/** The provider that node:crypto (OpenSSL 3.5) is: all rows of this version. */

import type { Provider } from "../provider.ts"
import { aead } from "./aead.ts"
import { blockCipher } from "./block-cipher.ts"
import { kw, kwp } from "./key-wrap.ts"
import { cmac, gmac, hmac, kmac } from "./macs.ts"
import type { NodeKey } from "./key.ts"
import { ec, edwards25519, pairKeys, rsa } from "./pair-keys.ts"
import { oaep } from "./rsa-oaep.ts"
import { hasEqualParts, secretKeys } from "./secret-keys.ts"
import { ecdsa, ed25519, pkcs1, pss } from "./signatures.ts"
import { xaes256Gcm } from "./xaes.ts"
import { xchacha20Poly1305 } from "./xchacha.ts"

const aesCbc = (bits: number): string => `aes-${bits}-cbc`

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
    HMAC_SHA3_256: secretKeys("HMAC_SHA3_256", { bytes: 32, bytesMax: 136 }),
    HMAC_SHA3_384: secretKeys("HMAC_SHA3_384", { bytes: 48, bytesMax: 104 }),
    HMAC_SHA3_512: secretKeys("HMAC_SHA3_512", { bytes: 64, bytesMax: 72 }),
    KMAC_128: secretKeys("KMAC_128", { bytes: 16, bytesMax: 168 }),
    KMAC_256: secretKeys("KMAC_256", { bytes: 32, bytesMax: 136 }),
    RSA_2048: pairKeys("RSA_2048", rsa(2048)),
    RSA_3072: pairKeys("RSA_3072", rsa(3072)),
    RSA_4096: pairKeys("RSA_4096", rsa(4096)),
    EC_P256: pairKeys("EC_P256", ec("prime256v1")),
    EC_P384: pairKeys("EC_P384", ec("secp384r1")),
    EC_P521: pairKeys("EC_P521", ec("secp521r1")),
    ED25519: pairKeys("ED25519", edwards25519),
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
    CAMELLIA_CBC_PAD: blockCipher({
      cipher: (bits) => `camellia-${bits}-cbc`,
      ivBytes: 16,
      pad: true,
    }),
    TDEA_CBC_PAD: blockCipher({ cipher: () => "des-ede3-cbc", ivBytes: 8, pad: true }),
    RSA_OAEP_SHA_256: oaep("SHA-256"),
    RSA_OAEP_SHA_384: oaep("SHA-384"),
    RSA_OAEP_SHA_512: oaep("SHA-512"),
  },
  signature: {
    ECDSA_SHA_256: ecdsa("sha256"),
    ECDSA_SHA_384: ecdsa("sha384"),
    ECDSA_SHA_512: ecdsa("sha512"),
    RSA_PSS_SHA_256: pss("sha256", 32),
    RSA_PSS_SHA_384: pss("sha384", 48),
    RSA_PSS_SHA_512: pss("sha512", 64),
    RSA_PKCS1_SHA_256: pkcs1("sha256"),
    RSA_PKCS1_SHA_384: pkcs1("sha384"),
    RSA_PKCS1_SHA_512: pkcs1("sha512"),
    ED25519: ed25519,
  },
  mac: {
    HMAC_SHA_1: hmac("sha1"),
    HMAC_SHA_224: hmac("sha224"),
    HMAC_SHA_256: hmac("sha256"),
    HMAC_SHA_384: hmac("sha384"),
    HMAC_SHA_512: hmac("sha512"),
    HMAC_SHA3_256: hmac("sha3-256"),
    HMAC_SHA3_384: hmac("sha3-384"),
    HMAC_SHA3_512: hmac("sha3-512"),
    KMAC_128: kmac(128, 32),
    KMAC_256: kmac(256, 64),
    AES_CMAC: cmac("aes"),
    AES_GMAC: gmac,
    CAMELLIA_CMAC: cmac("camellia"),
  },
  wrap: { AES_KWP: kwp, AES_KW: kw },
} as const satisfies Provider<NodeKey>
