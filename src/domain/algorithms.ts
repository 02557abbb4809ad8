/**
 * The vocabulary of key algorithms: what a key can be, by our stable identifiers. The engine holds
 * a row of code for each row here; a face maps its dialect's names to these by a table.
 */

import {
  aes,
  aes192,
  agreement,
  camellia,
  cipher,
  curve,
  deriver,
  dh,
  dsa,
  ed25519,
  mac,
  mlDsa,
  mlKem,
  nistP256,
  rsa,
  secp256k1,
  seed,
  signatures,
  signer,
  slhDsa,
  stateful,
  wrapping,
} from "./algorithm-families.ts"
import {
  derivations,
  mechanisms,
  type AlgorithmStatus,
  type MechanismId,
  type MechanismRow,
} from "./mechanisms.ts"

import type { KeyUsage } from "./usages.ts"

export { rsaHashes } from "./hashes.ts"
export { keyUsages, publicUsages, type KeyUsage } from "./usages.ts"
export {
  derivationParameters,
  mechanismRow,
  mechanisms,
  muBytes,
  parseMechanism,
} from "./mechanisms.ts"
export type {
  AlgorithmStatus,
  DerivationParameter,
  MechanismId,
  MechanismRow,
} from "./mechanisms.ts"

export interface KeyAlgorithmRow {
  /**
   * `secret`: raw bytes; `pair`: a PKCS#8 private key, or an SPKI public key alone; `seed`: bytes
   * that pairs are derived from, each by its path, and that never leave.
   */
  readonly form: "secret" | "pair" | "seed"
  readonly status: AlgorithmStatus
  /** Uses that a key of this algorithm may ever be given. */
  readonly usages: readonly KeyUsage[]
  /** Uses it gets when its creator names none. */
  readonly defaultUsages: readonly KeyUsage[]
  /** Of a signature, of ECDSA and DSA in raw form; absent where there is none, or no one size. */
  readonly signatureBytes?: number
  /** Each signature uses up an index: how many there are, and how many are reserved at once. */
  readonly stateful?: { readonly signatures: number; readonly lease: number }
  /** What the pair at a path of a seed is as a key of its own; absent: it is none. */
  readonly child?: string
  /** Mechanisms it serves; the first of each kind is the default. */
  readonly mechanisms: readonly MechanismId[]
  readonly source: string
}

