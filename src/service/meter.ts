/** Operations per second and partition: a token bucket that holds one second's worth. */

import type { Instant, PartitionId } from "../domain/ids.ts"
import type { PartitionRecord } from "../domain/partition.ts"

/** What counts operations, wherever the bucket is. */
export interface Meter {
  /** What to wait for before `take` knows; undefined: nothing. Never rejects. */
  prepare(partition: PartitionRecord, now: Instant): Promise<void> | undefined
  /**
   * Takes operations from the partition's budget, one unless told otherwise; false, and none is
   * taken, when it does not hold so many.
   */
  take(partition: PartitionRecord, now: Instant, count?: number): boolean
}

interface Bucket {
  tokens: number
  at: Instant
}

/** The buckets themselves. */
export class LocalMeter implements Meter {
  /** Owned here; one entry per partition that was ever used, so bounded by their number. */
  readonly #buckets = new Map<PartitionId, Bucket>()

  prepare(): undefined {
    return undefined
  }

  take(partition: PartitionRecord, now: Instant, count = 1): boolean {
    const bucket = this.#filled(partition, now)
    if (bucket.tokens < count) return false
    bucket.tokens -= count
    return true
  }

  /** As many as there are, up to `wanted`. */
  takeUpTo(wanted: number, partition: PartitionRecord, now: Instant): number {
    const bucket = this.#filled(partition, now)
    const taken = Math.min(wanted, Math.floor(bucket.tokens))
    bucket.tokens -= taken
    return taken
  }

  #filled({ id, quota }: PartitionRecord, now: Instant): Bucket {
    const { operationsPerSecond: perSecond } = quota
    let bucket = this.#buckets.get(id)
    if (bucket === undefined) {
      bucket = { tokens: perSecond, at: now }
      this.#buckets.set(id, bucket)
    }
    const gained = ((now - bucket.at) * perSecond) / 1_000
    bucket.tokens = Math.min(perSecond, bucket.tokens + Math.max(0, gained))
    bucket.at = now
    return bucket
  }
}
