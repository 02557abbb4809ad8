/** The TSB's words for algorithms, and ours: tables, so that a key answers in both. */

import { keyAlgorithm, type KeyAlgorithmId, type MechanismId } from "../../domain/algorithms.ts"
import { Fault } from "./fault.ts"

/** How a key is asked for: `algorithm`, with `curveOid` or `keySize` where it has several. */
export interface Spec {
  readonly algorithm: string
  readonly oid: string
  readonly curveOid?: string
  readonly keySize?: number
}

const ec = { algorithm: "EC", oid: "1.2.840.10045.2.1" } as const
const rsa = { algorithm: "RSA", oid: "1.2.840.113549.1.1.1" } as const
const aes = { algorithm: "AES", oid: "2.16.840.1.101.3.4.1" } as const
const camellia = { algorithm: "Camellia", oid: "1.2.392.200011.61.1.1.1" } as const
const dsa = { algorithm: "DSA", oid: "1.2.840.10040.4.1" } as const
const ed25519 = "1.3.101.112"

/** FIPS 203 to 205: names and the arcs of NIST's CSOR. */
function postQuantum(algorithm: string, arc: string): Spec {
  return { algorithm, oid: `2.16.840.1.101.3.4.${arc}` }
}

const slhDsaSets = ["128s", "128f", "192s", "192f", "256s", "256f"] as const
type SlhDsaSet = Uppercase<(typeof slhDsaSets)[number]>

function slhDsa<Hash extends "SHA2" | "SHAKE">(
  hash: Hash,
  first: number,
): Readonly<Record<`SLH_DSA_${Hash}_${SlhDsaSet}`, Spec>> {
  const rows = slhDsaSets.map((set, at) => [
    `SLH_DSA_${hash}_${set.toUpperCase()}`,
    postQuantum(`SLH-DSA-${hash}-${set}`, `3.${first + at}`),
  ])
  // One entry per set, by the name that the type says.
  return Object.fromEntries(rows) as Readonly<Record<`SLH_DSA_${Hash}_${SlhDsaSet}`, Spec>>
}

/** Our algorithms that the dialect has a word for. */
export const specs: { readonly [Id in KeyAlgorithmId]?: Spec } = {
  AES_128: { ...aes, keySize: 128 },
  AES_192: { ...aes, keySize: 192 },
  AES_256: { ...aes, keySize: 256 },
  CHACHA20: { algorithm: "ChaCha20", oid: "1.2.840.113549.1.9.16.3.18", keySize: 256 },
  CAMELLIA_128: { ...camellia, keySize: 128 },
  CAMELLIA_192: { ...camellia, keySize: 192 },
  CAMELLIA_256: { ...camellia, keySize: 256 },
  TDEA: { algorithm: "TDEA", oid: "1.2.840.113549.3.7" },
  HMAC_SHA_256: { algorithm: "HMACSHA256", oid: "1.2.840.113549.2.9", keySize: 256 },
  RSA_2048: { ...rsa, keySize: 2048 },
  RSA_3072: { ...rsa, keySize: 3072 },
  RSA_4096: { ...rsa, keySize: 4096 },
  RSA_8192: { ...rsa, keySize: 8192 },
  EC_P224: { ...ec, curveOid: "1.3.132.0.33" },
  EC_P256: { ...ec, curveOid: "1.2.840.10045.3.1.7" },
  EC_P384: { ...ec, curveOid: "1.3.132.0.34" },
  EC_P521: { ...ec, curveOid: "1.3.132.0.35" },
  EC_SECP256K1: { ...ec, curveOid: "1.3.132.0.10" },
  // RFC 5639 section 4.1 says .5; the original's documentation says .1, which is P-160.
  EC_BRAINPOOL_P224: { ...ec, curveOid: "1.3.36.3.3.2.8.1.1.5" },
  EC_BRAINPOOL_P256: { ...ec, curveOid: "1.3.36.3.3.2.8.1.1.7" },
  EC_BRAINPOOL_P320: { ...ec, curveOid: "1.3.36.3.3.2.8.1.1.9" },
  EC_BRAINPOOL_P384: { ...ec, curveOid: "1.3.36.3.3.2.8.1.1.11" },
  EC_BRAINPOOL_P512: { ...ec, curveOid: "1.3.36.3.3.2.8.1.1.13" },
  DSA_2048: { ...dsa, keySize: 2048 },
  DSA_3072: { ...dsa, keySize: 3072 },
  ED25519: { algorithm: "ED", oid: ed25519, curveOid: ed25519 },
  ML_KEM_512: postQuantum("ML-KEM-512", "4.1"),
  ML_KEM_768: postQuantum("ML-KEM-768", "4.2"),
  ML_KEM_1024: postQuantum("ML-KEM-1024", "4.3"),
  ML_DSA_44: postQuantum("ML-DSA-44", "3.17"),
  ML_DSA_65: postQuantum("ML-DSA-65", "3.18"),
  ML_DSA_87: postQuantum("ML-DSA-87", "3.19"),
  ...slhDsa("SHA2", 20),
  ...slhDsa("SHAKE", 26),
  LMS_SHA256_H10: { algorithm: "HSS-LMS", oid: "1.2.840.113549.1.9.16.3.17" },
  XMSS_SHA2_10_256: { algorithm: "XMSS", oid: "1.3.6.1.5.5.7.6.34" },
}

