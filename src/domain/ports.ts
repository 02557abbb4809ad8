/** What only the daemon makes: time, randomness, ids. Everything else receives them. */

import type { Instant } from "./ids.ts"

export interface Clock {
  /** The node's time; never runs backwards within one process. */
  now(): Instant
}

/** A clock that knows when it is in doubt. */
export interface SureClock extends Clock {
  /** False while timelocks, hours and schedules must not fire: it has jumped, or lies behind. */
  isSure(): boolean
}

export interface RandomSource {
  /** `count` fresh bytes from a cryptographically secure source. */
  bytes(count: number): Uint8Array
}
