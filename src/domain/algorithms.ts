/**
 * The vocabulary of key algorithms: what a key can be, by our stable identifiers. The engine holds
 * a row of code for each row here; a face maps its dialect's names to these by a table.
 */

import { dsaHashes, ecdsaHashes, preHashesOf, rsaHashes } from "./hashes.ts"
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

const cipher = {
  form: "secret",
  status: "recommended",
  usages: ["encrypt", "decrypt"],
  defaultUsages: ["encrypt", "decrypt"],
} as const
const signer = {
  form: "pair",
  status: "recommended",
  usages: ["sign", "verify"],
  defaultUsages: ["sign", "verify"],
} as const
const mac = {
  form: "secret",
  status: "recommended",
  usages: ["sign", "verify"],
  defaultUsages: ["sign", "verify"],
  source: "FIPS 198-1",
} as const
/** What others are derived from, and nothing else. */
const deriver = { form: "secret", usages: ["derive"], defaultUsages: ["derive"] } as const
/** RFC 8452 knows no keys of 192 bits. */
const aes192 = {
  ...cipher,
  usages: ["encrypt", "decrypt", "wrap", "unwrap", "sign", "verify", "derive"],
  mechanisms: [
    "AES_GCM",
    "AES_CCM",
    "AES_CBC_PAD",
    "AES_CBC",
    "AES_CTR",
    "AES_ECB",
    "AES_CMAC",
    "AES_GMAC",
    "AES_KWP",
    "AES_KW",
    ...derivations.cipher,
  ],
  source: "FIPS 197",
} as const
const aes = { ...aes192, mechanisms: [...aes192.mechanisms, "AES_GCM_SIV"] } as const
const camellia = {
  ...cipher,
  status: "acceptable",
  usages: ["encrypt", "decrypt", "sign", "verify"],
  mechanisms: ["CAMELLIA_CBC_PAD", "CAMELLIA_CBC", "CAMELLIA_CTR", "CAMELLIA_ECB", "CAMELLIA_CMAC"],
  source: "RFC 3713",
} as const
/** Of OAEP around keys. */
const wrapHashes = ["SHA_256", "SHA_384", "SHA_512", "SHA_1"] as const
const rsa = {
  form: "pair",
  status: "recommended",
  usages: ["encrypt", "decrypt", "sign", "verify", "wrap", "unwrap"],
  defaultUsages: ["sign", "verify"],
  mechanisms: [
    ...rsaHashes.map((hash) => `RSA_PSS_${hash}` as const),
    ...rsaHashes.map((hash) => `RSA_PKCS1_${hash}` as const),
    "RSA_PKCS1_NONE",
    "RSA_OAEP_SHA_256",
    "RSA_OAEP_SHA_384",
    "RSA_OAEP_SHA_512",
    "RSA_OAEP_SHA_1",
    "RSA_PKCS1_ENCRYPTION",
    "RSA_RAW",
    ...wrapHashes.map((hash) => `RSA_AES_KWP_${hash}` as const),
    ...wrapHashes.map((hash) => `RSA_OAEP_WRAP_${hash}` as const),
  ],
  source: "RFC 8017",
} as const

/** Any hash with any curve; by default the one of the curve's strength. */
function curve(source: string, hash: (typeof ecdsaHashes)[number], orderBytes: number) {
  const others = ecdsaHashes.filter((other) => other !== hash)
  return {
    ...signer,
    signatureBytes: 2 * orderBytes,
    usages: ["sign", "verify", "derive"] as const,
    mechanisms: [
      ...[hash, ...others].map((one) => `ECDSA_${one}` as const),
      "ECDSA_NONE" as const,
      "ECDH" as const,
      ...derivations.agreement,
    ],
    source,
  }
}

const ecdsaSecp256k1 = curve("SEC 2 section 2.4.1, the lower s", "SHA_256", 32)
const secp256k1 = {
  ...ecdsaSecp256k1,
  status: "acceptable",
  mechanisms: [...ecdsaSecp256k1.mechanisms, "BIP340_SCHNORR"],
} as const

const agreement = {
  form: "pair",
  status: "recommended",
  usages: ["derive"],
  defaultUsages: ["derive"],
} as const
const dh = { ...agreement, mechanisms: ["DH", ...derivations.agreement] } as const
const mlKem = {
  form: "pair",
  status: "recommended",
  usages: ["encapsulate", "decapsulate"],
  defaultUsages: ["encapsulate", "decapsulate"],
  mechanisms: ["ML_KEM"],
  source: "FIPS 203",
} as const

/** FIPS 186-5 section 3: for verifying what there is. */
const dsa = {
  ...signer,
  status: "legacy",
  mechanisms: [...dsaHashes.map((hash) => `DSA_${hash}` as const), "DSA_NONE"],
  source: "FIPS 186-4 section 4",
} as const

/** Of FIPS 204 table 1, and of FIPS 205 table 2. */
type Strength = Parameters<typeof preHashesOf>[0]

function mlDsa(strength: Strength) {
  const preHashed = preHashesOf(strength).map((hash) => `HASH_ML_DSA_${hash}` as const)
  return { ...signer, mechanisms: ["ML_DSA" as const, ...preHashed], source: "FIPS 204" }
}

function slhDsa(strength: Strength) {
  const preHashed = preHashesOf(strength).map((hash) => `HASH_SLH_DSA_${hash}` as const)
  return { ...signer, mechanisms: ["SLH_DSA" as const, ...preHashed], source: "FIPS 205" }
}

/** SP 800-208: trees of 2^height one-time keys; it wants hardware, which this is not. */
function stateful(height: number, lease: number) {
  return {
    ...signer,
    status: "acceptable" as const,
    stateful: { signatures: 2 ** height, lease },
    mechanisms: ["HSS_LMS"] as const,
    source: "RFC 8554 section 5.1, LM-OTS with w = 4",
  }
}

const seed = { ...signer, form: "seed" } as const
const nistP256 = curve("SP 800-186 section 3.2.1.3", "SHA_256", 32)
const ed25519 = {
  ...signer,
  signatureBytes: 64,
  mechanisms: ["ED25519", "ED25519_CTX", "ED25519_PH"],
  source: "RFC 8032 section 5.1",
} as const

/** Seeds only sign: what is agreed under a derived key is its own child key's. */
function signatures(row: { readonly mechanisms: readonly MechanismId[] }): MechanismId[] {
  return row.mechanisms.filter((id) => mechanisms[id].kind === "signature")
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
  EC_P256: nistP256,
  EC_P384: curve("SP 800-186 section 3.2.1.4", "SHA_384", 48),
  EC_P521: curve("SP 800-186 section 3.2.1.5", "SHA_512", 66),
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
    ...agreement,
    mechanisms: ["X25519", ...derivations.agreement],
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