/** A pair that others are derived from is a seed here; in the dialect it is a key of its curve. */
export const seedSpecs: { readonly [Id in KeyAlgorithmId]?: Spec & { readonly type: string } } = {
  BIP32_SECP256K1: { ...ec, curveOid: "1.3.132.0.10", type: "SLIP-10" },
  SLIP10_P256: { ...ec, curveOid: "1.2.840.10045.3.1.7", type: "SLIP-10" },
  SLIP10_ED25519: { algorithm: "ED", oid: ed25519, curveOid: ed25519, type: "ADA/SLIP-10" },
  BIP32_ED25519_CARDANO: { algorithm: "ED", oid: ed25519, curveOid: ed25519, type: "ADA" },
}

/** Other words for the same, when a key is asked for. */
const synonyms: Readonly<Record<string, string>> = {
  LMS: "HSS-LMS",
  "XMSS-SHA256_10_256": "XMSS",
  CAMELLIA: "Camellia",
  CHACHA20: "ChaCha20",
  DESEDE: "TDEA",
}

/** What a caller asks for. */
export interface AskedSpec {
  readonly algorithm: string
  readonly curveOid?: string | undefined
  readonly keySize?: number | undefined
  /** The key shall have children, and how. */
  readonly derives: "bip32" | "slip10" | undefined
}

/** @throws Fault that says which part of it there is not. */
export function algorithmOf({ algorithm, curveOid, keySize, derives }: AskedSpec): KeyAlgorithmId {
  const name = synonyms[algorithm] ?? algorithm
  const table = entriesOf(derives === undefined ? specs : seedSpecs)
  const named = table.filter(([, spec]) => spec.algorithm === name)
  if (named.length === 0) {
    const what = derives === undefined ? "key" : "key with children"
    throw new Fault("key.type", `there is no ${what} of algorithm ${algorithm} here`)
  }
  const found = named.filter(
    ([, spec]) =>
      (curveOid === undefined || spec.curveOid === curveOid) &&
      (keySize === undefined || spec.keySize === undefined || spec.keySize === keySize) &&
      (derives !== "slip10" || !("type" in spec) || spec.type !== "ADA") &&
      (derives !== "bip32" || !("type" in spec) || spec.type !== "ADA/SLIP-10"),
  )
  const [first] = found
  if (first === undefined) throw new Fault("keysize", `${algorithm} has no such size or curve here`)
  if (found.length === 1 || curveOid !== undefined || keySize !== undefined) return first[0]
  throw new Fault("keysize", `a key of ${algorithm} names its size, or its curve`)
}

