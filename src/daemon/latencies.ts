/**
 * Latency and answers per operation: a histogram without an object per request, in the form in
 * which prom-client adds up several processes.
 */

import type { MetricObjectWithValues, MetricValue } from "prom-client"

import type { Done } from "./http/server.ts"

/** Upper bounds in seconds: from a cached AES call to a queued RSA key generation. */
const bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

interface Row {
  /** Per bound, and one for what is above all of them; not cumulative. */
  readonly counts: Float64Array
  readonly byStatus: Map<number, number>
  sum: number
}

type Metric = MetricObjectWithValues<MetricValue<string>>

/** What prom-client adds up; its own type leaves out a histogram's names of values. */
interface Plain {
  readonly name: string
  readonly help: string
  readonly type: "histogram" | "counter"
  readonly aggregator: "sum"
  readonly values: readonly {
    readonly metricName?: string
    readonly labels: Readonly<Record<string, string | number>>
    readonly value: number
  }[]
}

export class Latencies {
  /** By operation: as many as there are. */
  readonly #rows = new Map<string, Row>()

  observe({ operation = "none", status, durationMs }: Done): void {
    const row = this.#rows.get(operation) ?? this.#add(operation)
    const seconds = durationMs / 1_000
    let at = 0
    while (at < bounds.length && seconds > (bounds[at] ?? 0)) at += 1
    row.counts[at] = (row.counts[at] ?? 0) + 1
    row.sum += seconds
    row.byStatus.set(status, (row.byStatus.get(status) ?? 0) + 1)
  }

  /** Both metrics as they are now. */
  values(): readonly Metric[] {
    const plain: readonly Plain[] = [this.#durations(), this.#answers()]
    return plain as unknown as readonly Metric[]
  }

  #add(operation: string): Row {
    const row = { counts: new Float64Array(bounds.length + 1), byStatus: new Map(), sum: 0 }
    this.#rows.set(operation, row)
    return row
  }

  #durations(): Plain {
    const name = "keyhold_request_duration_seconds"
    const values: Plain["values"][number][] = []
    for (const [operation, { counts, sum }] of this.#rows) {
      let count = 0
      for (const [at, more] of counts.entries()) {
        count += more
        const le = bounds[at] ?? "+Inf"
        values.push({ metricName: `${name}_bucket`, labels: { le, operation }, value: count })
      }
      values.push({ metricName: `${name}_sum`, labels: { operation }, value: sum })
      values.push({ metricName: `${name}_count`, labels: { operation }, value: count })
    }
    const help = "Time from request to answer."
    return { name, help, type: "histogram", values, aggregator: "sum" }
  }

  #answers(): Plain {
    const values = [...this.#rows].flatMap(([operation, { byStatus }]) =>
      [...byStatus].map(([status, value]) => ({ labels: { operation, status }, value })),
    )
    const help = "Answers by operation and HTTP status."
    const name = "keyhold_requests_total"
    return { name, help, type: "counter", values, aggregator: "sum" }
  }
}
