/** From single measurements to medians, ratios and a table. */

import type { Measured } from "./load.ts"
import type { Base, Case, Comparison } from "./plan.ts"
import type { PrimitiveRates, Rates } from "./primitives.ts"

/** One round: every case once, and what it is compared with in the same minutes. */
export interface Round {
  readonly measured: ReadonlyMap<Case, Measured>
  readonly primitives: PrimitiveRates
}

/** Medians over all rounds. */
export interface Row {
  readonly name: string
  readonly items: number
  /** Operations, not requests. */
  readonly perCpuSecond: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly ratios: readonly Ratio[]
}

export interface Ratio extends Comparison {
  /** Median of the rounds' own ratios: a slow minute slows both sides. */
  readonly value: number
  /** Half of the distance between the greatest and the least, as a share of the median. */
  readonly noise: number
}

/** A comparison or a figure that stands by itself. */
export interface SpecialRow {
  readonly name: string
  readonly value: number
  readonly noise: number
  readonly target?: number
  readonly better: "more" | "less"
}

/** What misses its target by more than its noise. */
export function specialShortfalls(rows: readonly SpecialRow[]): string[] {
  return rows
    .filter(({ value, noise, target, better }) => {
      if (target === undefined) return false
      return better === "more" ? value * (1 + noise) < target : value * (1 - noise) > target
    })
    .map(({ name, value, target }) => `${name}: ${digits(value)}, not ${String(target)}`)
}

/** A table in Markdown. */
export function renderSpecials(rows: readonly SpecialRow[]): string {
  const lines = rows.map(({ name, value, noise, target, better }) => {
    const aim =
      target === undefined ? "" : `${better === "more" ? "at least" : "at most"} ${target}`
    return [name, digits(value), `${Math.round(noise * 100)} %`, aim]
  })
  return table(["Comparison", "measured", "noise", "target"], lines)
}

/** The echo's case has to be among the cases. */
export function summarise(cases: readonly Case[], rounds: readonly Round[]): Row[] {
  const ceilings = { echo: caseOf(cases, "echo"), nginx: caseOf(cases, "nginx") }
  return cases.map((one) => {
    const seen = rounds.flatMap(({ measured }) => measured.get(one) ?? [])
    const rates = seen.map((measured) => ratesOf(one, measured))
    const ratios = one.against.flatMap((comparison): Ratio[] => {
      const values = rounds.flatMap((round) => ratioIn(round, { one, ceilings, comparison }))
      if (values.length === 0) return [] // Its primitive could not be measured here.
      const value = median(values)
      const noise = (Math.max(...values) - Math.min(...values)) / 2 / value
      return [{ ...comparison, value, noise }]
    })
    return {
      name: one.name,
      items: one.items,
      perCpuSecond: median(rates.map(({ perCpuSecond }) => perCpuSecond)),
      perSecond: median(rates.map(({ perSecond }) => perSecond)),
      p50Ms: median(seen.map(({ p50Ms }) => p50Ms)),
      p99Ms: median(seen.map(({ p99Ms }) => p99Ms)),
      ratios,
    }
  })
}

type Ceilings = Readonly<Record<"echo" | "nginx", Case | undefined>>

function caseOf(cases: readonly Case[], work: "echo" | "nginx"): Case | undefined {
  return cases.find((one) => one.work === work)
}

function ratioIn(
  { measured, primitives }: Round,
  about: { one: Case; ceilings: Ceilings; comparison: Comparison },
): number[] {
  const { one, ceilings, comparison } = about
  const own = measured.get(one)
  const base = baseRates(comparison.base, primitives, (name) => {
    const ceiling = ceilings[name]
    return ceiling && measured.get(ceiling)
  })
  if (own === undefined || base === undefined) return []
  const field = comparison.by === "cpu" ? "perCpuSecond" : "perSecond"
  return [ratesOf(one, own)[field] / base[field]]
}

function baseRates(
  base: Base,
  primitives: PrimitiveRates,
  ceiling: (name: "echo" | "nginx") => Measured | undefined,
): Rates | undefined {
  if (base !== "echo" && base !== "nginx") return primitives[base]
  const measured = ceiling(base)
  return measured && ratesOf({ items: 1 }, measured)
}

/** Operations per CPU-second of the server, and per second. */
export function ratesOf({ items }: Pick<Case, "items">, measured: Measured): Rates {
  const done = measured.requests * items
  const { cpuSeconds = Number.NaN, seconds } = measured
  return { perCpuSecond: done / cpuSeconds, perSecond: done / seconds }
}

/** NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low, high] = [sorted[Math.max(0, sorted.length - 1 - middle)], sorted[middle]]
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2
}

/** Medians of the primitives, for the second table. */
export function summarisePrimitives(rounds: readonly Round[]): [name: string, rates: Rates][] {
  const names = Object.keys(rounds[0]?.primitives ?? {})
  return names.map((name) => {
    // The keys of one of its values.
    const seen = rounds.flatMap(({ primitives }) => primitives[name as keyof PrimitiveRates] ?? [])
    const perCpuSecond = median(seen.map((rates) => rates.perCpuSecond))
    return [name, { perCpuSecond, perSecond: median(seen.map((rates) => rates.perSecond)) }]
  })
}

/** Both tables in Markdown. */
export function renderTables(rows: readonly Row[], primitives: [string, Rates][]): string {
  const work = rows.map((row) => [
    row.name,
    whole(row.perCpuSecond),
    whole(row.perSecond),
    row.p50Ms.toFixed(2),
    row.p99Ms.toFixed(2),
    row.ratios.map(renderRatio).join("<br>"),
  ])
  const bare = primitives.map(([name, rates]) => [
    name,
    whole(rates.perCpuSecond),
    whole(rates.perSecond),
  ])
  return [
    table(["Work", "per CPU-s", "per s", "p50 ms", "p99 ms", "Ratios (target)"], work),
    table(["Bare primitive", "per CPU-s", "per s"], bare),
  ].join("\n\n")
}

/** What falls short of its target by more than the noise that was measured. */
export function shortfalls(rows: readonly Row[]): string[] {
  return rows.flatMap(({ name, ratios }) =>
    ratios
      .filter(({ value, noise, target }) => target !== undefined && value * (1 + noise) < target)
      .map(({ base, value, target }) => `${name}: ${digits(value)} x ${base}, not ${target}`),
  )
}

function renderRatio({ base, value, noise, by, target }: Ratio): string {
  const aim = target === undefined ? "" : ` (${target}: ${value >= target ? "met" : "not met"})`
  const of = by === "wall" ? " per s" : ""
  return `**${digits(value)}** x ${base}${of} ± ${Math.round(noise * 100)} %${aim}`
}

function digits(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toPrecision(2)
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US")
}

/** In Markdown; all but the first column are figures. */
export function table(heads: readonly string[], lines: readonly (readonly string[])[]): string {
  const rule = heads.map((_, index) => (index === 0 ? "---" : "--:"))
  return [heads, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n")
}
