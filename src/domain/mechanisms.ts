/**
 * The vocabulary of mechanisms: what can be done with a key, by our stable identifiers. The engine
 * holds a row of code for each row here; a face maps its dialect's names to these by a table.
 */

import { dsaHashes, ecdsaHashes, hashes, preHashes, rsaHashes, type HashId } from "./hashes.ts"
import { limits } from "./limits.ts"

/**
 * `recommended`: for new work. `acceptable`: sound, where something else asks for it. `legacy`: for
 * old data alone, and refused unless the partition's flag `legacyAlgorithms` is on.
 */
export const algorithmStatuses = ["recommended", "acceptable", "legacy"] as const
export type AlgorithmStatus = (typeof algorithmStatuses)[number]

export interface MechanismRow {
  readonly kind: "encryption" | "signature" | "mac" | "wrap" | "kem" | "agreement" | "derivation"
  readonly status: AlgorithmStatus
  /** Seals under one key version with IVs drawn at random here; absent: without a bound. */
  readonly sealsMax?: number
  /** A signature can be, or has to be, bound to a context of 1 to limits.contextBytesMax bytes. */
  readonly context?: "optional" | "required"
  /** The message's sender may hash it, and send a digest of so many bytes. */
  readonly digestBytes?: number
  /** He may also send what ML-DSA makes of key, context and message (FIPS 204 section 6.2). */
  readonly mu?: true
  /** What is signed comes as it is: a hash by its sender, of which only a part may count. */
  readonly bare?: true
  /** Messages have so many bytes, no more and no fewer. */
  readonly messageBytes?: number
  /** Signs for a Taproot output key where a merkle root is named (BIP 341). */
  readonly taproot?: true
  /** Random bits go into a signature unless its caller asks for none. */
  readonly deterministic?: true
  /** The salt's length and the hash of MGF1 can be chosen. */
  readonly pss?: true
  /** What a derivation has to be given, and what it can be given besides. */
  readonly needs?: readonly DerivationParameter[]
  readonly takes?: readonly DerivationParameter[]
  readonly source: string
}

/** What a derived key depends on besides the one that it comes from. */
export const derivationParameters = [
  "publicKey",
  "salt",
  "info",
  "label",
  "context",
  "iv",
  "iterations",
  "memoryKiB",
  "parallelism",
] as const
export type DerivationParameter = (typeof derivationParameters)[number]

/** ML-DSA's mu: FIPS 204 section 6.2, algorithm 7, line 6. */
export const muBytes = 64

const recommended = "recommended"
const acceptable = "acceptable"
const legacy = "legacy"

/** IVs of 96 random bits: SP 800-38D section 8.3, and the same birthday bound for the others. */
const sealsMax = limits.sealsPerVersionMax

const encryption = { kind: "encryption", status: recommended } as const
const cipher = { kind: "encryption", status: acceptable } as const
const oldCipher = { kind: "encryption", status: legacy } as const
const signature = { kind: "signature", status: recommended } as const
const plainSignature = { kind: "signature", status: acceptable } as const
const oldSignature = { kind: "signature", status: legacy } as const
const bare = true
const deterministic = true
const ecdsa = { ...signature, deterministic } as const
const postQuantum = { ...signature, context: "optional", deterministic } as const
const pss = true
const taproot = true
const mu = true
const mac = { kind: "mac", status: recommended } as const
const wrap = { kind: "wrap", status: recommended } as const
const oaepWrap = { ...wrap, source: "RFC 8017 section 7.1" } as const
/** As long a secret as one likes: a fresh AES-256 key under OAEP, the secret under that one. */
const rsaAesKwp = {
  ...wrap,
  source: "PKCS#11 v3.1 CKM_RSA_AES_KEY_WRAP: RFC 8017, RFC 5649",
} as const
const agreement = { kind: "agreement", status: recommended } as const
const derivation = { kind: "derivation", status: recommended } as const
const hkdf = { ...derivation, takes: ["salt", "info"], source: "RFC 5869" } as const
const agreedHkdf = {
  ...hkdf,
  needs: ["publicKey"],
  source: "SP 800-56C revision 2 section 5, RFC 5869",
} as const
const counter = {
  ...derivation,
  takes: ["label", "context"],
  source: "SP 800-108 revision 1 section 4.1, counter and length of 32 bits",
} as const
const feedback = {
  ...derivation,
  takes: ["label", "context", "iv"],
  source: "SP 800-108 revision 1 section 4.2, counter and length of 32 bits",
} as const
const pbkdf2 = {
  ...derivation,
  status: acceptable,
  needs: ["salt", "iterations"],
  source: "SP 800-132, RFC 8018 section 5.2",
} as const

