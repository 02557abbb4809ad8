/** Where time, randomness and ids come from. Nobody else makes them. */

import { encodeId } from "../codec/id-text.ts"
import { instant, type Instant } from "../domain/ids.ts"
import type { Clock, RandomSource } from "../domain/ports.ts"
import { pooledRandomBytes, randomBytes } from "../engine/random.ts"

/** Health-tested random bytes; see engine/random.ts. */
export const systemRandom: RandomSource = { bytes: randomBytes }

/**
 * The system's time, that never runs backwards within this process.
 *
 * @param floor - the high-water mark that the node persisted: time known to have been reached.
 */
export function systemClock(floor: Instant = instant(0)): Clock {
  let reached = floor
  return {
    now: () => {
      const wall = Date.now()
      if (wall > reached) reached = instant(wall)
      return reached
    },
  }
}

/** A fresh id; requests' ids are no secret and are needed often. */
export function freshId(): string {
  return encodeId(pooledRandomBytes(16))
}
