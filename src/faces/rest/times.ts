/** Moments and durations on the wire. */

import type { Instant } from "../../domain/ids.ts"

/** The moment that was rendered last: what is made in one act bears the same one throughout. */
const last = { at: 0 as Instant, text: new Date(0).toISOString() }

/** RFC 3339 in UTC with milliseconds. */
export function renderTime(at: Instant): string {
  if (at !== last.at) Object.assign(last, { at, text: new Date(at).toISOString() })
  return last.text
}

/** Whole seconds of a duration. */
export function renderSeconds(ms: number): number {
  return Math.floor(ms / 1_000)
}

/** Milliseconds of a duration on the wire. */
export function milliseconds(seconds: number): number {
  return seconds * 1_000
}

/** Minutes since midnight as a clock shows them: `08:30`. */
export function renderClock(minutes: number): string {
  return `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`
}

function twoDigits(count: number): string {
  return String(count).padStart(2, "0")
}