/** The word that goes with a curve. */
export function curveWord(curveOid: string): string {
  return curveOid === ed25519 ? "ED" : "EC"
}

/** All algorithms of a word, those for old data last. @throws Fault where there is none. */
export function algorithmsNamed(name: string): readonly [KeyAlgorithmId, ...KeyAlgorithmId[]] {
  const found = entriesOf(specs).flatMap(([id, spec]) => (spec.algorithm === name ? [id] : []))
  const [first, ...others] = [...found.filter((id) => !isOld(id)), ...found.filter(isOld)]
  if (first === undefined) throw new Fault("key.type", `there is no key of algorithm ${name} here`)
  return [first, ...others]
}

function isOld(id: KeyAlgorithmId): boolean {
  return keyAlgorithm(id).status === "legacy"
}

/** The dialect's words for a key of ours; those it lacks are shown by our own. */
export function specOf(algorithm: KeyAlgorithmId): Spec & { readonly type?: string } {
  return seedSpecs[algorithm] ?? specs[algorithm] ?? { algorithm, oid: "" }
}

function entriesOf<T>(table: { readonly [Id in KeyAlgorithmId]?: T }): [KeyAlgorithmId, T][] {
  return Object.entries(table) as [KeyAlgorithmId, T][] // Its keys are those of the table.
}

/** What a signature algorithm is here. */
export interface Signing {
  readonly mechanism: MechanismId
  readonly messageType?: "digest"
  readonly deterministic?: true
}

const sha = { SHA1: "SHA_1", SHA224: "SHA_224", SHA256: "SHA_256", SHA384: "SHA_384" } as const
const classic = { ...sha, SHA512: "SHA_512" } as const
const ecdsa = {
  ...classic,
  SHA3224: "SHA3_224",
  SHA3256: "SHA3_256",
  SHA3384: "SHA3_384",
  SHA3512: "SHA3_512",
  KECCAK224: "KECCAK_224",
  KECCAK256: "KECCAK_256",
  KECCAK384: "KECCAK_384",
  KECCAK512: "KECCAK_512",
  DOUBLE_SHA256: "DOUBLE_SHA_256",
} as const
const preHashed = {
  SHA2_256: "SHA_256",
  SHA2_384: "SHA_384",
  SHA2_512: "SHA_512",
  SHA2_512_256: "SHA_512_256",
  SHA3_256: "SHA3_256",
  SHA3_384: "SHA3_384",
  SHA3_512: "SHA3_512",
  SHAKE_128: "SHAKE_128",
  SHAKE_256: "SHAKE_256",
} as const

function each<Hashes extends Readonly<Record<string, string>>>(
  hashes: Hashes,
  row: (theirs: string, ours: Hashes[keyof Hashes]) => readonly (readonly [string, Signing])[],
): readonly (readonly [string, Signing])[] {
  return Object.entries(hashes).flatMap(([theirs, ours]) =>
    row(theirs, ours as Hashes[keyof Hashes]),
  )
}

