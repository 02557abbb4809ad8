/**
 * What the engine asks of a provider of cryptography: one table per kind of mechanism and one of
 * key algorithms. A new algorithm is a row in the domain's vocabulary, a row here, and its known
 * answer; the compiler names whatever is missing.
 */

import type { KeyAlgorithmId, MechanismId, mechanisms } from "../domain/algorithms.ts"
import type { HashId } from "../domain/hashes.ts"
import type { SecretBytes } from "./secret-bytes.ts"

type MechanismOf<Kind> = {
  [Id in MechanismId]: (typeof mechanisms)[Id]["kind"] extends Kind ? Id : never
}[MechanismId]
export type EncryptionId = MechanismOf<"encryption">
export type SignatureId = MechanismOf<"signature">
export type MacId = MechanismOf<"mac">
export type WrapId = MechanismOf<"wrap">
export type KemId = MechanismOf<"kem">
export type AgreementId = MechanismOf<"agreement">
export type DerivationId = MechanismOf<"derivation">

/**
 * Where private-key operations run. `fast`: at once, below 150 microseconds. `slow`: off the event
 * loop, which would otherwise stand still for every other partition.
 */
export type Lane = "fast" | "slow"

/** A key as it is stored: raw bytes or PKCS#8 DER, and a pair's public half as SPKI DER. */
export interface Material {
  readonly material: SecretBytes
  readonly publicKey?: Uint8Array
}

/** An imported key; without `material` it can only verify and encrypt. */
export interface ImportedMaterial {
  readonly material: SecretBytes | undefined
  readonly publicKey?: Uint8Array
}

export type ImportFormat = "raw" | "pkcs8" | "spki" | "mnemonic"
/** What material comes as; a JWK and a PKCS#12 hold one of the others. */
export type MaterialFormat = ImportFormat | "jwk" | "pkcs12"

/** A key algorithm. `Key` is a key as its provider holds it. */
export interface KeyRow<Key> {
  readonly lane: Lane
  /** Of a secret key that is made here; absent: it is none. */
  readonly secretBytes?: number
  /** Makes a new key, off the event loop where that takes long. */
  readonly generate: () => Promise<Material>
  /**
   * Strict readers, by format; a mnemonic has a passphrase beside it. What they throw becomes
   * MALFORMED_REQUEST in generate.ts.
   */
  readonly import: Partial<
    Record<
      ImportFormat,
      (
        bytes: Uint8Array,
        passphrase: string | undefined,
      ) => ImportedMaterial | Promise<ImportedMaterial>
    >
  >
  /** Opens stored, already authenticated material; `publicKey` when there is no private half. */
  readonly open: (material: SecretBytes | undefined, publicKey: Uint8Array | undefined) => Key
  /**
   * Opens somebody's public half (SPKI), for agreement alone: as strict as an import, and quicker.
   * Throws as that does.
   */
  readonly peer?: (spki: Uint8Array) => Key
  /** The stored form of an open key; undefined when there is no secret half. */
  readonly export: (key: Key) => SecretBytes | undefined
}

export interface SealInput {
  readonly iv: Uint8Array
  readonly plaintext: Uint8Array
  /** Empty when the row is no AEAD. */
  readonly aad: Uint8Array
}

/** An IV, and what was sealed under it. */
export interface Sealed {
  readonly iv: Uint8Array
  readonly ciphertext: Uint8Array
}

export interface OpenInput {
  readonly iv: Uint8Array
  /** With the tag at its end, where there is one. */
  readonly ciphertext: Uint8Array
  readonly aad: Uint8Array
}

export interface EncryptionRow<Key> {
  /** 0: it takes none. */
  readonly ivBytes: number
  /** It authenticates additional data. */
  readonly aead: boolean
  /** Plaintexts are whole blocks of so many bytes; absent where any length will do. */
  readonly wholeBlocks?: number
  /** The shortest plaintext; absent: empty. */
  readonly plaintextBytesMin?: (key: Key) => number
  /** The longest plaintext; absent when only limits.messageBytesMax bounds it. */
  readonly plaintextBytesMax?: (key: Key) => number
  readonly seal: (key: Key, input: SealInput) => Uint8Array
  /** Seals under a random IV of its own making, where that saves a detour. */
  readonly sealFresh?: (key: Key, input: Omit<SealInput, "iv">) => Sealed
  /**
   * Seals many under random IVs, of any length and with any additional data, where one step for all
   * is cheaper: prefix, IV and ciphertext of each.
   */
  readonly sealMany?: (
    key: Key,
    prefix: Uint8Array,
    messages: readonly Omit<SealInput, "iv">[],
  ) => Uint8Array[]
  /** Throws or rejects with anything at all when it does not open. */
  readonly open: (key: Key, input: OpenInput) => Uint8Array | Promise<Uint8Array>
  /** Opens many off the event loop, where one step for all is cheaper; undefined: it does not. */
  readonly openMany?: (
    key: Key,
    inputs: readonly OpenInput[],
  ) => Promise<readonly (Uint8Array | undefined)[]>
}

/**
 * `message`: the mechanism hashes it; `digest`: its sender did; `mu`: what ML-DSA makes of key,
 * context and message (FIPS 204 section 6.2).
 */
export const messageTypes = ["message", "digest", "mu"] as const
export type MessageType = (typeof messageTypes)[number]

