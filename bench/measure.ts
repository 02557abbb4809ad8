/** One round of measurements: every case, and the ceilings beside it. */

import { setTimeout as pause } from "node:timers/promises"

import type { Job, Measured } from "./load.ts"
import type { BenchNode } from "./node.ts"
import { opensslRates } from "./openssl.ts"
import type { Case, Pace } from "./plan.ts"
import type { PrimitiveRates, PrimitivesJob } from "./primitives.ts"
import { askScript, cores } from "./processes.ts"
import type { Round } from "./report.ts"

interface Server {
  readonly url: string
  readonly pid: number
}

/** What all rounds share. */
export interface Setting {
  readonly node: BenchNode
  readonly echo: Server
  readonly tls: Server
  /** Absent where there is no nginx. */
  readonly nginx: Server | undefined
  readonly pace: Pace
}

/** Names of created keys go on from here, over all rounds. */
let counted = 0

/** Lets V8 compile what the cases make hot; nothing is counted. */
export async function warmUp(setting: Setting, cases: readonly Case[]): Promise<void> {
  const { firstWarmMs } = setting.pace
  if (firstWarmMs === 0) return
  const each = Math.ceil(firstWarmMs / 4)
  for (const one of cases) {
    // What is asked one by one is hot in every case: it gets the whole time.
    const measureMs = one.items === 1 && one.over === "http1" ? each : Math.ceil(each / 2)
    await measureCase({ ...setting, pace: { ...setting.pace, measureMs } }, one)
  }
}

/** Measures every case once, one after the other. Throws when one of them answers an error. */
export async function measureRound(setting: Setting, cases: readonly Case[]): Promise<Round> {
  const { pace } = setting
  const measured = new Map<Case, Measured>()
  for (const one of cases) {
    const seen = await measureCase(setting, one)
    if (seen !== undefined) measured.set(one, seen)
    await pause(50) // What was in flight when the load ended is done with.
  }
  const question: PrimitivesJob = { primitiveMs: pace.primitiveMs }
  const bare = await askScript<PrimitiveRates>(cores.server, "primitives.ts", question)
  return { measured, primitives: { ...bare, ...opensslRates() } }
}

/** Undefined for a ceiling that is not there. */
async function measureCase(setting: Setting, one: Case): Promise<Measured | undefined> {
  const { node, echo, tls, nginx, pace } = setting
  const { over, connections, inFlight, work } = one
  const ceilings: Readonly<Record<string, Server | undefined>> = { echo, tls, nginx }
  const server = Object.hasOwn(ceilings, work) ? ceilings[work] : node
  if (server === undefined) return undefined
  const { url, pid: serverPid } = server
  const how = { over, connections, inFlight }
  return await askLoad(pace, { url, ca: node.ca, serverPid, ...how, ...node.ask(one) })
}

/** What one request of a node costs and takes. */
export interface Figures {
  readonly perCpu: number
  readonly perSecond: number
  readonly p50: number
}

/** Warms each work up once, then measures all of them, round by round. */
export async function measureRounds<Work>(
  works: readonly Work[],
  { runs, firstWarmMs, ...window }: Pick<Pace, "runs" | "firstWarmMs" | "warmMs" | "measureMs">,
  measure: (work: Work, window: Pick<Pace, "warmMs" | "measureMs">) => Promise<Figures>,
): Promise<Figures[][]> {
  const warming = { warmMs: 0, measureMs: firstWarmMs }
  if (firstWarmMs > 0) for (const work of works) await measure(work, warming)
  const rounds: Figures[][] = []
  for (let run = 0; run < runs; run++) {
    const round: Figures[] = []
    for (const work of works) round.push(await measure(work, window))
    rounds.push(round)
  }
  return rounds
}

/** The same request of the API again and again, as a user; so many at once. */
export async function askAgain(
  node: BenchNode,
  window: Pick<Pace, "warmMs" | "measureMs">,
  asked: { readonly path: string; readonly body: object; readonly atOnce: number },
): Promise<Figures> {
  const { url, ca, pid: serverPid } = node
  const { path, body, atOnce: connections } = asked
  const request = {
    method: "POST",
    path: `/api/v1${path}`,
    headers: { authorization: `Bearer ${node.token("user")}` },
    body: JSON.stringify(body),
  }
  const how = { over: "http1", connections, inFlight: 1 } as const
  const seen = await askLoad(window, { url, ca, serverPid, request, ...how })
  const { requests, seconds, cpuSeconds = Number.NaN, p50Ms } = seen
  return { perCpu: requests / cpuSeconds, perSecond: requests / seconds, p50: p50Ms }
}

/** Lets a load of its own run against a URL. */
export async function askLoad(
  { warmMs, measureMs }: Pick<Pace, "warmMs" | "measureMs">,
  job: Omit<Job, "warmMs" | "measureMs" | "countFrom">,
): Promise<Measured> {
  const question: Job = { ...job, warmMs, measureMs, countFrom: counted }
  const measured = await askScript<Measured>(cores.load, "load.ts", question)
  counted = measured.countedTo
  return measured
}
