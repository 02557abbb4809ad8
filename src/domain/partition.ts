/** A partition's policy: what its keys may ever be used for, and how much of it. */

import type { Instant, PartitionId } from "./ids.ts"
import { limits } from "./limits.ts"
import type { Rule } from "./rule.ts"
import type { TimestampSettings } from "./timestamp.ts"

/** Switches that a partition's security officer sets; enforced in policy.ts alone. */
export interface PartitionFlags {
  /** Keys made elsewhere may enter. */
  readonly keyImport: boolean
  /** Extractable keys may leave in the clear. */
  readonly plainExport: boolean
  /** Extractable keys may leave wrapped under a trusted key. */
  readonly wrappedExport: boolean
  /** Nothing may be changed. */
  readonly readOnly: boolean
  /** Keys may be used. */
  readonly keyUse: boolean
  /** Keys may be destroyed. */
  readonly keyDestruction: boolean
  /** Keys may be destroyed without a waiting window. */
  readonly immediateDestruction: boolean
  /** Deletion puts a key into the bin, from which only an officer restores or purges. */
  readonly invalidation: boolean
  /** Callers may choose the IV of an encryption. */
  readonly externalIv: boolean
  /** Algorithms that are there for old data alone may be used. */
  readonly legacyAlgorithms: boolean
  /** Approvers' keys may be made here, and handed to them once. */
  readonly approverKeys: boolean
}
export type PartitionFlag = keyof PartitionFlags

/** What a new partition allows: use and destruction, nothing that lets material in or out. */
export const defaultFlags: PartitionFlags = {
  keyImport: false,
  plainExport: false,
  wrappedExport: false,
  readOnly: false,
  keyUse: true,
  keyDestruction: true,
  immediateDestruction: true,
  invalidation: false,
  externalIv: false,
  legacyAlgorithms: false,
  approverKeys: false,
}

/** Set by the cluster's operator. */
export interface PartitionQuota {
  readonly keysMax: number
  readonly operationsPerSecond: number
}

export const defaultQuota: PartitionQuota = {
  keysMax: limits.keysPerPartitionDefault,
  operationsPerSecond: limits.operationsPerSecondDefault,
}

/** What the partition's officers may only do together. */
export interface PartitionRules {
  /** For giving rules to a key that has none, and for changing this rule itself. */
  readonly administration?: Rule
}

export interface PartitionRecord {
  readonly id: PartitionId
  readonly name: string
  /** `managed`: its master key is wrapped by the cluster's. */
  readonly custody: "managed"
  /** `blocked`: an operator or officer stopped all use; no key is needed to do so. */
  readonly state: "active" | "blocked"
  readonly flags: PartitionFlags
  readonly quota: PartitionQuota
  /** Absent: none has been set. */
  readonly rules?: PartitionRules
  /** Absent: nothing is said. */
  readonly timestamps?: TimestampSettings
  readonly createdAt: Instant
  readonly revision: number
}
