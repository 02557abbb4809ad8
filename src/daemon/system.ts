/** Where time, randomness and ids come from. Nobody else makes them. */

import { encodeId } from "../codec/id-text.ts"
import { instant, type Instant } from "../domain/ids.ts"
import type { Clock, RandomSource } from "../domain/ports.ts"
import { pooledRandomBytes, randomBytes } from "../engine/random.ts"

/** Health-tested random bytes; see engine/random.ts. */
export const systemRandom: RandomSource = { bytes: randomBytes }
/** From a pool, where few bytes are wanted often. */
export const pooledRandom: RandomSource = { bytes: pooledRandomBytes }

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

/** Of an id's 26 characters, those that this process drew for all its requests. */
const drawn = encodeId(pooledRandomBytes(16)).slice(0, 17)
const digits = "0123456789abcdefghjkmnpqrstvwxyz"
/** 45 bits, of which it uses no two alike: at a million a second they last for a year. */
let counted = 0

/** A fresh id for a request or a boot: no secret, and needed often. 82 bits name the process. */
export function freshId(): string {
  counted += 1
  let rest = counted
  let tail = ""
  for (let place = 0; place < 9; place++) {
    tail = (digits[rest % 32] ?? "") + tail
    rest = Math.floor(rest / 32)
  }
  return drawn + tail
}