/** A row of a signature for each hash; no better than its hash is. */
function each<Prefix extends string, Id extends HashId, Row extends MechanismRow>(
  prefix: Prefix,
  ids: readonly Id[],
  row: Row,
): Record<`${Prefix}_${Id}`, Row & { readonly digestBytes: number }> {
  const rows = ids.map((id) => {
    const { bytes: digestBytes, status: ofHash, source } = hashes[id]
    const status = row.status === legacy || ofHash === recommended ? row.status : ofHash
    return [`${prefix}_${id}`, { ...row, status, digestBytes, source: `${row.source}, ${source}` }]
  })
  // One entry per id, by the name that the type says.
  return Object.fromEntries(rows) as Record<`${Prefix}_${Id}`, Row & { digestBytes: number }>
}

/** Every mechanism. */
export const mechanisms = {
  XAES_256_GCM: { ...encryption, source: "C2SP XAES-256-GCM" },
  AES_GCM: { ...encryption, sealsMax, source: "SP 800-38D" },
  AES_GCM_SIV: { ...encryption, sealsMax, source: "RFC 8452" },
  AES_CCM: { ...encryption, status: acceptable, sealsMax, source: "SP 800-38C" },
  XCHACHA20_POLY1305: { ...encryption, source: "draft-irtf-cfrg-xchacha-03 section 2" },
  CHACHA20_POLY1305: { ...encryption, sealsMax, source: "RFC 8439 section 2.8" },
  AES_CBC_PAD: { ...cipher, source: "SP 800-38A section 6.2, PKCS#7 padding" },
  AES_CBC: { ...cipher, source: "SP 800-38A section 6.2, whole blocks" },
  AES_CTR: { ...cipher, source: "SP 800-38A section 6.5" },
  AES_ECB: { ...oldCipher, source: "SP 800-38A section 6.1, whole blocks" },
  CAMELLIA_CBC_PAD: { ...cipher, source: "RFC 3713, SP 800-38A section 6.2, PKCS#7 padding" },
  CAMELLIA_CBC: { ...cipher, source: "RFC 3713, SP 800-38A section 6.2, whole blocks" },
  CAMELLIA_CTR: { ...cipher, source: "RFC 3713, SP 800-38A section 6.5" },
  CAMELLIA_ECB: { ...oldCipher, source: "RFC 3713, SP 800-38A section 6.1, whole blocks" },
  TDEA_CBC_PAD: { ...oldCipher, source: "SP 800-67, SP 800-38A section 6.2, PKCS#7 padding" },
  TDEA_CBC: { ...oldCipher, source: "SP 800-67, SP 800-38A section 6.2, whole blocks" },
  TDEA_ECB: { ...oldCipher, source: "SP 800-67, SP 800-38A section 6.1, whole blocks" },
  RSA_OAEP_SHA_1: { ...cipher, source: "RFC 8017 section 7.1" },
  RSA_OAEP_SHA_256: { ...encryption, source: "RFC 8017 section 7.1" },
  RSA_OAEP_SHA_384: { ...encryption, source: "RFC 8017 section 7.1" },
  RSA_OAEP_SHA_512: { ...encryption, source: "RFC 8017 section 7.1" },
  RSA_PKCS1_ENCRYPTION: { ...oldCipher, source: "RFC 8017 section 7.2, implicit rejection" },
  RSA_RAW: { ...oldCipher, source: "RFC 8017 section 5.1, as many bytes as the modulus" },
  ...each("ECDSA", ecdsaHashes, { ...ecdsa, source: "FIPS 186-5 section 6" }),
  ECDSA_NONE: {
    ...signature,
    bare,
    status: acceptable,
    source: "FIPS 186-5 section 6, over bytes as they come: PKCS#11 CKM_ECDSA",
  },
  BIP340_SCHNORR: {
    ...signature,
    status: acceptable,
    bare,
    messageBytes: 32,
    deterministic,
    taproot,
    source: "BIP 340, BIP 341",
  },
  ...each("RSA_PSS", rsaHashes, { ...signature, pss, source: "RFC 8017 section 8.1" }),
  ...each("RSA_PKCS1", rsaHashes, { ...plainSignature, source: "RFC 8017 section 8.2" }),
  RSA_PKCS1_NONE: {
    ...plainSignature,
    bare,
    source: "RFC 8017 section 8.2, over bytes as they come: PKCS#11 CKM_RSA_PKCS",
  },
  ...each("DSA", dsaHashes, { ...oldSignature, source: "FIPS 186-4 section 4.6" }),
  DSA_NONE: { ...oldSignature, bare, source: "FIPS 186-4 section 4.6, over bytes as they come" },
  ED25519: { ...signature, source: "RFC 8032 section 5.1" },
  ED25519_CTX: { ...signature, context: "required", source: "RFC 8032 section 5.1" },
  ED25519_PH: {
    ...signature,
    context: "optional",
    digestBytes: 64,
    source: "RFC 8032 section 5.1, SHA-512",
  },
  ED448: { ...signature, context: "optional", source: "RFC 8032 section 5.2" },
  ED448_PH: {
    ...signature,
    context: "optional",
    digestBytes: 64,
    source: "RFC 8032 section 5.2, SHAKE256",
  },
  ML_DSA: { ...postQuantum, mu, source: "FIPS 204 section 5.2" },
  ...each("HASH_ML_DSA", preHashes, { ...postQuantum, source: "FIPS 204 section 5.4" }),
  SLH_DSA: { ...postQuantum, source: "FIPS 205 section 10.2" },
  ...each("HASH_SLH_DSA", preHashes, { ...postQuantum, source: "FIPS 205 section 10.2.2" }),
  HSS_LMS: { ...plainSignature, source: "RFC 8554, SP 800-208 section 4" },
  XMSS: { ...plainSignature, source: "RFC 8391, SP 800-208 section 5" },
  HMAC_SHA_1: { ...mac, status: legacy, source: "FIPS 198-1" },
  HMAC_SHA_224: { ...mac, status: acceptable, source: "FIPS 198-1" },
  HMAC_SHA_256: { ...mac, source: "FIPS 198-1" },
  HMAC_SHA_384: { ...mac, source: "FIPS 198-1" },
  HMAC_SHA_512: { ...mac, source: "FIPS 198-1" },
  HMAC_SHA_512_224: { ...mac, status: acceptable, source: "FIPS 198-1" },
  HMAC_SHA_512_256: { ...mac, source: "FIPS 198-1" },
  HMAC_SHA3_224: { ...mac, status: acceptable, source: "FIPS 198-1, FIPS 202" },
  HMAC_SHA3_256: { ...mac, source: "FIPS 198-1, FIPS 202" },
  HMAC_SHA3_384: { ...mac, source: "FIPS 198-1, FIPS 202" },
  HMAC_SHA3_512: { ...mac, source: "FIPS 198-1, FIPS 202" },
  KMAC_128: { ...mac, source: "SP 800-185 section 4, 256 bits of output" },
  KMAC_256: { ...mac, source: "SP 800-185 section 4, 512 bits of output" },
  AES_CMAC: { ...mac, source: "SP 800-38B" },
  AES_GMAC: { ...mac, status: acceptable, sealsMax, source: "SP 800-38D, IV before the tag" },
  CAMELLIA_CMAC: { ...mac, status: acceptable, source: "RFC 3713, SP 800-38B" },
  // A second message under the same key gives the key away.
  POLY1305: { ...mac, status: legacy, sealsMax: 1, source: "RFC 8439 section 2.5" },
  AES_KWP: { ...wrap, source: "SP 800-38F section 6.3, RFC 5649" },
  AES_KW: { ...wrap, source: "SP 800-38F section 6.2, RFC 3394" },
  ECDH_ES_A256KW: { ...wrap, source: "RFC 7518 sections 4.6 and 5.3, RFC 7516 section 7.1" },
  ML_KEM_AES_KWP: { ...wrap, source: "FIPS 203 section 7, RFC 5649" },
  RSA_AES_KWP_SHA_256: rsaAesKwp,
  RSA_AES_KWP_SHA_384: rsaAesKwp,
  RSA_AES_KWP_SHA_512: rsaAesKwp,
  RSA_AES_KWP_SHA_1: { ...rsaAesKwp, status: acceptable },
  RSA_OAEP_WRAP_SHA_256: oaepWrap,
  RSA_OAEP_WRAP_SHA_384: oaepWrap,
  RSA_OAEP_WRAP_SHA_512: oaepWrap,
  RSA_OAEP_WRAP_SHA_1: { ...oaepWrap, status: acceptable },
  ML_KEM: { kind: "kem", status: recommended, source: "FIPS 203 section 7" },
  ECDH: { ...agreement, source: "SP 800-56A revision 3 section 5.7.1.2" },
  X25519: { ...agreement, source: "RFC 7748 section 6.1" },
  X448: { ...agreement, source: "RFC 7748 section 6.2" },
  DH: { ...agreement, status: acceptable, source: "SP 800-56A revision 3 section 5.7.1.1" },
  AGREEMENT_HKDF_SHA_256: agreedHkdf,
  AGREEMENT_HKDF_SHA_384: agreedHkdf,
  AGREEMENT_HKDF_SHA_512: agreedHkdf,
  HKDF_SHA_256: hkdf,
  HKDF_SHA_384: hkdf,
  HKDF_SHA_512: hkdf,
  KBKDF_COUNTER_HMAC_SHA_256: counter,
  KBKDF_COUNTER_HMAC_SHA_384: counter,
  KBKDF_COUNTER_HMAC_SHA_512: counter,
  KBKDF_COUNTER_AES_CMAC: counter,
  KBKDF_FEEDBACK_HMAC_SHA_256: feedback,
  KBKDF_FEEDBACK_HMAC_SHA_384: feedback,
  KBKDF_FEEDBACK_HMAC_SHA_512: feedback,
  KBKDF_FEEDBACK_AES_CMAC: feedback,
  ARGON2ID: {
    ...derivation,
    needs: ["salt", "iterations", "memoryKiB", "parallelism"],
    source: "RFC 9106",
  },
  PBKDF2_HMAC_SHA_256: pbkdf2,
  PBKDF2_HMAC_SHA_512: pbkdf2,
} as const satisfies Record<string, MechanismRow>
export type MechanismId = keyof typeof mechanisms

