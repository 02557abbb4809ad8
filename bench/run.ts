/**
 * `npm run bench`: a whole node, see main.ts. `npm run bench -- algorithms`: the rows of the
 * engine, each beside its bare operation; `--smoke` · `--write` · `--runs N` · `--only PATTERN`.
 */

import { cpus, loadavg } from "node:os"
import { parseArgs } from "node:util"

import { benchAlgorithms } from "./algorithms.ts"
import { readAlgorithms, writeAlgorithms } from "./results.ts"

if (process.argv[2] === "algorithms") {
  await measureAlgorithms(process.argv.slice(3))
} else {
  const kept = readAlgorithms()
  await import("./main.ts")
  if (process.argv.includes("--write")) writeAlgorithms(kept)
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
  const [load = 0] = loadavg()
  const { text, missed } = await benchAlgorithms({ only: new RegExp(options.only), ...pace })
  const [cpu] = cpus()
  const machine = [
    `- ${new Date().toISOString()}: \`npm run bench -- algorithms ${args.join(" ")}\``,
    `- ${cpus().length} x ${cpu?.model ?? "unknown"}; load average ${load.toFixed(2)} before`,
    `- Node ${process.versions.node}, OpenSSL ${process.versions.openssl} in it`,
  ]
  const whole = [text, machine.join("\n")].join("\n\n")
  process.stdout.write(`${whole}\n`)
  for (const row of missed) process.stderr.write(`below its target: ${row}\n`)
  if (options.write) writeAlgorithms(whole)
}
