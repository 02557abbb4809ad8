/** One round of measurements: every case, and the ceilings beside it. */

import { setTimeout as pause } from "node:timers/promises"

import type { Job, Measured } from "./load.ts"
import type { BenchNode } from "./node.ts"
import { opensslRates } from "./openssl.ts"
import type { Case, Pace } from "./plan.ts"
import type { PrimitiveRates, PrimitivesJob } from "./primitives.ts"
import { askScript, cores } from "./processes.ts"
import type { Round } from "./report.ts"

/** What all rounds share. */
export interface Setting {
  readonly node: BenchNode
  readonly echo: { readonly url: string; readonly pid: number }
  readonly pace: Pace
}

/** Names of created keys go on from here, over all rounds. */
let counted = 0

/** Measures every case once, one after the other. Throws when one of them answers an error. */
export async function measureRound(setting: Setting, cases: readonly Case[]): Promise<Round> {
  const { node, echo, pace } = setting
  const measured = new Map<Case, Measured>()
  for (const one of cases) {
    const { url, pid } = one.work === "echo" ? echo : node
    const { connections } = one
    const to = { url, ca: node.ca, serverPid: pid, connections, request: node.request(one) }
    measured.set(one, await askLoad(pace, to))
    await pause(50) // What was in flight when the load ended is done with.
  }
  const question: PrimitivesJob = { primitiveMs: pace.primitiveMs }
  const bare = await askScript<PrimitiveRates>(cores.server, "primitives.ts", question)
  return { measured, primitives: { ...bare, ...opensslRates() } }
}

/** Lets a load of its own run against a URL. */
export async function askLoad(
  { warmMs, measureMs }: Pace,
  job: Omit<Job, "warmMs" | "measureMs" | "countFrom">,
): Promise<Measured> {
  const question: Job = { ...job, warmMs, measureMs, countFrom: counted }
  const measured = await askScript<Measured>(cores.load, "load.ts", question)
  counted = measured.countedTo
  return measured
}
