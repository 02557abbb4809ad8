/** Prometheus metrics of one node. Labels come from closed sets: never a key, never a caller. */

import { Counter, Gauge, Histogram, Registry, type GaugeConfiguration } from "prom-client"

import type { Done } from "./http/server.ts"

/** What is read when somebody asks. */
export interface Gauges {
  readonly sealed: () => boolean
  readonly openKeys: () => number
  readonly auditWaiting: () => number
  readonly auditBytes: () => number
  readonly storeRev: () => Promise<number>
  readonly refusals: () => Readonly<Record<string, number>>
}

/** What runs. */
export interface Build {
  readonly version: string
  readonly node: string
  readonly openssl: string
  readonly engine: "native" | "node:crypto"
}

export interface Metrics {
  observe(done: Done): void
  text(): Promise<string>
}

/** Upper bounds in seconds: from a cached AES call to a queued RSA key generation. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Registers everything; `operations` are the face's operation ids, known from the start. */
export function createMetrics(gauges: Gauges, running: Build): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const duration = new Histogram({
    name: "keyhold_request_duration_seconds",
    help: "Time from request to answer.",
    labelNames: ["operation"],
    buckets,
    registers,
  })
  const answers = new Counter({
    name: "keyhold_requests_total",
    help: "Answers by operation and HTTP status.",
    labelNames: ["operation", "status"],
    registers,
  })
  const build = new Gauge({
    name: "keyhold_build_info",
    help: "Always 1; the labels say what runs.",
    labelNames: ["version", "node", "openssl", "engine"],
    registers,
  })
  build.set({ ...running }, 1)
  registerGauges(gauges, registers)
  return {
    observe({ operation = "none", status, durationMs }) {
      duration.observe({ operation }, durationMs / 1_000)
      answers.inc({ operation, status })
    },
    text: () => registry.metrics(),
  }
}

function registerGauges(gauges: Gauges, registers: Registry[]): void {
  const simple = [
    ["keyhold_sealed", "1 while the node is sealed.", () => Number(gauges.sealed())],
    ["keyhold_open_keys", "Key handles in the cache.", gauges.openKeys],
    ["keyhold_audit_waiting", "Audit records that are not durable yet.", gauges.auditWaiting],
    ["keyhold_audit_bytes", "Space taken by the audit log.", gauges.auditBytes],
    ["keyhold_store_revision", "Commits of the store so far.", gauges.storeRev],
    ["keyhold_resident_bytes", "Resident memory.", () => process.memoryUsage.rss()],
  ] as const
  for (const [name, help, read] of simple) {
    addGauge(registers, {
      name,
      help,
      async collect() {
        this.set(await read())
      },
    })
  }
  addGauge(registers, {
    name: "keyhold_authentication_refusals",
    help: "Refused authentications since the start.",
    labelNames: ["reason"],
    collect() {
      for (const [reason, count] of Object.entries(gauges.refusals())) this.set({ reason }, count)
    },
  })
}

/** A gauge registers itself: its maker has no further use for it. */
function addGauge(registers: Registry[], gauge: GaugeConfiguration<string>): Gauge {
  return new Gauge({ ...gauge, registers })
}