const signings: ReadonlyMap<string, Signing> = new Map<string, Signing>([
  ...each(classic, (theirs, hash) => [
    [`${theirs}_WITH_RSA`, { mechanism: `RSA_PKCS1_${hash}` }],
    [`${theirs}_WITH_RSA_PSS`, { mechanism: `RSA_PSS_${hash}` }],
    [`NONE${theirs}_WITH_RSA`, { mechanism: `RSA_PKCS1_${hash}`, messageType: "digest" }],
    [`NONE${theirs}_WITH_RSA_PSS`, { mechanism: `RSA_PSS_${hash}`, messageType: "digest" }],
    [`${theirs}_WITH_DSA`, { mechanism: `DSA_${hash}` }],
  ]),
  ["NONE_WITH_RSA", { mechanism: "RSA_PKCS1_NONE" }],
  ["NONE_WITH_DSA", { mechanism: "DSA_NONE" }],
  ...each(ecdsa, (theirs, hash) => [[`${theirs}_WITH_ECDSA`, { mechanism: `ECDSA_${hash}` }]]),
  ["NONE_WITH_ECDSA", { mechanism: "ECDSA_NONE" }],
  ["SHA256_WITH_ECDSA_DETERMINISTIC", { mechanism: "ECDSA_SHA_256", deterministic: true }],
  ["NONE_WITH_EC_SCHNORR_BIP0340", { mechanism: "BIP340_SCHNORR" }],
  ["EDDSA", { mechanism: "ED25519" }],
  ["ML_DSA", { mechanism: "ML_DSA" }],
  ["SLH_DSA", { mechanism: "SLH_DSA" }],
  ...each(preHashed, (theirs, hash) => [
    [`${theirs}_WITH_ML_DSA`, { mechanism: `HASH_ML_DSA_${hash}` }],
    [`${theirs}_WITH_SLH_DSA`, { mechanism: `HASH_SLH_DSA_${hash}` }],
  ]),
  ["LMS", { mechanism: "HSS_LMS" }],
  ["XMSS", { mechanism: "XMSS" }],
  ["XMSS-SHA256_10_256", { mechanism: "XMSS" }],
])

/** @throws Fault for a name that stands for nothing here. */
export function signingOf(name: string): Signing {
  const found = signings.get(name)
  if (found !== undefined) return found
  throw new Fault("algorithm.not.supported.by.key", `there is no signature ${name} here`)
}

/** Names of signature algorithms, for documents and tests. */
export const signatureAlgorithmNames: readonly string[] = [...signings.keys()]

interface Cipher {
  readonly mechanism: MechanismId
  /** Bytes of the tag at the ciphertext's end. */
  readonly tagBytes?: number
}

const tagged = { tagBytes: 16 } as const

const ciphers: Readonly<Record<string, Cipher>> = {
  AES: { mechanism: "AES_CBC_PAD" },
  AES_GCM: { mechanism: "AES_GCM", ...tagged },
  AES_CTR: { mechanism: "AES_CTR" },
  AES_ECB: { mechanism: "AES_ECB" },
  AES_CBC_NO_PADDING: { mechanism: "AES_CBC" },
  CHACHA20_AEAD: { mechanism: "CHACHA20_POLY1305", ...tagged },
  CAMELLIA: { mechanism: "CAMELLIA_CBC_PAD" },
  TDEA_CBC: { mechanism: "TDEA_CBC_PAD" },
  RSA: { mechanism: "RSA_PKCS1_ENCRYPTION" },
  RSA_PADDING_PKCS: { mechanism: "RSA_PKCS1_ENCRYPTION" },
  RSA_NO_PADDING: { mechanism: "RSA_RAW" },
  RSA_PADDING_OAEP: { mechanism: "RSA_OAEP_SHA_1" },
  RSA_PADDING_OAEP_WITH_SHA1: { mechanism: "RSA_OAEP_SHA_1" },
  RSA_PADDING_OAEP_WITH_SHA256: { mechanism: "RSA_OAEP_SHA_256" },
  RSA_PADDING_OAEP_WITH_SHA384: { mechanism: "RSA_OAEP_SHA_384" },
  RSA_PADDING_OAEP_WITH_SHA512: { mechanism: "RSA_OAEP_SHA_512" },
}

/**
 * @param tagLength - bits.
 * @throws Fault for a name that stands for nothing here, or a tag that is not whole.
 */
export function cipherOf(name: string, tagLength: number | undefined): Cipher {
  const found = Object.hasOwn(ciphers, name) ? ciphers[name] : undefined
  if (found === undefined) {
    throw new Fault("algorithm.not.supported.by.key", `there is no cipher ${name} here`)
  }
  // A tag cut short is guessed that much sooner: SP 800-38D appendix C.
  if (found.tagBytes !== undefined && tagLength !== undefined && tagLength >= 0) {
    if (tagLength !== 128) throw new Fault("taglength", "a tag has 128 bits here")
  }
  return found
}
