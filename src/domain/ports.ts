/** What only the daemon makes: time, randomness, ids. Everything else receives them. */

import type { Instant } from "./ids.ts"

export interface Clock {
  /** The node's time; never runs backwards within one process. */
  now(): Instant
}

export interface RandomSource {
  /** `count` fresh bytes from a cryptographically secure source. */
  bytes(count: number): Uint8Array
}
