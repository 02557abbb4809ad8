/**
 * A worker's share of the partitions' operations per second: leased from the keyholder's buckets
 * in pieces, so that all workers together stay within each quota.
 */

import type { Instant, PartitionId } from "../../domain/ids.ts"
import type { PartitionRecord } from "../../domain/partition.ts"
import type { Meter } from "../../service/meter.ts"
import type { KeyholderChannel } from "./worker-channel.ts"

/** A lease lasts for a twentieth of a second at the partition's full rate. */
const leasesPerSecond = 20
/** How long an unused lease is good for. */
const leaseMs = 1_000
/** After a lease that brought nothing, so that overload costs no message per request. */
const emptyForMs = 50

interface Share {
  left: number
  /** What is left by then is forgotten: the rate may have been lowered. */
  until: number
  emptyUntil: number
  leasing: Promise<void> | undefined
}

export class WorkerMeter implements Meter {
  readonly #keyholder: KeyholderChannel
  /** One entry per partition that was ever used here. */
  readonly #shares = new Map<PartitionId, Share>()

  constructor(keyholder: KeyholderChannel) {
    this.#keyholder = keyholder
  }

  prepare(partition: PartitionRecord, now: Instant): Promise<void> | undefined {
    const share = this.#shareOf(partition.id)
    if (now > share.until) share.left = 0
    if (share.left > 0 || now < share.emptyUntil) return undefined
    share.leasing ??= this.#lease(partition, share, now)
    return share.leasing
  }

  take({ id }: PartitionRecord, _now: Instant, count = 1): boolean {
    const share = this.#shareOf(id)
    if (share.left < count) return false
    share.left -= count
    return true
  }

  async #lease(partition: PartitionRecord, share: Share, now: Instant): Promise<void> {
    const wanted = Math.max(1, Math.ceil(partition.quota.operationsPerSecond / leasesPerSecond))
    // When that fails nothing is allowed, and a later request asks again.
    const got = await this.#keyholder.call("leaseOperations", { partition, wanted }).catch(() => 0)
    share.left += got
    share.until = now + leaseMs
    if (got === 0) share.emptyUntil = now + emptyForMs
    share.leasing = undefined
  }

  #shareOf(id: PartitionId): Share {
    let share = this.#shares.get(id)
    if (share === undefined) {
      share = { left: 0, until: 0, emptyUntil: 0, leasing: undefined }
      this.#shares.set(id, share)
    }
    return share
  }
}
