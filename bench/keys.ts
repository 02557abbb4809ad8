/**
 * `npm run bench -- --keys N`: what a partition with N keys costs. Makes them over the API, starts
 * the node anew, and compares an operation on a thousand keys out of all of them with one on the
 * first thousand, which lie side by side; and with one on more keys than are kept open.
 */

import { readFileSync } from "node:fs"

import { askLoad } from "./measure.ts"
import { startNode, type BenchNode } from "./node.ts"
import type { Pace } from "./plan.ts"
import type { SpecialRow } from "./report.ts"

const perBatch = 1_000
const few = 1_000
/** More than a node keeps open (domain/limits.ts). */
const asked = 50_000
/** Steps through a list in no order of its own. */
const prime = 7_919

export async function measureKeys(keys: number, pace: Pace): Promise<SpecialRow[]> {
  let node = await startNode()
  try {
    const startedAt = performance.now()
    const ids = await create(node, keys)
    const seconds = (performance.now() - startedAt) / 1_000
    node = await node.restart()
    const { readyMs } = node
    const ofFew = await p50(node, ids.slice(0, few), pace)
    const ofSpread = await p50(node, spread(ids, few), pace)
    const ofAll = await p50(node, spread(ids, asked), pace)
    const residentMiB = resident(node.pid)
    const pageMs = await timed(() => node.call("manager", "GET", "/keys?limit=100"))
    const middle = ids[Math.floor(keys / 2)] ?? ""
    const deleteMs = await timed(() =>
      node.call("manager", "DELETE", `/keys/${middle}?windowSeconds=0`),
    )
    const about = `${keys.toLocaleString("en-US")} keys`
    const row = (name: string, value: number, target?: number): SpecialRow => ({
      name: `${about}: ${name}`,
      value,
      noise: 0,
      better: "less",
      ...(target === undefined ? {} : { target }),
    })
    return [
      { ...row("created per second, durable", keys / seconds), better: "more" },
      row("start to ready, s", readyMs / 1_000, 3),
      row("resident memory after use, MiB", residentMiB, 500),
      row(
        "p50 of an encryption on 1,000 of them at random, against the first",
        ofSpread / ofFew,
        1.1,
      ),
      row(
        `the same on ${asked.toLocaleString("en-US")} of them, caches missed included`,
        ofAll / ofFew,
      ),
      row("a page of 100 keys, ms", pageMs),
      row("deletion of a key, ms", deleteMs),
    ]
  } finally {
    await node.close()
  }
}

async function create(node: BenchNode, keys: number): Promise<string[]> {
  const ids: string[] = []
  while (ids.length < keys) {
    const batches = Array.from({ length: 4 }, async (_, at) => {
      const from = ids.length + at * perBatch
      const count = Math.max(0, Math.min(perBatch, keys - from))
      const operations = Array.from({ length: count }, (_item, index) => ({
        operation: "createKey",
        name: `k-${from + index}`,
        algorithm: "AES_256",
      }))
      return count === 0 ? undefined : await node.call("manager", "POST", "/batch", { operations })
    })
    for (const batch of await Promise.all(batches)) {
      // As the API says.
      const results = (batch?.["results"] ?? []) as readonly { readonly id?: string }[]
      for (const { id } of results) {
        if (id === undefined) throw new Error("a key was not created")
        ids.push(id)
      }
    }
    process.stderr.write(`\r${ids.length} keys`)
  }
  process.stderr.write("\n")
  return ids
}

/** So many of them, all over the partition, the same in every run. */
function spread(ids: readonly string[], count: number): string[] {
  const step = Math.max(1, Math.floor(ids.length / count))
  return Array.from({ length: Math.min(count, ids.length) }, (_, at) => ids[at * step] ?? "")
}

/** Median latency of encryptions on these keys in turn; each was used once before. */
async function p50(node: BenchNode, ids: readonly string[], pace: Pace): Promise<number> {
  const message = Buffer.alloc(64)
  const { p50Ms } = await askLoad(pace, {
    url: node.url,
    ca: node.ca,
    serverPid: node.pid,
    over: "frames",
    connections: 1,
    inFlight: 4,
    call: {
      bearer: node.token("user"),
      kind: 1,
      inFlight: 4,
      fields: { plaintext: message },
      keys: ids.map((_, index) => ids[(index * prime) % ids.length] ?? ""),
    },
  })
  return p50Ms
}

function resident(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1")
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
