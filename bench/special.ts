/** What one node and one case do not show: without syncs, with more workers, under a flood. */

import { setTimeout as pause } from "node:timers/promises"

import { askLoad } from "./measure.ts"
import type { Measured } from "./load.ts"
import { startNode, type BenchNode, type NodeOptions } from "./node.ts"
import { cases, type Case, type Pace } from "./plan.ts"
import { median, type SpecialRow } from "./report.ts"

/** In memory: a sync there costs nothing. */
const memoryFolder = "/dev/shm"

type Ask = (node: BenchNode, one: Case) => Promise<Measured>

/** Everything in this file; `runs` of each, and the median of their ratios. */
export async function measureSpecials(pace: Pace): Promise<SpecialRow[]> {
  return [await withoutSync(pace), await twoWorkers(pace), await underFlood(pace)]
}

function asking(pace: Pick<Pace, "warmMs" | "measureMs">): Ask {
  return async (node, one) =>
    await askLoad(pace, {
      url: node.url,
      ca: node.ca,
      serverPid: node.pid,
      over: one.over,
      connections: one.connections,
      inFlight: one.inFlight,
      ...node.ask(one),
    })
}

function encryption(change: Partial<Case> = {}): Case {
  const found = cases.find(({ work, over }) => work === "encrypt-xaes" && over === "http1")
  if (found === undefined) throw new Error("the plan has no encryption")
  return { ...found, ...change }
}

/** Two nodes side by side, measured in turn. */
async function compare(
  pace: Pace,
  options: readonly [NodeOptions, NodeOptions],
  ratio: (first: Measured, second: Measured) => number,
): Promise<{ readonly value: number; readonly noise: number }> {
  const [first, second] = [await startNode(options[0]), await startNode(options[1])]
  try {
    const ask = asking(pace)
    const one = encryption()
    if (pace.firstWarmMs > 0) {
      const warm = asking({ warmMs: 0, measureMs: pace.firstWarmMs / 2 })
      for (const node of [first, second]) await warm(node, one)
    }
    const values: number[] = []
    for (let run = 0; run < pace.runs; run++) {
      values.push(ratio(await ask(first, forNode(one, options[0])), await ask(second, one)))
    }
    return summary(values)
  } finally {
    await first.close()
    await second.close()
  }
}

/** As many connections for each worker as one of them gets. */
function forNode(one: Case, { workers = 1 }: NodeOptions): Case {
  return { ...one, connections: one.connections * workers }
}

function summary(values: readonly number[]): { readonly value: number; readonly noise: number } {
  const value = median(values)
  return { value, noise: (Math.max(...values) - Math.min(...values)) / 2 / value }
}

function perCpuSecond({ requests, cpuSeconds = Number.NaN }: Measured): number {
  return requests / cpuSeconds
}

async function withoutSync(pace: Pace): Promise<SpecialRow> {
  const found = await compare(
    pace,
    [{}, { folder: memoryFolder }],
    (durable, free) => perCpuSecond(durable) / perCpuSecond(free),
  )
  const name = "encrypt, 32 in flight: every record synced, against a log in memory"
  return { name, ...found, target: 0.9, better: "more" }
}

/** Throughput grows by this when the load comes from elsewhere: CPU-seconds count it out. */
async function twoWorkers(pace: Pace): Promise<SpecialRow> {
  const found = await compare(
    pace,
    [{ workers: 2, everywhere: true }, { workers: 1 }],
    (two, one) => (2 * perCpuSecond(two)) / perCpuSecond(one),
  )
  return { name: "encrypt: two workers against one", ...found, target: 1.8, better: "more" }
}

/** AES of one partition while another one floods the node with RSA-4096. */
async function underFlood(pace: Pace): Promise<SpecialRow> {
  const node = await startNode()
  try {
    const one = encryption({ connections: 4 })
    const flood = await node.flood()
    const ask = asking({ warmMs: pace.warmMs, measureMs: pace.measureMs })
    if (pace.firstWarmMs > 0) {
      await asking({ warmMs: 0, measureMs: pace.firstWarmMs / 2 })(node, one)
    }
    const values: number[] = []
    for (let run = 0; run < pace.runs; run++) {
      const alone = await ask(node, one)
      const flooding = askLoad(
        { warmMs: 0, measureMs: pace.warmMs + pace.measureMs + 1_000 },
        {
          url: node.url,
          ca: node.ca,
          over: "http1",
          connections: 16,
          inFlight: 1,
          request: flood,
        },
      )
      await pause(500)
      const flooded = await ask(node, one)
      await flooding
      values.push(flooded.p99Ms / alone.p99Ms)
    }
    const name = "encrypt, 4 connections: p99 while another partition floods RSA-4096"
    return { name, ...summary(values), target: 2, better: "less" }
  } finally {
    await node.close()
  }
}
