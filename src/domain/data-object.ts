/** Data objects: small pieces of data that a partition keeps beside its keys, each under a name. */

import type { Instant, PartitionId, PrincipalId } from "./ids.ts"

export interface DataObjectRecord {
  readonly id: string
  readonly partition: PartitionId
  /** Unique in its partition. */
  readonly name: string
  /** At most limits.dataObjectBytesMax. */
  readonly value: Uint8Array
  readonly attributes: DataObjectAttributes
  readonly createdAt: Instant
  readonly createdBy: PrincipalId | string
  readonly revision: number
}

export interface DataObjectAttributes {
  /** Read by those who use or keep keys; otherwise by whoever has a role in the partition. */
  readonly private: boolean
  /** Kept and shown: no call of the dialect changes one. */
  readonly modifiable: boolean
  readonly destroyable: boolean
}
