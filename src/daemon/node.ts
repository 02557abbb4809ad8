/**
 * One node: its store, its log, its gate, its listener. Sealed, it serves health, version, metrics
 * and unseal alone; unsealed, it also has an `Operational`, which sealing throws away.
 */

import { readFile } from "node:fs/promises"
import { join } from "node:path"

import type { AuditChain } from "../audit/audit-chain.ts"
import type { AuditLog } from "../audit/audit-log.ts"
import { onLaterSelfTest } from "../engine/self-test.ts"
import { clusterPartition, type ClusterId, type PartitionId } from "../domain/ids.ts"
import { HsmError } from "../domain/errors.ts"
import type { AuditEvent } from "../domain/audit-event.ts"
import type { SecretBytes } from "../engine/secret-bytes.ts"
import type { NodeIdentity } from "../sealing/node-identity.ts"
import type { RootOfTrust } from "../sealing/root-of-trust.ts"
import type { Ports } from "../service/ports.ts"
import type { Store } from "../store/store.ts"
import { archiveAll } from "./audit-archive.ts"
import type { NodeConfig } from "./config.ts"
import { rootFiles } from "./files.ts"
import type { Log } from "./log.ts"
import type { Gauges } from "./metrics.ts"
import { becomeOperational, noOthers, type Foundation, type Operational } from "./operational.ts"
import { Schedule } from "./schedule.ts"
import { IndexMemory } from "./index-memory.ts"
import type { WebhookPostOptions } from "../identity/webhook-post.ts"
import { StateAnchor } from "./state-anchor.ts"
import { systemRandom } from "./system.ts"
import type { NodeClock } from "./time.ts"
import type { Workers } from "./workers/keyholder.ts"
import { SealGate } from "./unseal.ts"

/** What a node is made from; `main.ts` and tests open these. */
export interface NodeParts {
  readonly config: NodeConfig
  readonly clusterId: ClusterId
  readonly identity: NodeIdentity
  readonly root: RootOfTrust
  readonly store: Store
  readonly audit: AuditLog
  /** Chains of workers that are configured no more. */
  readonly retired: readonly AuditLog[]
  readonly clock: NodeClock
  readonly log: Log
  readonly webhooks: WebhookPostOptions
  /** Absent when this process does everything. */
  readonly workers?: Workers | undefined
}

export class Node {
  readonly gate: SealGate
  readonly #parts: NodeParts
  readonly #foundation: Foundation
  readonly #schedule: Schedule
  /** Owned by `#unlock` and `#lock`, which the gate runs one at a time. */
  #operational: Operational | undefined
  #endSelfTests = (): void => {}