/** What derives from secrets, passwords, ciphers' keys, and what two pairs agree on. */
export const derivations = {
  secret: [
    "HKDF_SHA_256",
    "HKDF_SHA_384",
    "HKDF_SHA_512",
    "KBKDF_COUNTER_HMAC_SHA_256",
    "KBKDF_COUNTER_HMAC_SHA_384",
    "KBKDF_COUNTER_HMAC_SHA_512",
    "KBKDF_FEEDBACK_HMAC_SHA_256",
    "KBKDF_FEEDBACK_HMAC_SHA_384",
    "KBKDF_FEEDBACK_HMAC_SHA_512",
  ],
  password: ["ARGON2ID", "PBKDF2_HMAC_SHA_256", "PBKDF2_HMAC_SHA_512"],
  cipher: ["KBKDF_COUNTER_AES_CMAC", "KBKDF_FEEDBACK_AES_CMAC"],
  agreement: ["AGREEMENT_HKDF_SHA_256", "AGREEMENT_HKDF_SHA_384", "AGREEMENT_HKDF_SHA_512"],
} as const satisfies Record<string, readonly MechanismId[]>

/** Looks a mechanism up without narrowing it to its literal row. */
export function mechanismRow(id: MechanismId): MechanismRow {
  return mechanisms[id]
}

/** Narrows a string that came from outside; undefined when we have no such mechanism. */
export function parseMechanism(text: string): MechanismId | undefined {
  return Object.hasOwn(mechanisms, text) ? (text as MechanismId) : undefined
}
