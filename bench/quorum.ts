/**
 * `npm run bench -- quorum`: what a signature costs that people have approved, beside a plain one
 * of the same node in the same round. Both are counted per CPU-second of the node.
 */

import { askAgain, measureRounds, type Figures } from "./measure.ts"
import { startNode, type BenchNode } from "./node.ts"
import type { Pace } from "./plan.ts"
import { askScript, cores } from "./processes.ts"
import type { QuorumJob, QuorumMeasured } from "./quorum-load.ts"
import { median, table } from "./report.ts"

type QuorumPace = Pick<Pace, "runs" | "firstWarmMs" | "warmMs" | "measureMs">
type Window = Pick<Pace, "warmMs" | "measureMs">

/** As many as keep a core busy. */
const inFlight = 8
/** Issue 6. Three verifications alone take 1.6 times what a plain signature takes in all. */
const target = 0.2

interface Work {
  readonly name: string
  readonly measure: (node: BenchNode, window: Window) => Promise<Figures>
  readonly aim?: number
}

const works: readonly Work[] = [
  { name: "sign P-256, a key without rules", measure: measurePlain },
  ...[1, 3].map((approvals) => ({
    name: `sign P-256 by a request with ${approvals} of ${approvals} approvals`,
    measure: (node: BenchNode, window: Window) => {
      return measureApproved(node, window, { approvals, way: "request" })
    },
  })),
  {
    name: "sign P-256 in one call that brings 3 approvals, its stamp included",
    measure: (node, window) => measureApproved(node, window, { approvals: 3, way: "stamp" }),
  },
  {
    name: "sign P-256 in one call that brings 3 approvals",
    measure: (node, window) => measureApproved(node, window, { approvals: 3, way: "call" }),
    aim: target,
  },
]

/** Measures and renders. `missed`: the ratio with three approvals, where it is too low. */
export async function benchQuorum(pace: QuorumPace): Promise<{
  readonly text: string
  readonly missed: readonly string[]
}> {
  const node = await startNode()
  try {
    const ask = ({ measure }: Work, window: Window) => measure(node, window)
    return render(await measureRounds(works, pace, ask), pace)
  } finally {
    await node.close()
  }
}

async function measurePlain(node: BenchNode, window: Window): Promise<Figures> {
  const body = { message: Buffer.alloc(64, "keyhold").toString("base64") }
  return await askAgain(node, window, {
    path: "/keys/bench-p256/sign",
    body,
    atOnce: inFlight,
  })
}

let made = 0

async function measureApproved(
  { url, ca, pid: serverPid, dev }: BenchNode,
  { warmMs, measureMs }: Window,
  { approvals, way }: Pick<QuorumJob, "approvals" | "way">,
): Promise<Figures> {
  const { user = "", manager = "", approver = "" } = dev.tokens
  const tokens = { user, manager, approver }
  const name = `quorum-${made++}`
  const about = { url, ca, tokens, name, approvals, way, inFlight, serverPid }
  const job: QuorumJob = { ...about, warmMs, measureMs }
  const seen = await askScript<QuorumMeasured>(cores.load, "quorum-load.ts", job)
  const { signatures, seconds, cpuSeconds, latenciesMs } = seen
  return {
    perCpu: signatures / cpuSeconds,
    perSecond: signatures / seconds,
    p50: median(latenciesMs),
  }
}

function render(
  rounds: readonly (readonly Figures[])[],
  { runs, measureMs }: QuorumPace,
): { readonly text: string; readonly missed: readonly string[] } {
  const figures = works.map(({ name, aim }, at) => {
    const of = (figure: (one: Figures, plain: Figures) => number): number =>
      median(rounds.flatMap((round) => ratioOf(round[at], round[0], figure)))
    const ratio = of((one, plain) => one.perCpu / plain.perCpu)
    return { name, ratio, aim, perCpu: of((one) => one.perCpu), ...ratesOf(of) }
  })
  const lines = figures.map(({ name, ratio, aim, perCpu, perSecond, p50 }, at) => [
    name,
    Math.round(perCpu).toLocaleString("en"),
    Math.round(perSecond).toLocaleString("en"),
    p50.toFixed(2),
    at === 0 ? "" : `**${ratio.toFixed(3)}** x plain${describeAim(ratio, aim)}`,
  ])
  const intro =
    "A signature that waits for approvals is several calls, each durable before its answer: the " +
    "request, one per approval, and the result; the node verifies every approval when it comes " +
    "and again beside the key. A call that brings its approvals is one, and shares the commit " +
    `that uses them up. ${inFlight} at once, over TLS 1.3; every result verifies; medians of ` +
    `${runs} runs of ${measureMs} ms. A call's stamp is fetched, and signed by its approvers, ` +
    "before the window, but for the row that includes it."
  const heads = ["Work", "per CPU-s", "per s", "p50 ms", "Ratio (target)"]
  return {
    text: [intro, table(heads, lines)].join("\n\n"),
    missed: figures.flatMap(({ name, ratio, aim = 0 }) =>
      ratio < aim ? [`${name}: ${ratio.toFixed(3)} x plain, not ${aim}`] : [],
    ),
  }
}

function ratioOf(
  one: Figures | undefined,
  plain: Figures | undefined,
  figure: (one: Figures, plain: Figures) => number,
): number[] {
  return one === undefined || plain === undefined ? [] : [figure(one, plain)]
}

function ratesOf(of: (figure: (one: Figures) => number) => number): Omit<Figures, "perCpu"> {
  return { perSecond: of((one) => one.perSecond), p50: of((one) => one.p50) }
}

function describeAim(ratio: number, aim: number | undefined): string {
  return aim === undefined ? "" : ` (${aim}: ${ratio >= aim ? "met" : "not met"})`
}
