/**
 * Slows down failing authentications, per source address: a token bucket each.
 *
 * It is asked after a failure only. So nobody can lock a tenant out: a valid credential passes
 * whatever others did, even from the same address behind one NAT. It does not protect secrets,
 * which cannot be guessed; it keeps a broken client from being noisy, and tells it to wait.
 */

import type { Instant } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import { BoundedMap } from "../records/bounded-map.ts"

const minuteMs = 60_000

interface Bucket {
  /** Failures still free at `at`; at most those of one minute. */
  readonly left: number
  readonly at: Instant
}

export interface FailureLimiter {
  /** Counts a failure of `source`; answers how long to wait before the next: 0 means not at all. */
  fail(source: string, now: Instant): number
  /** Sources that are remembered: at most limits.failureAddressesMax. */
  readonly size: number
}

export function createFailureLimiter(
  perMinute: number = limits.failedAuthenticationsPerMinute,
): FailureLimiter {
  /** Oldest failure first: each failure moves its source to the end. */
  const buckets = new BoundedMap<string, Bucket>(limits.failureAddressesMax)

  function fail(source: string, now: Instant): number {
    const { left, at } = buckets.get(source) ?? { left: perMinute, at: now }
    const refilled = Math.min(perMinute, left + ((now - at) * perMinute) / minuteMs)
    const admitted = refilled >= 1
    buckets.delete(source)
    buckets.set(source, { left: admitted ? refilled - 1 : refilled, at: now })
    return admitted ? 0 : Math.ceil(((1 - refilled) * minuteMs) / perMinute)
  }

  return {
    fail,
    get size() {
      return buckets.size
    },
  }
}
