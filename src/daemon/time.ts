/**
 * The node's time, with a persisted high-water mark. When the wall clock lies behind what the node
 * has already seen, or jumps, time is unsure: appointments wait, so that nothing irreversible
 * happens too early, until the clock has caught up and stood still for a while.
 */

import { join } from "node:path"

import { instant, type Instant } from "../domain/ids.ts"
import type { SureClock } from "../domain/ports.ts"
import { readIfPresent, writeDurably } from "./files.ts"
import { systemClock } from "./system.ts"

/** A difference between wall and monotonic time beyond which the clock was set, not drifting. */
const jumpMs = 5_000
/** How long the two have to agree before time is trusted again. */
const settleMs = 60_000

export interface NodeClock extends SureClock {
  /** Remembers the time reached; called every few seconds. */
  persist(): Promise<void>
}

/** Sources that a test replaces. */
export interface TimeSources {
  readonly wallMs: () => number
  readonly monotonicMs: () => number
}

/** Reads the high-water mark and starts the clock at or after it. */
export async function openClock(data: string, sources: TimeSources): Promise<NodeClock> {
  const path = join(data, "time")
  const stored = Number((await readIfPresent(path))?.toString() ?? 0)
  const floor: Instant = instant(Number.isSafeInteger(stored) && stored > 0 ? stored : 0)
  const clock = watchedClock(floor, sources)
  return { ...clock, persist: () => writeDurably(path, String(clock.now())) }
}

/** A clock that starts at `floor`, which the node has reached, and watches for jumps. */
export function watchedClock(floor: Instant, sources: TimeSources): SureClock {
  const clock = systemClock(floor)
  const watch = new JumpWatch(sources, floor)
  return { now: () => clock.now(), isSure: () => watch.isSure() }
}

/** The system's. */
export const timeSources: TimeSources = {
  wallMs: Date.now,
  monotonicMs: () => performance.now(),
}

/** Compares wall time with monotonic time at every look. */
export class JumpWatch {
  readonly #sources: TimeSources
  readonly #floor: number
  #offset: number
  #unsureUntil = 0

  constructor(sources: TimeSources, floor: number) {
    this.#sources = sources
    this.#floor = floor
    this.#offset = sources.wallMs() - sources.monotonicMs()
  }

  isSure(): boolean {
    const wall = this.#sources.wallMs()
    const monotonic = this.#sources.monotonicMs()
    if (Math.abs(wall - monotonic - this.#offset) > jumpMs) {
      this.#unsureUntil = monotonic + settleMs
    }
    this.#offset = wall - monotonic
    return wall >= this.#floor && monotonic >= this.#unsureUntil
  }
}
