/**
 * What faces hand to services and get back: typed, parsed, in bytes. Nothing here knows a wire
 * format, and nothing below a face knows anything else.
 */

import type { KeyAlgorithmId, KeyUsage, MechanismId } from "../domain/algorithms.ts"
import type { HashId } from "../domain/hashes.ts"
import type { Instant, KeyId } from "../domain/ids.ts"
import type { IssuerRecord } from "../domain/issuer.ts"
import type { KeyRecord, KeyState } from "../domain/key.ts"
import type { UnwrapTemplate } from "../domain/unwrap-template.ts"
import type { KeyAddress } from "../domain/kms-key.ts"
import type { OperationId } from "../domain/operation.ts"
import type { PartitionRecord } from "../domain/partition.ts"
import type { AccessWord } from "../domain/admission.ts"
import type { Explanation } from "../domain/policy.ts"
import type { Caller, Grant, PrincipalRecord, Role } from "../domain/principal.ts"
import type { DerivationParameters } from "../engine/derivation.ts"
import type { MaterialFormat } from "../engine/provider.ts"
import type { NewKmsKey, Told } from "./kms-commands.ts"
import type { Proceeding } from "./proceeding.ts"
import type { KeyRulesTemplate } from "./quorum-commands.ts"

/** One request: who asks, and what the log calls it. */
export interface Context {
  readonly caller: Caller
  readonly requestId: string
  /** Only the decision is asked for: what is allowed ends with DRY_RUN. */
  readonly dryRun?: boolean
  /**
   * The request that this one is a part of, such as a batch: acts that are allowed in it and say
   * the same share one record, which counts them. Absent: none.
   */
  readonly within?: string | undefined
  /** What AWS's dialect tells of the request, of every operation that it leads to or of each. */
  readonly told?: Told
  readonly toldOf?: { readonly [Id in OperationId]?: Told }
  /** Set while an operation runs under a request that was approved, or is being made. */
  readonly proceeding?: Proceeding
}

/** A key by id or by name, as its caller wrote it, at most 128 characters; or by its address. */
export type KeyRef = string | KeyAddress

/** Names a creating call so that its repetition finds the first result; 1 to 128 characters. */
export interface Idempotent {
  readonly idempotencyKey?: string | undefined
}

export interface Page<T> {
  readonly items: readonly T[]
  /** Pass as `after` for the next page; undefined on the last. */
  readonly next: string | undefined
}

export interface PageCommand {
  readonly after?: string | undefined
  /** 1 to limits.pageSizeMax; limits.pageSizeDefault when absent. */
  readonly limit?: number | undefined
}

// --- using keys ----------------------------------------------------------------------------------

export interface EncryptCommand {
  readonly key: KeyRef
  readonly plaintext: Uint8Array
  readonly aad?: Uint8Array | undefined
  readonly mechanism?: MechanismId | undefined
  /** Only with `raw`, and only where the partition lets callers choose. */
  readonly iv?: Uint8Array | undefined
  /** Bare IV and ciphertext for other software, instead of Keyhold's own format. */
  readonly raw?: boolean | undefined
}
export interface EncryptResult {
  readonly keyId: KeyId
  readonly version: number
  readonly mechanism: MechanismId
  /** Keyhold's format (docs/formats/ciphertext.md), or with `raw` the bare ciphertext and tag. */
  readonly ciphertext: Uint8Array
  /** With `raw` alone, where the mechanism has one. */
  readonly iv?: Uint8Array
}

/** Keyhold's own format names key and version; a raw ciphertext comes with `raw`. */
export interface DecryptCommand {
  readonly ciphertext: Uint8Array
  /** The key that the ciphertext has to name; undefined: whichever it names. */
  readonly key?: KeyRef | undefined
  readonly aad?: Uint8Array | undefined
  readonly raw?:
    | {
        readonly key: KeyRef
        readonly version?: number | undefined
        readonly mechanism?: MechanismId | undefined
        readonly iv?: Uint8Array | undefined
      }
    | undefined
}
export interface DecryptResult {
  readonly keyId: KeyId
  readonly version: number
  readonly mechanism: MechanismId
  readonly plaintext: Uint8Array
}

