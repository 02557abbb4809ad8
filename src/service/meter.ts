/** Operations per second and partition: a token bucket that holds one second's worth. */

import type { Instant, PartitionId } from "../domain/ids.ts"

interface Bucket {
  tokens: number
  at: Instant
}

export class Meter {
  /** Owned here; one entry per partition that was ever used, so bounded by their number. */
  readonly #buckets = new Map<PartitionId, Bucket>()

  /** Takes one operation from the partition's budget; false when it is used up. */
  take(partition: PartitionId, perSecond: number, now: Instant): boolean {
    let bucket = this.#buckets.get(partition)
    if (bucket === undefined) {
      bucket = { tokens: perSecond, at: now }
      this.#buckets.set(partition, bucket)
    }
    const gained = ((now - bucket.at) * perSecond) / 1_000
    bucket.tokens = Math.min(perSecond, bucket.tokens + Math.max(0, gained))
    bucket.at = now
    if (bucket.tokens < 1) return false
    bucket.tokens -= 1
    return true
  }
}