  constructor(parts: NodeParts) {
    const { config, clusterId, store, audit, retired, clock, workers } = parts
    this.#parts = parts
    this.#foundation = {
      clusterId,
      store,
      audit,
      retired,
      others: workers ?? noOthers,
      clock,
      random: systemRandom,
      roots: rootFiles(join(config.data, "epochs"), systemRandom),
      anchor: new StateAnchor(join(config.data, "anchor")),
      indexes: new IndexMemory(join(config.data, "indexes"), systemRandom.bytes(16).toHex()),
      failuresPerMinute: config.limits.failedAuthenticationsPerMinute,
      webhooks: parts.webhooks,
    }
    const { archive } = config.audit
    const chains = (): readonly AuditChain[] => [audit, ...(workers?.chains() ?? []), ...retired]
    this.#schedule = new Schedule({
      log: parts.log,
      clock,
      anchor: this.#foundation.anchor,
      chains,
      archive: archive && (() => archiveAll(chains(), archive.path)),
    })
    this.gate = new SealGate({
      root: parts.root,
      identity: parts.identity,
      clusterId,
      clock,
      limits: config.limits,
      unlock: (key) => this.#unlock(key),
      lock: () => this.#lock(),
      observe: (event) => this.#observe(event),
    })
  }

  /** The services' ports; undefined while sealed. */
  get ports(): Ports | undefined {
    return this.gate.isOperational ? this.#operational?.ports : undefined
  }

  /** @throws HsmError SEALED while sealed. */
  get operational(): Operational {
    if (this.#operational === undefined) throw new HsmError("SEALED", "the node is sealed")
    return this.#operational
  }

  /** Opens the gate where the root needs no people, and records what started. */
  async start(what: { readonly version: string; readonly selfTests: number }): Promise<void> {
    await this.gate.start()
    this.#observe({ act: "system.start", outcome: "done", note: what.version })
    this.#observe({
      act: "system.self-test",
      outcome: "done",
      note: `${what.selfTests} known answers`,
    })
    this.#endSelfTests = onLaterSelfTest(({ name, passed }) => {
      this.#observe({ act: "system.self-test", outcome: passed ? "done" : "failed", note: name })
    })
  }

  /** Whether requests can be served now, and if not, why. */
  async ready(): Promise<{ readonly ready: boolean; readonly reason?: string }> {
    if (!this.gate.isOperational) return { ready: false, reason: "sealed" }
    const { audit, workers } = this.#parts
    const unavailable = audit.state.unavailable ?? (await workers?.unavailable())
    return unavailable === undefined ? { ready: true } : { ready: false, reason: unavailable }
  }

  /** What metrics read. */
  gauges(): Gauges {
    const { audit, store } = this.#parts
    return {
      openKeys: () => this.ports?.keys.size ?? 0,
      auditWaiting: () => audit.state.waiting,
      auditBytes: () => audit.state.usedBytes,
      node: {
        sealed: () => !this.gate.isOperational,
        storeRev: () => store.barrier(),
        refusals: () => this.#operational?.authenticator.refusals.totals() ?? {},
      },
    }
  }

  /** A partition's quota as it is cached, for a header. */
  operationsPerSecond(partition: PartitionId): number | undefined {
    return this.ports?.records.peek("partition", partition, partition)?.quota.operationsPerSecond
  }

  /** Records a fact about the node itself, under the cluster's partition. */
  #observe(event: Pick<AuditEvent, "act" | "outcome" | "address" | "note">): void {
    const full = { ...event, partition: clusterPartition, subject: "node" } as const
    this.#parts.log.info({ event: event.act, state: event.outcome })
    this.#record(full).catch(() => {
      this.#parts.log.error({ event: "audit.unavailable", detail: event.act })
    })
  }

  async #record(event: AuditEvent): Promise<void> {
    await this.#parts.audit.enqueue(event, { stopsHarm: true })
  }

  async #unlock(key: SecretBytes): Promise<void> {
    const operational = await becomeOperational(this.#foundation, key, () => this.gate.seal())
    this.#operational = operational
    await this.#parts.workers?.unseal(operational)
    this.#schedule.start(operational)
  }

  async #lock(): Promise<void> {
    const operational = this.#operational
    this.#operational = undefined
    if (operational === undefined) return
    await this.#parts.workers?.seal()
    await this.#schedule.stop(operational)
    // The last chance to sign: afterwards the key is gone, and the end would go unanchored.
    await this.#parts.audit.checkpoint().catch(() => {
      this.#parts.log.error({ event: "audit.unavailable", detail: "checkpoint" })
    })
    await operational.forget()
  }

  /** Ends everything but the listener, which has been drained before. */
  async close(): Promise<void> {
    const { audit, retired, store } = this.#parts
    this.#endSelfTests()
    this.#observe({ act: "system.stop", outcome: "done" })
    await this.#lock()
    await Promise.all([audit, ...retired].map((log) => log.close()))
    await store.close()
  }
}

/** The version in package.json: of the software that runs. */
export async function readVersion(): Promise<string> {
  const text = await readFile(new URL("../../package.json", import.meta.url), "utf8")
  const { version } = JSON.parse(text) as { version: string } // Our own file.
  return version
}