export interface MacCommand {
  readonly key: KeyRef
  readonly message: Uint8Array
  readonly mechanism?: MechanismId | undefined
}
export interface SignatureCommand extends MacCommand {
  /** `digest`: `message` was hashed by its sender; `mu`: FIPS 204; a whole message when absent. */
  readonly messageType?: "message" | "digest" | "mu" | undefined
  /** Of ECDSA alone; DER when absent. `recoverable`: of secp256k1 alone. */
  readonly encoding?: "der" | "raw" | "recoverable" | undefined
  /** What the signature is bound to; at most limits.contextBytesMax bytes. */
  readonly context?: Uint8Array | undefined
  /** Bytes of PSS's salt; as many as the hash has when absent. */
  readonly saltLength?: number | undefined
  /** Of PSS's MGF1; the message's when absent. */
  readonly mgfHash?: HashId | undefined
  /** Of BIP 340: signs for the Taproot output key; 32 bytes or none. */
  readonly merkleRoot?: Uint8Array | undefined
  /** Of a seed: which of its keys, such as `m/44'/60'/0'/0/0`. */
  readonly path?: string | undefined
}
export interface SignCommand extends SignatureCommand {
  /** Of BIP 340: 32 bytes that go into its nonce; fresh ones when absent. */
  readonly auxRandom?: Uint8Array | undefined
  /** No random bits: the same message gets the same signature. */
  readonly deterministic?: boolean | undefined
}
export interface SignResult {
  readonly keyId: KeyId
  readonly version: number
  readonly mechanism: MechanismId
  /** ECDSA: DER (RFC 3279 section 2.2.3) or raw r and s, as asked for; a MAC: its full length. */
  readonly signature: Uint8Array
}

export interface VerifyCommand extends SignatureCommand {
  readonly signature: Uint8Array
  /** Undefined: any live version may match, newest first. */
  readonly version?: number | undefined
}
export interface VerifyResult {
  readonly keyId: KeyId
  readonly valid: boolean
  /** The version that matched. */
  readonly version?: number
  readonly mechanism: MechanismId
}

export interface DataKeyCommand {
  readonly key: KeyRef
  /** 1 to limits.dataKeyBytesMax; 32 when absent. */
  readonly length?: number | undefined
  readonly mechanism?: MechanismId | undefined
  readonly aad?: Uint8Array | undefined
  /** False: only the wrapped form leaves. */
  readonly withPlaintext?: boolean | undefined
}
export interface DataKeyResult {
  readonly keyId: KeyId
  readonly version: number
  readonly ciphertext: Uint8Array
  readonly plaintext?: Uint8Array
}

export interface DataKeyPairCommand extends Omit<DataKeyCommand, "length"> {
  /** Of the pair that is made. */
  readonly algorithm: KeyAlgorithmId
}
export interface DataKeyPairResult extends DataKeyResult {
  /** SPKI DER; what is sealed, and `plaintext`, is the private half as PKCS#8 DER. */
  readonly publicKey: Uint8Array
}

export interface EncapsulateCommand {
  readonly key: KeyRef
  readonly mechanism?: MechanismId | undefined
}
export interface EncapsulateResult {
  readonly keyId: KeyId
  readonly version: number
  readonly mechanism: MechanismId
  /** For whoever may decapsulate with the key. */
  readonly ciphertext: Uint8Array
  /** Its receiver wipes it. */
  readonly sharedSecret: Uint8Array
}
export interface DecapsulateCommand extends EncapsulateCommand {
  readonly ciphertext: Uint8Array
  /** Undefined: the current one. */
  readonly version?: number | undefined
}
export interface AgreeCommand {
  readonly key: KeyRef
  /** SPKI DER, of the key's own algorithm. */
  readonly publicKey: Uint8Array
  readonly mechanism?: MechanismId | undefined
  /** Undefined: the current one. */
  readonly version?: number | undefined
}
export type SharedSecretResult = Omit<EncapsulateResult, "ciphertext">

export interface RandomCommand {
  /** 1 to limits.randomBytesMax bytes. */
  readonly length: number
}

// --- keeping keys --------------------------------------------------------------------------------

export interface KeyTemplate {
  readonly name: string
  readonly algorithm: KeyAlgorithmId
  readonly usages?: readonly KeyUsage[] | undefined
  readonly extractable?: boolean | undefined
  /** True unless the key is extractable and its maker says otherwise. */
  readonly sensitive?: boolean | undefined
  readonly modifiable?: boolean | undefined
  readonly destroyable?: boolean | undefined
  readonly copyable?: boolean | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly description?: string | undefined
  readonly rotationPeriodMs?: number | undefined
  /** Absent: an ordinary key, which asks nobody. Present: it is never extractable. */
  readonly rules?: KeyRulesTemplate | undefined
  /** Of a seed: patterns of the paths that may be used; every path when absent. */
  readonly paths?: readonly string[] | undefined
  /** Of a key that unwraps others. */
  readonly unwraps?: UnwrapTemplate | undefined
}

export type CreateKeyCommand = Omit<KeyTemplate, "name"> &
  Idempotent &
  (
    | { readonly name: string; readonly kms?: undefined }
    | { readonly name?: undefined; readonly kms: NewKmsKey }
  )

export interface ImportKeyCommand extends KeyTemplate, Idempotent {
  readonly format: MaterialFormat
  readonly material: Uint8Array
  /** Of a mnemonic, a PKCS#12 or an encrypted PKCS#8. */
  readonly passphrase?: string | undefined
}

