/**
 * `npm run bench`: what a node does per CPU-second, beside the ceilings of the same run.
 *
 * Fails when a ratio falls short of its target by more than the noise that was measured.
 *
 * `--smoke` everything once, briefly; fails when something answers an error or cannot be right ·
 * `--keys N` a partition with so many keys besides · `--write` keeps the result in
 * bench/RESULTS.md · `--runs N` · `--only PATTERN` cases of that name, `--only specials` what one
 * case does not show · `--profile DIR` writes a CPU profile of the node · `--peer vault=URL` with
 * `--peer-ca FILE`.
 */

import { writeFileSync } from "node:fs"
import { cpus, loadavg } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"

import { measureKeys } from "./keys.ts"
import { askLoad, measureRound, warmUp, type Setting } from "./measure.ts"
import { startNginx } from "./nginx.ts"
import { startNode } from "./node.ts"
import { readPeer } from "./peers.ts"
import { cases, fullPace, isCeiling } from "./plan.ts"
import { canPin, cores, messageOf, startScript, stop } from "./processes.ts"
import {
  ratesOf,
  renderSpecials,
  renderTables,
  shortfalls,
  specialShortfalls,
  summarise,
  summarisePrimitives,
  type Round,
} from "./report.ts"
import { absurdities, smokePace } from "./smoke.ts"
import { measureSpecials } from "./special.ts"

const { values: options } = parseArgs({
  options: {
    smoke: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    runs: { type: "string" },
    only: { type: "string", default: "" },
    profile: { type: "string" },
    keys: { type: "string" },
    peer: { type: "string", multiple: true, default: [] },
    "peer-ca": { type: "string" },
  },
})

const ownPace = options.smoke ? smokePace : fullPace
const pace = { ...ownPace, runs: Number(options.runs ?? ownPace.runs) }
const only = new RegExp(options.only)
const chosen = cases.filter(({ work, name }) => isCeiling(work) || only.test(name))
const loadBefore = loadavg()

const rounds = await measureAll()
const rows = summarise(
  chosen.filter((one) => rounds.some(({ measured }) => measured.has(one))),
  rounds,
)
const specials = [
  ...(!options.smoke && only.test("specials") ? await measureSpecials(pace) : []),
  ...(options.keys === undefined ? [] : await measureKeys(Number(options.keys), pace)),
]
const text = [
  renderTables(rows, summarisePrimitives(rounds)),
  ...(specials.length === 0 ? [] : [renderSpecials(specials)]),
  ...(await measurePeers()),
  describeRun(),
].join("\n\n")
process.stdout.write(`${text}\n`)
if (options.write) writeFileSync(join(import.meta.dirname, "RESULTS.md"), document(text))
if (options.smoke) {
  const wrong = absurdities(rows)
  for (const line of wrong) process.stderr.write(`absurd: ${line}\n`)
  if (wrong.length > 0) process.exitCode = 1
} else {
  const short = [...shortfalls(rows), ...specialShortfalls(specials)]
  for (const line of short) process.stderr.write(`short: ${line}\n`)
  if (short.length > 0) process.exitCode = 1
}

async function measureAll(): Promise<Round[]> {
  const { profile } = options
  const profiling =
    profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${resolve(profile)}`]
  const node = await startNode({ nodeOptions: profiling })
  const nginx = await startNginx(node)
  const files = [node.certificate, node.certificateKey]
  const [echo, tls] = [
    startScript(cores.server, "echo.ts", files),
    startScript(cores.server, "bare-tls.ts", files),
  ]
  try {
    const setting: Setting = {
      node,
      pace,
      echo: await serverOf(echo),
      tls: await serverOf(tls),
      nginx,
    }
    process.stderr.write("warming up\n")
    await warmUp(setting, chosen)
    const rounds: Round[] = []
    for (let run = 1; run <= pace.runs; run++) {
      process.stderr.write(`run ${run} of ${pace.runs}\n`)
      rounds.push(await measureRound(setting, chosen))
    }
    return rounds
  } finally {
    await stop(echo)
    await stop(tls)
    await nginx?.close()
    await node.close()
  }
}

async function serverOf(child: ReturnType<typeof startScript>): Promise<Setting["echo"]> {
  const { port } = await messageOf<{ port: number }>(child)
  return { url: `https://localhost:${port}`, pid: child.pid ?? 0 }
}

async function measurePeers(): Promise<string[]> {
  const lines: string[] = []
  for (const text of options.peer) {
    const { name, peer, at } = readPeer(text, options["peer-ca"])
    for (const one of chosen) {
      if (one.over !== "http1") continue
      const request = peer.request(one.work, one.items)
      if (request === undefined) continue
      const how = { over: one.over, connections: one.connections, inFlight: one.inFlight }
      const measured = await askLoad(pace, { ...at, request, ...how })
      const { perSecond } = ratesOf(one, measured)
      lines.push(`Peer ${name}, ${one.name}: ${Math.round(perSecond)} per s`)
    }
  }
  return lines
}

function describeRun(): string {
  const [cpu] = cpus()
  const loads = [loadBefore, loadavg()].map((load) => load[0]?.toFixed(2)).join(" before, ")
  const where = canPin ? "server on core 0, load on core 1" : "server and load not kept apart"
  return [
    `- ${new Date().toISOString()}: \`npm run bench -- ${process.argv.slice(2).join(" ")}\``,
    `- ${cpus().length} x ${cpu?.model ?? "unknown"}, ${where}`,
    `- load average ${loads} after`,
    `- Node ${process.versions.node}, OpenSSL ${process.versions.openssl} in it`,
    `- medians of ${pace.runs} runs of ${pace.measureMs} ms each; TLS 1.3, keep-alive`,
    "- every audit record durable before its answer",
  ].join("\n")
}

function document(text: string): string {
  return `# Benchmark results

Written by \`npm run bench -- --write\`; how to read it: docs/adr/0070-benchmarks.md. Ratios compare
with what the same run measured; trust them, not the absolute figures.

${text}
`
}
