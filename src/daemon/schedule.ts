/** What an unsealed node does by itself: appointments of keys, epochs, anchors, summaries. */

import type { AuditChain } from "../audit/audit-chain.ts"
import { clusterPartition } from "../domain/ids.ts"
import { isEpochOver, maintain, type CallCursors } from "../service/maintain.ts"
import type { Log } from "./log.ts"
import type { Operational } from "./operational.ts"
import type { StateAnchor } from "./state-anchor.ts"
import type { NodeClock } from "./time.ts"

/** How often the store's state is anchored and the time is remembered. */
const anchorEveryMs = 5_000
/** How often it is looked whom to tell of requests. */
const tellEveryMs = 500
/** How often appointments are looked at; their precision, then, is half a second. */
const maintainEveryMs = 500
/** How often the last uses of keys are stored; a crash has as much of the log read again. */
const usesEveryMs = 60_000
/** How often closed segments of the audit log are looked for. */
const archiveEveryMs = 30_000
/** How often refused authentications are summed up in the log. */
const summaryEveryMs = 60_000

interface SchedulePorts {
  readonly log: Log
  readonly clock: NodeClock
  readonly anchor: StateAnchor
  /** All chains of the node's log. */
  readonly chains: () => readonly AuditChain[]
  /** Moves closed segments of the audit log away; undefined when they stay. */
  readonly archive: (() => Promise<number>) | undefined
}

export class Schedule {
  readonly #ports: SchedulePorts
  readonly #calls: CallCursors = new Map()
  readonly #timers: NodeJS.Timeout[] = []
  /** Jobs under way; `stop` waits for them. */
  readonly #running = new Set<Promise<void>>()

  constructor(ports: SchedulePorts) {
    this.#ports = ports
  }

  start(operational: Operational): void {
    this.#every(anchorEveryMs, "anchor", () => this.#anchor(operational))
    this.#every(maintainEveryMs, "maintain", () => this.#maintain(operational))
    this.#every(tellEveryMs, "webhooks", () => operational.ports.webhooks.tick())
    this.#every(summaryEveryMs, "summary", () => this.#summarize(operational))
    this.#every(usesEveryMs, "last uses", () => operational.ports.lastUses.save())
    const { archive } = this.#ports
    if (archive === undefined) return
    this.#every(archiveEveryMs, "archive", async () => {
      await operational.ports.lastUses.save() // What is archived is not read again.
      await this.#archived(operational, await archive())
    })
  }

  /** Ends the timers, waits for what runs, and anchors the last state. */
  async stop(operational: Operational): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer)
    operational.ports.lastUses.hurry()
    await Promise.all([...this.#running, operational.ports.webhooks.stop()])
    await operational.ports.lastUses
      .save({ settled: true })
      .catch((error: unknown) => this.#failed("last uses", error))
    await this.#anchor(operational).catch((error: unknown) => this.#failed("anchor", error))
  }

  /** Runs a job again and again, never twice at a time. */
  #every(ms: number, name: string, job: () => Promise<void>): void {
    let busy = false
    const run = async (): Promise<void> => {
      busy = true
      await job().catch((error: unknown) => this.#failed(name, error))
      busy = false
    }
    this.#timers.push(
      setInterval(() => {
        if (busy) return
        const running = run().finally(() => this.#running.delete(running))
        this.#running.add(running)
      }, ms),
    )
  }

  async #anchor({ ports }: Operational): Promise<void> {
    const { rev: storeRev } = await ports.records.store.health()
    const chains = this.#ports.chains()
    const heads = await Promise.all(chains.map((chain) => chain.head()))
    await Promise.all(
      chains.map((chain, at) =>
        chain.setHeads({ storeRev, peers: heads.filter((_, other) => other !== at) }),
      ),
    )
    await this.#ports.anchor.save(ports.records)
    await this.#ports.clock.persist()
  }

  async #maintain({ ports }: Operational): Promise<void> {
    if (!this.#ports.clock.isSure()) return
    await maintain(ports, this.#calls)
    if (await isEpochOver(ports)) await ports.node.rotateEpoch()
  }

  async #summarize({ ports, authenticator }: Operational): Promise<void> {
    const summary = authenticator.refusals.takeSummary()
    if (summary === undefined) return
    await ports.audit.enqueue({
      act: "system.authentication-failures",
      partition: clusterPartition,
      outcome: "done",
      subject: "node",
      note: JSON.stringify({ count: summary.count, ...summary.byReason }),
    })
  }

  async #archived({ ports }: Operational, segments: number): Promise<void> {
    if (segments === 0) return
    await ports.audit.enqueue({
      act: "system.audit-archived",
      partition: clusterPartition,
      outcome: "done",
      subject: "node",
      note: `${segments} segments`,
    })
  }

  #failed(name: string, error: unknown): void {
    const detail = error instanceof Error ? `${name}: ${error.message}` : name
    this.#ports.log.error({ event: "schedule.failed", detail })
  }
}
