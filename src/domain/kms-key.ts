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
  /** Names of its aliases, for policies; absent: they were made before they were kept here. */
  readonly aliases?: readonly string[]
  /** Ordered by id; at most limits.kmsGrantsPerKeyMax. */
  readonly grants?: readonly KmsGrant[]
  readonly revision: number
}

/**
 * A multi-Region key: keys of their own, one in each of some regions, with one id in AWS's dialect,
 * the same versions and schedule of rotation. Whatever else they have is each one's own.
 */
export interface FamilyRecord {
  /** That of the first member, which may be gone. */
  readonly id: KeyId
  readonly partition: PartitionId
  /** In the order in which they were made; at most limits.familyMembersMax. */
  readonly members: readonly FamilyMember[]
  /** The member that is replicated, and that rotation is asked of. */
  readonly primary: KeyId
  readonly revision: number
}
export interface FamilyMember {
  readonly id: KeyId
  readonly region: string
}

/** The family that a key founds. */
export function newFamily(
  { id, partition }: Pick<FamilyRecord, "id" | "partition">,
  region: string,
): FamilyRecord {
  return { id, partition, members: [{ id, region }], primary: id, revision: 1 }
}

/** The id of a family's member in a region. */
export function memberIn(family: FamilyRecord | undefined, region: string): KeyId | undefined {
  return family?.members.find((member) => member.region === region)?.id
}

/** True for a primary that others were made from: it is replicated, and not destroyed. */
export function hasReplicas(family: FamilyRecord, id: KeyId): boolean {
  return family.primary === id && family.members.length > 1
}

/**
 * Says that a key of some partition has, or had, grants that another account may retire: where to
 * look, so that nothing is looked for in all partitions. It lies in the cluster's own.
 */
export interface RetirableRecord {
  /** The account's number, a dot, the key's id. */
  readonly id: string
  /** The key's. */
  readonly partition: PartitionId
  readonly keyId: KeyId
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
