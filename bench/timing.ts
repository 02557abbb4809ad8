/**
 * `npm run bench -- timing`: whether failures can be told apart by the time that they take. Both
 * classes of a pair are measured in turns of random order; so is one of them against itself, which
 * shows what the machine's noise alone can do (Reparaz, Balasch, Verbauwhede: dudect, 2017).
 */

import { randomInt } from "node:crypto"

import { runSelfTests } from "../src/engine/self-test.ts"
import { median, table } from "./report.ts"
import { timingPairs, type Call, type TimingPair } from "./timing-pairs.ts"

/** Beyond this a difference is hardly chance: dudect's own bound. */
const told = 4.5

interface Compared {
  readonly differenceNs: number
  /** Welch's, over the samples below the ninth decile of both together. */
  readonly t: number
  readonly medianNs: readonly [number, number]
}

/** Measures and renders. `samples`: of each class, a tenth of it where a call is slow. */
export async function benchTiming({ samples }: { readonly samples: number }): Promise<{
  readonly text: string
  readonly told: readonly string[]
}> {
  await runSelfTests()
  const rows: { readonly pair: TimingPair; readonly found: Compared; readonly self: Compared }[] =
    []
  for (const pair of await timingPairs()) {
    process.stderr.write(`${pair.name}: ${pair.one.what}, ${pair.other.what}\n`)
    const count = pair.slow === true ? Math.ceil(samples / 10) : samples
    const { call } = pair.one
    const self = compare(await sample([call, call], count))
    rows.push({ pair, found: compare(await sample([call, pair.other.call], count)), self })
  }
  const lines = rows.map(({ pair, found, self }) => [
    pair.name,
    `${pair.one.what} / ${pair.other.what}`,
    micros(found.medianNs[0]),
    micros(found.medianNs[1]),
    `${Math.round(found.differenceNs)}`,
    found.t.toFixed(1),
    self.t.toFixed(1),
  ])
  const heads = [
    "Mechanism",
    "Classes",
    "µs",
    "µs",
    "difference ns",
    "t",
    "t of the first by itself",
  ]
  const intro =
    `Time of a failure inside the engine, ${samples} samples of each class (a tenth of it for ` +
    "RSA), in random turns: medians, the difference of the means without the slowest tenth, and " +
    `Welch's t of it. Beyond ${told} the classes can be told apart, if the first class by itself ` +
    "stays below: what is in the last column is noise of the machine."
  return {
    text: [intro, table(heads, lines)].join("\n\n"),
    told: rows
      .filter(({ found, self }) => Math.abs(found.t) > told && Math.abs(self.t) <= told)
      .map(({ pair }) => `${pair.name}: ${pair.one.what} and ${pair.other.what} are told apart`),
  }
}

/** Nanoseconds of each call, of the two in turns of random order. */
async function sample(
  calls: readonly [Call, Call],
  count: number,
): Promise<readonly [number[], number[]]> {
  const times: [number[], number[]] = [[], []]
  for (let each = 0; each < 200; each++) await time(calls[each % 2 === 0 ? 0 : 1])
  while (times[0].length < count || times[1].length < count) {
    const which = randomInt(2) === 0 ? 0 : 1
    times[which].push(await time(calls[which]))
  }
  return times
}

async function time(call: Call): Promise<number> {
  const start = process.hrtime.bigint()
  try {
    const made = call()
    if (made instanceof Promise) await made
  } catch {
    // That is what is measured.
  }
  return Number(process.hrtime.bigint() - start)
}

function compare([one, other]: readonly [number[], number[]]): Compared {
  const sorted = [...one, ...other].toSorted((a, b) => a - b)
  const limit = sorted[Math.floor(sorted.length * 0.9)] ?? Infinity
  const kept = [one, other].map((times) => times.filter((ns) => ns <= limit))
  const [a, b] = [momentsOf(kept[0] ?? []), momentsOf(kept[1] ?? [])]
  const differenceNs = b.mean - a.mean
  const t = differenceNs / Math.sqrt(a.variance / a.count + b.variance / b.count)
  return { differenceNs, t, medianNs: [median(one), median(other)] }
}

function momentsOf(times: readonly number[]) {
  const count = times.length
  const mean = times.reduce((sum, ns) => sum + ns, 0) / count
  const variance = times.reduce((sum, ns) => sum + (ns - mean) ** 2, 0) / (count - 1)
  return { count, mean, variance }
}

function micros(ns: number): string {
  return (ns / 1_000).toFixed(1)
}