/** What a signature depends on besides key and message; the engine has checked that it fits. */
export interface SignatureParameters {
  readonly messageType: MessageType
  /** Empty unless the mechanism takes one. */
  readonly context: Uint8Array
  /** No random bits go into it; of no account when verifying. */
  readonly deterministic: boolean
  /** Of PSS; absent: as long as the hash. */
  readonly saltLength?: number | undefined
  /** Of PSS's MGF1; absent: the message's. */
  readonly mgfHash?: HashId | undefined
  /** Of a stateful signature: used here, and never again. */
  readonly index?: number | undefined
  /** Of secp256k1's ECDSA: r, s and the recovery id in place of DER. */
  readonly recoverable?: boolean
  /** Of BIP 340: 32 bytes; absent: fresh ones. */
  readonly auxRandom?: Uint8Array | undefined
  /** Of BIP 341: 32 bytes, or none; absent: the key is not tweaked. */
  readonly merkleRoot?: Uint8Array | undefined
}

/** Of a message, with nothing chosen. */
export const usualParameters: SignatureParameters = {
  messageType: "message",
  context: new Uint8Array(),
  deterministic: false,
}

export interface SignatureRow<Key> {
  /** The longest message; absent when only limits.signBytesMax bounds it. */
  readonly messageBytesMax?: (key: Key) => number
  /** ECDSA gives and takes DER. */
  readonly sign: (
    key: Key,
    message: Uint8Array,
    parameters: SignatureParameters,
  ) => Uint8Array | Promise<Uint8Array>
  /** Signs many off the event loop, where one step for all is cheaper; rejects when one fails. */
  readonly signMany?: (
    key: Key,
    messages: readonly Uint8Array[],
    parameters: SignatureParameters,
  ) => Promise<readonly Uint8Array[]>
  /** False for anything that is no signature of this key over the message. */
  readonly verify: (
    key: Key,
    message: Uint8Array,
    signature: Uint8Array,
    parameters: SignatureParameters,
  ) => boolean
}

export interface MacRow<Key> {
  /** Drawn at random for each MAC, which begins with it; 0: it takes none. */
  readonly ivBytes: number
  /** The tag alone. */
  readonly tag: (key: Key, message: Uint8Array, iv: Uint8Array) => Uint8Array
}

export interface WrapRow<Key> {
  /** True for secrets of a length that it can wrap. */
  readonly fits: (secretBytes: number, key: Key) => boolean
  /** The same secret is wrapped the same way each time. */
  readonly deterministic?: true
  readonly wrap: (key: Key, secret: Uint8Array) => Uint8Array | Promise<Uint8Array>
  /** Throws or rejects with anything at all when it does not unwrap. */
  readonly unwrap: (key: Key, wrapped: Uint8Array) => SecretBytes | Promise<SecretBytes>
}

/** A shared secret, and what carries it to the holder of the private half. */
export interface Encapsulated {
  readonly sharedSecret: Uint8Array
  readonly ciphertext: Uint8Array
}

export interface KemRow<Key> {
  /** Of every ciphertext under this key. */
  readonly ciphertextBytes: (key: Key) => number
  readonly encapsulate: (key: Key) => Encapsulated
  /** A forged ciphertext of the right length gives a secret that nobody else has. */
  readonly decapsulate: (key: Key, ciphertext: Uint8Array) => Uint8Array | Promise<Uint8Array>
}

export interface AgreementRow<Key> {
  /**
   * The whole shared secret, leading zeros included. Throws or rejects with anything at all when
   * the two give none.
   *
   * @param peer - a public half of the same algorithm, checked when it was read.
   */
  readonly agree: (key: Key, peer: Key) => Uint8Array | Promise<Uint8Array>
}

/** The domain's parameters of derivations, read. Absent: empty, or of no account. */
export interface DerivationInput<Key> {
  /** Somebody's public half, of the same algorithm. */
  readonly peer?: Key | undefined
  readonly salt?: Uint8Array | undefined
  readonly info?: Uint8Array | undefined
  readonly label?: Uint8Array | undefined
  readonly context?: Uint8Array | undefined
  readonly iv?: Uint8Array | undefined
  readonly iterations?: number | undefined
  readonly memoryKiB?: number | undefined
  readonly parallelism?: number | undefined
}

export interface DerivationRow<Key> {
  /** It takes long by intention, whatever the key's lane. */
  readonly slow?: true
  /** Throws or rejects with anything at all when two keys agree to nothing. */
  readonly derive: (
    key: Key,
    input: DerivationInput<Key>,
    bytes: number,
  ) => Uint8Array | Promise<Uint8Array>
}

/** `native`: with the addon; `node:crypto`: without. */
export type ProviderName = "native" | "node:crypto"

export interface Provider<Key> {
  readonly name: ProviderName
  readonly keys: Readonly<Record<KeyAlgorithmId, KeyRow<Key>>>
  readonly encryption: Readonly<Record<EncryptionId, EncryptionRow<Key>>>
  readonly signature: Readonly<Record<SignatureId, SignatureRow<Key>>>
  readonly mac: Readonly<Record<MacId, MacRow<Key>>>
  readonly wrap: Readonly<Record<WrapId, WrapRow<Key>>>
  readonly kem: Readonly<Record<KemId, KemRow<Key>>>
  readonly agreement: Readonly<Record<AgreementId, AgreementRow<Key>>>
  readonly derivation: Readonly<Record<DerivationId, DerivationRow<Key>>>
}

/** One row for each hash, under the mechanisms' names. */
export function rowsOf<Prefix extends string, Id extends HashId, Row>(
  prefix: Prefix,
  ids: readonly Id[],
  make: (id: Id) => Row,
): Record<`${Prefix}_${Id}`, Row> {
  // One entry per id, by the name that the type says.
  return Object.fromEntries(ids.map((id) => [`${prefix}_${id}`, make(id)])) as Record<
    `${Prefix}_${Id}`,
    Row
  >
}
