/** A key as the policy sees it: everything about it but its material. */

import type { KeyAlgorithmId, KeyUsage, MechanismId } from "./algorithms.ts"
import type { BudgetLeases } from "./budget.ts"
import type { Instant, KeyId, PartitionId } from "./ids.ts"
import { isId } from "./ids.ts"
import { limits } from "./limits.ts"
import type { KeyRules } from "./rule.ts"
import type { UnwrapTemplate } from "./unwrap-template.ts"

/**
 * active <-> disabled; either -> deleting (waiting window) or invalidated (the partition's bin);
 * both can be restored; destroyed is the tombstone that stays. What brings its material along waits
 * for it, and again when that was taken away or has expired.
 */
export const keyStates = [
  "active",
  "disabled",
  "awaiting-material",
  "deleting",
  "invalidated",
  "destroyed",
] as const
export type KeyState = (typeof keyStates)[number]

/** PKCS#11 attributes that are no usage. The two computed ones are facts about the past. */
export interface KeyAttributes {
  readonly usages: readonly KeyUsage[]
  readonly extractable: boolean
  readonly sensitive: boolean
  readonly modifiable: boolean
  readonly destroyable: boolean
  readonly copyable: boolean
  /** Computed: `extractable` was never true (CKA_NEVER_EXTRACTABLE). */
  readonly neverExtractable: boolean
  /** Computed: `sensitive` was always true (CKA_ALWAYS_SENSITIVE). */
  readonly alwaysSensitive: boolean
  /** Set by officers alone: this key may wrap others for export (CKA_TRUSTED). */
  readonly trusted: boolean
}

export interface KeyVersion {
  /** Counts from 1; never reused. */
  readonly version: number
  readonly createdAt: Instant
  readonly origin: "generated" | "imported" | "unwrapped"
  /** SPKI DER of a pair's public half; absent for secret keys. */
  readonly publicKey?: Uint8Array
  /** False for a verify-only import, and while imported material is away: no secret is here. */
  readonly hasSecret: boolean
  /** Seals leased so far, under all mechanisms whose row has `sealsMax` together. */
  readonly sealsLeased: number
  /** Somebody asked for it; absent: a schedule did, or the end of a budget. */
  readonly asked?: true
  /** Of material that its owner brings along. */
  readonly brought?: BroughtMaterial
  /** Of a key that counts its signatures. */
  readonly indexes?: {
    /** Reserved so far; the next index. */
    readonly leased: number
    /** Under which they are known; see IndexMemory. */
    readonly lineage: string
    /** Indexes below are not to be used any more: an officer has moved on. */
    readonly floor?: number
  }
}

/** Rotation by the clock; absent when only people rotate. */
export interface RotationSchedule {
  readonly periodMs: number
  readonly nextAt: Instant
}

/** Who has to agree before the key does something. A key without these asks nobody. */
export interface SmartKeyAttributes {
  readonly rules: KeyRules
  /** A blocked key is not used; its rule for unblocking says who ends that. */
  readonly blocked: boolean
  /** Absent: nothing yet. */
  readonly leased?: BudgetLeases
}

/** Material that its owner brings along, and can bring again. */
export interface BroughtMaterial {
  /** Keyed hash of it: what is brought again has to be the same. */
  readonly fingerprint: Uint8Array
  /** When it is erased; absent: never, or it is away. */
  readonly validTo?: Instant
  /** What its owner calls it; stays while it is away. */
  readonly description?: string
}

/** Of a key whose material its owner brings along. */
export interface ExternalMaterial {
  /** The next version, for a rotation that somebody asks for; nothing is sealed under it yet. */
  readonly pending?: KeyVersion
}

/** The policy record. Authenticated under the partition master key; its revision is pinned. */
export interface KeyRecord {
  readonly id: KeyId
  readonly partition: PartitionId
  readonly name: string
  readonly algorithm: KeyAlgorithmId
  readonly state: KeyState
  readonly attributes: KeyAttributes
  /** Absent: an ordinary key. */
  readonly smart?: SmartKeyAttributes
  readonly tags: Readonly<Record<string, string>>
  readonly description: string
  /** Ascending; the last one is used for new work. Empty once destroyed, and before material. */
  readonly versions: readonly KeyVersion[]
  /** Oldest version that still decrypts and verifies. */
  readonly minVersion: number
  readonly rotation?: RotationSchedule
  /** Of a seed: patterns of the paths that may be used; absent: every path. */
  readonly paths?: readonly string[]
  /** Of a key that unwraps others; absent: any algorithm, with the usual uses. */
  readonly unwraps?: UnwrapTemplate
  /** Absent: the material was made here, or came once and for all with the key. */
  readonly external?: ExternalMaterial
  /** Of a key that was derived: from which one, by its path from a seed or else how. */
  readonly derivedFrom?: {
    readonly key: KeyId
    readonly version: number
    readonly path?: string
    readonly mechanism?: MechanismId
  }
  readonly createdAt: Instant
  readonly createdBy: string
  readonly updatedAt: Instant
  /** When `deleting`: the moment at which it may be destroyed. */
  readonly deleteAt?: Instant
  /** When `deleting`, instead of that: how long it waits once its family's replicas are gone. */
  readonly deletionWindowMs?: number
  /** What `restore` goes back to from `deleting` and `invalidated`. */
  readonly stateBefore?: "active" | "disabled" | "awaiting-material"
  /** When destroyed: the moment, and the epoch whose root has to die for shredding. */
  readonly destroyedAt?: Instant
  readonly destroyedEpoch?: number
  /** True: a record of kind kms-key goes with it, and the absence of that is tampering. */
  readonly kms?: true
  /** Of a multi-Region key: its family, named by the id of the first member. */
  readonly family?: KeyId
  /** Counts this record's changes from 1. */
  readonly revision: number
}

/** The version used for new work; undefined for a destroyed key, and before it has material. */
export function currentVersion(key: KeyRecord): KeyVersion | undefined {
  return key.versions.at(-1)
}

/** The id by which a key's ciphertexts name it: all members of a family open each other's. */
export function sealedAs({ id, family = id }: Pick<KeyRecord, "id" | "family">): KeyId {
  return family
}

/** How many versions a key may have whose public halves are as long as this one's. */
export function versionsMax({ publicKey }: Pick<KeyVersion, "publicKey">): number {
  const bytes = publicKey?.length ?? 0
  return Math.min(limits.keyVersionsMax, Math.floor(limits.publicKeysBytesMax / bytes))
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._:@+-]*$/

/** A name is readable, bounded, and can never be mistaken for an id. */
export function isName(text: string): boolean {
  return text.length <= limits.nameLengthMax && namePattern.test(text) && !isId(text)
}
