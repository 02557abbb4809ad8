/**
 * `npm run bench -- timestamps`: what an RFC 3161 timestamp costs, beside a plain signature by a
 * key of the same algorithm in the same round. Both are counted per CPU-second of the node.
 */

import { askAgain, measureRounds, type Figures } from "./measure.ts"
import { startNode, type BenchNode } from "./node.ts"
import type { Pace } from "./plan.ts"
import { median, table, whole } from "./report.ts"

type TimestampPace = Pick<Pace, "runs" | "firstWarmMs" | "warmMs" | "measureMs">

/** As many as keep a core busy. */
const atOnce = 8
const sample = Buffer.alloc(32, "keyhold").toString("base64")

interface Work {
  readonly name: string
  readonly path: string
  readonly body: object
  /** The row that it is compared with. */
  readonly beside?: number
}

const algorithms = ["EC_P256", "RSA_3072"] as const

const works: readonly Work[] = algorithms.flatMap((algorithm, at) => {
  const path = `/keys/tsa-${algorithm}`
  const beside = at * 3
  return [
    { name: `sign ${algorithm}`, path: `${path}/sign`, body: { message: sample } },
    {
      name: `timestamp by ${algorithm}, its certificate along`,
      path: `${path}/timestamp`,
      body: { digest: sample },
      beside,
    },
    {
      name: `timestamp by ${algorithm}, bare`,
      path: `${path}/timestamp`,
      body: { digest: sample, certificates: false },
      beside,
    },
  ]
})

/** Measures and renders; there is no target to miss. */
export async function benchTimestamps(pace: TimestampPace): Promise<{
  readonly text: string
  readonly missed: readonly string[]
}> {
  const node = await startNode()
  try {
    for (const algorithm of algorithms) await prepare(node, algorithm)
    const shorter = { ...pace, firstWarmMs: pace.firstWarmMs / 2 }
    const rounds = await measureRounds(works, shorter, ({ path, body }, window) =>
      askAgain(node, window, { path, body, atOnce }),
    )
    return { text: render(rounds, pace), missed: [] }
  } finally {
    await node.close()
  }
}

async function prepare(node: BenchNode, algorithm: string): Promise<void> {
  const name = `tsa-${algorithm}`
  await node.call("manager", "POST", "/keys", { name, algorithm })
  const profile = { subject: `CN=${name}`, extendedKeyUsage: ["timeStamping"] }
  const at = `/keys/${name}`
  const { chain } = await node.call("manager", "POST", `${at}/self-signed-certificate`, profile)
  await node.call("manager", "POST", `${at}/certificates`, { chain })
}

function render(
  rounds: readonly (readonly Figures[])[],
  { runs, measureMs }: TimestampPace,
): string {
  const of = (at: number, figure: keyof Figures): number =>
    median(rounds.map((round) => round[at]?.[figure] ?? Number.NaN))
  const lines = works.map(({ name, beside }, at) => {
    const ratio = median(
      rounds.map((round) => (round[at]?.perCpu ?? 0) / (round[beside ?? at]?.perCpu ?? 0)),
    )
    return [
      name,
      whole(of(at, "perCpu")),
      whole(of(at, "perSecond")),
      of(at, "p50").toFixed(2),
      beside === undefined ? "" : `**${ratio.toFixed(2)}** x plain`,
    ]
  })
  const intro =
    "RFC 3161 timestamps by /api/v1, each with its durable audit record before its answer, " +
    `beside plain signatures. ${atOnce} at once, over TLS 1.3; medians of ${runs} runs of ` +
    `${measureMs} ms.`
  return [intro, table(["Work", "per CPU-s", "per s", "p50 ms", "Ratio"], lines)].join("\n\n")
}
