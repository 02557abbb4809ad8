/**
 * The services over real records, sealing and a store, in this process: what a node is when TLS,
 * faces and the log's thread are taken away. The log is an array; time is set by hand.
 */

import { cp, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { encodeId } from "../../src/codec/id-text.ts"
import type { AuditLog } from "../../src/audit/audit-log.ts"
import type { AuditRecord } from "../../src/audit/body.ts"
import type { RecordPage, RecordQuery } from "../../src/audit/reader.ts"
import { bootstrapCluster, type FirstTokens } from "../../src/daemon/bootstrap.ts"
import { makePrivateFolder, rootFiles } from "../../src/daemon/files.ts"
import { becomeOperational, noOthers, type Operational } from "../../src/daemon/operational.ts"
import { IndexMemory } from "../../src/daemon/index-memory.ts"
import { StateAnchor } from "../../src/daemon/state-anchor.ts"
import { systemRandom } from "../../src/daemon/system.ts"
import type { AuditEvent } from "../../src/domain/audit-event.ts"
import {
  clusterPartition,
  instant,
  type ClusterId,
  type PartitionId,
} from "../../src/domain/ids.ts"
import type { PartitionFlags, PartitionQuota } from "../../src/domain/partition.ts"
import { limits } from "../../src/domain/limits.ts"
import type { Role } from "../../src/domain/principal.ts"
import { SecretBytes } from "../../src/engine/secret-bytes.ts"
import type { WebhookPostOptions } from "../../src/identity/webhook-post.ts"
import type { RootFiles } from "../../src/records/epochs.ts"
import type { Context } from "../../src/service/commands.ts"
import { createPartition } from "../../src/service/partition.ts"
import type { Ports } from "../../src/service/ports.ts"
import { openMemoryStore } from "../../src/store/memory/memory-store.ts"
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts"
import type { Store } from "../../src/store/store.ts"

/** A log that keeps what it is told; `refuse` makes it fail like a full disk. */
export class ListAudit {
  readonly events: AuditEvent[] = []
  refuse: Error | undefined
  /** How many records there were when the node that writes it was opened. */
  begun = 0
  /** Tells when records are taken in. */
  now: () => number = () => 0
  readonly #times = new WeakMap<AuditEvent, number>()

  enqueue(event: AuditEvent, { times = 1 }: { readonly times?: number } = {}): Promise<void> {
    if (this.refuse !== undefined) throw this.refuse
    const record = { ...event, ...(times === 1 ? {} : { count: times }) }
    this.#times.set(record, this.now())
    this.events.push(record)
    return Promise.resolve()
  }

  /** This and `readRecords` as a chain of the log answers them. */
  async sequence(partition: string): Promise<{ chain: string; seq: number; begun: number }> {
    return {
      chain: "list",
      seq: this.#recordsOf(partition).length,
      begun: this.#recordsOf(partition, this.begun).length,
    }
  }

  async readRecords({ partition, after, limit }: RecordQuery): Promise<RecordPage> {
    const all = this.#recordsOf(partition)
    const records = all.slice(after, after + limit)
    const last = after + records.length
    return { records, next: last < all.length ? last : undefined }
  }

  #recordsOf(partition: string, among = this.events.length): AuditRecord[] {
    const origin = { node: "node", boot: "boot", worker: 0, chain: "list" }
    return this.events
      .slice(0, among)
      .filter((event) => event.partition === partition)
      .map((event, at) => {
        const time = this.#times.get(event) ?? 0
        return { ...event, ...origin, index: at, seq: at + 1, time }
      })
  }

  async addKey(): Promise<void> {}
  async dropKey(): Promise<void> {}

  /** Records of one act and outcome, oldest first. */
  of(act: AuditEvent["act"], outcome: AuditEvent["outcome"] = "allowed"): AuditEvent[] {
    return this.events.filter((event) => event.act === act && event.outcome === outcome)
  }
}

/** Time that moves when it is told to. */
export class HandClock {
  #time = instant(Date.UTC(2026, 10, 23))
  /** False: in doubt, as after a jump. */
  sure = true

  now(): ReturnType<typeof instant> {
    return this.#time
  }

  isSure(): boolean {
    return this.sure
  }

  advance(ms: number): void {
    this.#time = instant(this.#time + ms)
  }
}

/** What outlives a stop: a folder with database, roots and anchor; the master key; the clock. */
export interface Cluster {
  readonly folder: string
  /** The database. */
  readonly file: string
  readonly clusterId: ClusterId
  readonly cmk: Uint8Array
  readonly clock: HandClock
  readonly roots: RootFiles
  readonly tokens: FirstTokens
  remove(): Promise<void>
}

