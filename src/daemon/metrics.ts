/** Prometheus metrics of one node. Labels come from closed sets: never a key, never a caller. */

import { monitorEventLoopDelay } from "node:perf_hooks"

import {
  AggregatorRegistry,
  Gauge,
  Registry,
  type GaugeConfiguration,
  type MetricObjectWithValues,
  type MetricValue,
} from "prom-client"

import type { Done } from "./http/server.ts"
import { Latencies } from "./latencies.ts"

/** What is read when somebody asks. */
export interface Gauges {
  readonly openKeys: () => number
  readonly auditWaiting: () => number
  readonly auditBytes: () => number
  /** What only the process with the store and the gate knows. */
  readonly node?: NodeGauges
}

export interface NodeGauges {
  readonly sealed: () => boolean
  readonly storeRev: () => Promise<number>
  readonly refusals: () => Readonly<Record<string, number>>
}

/** One process's values, to be added up with those of the others. */
export type MetricValues = readonly MetricObjectWithValues<MetricValue<string>>[]

/** What runs. */
export interface Build {
  readonly version: string
  readonly node: string
  readonly openssl: string
  readonly engine: "native" | "node:crypto"
}

export interface Metrics {
  observe(done: Done): void
  values(): Promise<MetricValues>
  /** Of this process and of `others`, in Prometheus' text format. */
  text(others?: readonly MetricValues[]): Promise<string>
}

/** Registers everything; `operations` are the face's operation ids, known from the start. */
export function createMetrics(gauges: Gauges, running: Build): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const latencies = new Latencies()
  const values = async (): Promise<MetricValues> => [
    ...latencies.values(),
    ...(await registry.getMetricsAsJSON()),
  ]
  const build = new Gauge({
    name: "keyhold_build_info",
    help: "Always 1; the labels say what runs.",
    labelNames: ["version", "node", "openssl", "engine"],
    aggregator: "first",
    registers,
  })
  build.set({ ...running }, 1)
  registerGauges(gauges, registers)
  registerLoopDelay(registers)
  return {
    observe: (done) => latencies.observe(done),
    values,
    async text(others = []) {
      return await AggregatorRegistry.aggregate([await values(), ...others]).metrics()
    },
  }
}

/**
 * How late the event loop comes to what is due, since the last look: whatever computes for longer
 * than it should shows here. Of several processes the worst.
 */
function registerLoopDelay(registers: Registry[]): void {
  const delay = monitorEventLoopDelay({ resolution: loopResolutionMs })
  delay.enable()
  addGauge(registers, {
    name: "keyhold_event_loop_delay_seconds",
    help: "Delay of the event loop since the last scrape, by quantile.",
    labelNames: ["quantile"],
    aggregator: "max",
    collect() {
      for (const quantile of [50, 99, 100]) {
        const seconds = delay.count === 0 ? 0 : delay.percentile(quantile) / 1e9
        this.set({ quantile: String(quantile / 100) }, seconds)
      }
      delay.reset()
    },
  })
}

/** The histogram counts this much as no delay at all. */
const loopResolutionMs = 10

function registerGauges(gauges: Gauges, registers: Registry[]): void {
  const { node } = gauges
  const ofNode =
    node === undefined
      ? []
      : ([
          ["keyhold_sealed", "1 while the node is sealed.", () => Number(node.sealed())],
          ["keyhold_store_revision", "Commits of the store so far.", node.storeRev],
        ] as const)
  const simple = [
    ...ofNode,
    ["keyhold_open_keys", "Keys with handles in the cache.", gauges.openKeys],
    ["keyhold_audit_waiting", "Audit records that are not durable yet.", gauges.auditWaiting],
    ["keyhold_audit_bytes", "Space taken by the audit log.", gauges.auditBytes],
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
  if (node === undefined) return
  addGauge(registers, {
    name: "keyhold_authentication_refusals",
    help: "Refused authentications since the start.",
    labelNames: ["reason"],
    collect() {
      for (const [reason, count] of Object.entries(node.refusals())) this.set({ reason }, count)
    },
  })
}

/** A gauge registers itself: its maker has no further use for it. */
function addGauge(registers: Registry[], gauge: GaugeConfiguration<string>): Gauge {
  return new Gauge({ ...gauge, registers })
}
