/** Hours of the week in which a rule lets something happen, in the time of a place. */

import type { Instant } from "./ids.ts"

/** As Intl writes them in English. */
export const weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const
export type Weekday = (typeof weekdays)[number]

/** From `from` up to, not including, `to`, on each of `days`. */
export interface Hours {
  readonly days: readonly Weekday[]
  /** Minutes since midnight on the clocks there: 0 to 1439. */
  readonly from: number
  /** 1 to 1440; more than `from`. Hours across midnight are two entries. */
  readonly to: number
  /** A zone of the IANA database, such as Europe/Zurich. */
  readonly timeZone: string
}

/** True when the clocks there show one of these hours; also on the days when clocks change. */
export function isWithin({ days, from, to, timeZone }: Hours, now: Instant): boolean {
  const { weekday, minutes } = localTime(timeZone, now)
  return days.includes(weekday) && from <= minutes && minutes < to
}

/** True for a zone that the runtime's time zone data knows. */
export function isTimeZone(name: string): boolean {
  try {
    formatOf(name)
    return true
  } catch {
    return false
  }
}

function localTime(timeZone: string, now: Instant): { weekday: Weekday; minutes: number } {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(now)
      .map((one) => [one.type, one.value]),
  )
  const minutes = Number(parts.get("hour")) * 60 + Number(parts.get("minute"))
  // The format below asks for the short English names, of which there are seven.
  return { weekday: parts.get("weekday") as Weekday, minutes }
}

/** Made once per zone: some 600 exist, and only those that rules name are made. */
const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  })
  formats.set(timeZone, format)
  return format
}