/** An unsealed stack over a cluster's data. */
export interface Stack {
  readonly cluster: Cluster
  readonly store: Store
  readonly audit: ListAudit
  readonly clock: HandClock
  readonly operational: Operational
  readonly ports: Ports
  readonly anchor: StateAnchor
  /** Closes the store and forgets the keys; `anchored`: remembers the state, as a node does. */
  stop(options?: { readonly anchored?: boolean }): Promise<void>
}

/** Founds a cluster in a fresh folder, or in `store`, which then outlives every stop. */
export async function foundCluster(store?: Store): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), "keyhold-stack-"))
  const file = join(folder, "store.db")
  const epochs = join(folder, "epochs")
  await makePrivateFolder(epochs)
  const clusterId = encodeId(systemRandom.bytes(16)) as ClusterId // 16 random bytes are an id.
  const cmk = systemRandom.bytes(32)
  const clock = new HandClock()
  const roots = rootFiles(epochs, systemRandom)
  const own = store ?? (await openSqliteStore({ file }))
  const tokens = await bootstrapCluster({
    store: own,
    cmk: new SecretBytes(cmk.slice()),
    clusterId,
    clock,
    random: systemRandom,
    roots,
  })
  if (store === undefined) await own.close()
  const remove = (): Promise<void> => rm(folder, { recursive: true })
  return { folder, file, clusterId, cmk, clock, roots, tokens, remove }
}

/** Everything a stopped cluster has on disk, in another folder, under the same master key. */
export async function copyCluster(cluster: Cluster): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), "keyhold-stack-"))
  await cp(cluster.folder, folder, { recursive: true })
  return {
    ...cluster,
    folder,
    file: join(folder, "store.db"),
    roots: rootFiles(join(folder, "epochs"), systemRandom),
    remove: () => rm(folder, { recursive: true }),
  }
}

/**
 * Unseals a cluster.
 *
 * @param parts - `store` to use instead of opening the file; `roots` instead of the folder's;
 * `webhooks`: whom they may reach.
 */
export async function openCluster(
  cluster: Cluster,
  parts: {
    readonly store?: Store
    readonly roots?: RootFiles
    readonly webhooks?: WebhookPostOptions
    /** The log of before; else a new one. */
    readonly audit?: ListAudit
  } = {},
): Promise<Stack> {
  const store = parts.store ?? (await openSqliteStore({ file: cluster.file }))
  const audit = parts.audit ?? new ListAudit()
  audit.now = () => cluster.clock.now()
  audit.begun = audit.events.length
  const anchor = new StateAnchor(join(cluster.folder, "anchor"))
  const { clusterId, clock } = cluster
  const foundation = {
    clusterId,
    store,
    clock,
    anchor,
    indexes: new IndexMemory(join(cluster.folder, "indexes"), systemRandom.bytes(16).toHex()),
    random: systemRandom,
    others: noOthers,
    retired: [],
    webhooks: parts.webhooks ?? { allowPrivate: true },
    failuresPerMinute: limits.failedAuthenticationsPerMinute,
    roots: parts.roots ?? cluster.roots,
    audit: audit as unknown as AuditLog, // The methods that unsealing and services call.
  }
  const cmk = new SecretBytes(cluster.cmk.slice())
  try {
    const operational = await becomeOperational(foundation, cmk, async () => {})
    const { ports } = operational
    return {
      cluster,
      store,
      audit,
      clock,
      operational,
      ports,
      anchor,
      async stop({ anchored = false } = {}) {
        if (anchored) await anchor.save(ports.records)
        await operational.forget()
        if (parts.store === undefined) await store.close()
      },
    }
  } catch (error) {
    if (parts.store === undefined) await store.close()
    throw error
  }
}

/** A stack over the memory store with one partition; `remove` its cluster at the end. */
export async function memoryStack(
  flags: Partial<PartitionFlags> = {},
): Promise<{ stack: Stack; partition: PartitionId; as: (role: Role) => Context }> {
  const store = openMemoryStore()
  const stack = await openCluster(await foundCluster(store), { store })
  const partition = await newPartition(stack, "a", { flags })
  return { stack, partition, as: (role) => contextOf(role, partition) }
}

/** A request of somebody with one role. */
export function contextOf(role: Role, partition: PartitionId, requestId = "request"): Context {
  return {
    requestId,
    caller: {
      partition,
      subject: role,
      roles: [role],
      grants: [],
      credential: "token",
      address: "127.0.0.1",
    },
  }
}

export async function newPartition(
  { ports }: Pick<Stack, "ports">,
  name: string,
  template: {
    readonly flags?: Partial<PartitionFlags>
    readonly quota?: Partial<PartitionQuota>
  } = {},
): Promise<PartitionId> {
  const operator = contextOf("operator", clusterPartition)
  const { partition } = await createPartition(ports, operator, { name, ...template })
  return partition.id
}
