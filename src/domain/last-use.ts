/** When a key was used last: it follows from the audit log, and is kept so that nobody reads it. */

import type { Instant, PartitionId } from "./ids.ts"
import { operation, operations, type OperationId } from "./operation.ts"

/** One use of a key that succeeded. */
export interface LastUse {
  readonly at: Instant
  readonly act: OperationId
  /** As in the audit log: principal id, `issuer:subject`, or the ARN of somebody it is lent to. */
  readonly subject: string
  readonly requestId?: string
}

/** The last uses of some keys of a partition; of the one called `log`, how far they go. */
export interface LastUseRecord {
  /** The last characters of the keys' ids, or {@link lastUseMark}. */
  readonly id: string
  readonly partition: PartitionId
  readonly uses: Readonly<Record<string, LastUse>>
  /** By chain of the audit log: all records up to this one of the partition's are counted in. */
  readonly chains?: Readonly<Record<string, number>>
  /** From when on uses are known. */
  readonly since?: Instant
  readonly revision: number
}

/** Id of the record that says how far the others go; no key's id ends so. */
export const lastUseMark = "log"
const shardCharacters = 2

/** The record that a key's last use is in: some 256 share a partition's keys. */
export function lastUseShard(keyId: string): string {
  return keyId.slice(-shardCharacters)
}

const uses: ReadonlySet<string> = new Set(
  (Object.keys(operations) as OperationId[]).filter((id) => operation(id).usage !== undefined),
)

/** True of what works with a key's material. */
export function isUse(act: string): act is OperationId {
  return uses.has(act)
}

/** The later of two; the second when they are of one time. */
export function laterUse(one: LastUse | undefined, other: LastUse | undefined) {
  if (one === undefined || other === undefined) return one ?? other
  return one.at > other.at ? one : other
}
