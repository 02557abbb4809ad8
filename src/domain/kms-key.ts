/**
 * What a key has in AWS's dialect beside its own record: a region label, its policy, its aliases. A
 * key that was made elsewhere has none of it until somebody gives it some, and answers all the
 * same.
 */

import type { Instant, KeyId, PartitionId } from "./ids.ts"
import type { KeyPolicy } from "./key-policy.ts"
import type { KmsGrant } from "./kms-grant.ts"

/** One per key that has any of this; the key's own record says so by its `kms`. */
export interface KmsKeyRecord {
  /** The key's. */
  readonly id: KeyId
  readonly partition: PartitionId
  /** Label of the region that it was made in; absent: it answers in every region. */
  readonly region?: string
  /** Absent: AWS's own default, which leaves everything to the account's roles and grants. */
  readonly policy?: KeyPolicy
  /** Ordered by id; at most limits.kmsGrantsPerKeyMax. */
  readonly grants?: readonly KmsGrant[]
  readonly revision: number
}

/** Another name of a key in one region. */
export interface AliasRecord {
  /** Begins with the key's id, so that a key's aliases lie together. */
  readonly id: string
  readonly partition: PartitionId
  readonly keyId: KeyId
  readonly region: string
  /** Unique in its region; without `alias/`. */
  readonly name: string
  readonly createdAt: Instant
  readonly updatedAt: Instant
  readonly revision: number
}

/** A key as a dialect with regions names it. */
export type KeyAddress = {
  /** Whose key it is. */
  readonly partition: PartitionId
  readonly region: string
} & ({ readonly id: KeyId } | { readonly alias: string })

/** True when a key answers in a region. */
export function answersIn(kms: KmsKeyRecord | undefined, region: string): boolean {
  return kms?.region === undefined || kms.region === region
}
