/** `npm run bench`, by its first word; see {@link help}. */

import { cpus, loadavg } from "node:os"
import { parseArgs } from "node:util"

import { benchAlgorithms } from "./algorithms.ts"
import { benchAws } from "./aws.ts"
import { benchQuorum } from "./quorum.ts"
import { readResults, writeResults } from "./results.ts"
import { benchTimestamps } from "./timestamps.ts"
import { benchTiming } from "./timing.ts"

const help = `npm run bench -- [what] [options]

  (nothing)    a whole node beside bare primitives and a bare server
                 --only PATTERN   cases of that name; specials: what one case does not show
                 --keys N         a partition with so many keys besides
                 --profile DIR    writes a CPU profile of the node
                 --peer vault=URL [--peer-ca FILE]   somebody else's server beside it
  algorithms   the engine's rows, each beside its bare operation; --only PATTERN
  timing       whether failures differ in time; --samples N
  aws          AWS's dialects over TLS
                 --rate N         requests per second of its open loop; 1800
  quorum       signatures that people approve
  timestamps   RFC 3161 timestamps beside plain signatures

  --runs N     rounds, of which medians are told (not with timing)
  --smoke      everything once, briefly
  --write      keeps the figures in bench/RESULTS.md
`

if (process.argv.includes("--help") || process.argv.includes("-h")) {
  process.stdout.write(help)
} else if (process.argv[2] === "algorithms") {
  await measureAlgorithms(process.argv.slice(3))
} else if (process.argv[2] === "timing") {
  await measureTiming(process.argv.slice(3))
} else if (process.argv[2] === "aws") {
  await measureOverWire("aws", benchAws, process.argv.slice(3))
} else if (process.argv[2] === "quorum") {
  await measureOverWire("quorum", benchQuorum, process.argv.slice(3))
} else if (process.argv[2] === "timestamps") {
  await measureOverWire("timestamps", benchTimestamps, process.argv.slice(3))
} else {
  const kept = readResults()
  await import("./main.ts")
  if (process.argv.includes("--write")) writeResults(kept)
}

async function measureAlgorithms(args: readonly string[]): Promise<void> {
  const { values: options } = parseArgs({
    args,
    options: {
      smoke: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      runs: { type: "string", default: "5" },
      only: { type: "string", default: "" },
    },
  })
  const pace = options.smoke ? { runs: 1, ms: 1 } : { runs: Number(options.runs), ms: 150 }
  const before = loadavg()
  const { text, missed } = await benchAlgorithms({ only: new RegExp(options.only), ...pace })
  const algorithms = [text, machine("algorithms", args, before)].join("\n\n")
  process.stdout.write(`${algorithms}\n`)
  for (const row of missed) process.stderr.write(`below its target: ${row}\n`)
  if (options.write) writeResults({ algorithms })
}

async function measureTiming(args: readonly string[]): Promise<void> {
  const { values: options } = parseArgs({
    args,
    options: {
      smoke: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      samples: { type: "string", default: "50000" },
    },
  })
  const before = loadavg()
  const { text, told } = await benchTiming({
    samples: options.smoke ? 20 : Number(options.samples),
  })
  const timing = [text, machine("timing", args, before)].join("\n\n")
  process.stdout.write(`${timing}\n`)
  for (const pair of told) process.stderr.write(`${pair}\n`)
  if (options.write) writeResults({ timing })
}

async function measureOverWire(
  what: "aws" | "quorum" | "timestamps",
  bench: typeof benchAws,
  args: readonly string[],
): Promise<void> {
  const { values: options } = parseArgs({
    args,
    options: {
      smoke: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      runs: { type: "string", default: "3" },
      ...(what === "aws" ? { rate: { type: "string", default: "1800" } as const } : {}),
    },
  })
  const before = loadavg()
  const rate = Number(options.rate)
  if (what === "aws" && !(rate > 0)) throw new Error("--rate wants a number above 0")
  const pace = options.smoke
    ? { runs: 1, firstWarmMs: 0, warmMs: 300, measureMs: 300, rate }
    : { runs: Number(options.runs), firstWarmMs: 6_000, warmMs: 500, measureMs: 2_500, rate }
  const { text, missed } = await bench(pace)
  const found = [text, machine(what, args, before)].join("\n\n")
  process.stdout.write(`${found}\n`)
  if (options.write) writeResults({ [what]: found })
  if (options.smoke) return // Too short to say anything.
  for (const row of missed) process.stderr.write(`misses its target: ${row}\n`)
  if (missed.length > 0) process.exitCode = 1
}

/** Where and when. */
function machine(what: string, args: readonly string[], [load = 0]: readonly number[]): string {
  const [cpu] = cpus()
  const [after = 0] = loadavg()
  return [
    `- ${new Date().toISOString()}: \`npm run bench -- ${[what, ...args].join(" ")}\``,
    `- ${cpus().length} x ${cpu?.model ?? "unknown"}; load average ${load.toFixed(2)} before, ` +
      `${after.toFixed(2)} after`,
    `- Node ${process.versions.node}, OpenSSL ${process.versions.openssl} in it`,
  ].join("\n")
}