/** Every key algorithm. */
export const keyAlgorithms = {
  AES_128: aes,
  AES_192: aes192,
  AES_256: { ...aes, mechanisms: ["XAES_256_GCM", ...aes.mechanisms] },
  CHACHA20: {
    ...cipher,
    mechanisms: ["XCHACHA20_POLY1305", "CHACHA20_POLY1305"],
    source: "RFC 8439",
  },
  CAMELLIA_128: camellia,
  CAMELLIA_192: camellia,
  CAMELLIA_256: camellia,
  TDEA: {
    ...cipher,
    status: "legacy",
    mechanisms: ["TDEA_CBC_PAD", "TDEA_CBC", "TDEA_ECB"],
    source: "SP 800-67",
  },
  HMAC_SHA_1: { ...mac, status: "legacy", mechanisms: ["HMAC_SHA_1"] },
  HMAC_SHA_224: { ...mac, status: "acceptable", mechanisms: ["HMAC_SHA_224"] },
  HMAC_SHA_256: { ...mac, mechanisms: ["HMAC_SHA_256"] },
  HMAC_SHA_384: { ...mac, mechanisms: ["HMAC_SHA_384"] },
  HMAC_SHA_512: { ...mac, mechanisms: ["HMAC_SHA_512"] },
  HMAC_SHA_512_224: { ...mac, status: "acceptable", mechanisms: ["HMAC_SHA_512_224"] },
  HMAC_SHA_512_256: { ...mac, mechanisms: ["HMAC_SHA_512_256"] },
  HMAC_SHA3_224: { ...mac, status: "acceptable", mechanisms: ["HMAC_SHA3_224"] },
  HMAC_SHA3_256: { ...mac, mechanisms: ["HMAC_SHA3_256"] },
  HMAC_SHA3_384: { ...mac, mechanisms: ["HMAC_SHA3_384"] },
  HMAC_SHA3_512: { ...mac, mechanisms: ["HMAC_SHA3_512"] },
  KMAC_128: { ...mac, mechanisms: ["KMAC_128"], source: "SP 800-185 section 8.4.1" },
  KMAC_256: { ...mac, mechanisms: ["KMAC_256"], source: "SP 800-185 section 8.4.1" },
  POLY1305: {
    ...mac,
    status: "legacy",
    mechanisms: ["POLY1305"],
    source: "RFC 8439 section 2.5, one message per version",
  },
  GENERIC_SECRET: {
    ...deriver,
    status: "recommended",
    mechanisms: derivations.secret,
    source: "PKCS#11 v3.1 CKK_GENERIC_SECRET, 16 to 1,024 bytes",
  },
  // What people remember: no stronger than that.
  PASSWORD: {
    ...deriver,
    status: "acceptable",
    mechanisms: derivations.password,
    source: "1 to 1,024 bytes",
  },
  // 112 bits of strength: SP 800-131A revision 2 section 3.
  RSA_2048: { ...rsa, status: "acceptable", signatureBytes: 256 },
  RSA_3072: { ...rsa, signatureBytes: 384 },
  RSA_4096: { ...rsa, signatureBytes: 512 },
  RSA_8192: { ...rsa, signatureBytes: 1024 },
  EC_P224: { ...curve("SP 800-186 section 3.2.1.2", "SHA_224", 28), status: "legacy" },
  EC_P256: wrapping(nistP256, "ECDH_ES_A256KW"),
  EC_P384: wrapping(curve("SP 800-186 section 3.2.1.4", "SHA_384", 48), "ECDH_ES_A256KW"),
  EC_P521: wrapping(curve("SP 800-186 section 3.2.1.5", "SHA_512", 66), "ECDH_ES_A256KW"),
  EC_SECP256K1: secp256k1,
  EC_BRAINPOOL_P224: { ...curve("RFC 5639 section 3.3", "SHA_224", 28), status: "legacy" },
  EC_BRAINPOOL_P256: { ...curve("RFC 5639 section 3.4", "SHA_256", 32), status: "acceptable" },
  EC_BRAINPOOL_P320: { ...curve("RFC 5639 section 3.5", "SHA_384", 40), status: "acceptable" },
  EC_BRAINPOOL_P384: { ...curve("RFC 5639 section 3.6", "SHA_384", 48), status: "acceptable" },
  EC_BRAINPOOL_P512: { ...curve("RFC 5639 section 3.7", "SHA_512", 64), status: "acceptable" },
  DSA_2048: dsa,
  DSA_3072: dsa,
  ED25519: ed25519,
  ED448: {
    ...signer,
    signatureBytes: 114,
    mechanisms: ["ED448", "ED448_PH"],
    source: "RFC 8032 section 5.2",
  },
  X25519: {
    ...wrapping(
      { ...agreement, mechanisms: ["X25519", ...derivations.agreement] },
      "ECDH_ES_A256KW",
    ),
    source: "RFC 7748 section 6.1",
  },
  X448: {
    ...agreement,
    mechanisms: ["X448", ...derivations.agreement],
    source: "RFC 7748 section 6.2",
  },
  // 112 bits of strength: SP 800-56A revision 3 appendix D.
  DH_FFDHE2048: { ...dh, status: "acceptable", source: "RFC 7919 appendix A.1" },
  DH_FFDHE3072: { ...dh, source: "RFC 7919 appendix A.2" },
  DH_FFDHE4096: { ...dh, source: "RFC 7919 appendix A.3" },
  DH_FFDHE6144: { ...dh, source: "RFC 7919 appendix A.4" },
  DH_FFDHE8192: { ...dh, source: "RFC 7919 appendix A.5" },
  ML_KEM_512: mlKem,
  ML_KEM_768: mlKem,
  ML_KEM_1024: mlKem,
  ML_DSA_44: { ...mlDsa(128), signatureBytes: 2420 },
  ML_DSA_65: { ...mlDsa(192), signatureBytes: 3309 },
  ML_DSA_87: { ...mlDsa(256), signatureBytes: 4627 },
  SLH_DSA_SHA2_128S: { ...slhDsa(128), signatureBytes: 7856 },
  SLH_DSA_SHA2_128F: { ...slhDsa(128), signatureBytes: 17088 },
  SLH_DSA_SHA2_192S: { ...slhDsa(192), signatureBytes: 16224 },
  SLH_DSA_SHA2_192F: { ...slhDsa(192), signatureBytes: 35664 },
  SLH_DSA_SHA2_256S: { ...slhDsa(256), signatureBytes: 29792 },
  SLH_DSA_SHA2_256F: { ...slhDsa(256), signatureBytes: 49856 },
  SLH_DSA_SHAKE_128S: { ...slhDsa(128), signatureBytes: 7856 },
  SLH_DSA_SHAKE_128F: { ...slhDsa(128), signatureBytes: 17088 },
  SLH_DSA_SHAKE_192S: { ...slhDsa(192), signatureBytes: 16224 },
  SLH_DSA_SHAKE_192F: { ...slhDsa(192), signatureBytes: 35664 },
  SLH_DSA_SHAKE_256S: { ...slhDsa(256), signatureBytes: 29792 },
  SLH_DSA_SHAKE_256F: { ...slhDsa(256), signatureBytes: 49856 },
  LMS_SHA256_H5: { ...stateful(5, 1), signatureBytes: 2352 },
  LMS_SHA256_H10: { ...stateful(10, 8), signatureBytes: 2512 },
  LMS_SHA256_H15: { ...stateful(15, 64), signatureBytes: 2672 },
  HSS_SHA256_H5_H5: { ...stateful(10, 8), signatureBytes: 4756 },
  HSS_SHA256_H10_H10: { ...stateful(20, 256), signatureBytes: 5076 },
  HSS_LMS: {
    ...signer,
    status: "acceptable",
    usages: ["verify"],
    defaultUsages: ["verify"],
    mechanisms: ["HSS_LMS"],
    source: "RFC 8554, any parameter set, public keys alone",
  },
  XMSS_SHA2_10_256: {
    ...stateful(10, 8),
    mechanisms: ["XMSS"],
    signatureBytes: 2500,
    source: "RFC 8391 section 5.3, SP 800-208 section 5",
  },
  BIP32_SECP256K1: {
    ...seed,
    status: "acceptable",
    mechanisms: signatures(secp256k1),
    signatureBytes: 64,
    child: "EC_SECP256K1",
    source: "BIP 32, SLIP-10",
  },
  SLIP10_P256: {
    ...seed,
    mechanisms: signatures(nistP256),
    signatureBytes: 64,
    child: "EC_P256",
    source: "SLIP-10",
  },
  SLIP10_ED25519: {
    ...seed,
    mechanisms: ed25519.mechanisms,
    signatureBytes: 64,
    child: "ED25519",
    source: "SLIP-10, hardened steps alone",
  },
  BIP32_ED25519_CARDANO: {
    ...seed,
    status: "acceptable",
    mechanisms: ["ED25519"],
    signatureBytes: 64,
    source: "BIP32-Ed25519, CIP-3 Icarus, CIP-1852",
  },
} as const satisfies Record<string, KeyAlgorithmRow>
export type KeyAlgorithmId = keyof typeof keyAlgorithms

/** Looks an algorithm up without narrowing it to its literal row. */
export function keyAlgorithm(id: KeyAlgorithmId): KeyAlgorithmRow {
  return keyAlgorithms[id]
}

/** The mechanism of `kind` that an algorithm uses unless told otherwise. */
export function defaultMechanism(
  algorithm: KeyAlgorithmId,
  kind: MechanismRow["kind"],
): MechanismId | undefined {
  return keyAlgorithm(algorithm).mechanisms.find((id) => mechanisms[id].kind === kind)
}

/** What a seed's children are as keys of their own; undefined where there are none. */
export function childAlgorithm(seed: KeyAlgorithmId): KeyAlgorithmId | undefined {
  const { child } = keyAlgorithm(seed)
  return child === undefined ? undefined : parseKeyAlgorithm(child)
}

/** Narrows a string that came from outside; undefined when we have no such algorithm. */
export function parseKeyAlgorithm(text: string): KeyAlgorithmId | undefined {
  return Object.hasOwn(keyAlgorithms, text) ? (text as KeyAlgorithmId) : undefined
}