export interface ListKeysCommand extends PageCommand {
  /** Pattern with `*`. */
  readonly name?: string | undefined
  readonly tag?: { readonly name: string; readonly value?: string | undefined } | undefined
  readonly state?: KeyState | undefined
  readonly algorithm?: KeyAlgorithmId | undefined
}

export interface UpdateKeyCommand {
  readonly key: KeyRef
  readonly name?: string | undefined
  readonly description?: string | undefined
  /** Replaces all tags. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Adds tags to those that are there, and takes some away. */
  readonly addTags?: Readonly<Record<string, string>> | undefined
  readonly removeTags?: readonly string[] | undefined
  /** May only take uses away. */
  readonly usages?: readonly KeyUsage[] | undefined
  /** May only become false. */
  readonly extractable?: false | undefined
  /** May only become true. */
  readonly sensitive?: true | undefined
  readonly modifiable?: false | undefined
  readonly destroyable?: boolean | undefined
  readonly minVersion?: number | undefined
  /** May only become narrower. */
  readonly paths?: readonly string[] | undefined
  /** Null ends the schedule. */
  readonly rotationPeriodMs?: number | null | undefined
  /** Optimistic lock: the revision that the caller saw. */
  readonly ifRevision?: number | undefined
}

export interface DeleteKeyCommand {
  readonly key: KeyRef
  /** Waiting window; limits.deletionWindowDefaultMs when absent, 0 allowed. */
  readonly windowMs?: number | undefined
}

export interface ExportKeyCommand {
  readonly key: KeyRef
  readonly version?: number | undefined
  /** Undefined: in the clear, where key and partition both allow it. */
  readonly wrappingKey?: KeyRef | undefined
  /** Of the wrapping key; its default when absent. */
  readonly mechanism?: MechanismId | undefined
}
export interface ExportKeyResult {
  readonly keyId: KeyId
  readonly version: number
  readonly format: "raw" | "pkcs8"
  readonly material: Uint8Array
  readonly wrappedBy?: {
    readonly keyId: KeyId
    readonly version: number
    readonly mechanism: MechanismId
  }
}

/** What the derived key gets, and what it depends on. */
export interface DeriveKeyCommand
  extends Omit<KeyTemplate, "rules" | "paths" | "unwraps">, Idempotent {
  readonly key: KeyRef
  /** Of the key that it comes from; its current one when absent. */
  readonly version?: number | undefined
  readonly mechanism?: MechanismId | undefined
  readonly parameters: DerivationParameters
}

/** What the key gets that comes out; it is sensitive, and never extractable. */
export interface UnwrapKeyCommand
  extends Omit<KeyTemplate, "extractable" | "sensitive" | "paths">, Idempotent {
  readonly unwrappingKey: KeyRef
  /** What else it may turn out to be, where the caller's dialect does not say. */
  readonly orAlgorithms?: readonly KeyAlgorithmId[] | undefined
  /** Of the unwrapping key; its current one when absent. */
  readonly version?: number | undefined
  readonly mechanism?: MechanismId | undefined
  /** As `exportKey` gives it: raw bytes or PKCS#8 DER, wrapped. */
  readonly wrapped: Uint8Array
}

export interface PublicKeyResult {
  readonly keyId: KeyId
  readonly version: number
  /** SPKI DER. */
  readonly publicKey: Uint8Array
}

/** docs/formats/receipt.md: signed by the cluster's checkpoint key. */
export interface DeletionReceipt {
  readonly keyId: KeyId
  readonly name: string
  readonly unusableAt: Instant
  readonly destroyedEpoch: number
  /** Absent until the root of that epoch has been destroyed on every node. */
  readonly shreddedAt?: Instant
  /** Of a multi-Region key's member: how many others there are, which have the same material. */
  readonly membersLeft?: number
  /** What was signed, and the signature (Ed25519). */
  readonly statement: Uint8Array
  readonly signature: Uint8Array
}

export interface ExplainCommand {
  readonly operation: OperationId
  readonly key?: KeyRef | undefined
  readonly mechanism?: MechanismId | undefined
  /**
   * Another principal of the partition, by id or name, or of another account, by his ARN; officers,
   * managers and auditors only.
   */
  readonly principal?: string | undefined
}
export interface ExplainResult {
  readonly allowed: boolean
  readonly rules: readonly Explanation[]
  /** For whoever may ask for others: what the key's own policy and grants say of him. */
  readonly said?: readonly AccessWord[]
  /** Of another account's principal: only this side is told, never what his own says. */
  readonly side?: "owner"
}

export type * from "./govern-commands.ts"
export type * from "./kms-commands.ts"
export type { Explanation, Grant, IssuerRecord, KeyRecord, PartitionRecord, PrincipalRecord, Role }
