/**
 * Writes of one partition, one group at a time: transactions that arrive while a commit runs share
 * the next one, so that a thousand new keys cost a few bucket tables and not a thousand.
 *
 * Every group rewrites the partition's root, and the root's revision guards the whole group: within
 * a partition, writers exclude each other across nodes without any lock.
 */

import { createHash } from "node:crypto"

import { HsmError } from "../domain/errors.ts"
import type { PartitionId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { SecretBytes } from "../sealing/handles.ts"
import { accumulate, encodeTable, type Pin } from "../sealing/bucket-table.ts"
import type { Entry, Rev, Write } from "../store/store.ts"
import { encodeRecord, paths, type RecordKind, type RecordTypes } from "./kinds.ts"
import { PartitionState, rootIdentity } from "./partition-state.ts"
import type { Records } from "./records.ts"
import { decodeRecordRow, encodeRoot, encodeRow } from "./rows.ts"

/** One record as it shall be. Its `revision` is one above what the change was made from. */
export type Change = {
  [K in RecordKind]: {
    readonly kind: K
    readonly record: RecordTypes[K]
    /** A key's new erasable secret, or its erasure. */
    readonly secret?: SecretBytes | "erase"
    /** The record goes, row and pin: its old row put back is refused like any other. */
    readonly removes?: true
  }
}[RecordKind]

export interface Transaction {
  readonly changes: readonly Change[]
  /** Rows that must be free, and what they shall hold. */
  readonly claims?: readonly { readonly path: string; readonly value: Uint8Array }[]
  /** Other rows of the same commit: material, released index rows. */
  readonly rows?: readonly Write[]
  /** How the number of live keys changes. */
  readonly keys?: number
  /** Buckets to seal again under the current epoch. */
  readonly reseal?: readonly number[]
  /** True for the first commit of a new partition. */
  readonly creates?: boolean
}

export interface Committed {
  readonly rev: Rev
  /** What was written, for the audit log: path and SHA-256 of the row, hex. */
  readonly writes: readonly { readonly path: string; readonly hash: string }[]
}

interface Job {
  readonly transaction: Transaction
  readonly resolve: (committed: Committed) => void
  readonly reject: (error: unknown) => void
}

/** A group being staged; thrown away whole when the store refuses it. */
interface Stage {
  readonly state: PartitionState
  readonly rows: ReadonlyMap<string, Entry | undefined>
  readonly tables: Map<number, Map<string, Pin>>
  readonly writes: Map<string, Write>
  readonly records: Map<string, { record: RecordTypes[RecordKind]; bucket: number }>
  readonly removed: Set<string>
  readonly erased: SecretBytes[]
  buckets: number
  keyCount: number
}

const jobsPerGroup = 256

export class Committer {
  readonly #records: Records
  readonly #partition: PartitionId
  /** Owned by `#drain`; others only push. */
  readonly #queue: Job[] = []
  #draining = false
  #groups = 0

  constructor(records: Records, partition: PartitionId) {
    this.#records = records
    this.#partition = partition
  }

  commit(transaction: Transaction): Promise<Committed> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ transaction, resolve, reject })
      if (!this.#draining) void this.#drain()
    })
  }

  async #drain(): Promise<void> {
    this.#draining = true
    while (this.#queue.length > 0) {
      await Promise.resolve() // Let the callers of this turn join.
      const jobs = this.#queue.splice(0, jobsPerGroup)
      try {
        await this.#commitGroup(jobs)
      } catch (error) {
        this.#records.forgetState(this.#partition)
        for (const { reject } of jobs) reject(error)
      }
    }
    this.#draining = false
  }

  async #commitGroup(jobs: readonly Job[]): Promise<void> {
    for (let attempt = 0; attempt < limits.commitAttemptsMax; attempt++) {
      const { stage, staged } = await this.#stage(jobs)
      if (staged.length === 0) return
      const sealed = this.#seal(stage)
      const outcome = await this.#records.store.commit({
        opId: `g/${this.#partition}/${this.#records.groupNonce}/${this.#groups++}`,
        when: [{ key: paths.root(this.#partition), modRev: stage.state.rootRev }],
        then: [...stage.writes.values()],
      })
      if (outcome.ok) {
        this.#apply(stage, sealed, outcome.rev)
        for (const { resolve, transaction } of staged) {
          resolve({ rev: outcome.rev, writes: hashWrites(stage, this.#partition, transaction) })
        }
        return
      }
      this.#records.forgetState(this.#partition) // Another node was first: look again.
    }
    throw new HsmError("CONFLICT", "the partition is being changed too busily; try again")
  }

  /** Applies each transaction that still fits; rejects those that do not. */
  async #stage(jobs: readonly Job[]): Promise<{ stage: Stage; staged: Job[] }> {
    const state = await this.#stateFor(jobs)
    const rows = await this.#readRows(state, jobs)
    const stage: Stage = {
      state,
      rows,
      tables: new Map(),
      writes: new Map(),
      records: new Map(),
      removed: new Set(),
      erased: [],
      buckets: state.root.buckets,
      keyCount: state.root.keyCount,
    }
    const staged: Job[] = []
    for (const job of jobs) {
      const problem = this.#check(stage, job.transaction)
      if (problem === undefined) {
        this.#stageTransaction(stage, job.transaction)
        staged.push(job)
      } else {
        job.reject(problem)
      }
    }
    return { stage, staged }
  }

  async #stateFor(jobs: readonly Job[]): Promise<PartitionState> {
    // Not asked of the store: its keys exist already, its root does not. If it does, the guard
    // sees.
    if (jobs[0]?.transaction.creates === true) return PartitionState.empty(this.#partition)
    const state = await this.#records.state(this.#partition)
    if (state !== undefined) return state
    throw new HsmError("NOT_FOUND", "no such partition")
  }

  /** Index rows, rows of changed records and the tables they need: two reads for a whole group. */
  async #readRows(
    state: PartitionState,
    jobs: readonly Job[],
  ): Promise<Map<string, Entry | undefined>> {
    const wanted = new Set<string>()
    const tables = new Set<number>()
    if (state.root.buckets > 0) tables.add(state.root.buckets - 1)
    for (const {
      transaction: { changes, claims = [], reseal = [] },
    } of jobs) {
      for (const { path } of claims) wanted.add(path)
      for (const change of changes) if (change.record.revision > 1) wanted.add(this.#path(change))
      for (const bucket of reseal) tables.add(bucket)
    }
    const rows = await this.#readAll([...wanted])
    for (const { transaction } of jobs) {
      for (const change of transaction.changes) {
        const row = rows.get(this.#path(change))
        if (row !== undefined) tables.add(decodeRecordRow(row.value).bucket)
      }
    }
    const missing = [...tables].filter((bucket) => state.peekTable(bucket) === undefined)
    const found = await this.#readAll(missing.map((n) => paths.table(this.#partition, n)))
    for (const bucket of missing) {
      const row = found.get(paths.table(this.#partition, bucket))
      state.openTable(this.#records.keyholder, bucket, row?.value)
    }
    return rows
  }

  async #readAll(keys: readonly string[]): Promise<Map<string, Entry | undefined>> {
    if (keys.length === 0) return new Map()
    const { entries } = await this.#records.store.get(keys)
    return new Map(keys.map((key, index) => [key, entries[index]]))
  }

  #check(stage: Stage, { changes, claims = [] }: Transaction): HsmError | undefined {
    for (const { path } of claims) {
      if (stage.writes.has(path) || stage.rows.get(path) !== undefined) {
        return new HsmError("NAME_TAKEN", "the name is in use")
      }
    }
    for (const change of changes) {
      const pinned = this.#pinned(stage, change)
      if (pinned !== change.record.revision - 1) {
        return new HsmError("CONFLICT", "the object has changed in the meantime")
      }
    }
    return undefined
  }

  /** The revision that the change would replace; 0 when the record is new. */
  #pinned(stage: Stage, change: Change): number {
    const bucket = this.#bucketOf(stage, this.#path(change))
    if (bucket === undefined) return 0
    return this.#table(stage, bucket).get(pinId(change))?.revision ?? 0
  }

  #bucketOf(stage: Stage, path: string): number | undefined {
    const staged = stage.records.get(path)
    if (staged !== undefined) return staged.bucket
    const row = stage.rows.get(path)
    return row === undefined ? undefined : decodeRecordRow(row.value).bucket
  }

  #stageTransaction(stage: Stage, transaction: Transaction): void {
    for (const change of transaction.changes) this.#stageChange(stage, change)
    for (const { path, value } of transaction.claims ?? []) {
      stage.writes.set(path, { put: path, value })
    }
    for (const write of transaction.rows ?? []) {
      stage.writes.set("put" in write ? write.put : write.del, write)
    }
    for (const bucket of transaction.reseal ?? []) this.#table(stage, bucket)
    stage.keyCount += transaction.keys ?? 0
  }

  #stageChange(stage: Stage, change: Change): void {
    const path = this.#path(change)
    const bucket = this.#bucketOf(stage, path) ?? this.#newestBucket(stage)
    const table = this.#table(stage, bucket)
    const old = table.get(pinId(change))
    if (change.secret === "erase" && old?.secret !== undefined) stage.erased.push(old.secret)
    const secret = change.secret === "erase" ? undefined : (change.secret ?? old?.secret)
    if (change.removes === true) {
      table.delete(pinId(change))
      stage.writes.set(path, { del: path })
      stage.records.delete(path)
      stage.removed.add(path)
      return
    }
    const { revision } = change.record
    table.set(pinId(change), secret === undefined ? { revision } : { revision, secret })
    const identity = { kind: change.kind, id: change.record.id, bucket, revision }
    const blob = this.#records.keyholder.sealRecord(
      this.#partition,
      identity,
      encodeRecord(change.record),
    )
    stage.writes.set(path, { put: path, value: encodeRow(bucket, revision, blob) })
    stage.records.set(path, { record: change.record, bucket })
  }

  #newestBucket(stage: Stage): number {
    const newest = stage.buckets - 1
    if (newest >= 0 && this.#table(stage, newest).size < limits.bucketEntriesMax) return newest
    stage.tables.set(stage.buckets, new Map())
    return stage.buckets++
  }

  /** The staged copy of a table; copied at its first use in a group. */
  #table(stage: Stage, bucket: number): Map<string, Pin> {
    let table = stage.tables.get(bucket)
    if (table === undefined) {
      table = new Map(stage.state.peekTable(bucket)?.pins)
      stage.tables.set(bucket, table)
    }
    return table
  }

  /** Seals the touched tables and the root into the group's writes. */
  #seal(stage: Stage): { root: PartitionState["root"]; sequences: Map<number, number> } {
    const { keyholder, epoch } = this.#records
    const partition = this.#partition
    const sequences = new Map<number, number>()
    let { sum } = stage.state.root
    for (const [bucket, table] of stage.tables) {
      const before = stage.state.sequences[bucket]
      const sequence = (before ?? 0) + 1
      const blob = keyholder.sealTable(epoch, { partition, bucket, sequence }, encodeTable(table))
      const path = paths.table(partition, bucket)
      stage.writes.set(path, { put: path, value: encodeRow(sequence, epoch, blob) })
      if (before !== undefined) {
        sum = accumulate(sum, keyholder.pinTable({ partition, bucket, sequence: before }))
      }
      sum = accumulate(sum, keyholder.pinTable({ partition, bucket, sequence }))
      sequences.set(bucket, sequence)
    }
    const sequence = stage.state.root.sequence + 1
    const root = { sequence, sum, buckets: stage.buckets, keyCount: stage.keyCount }
    const blob = keyholder.sealRecord(partition, rootIdentity(sequence), encodeRoot(root))
    const path = paths.root(partition)
    stage.writes.set(path, { put: path, value: encodeRow(0, sequence, blob) })
    return { root, sequences }
  }

  /** The store has it: now the node's own picture follows. */
  #apply(
    stage: Stage,
    { root, sequences }: { root: PartitionState["root"]; sequences: Map<number, number> },
    rev: Rev,
  ): void {
    const { state } = stage
    state.root = root
    state.rootRev = rev
    for (const [bucket, sequence] of sequences) {
      state.sequences[bucket] = sequence
      const pins = stage.tables.get(bucket) ?? new Map<string, Pin>()
      state.keepTable(bucket, { sequence, epoch: this.#records.epoch, pins })
    }
    for (const secret of stage.erased) secret[Symbol.dispose]()
    for (const path of stage.removed) this.#records.forgetRecord(path)
    this.#records.adoptState(state)
    for (const [path, { record, bucket }] of stage.records) {
      this.#records.remember(path, { record, bucket, modRev: rev })
    }
  }

  #path(change: Change): string {
    return paths.record(this.#partition, change.kind, change.record.id)
  }
}

function pinId(change: Change): string {
  return `${change.kind}/${change.record.id}`
}

function hashWrites(
  stage: Stage,
  partition: PartitionId,
  transaction: Transaction,
): Committed["writes"] {
  return transaction.changes.map(({ kind, record }) => {
    const path = paths.record(partition, kind, record.id)
    const write = stage.writes.get(path)
    const value = write !== undefined && "put" in write ? write.value : new Uint8Array(0)
    return { path, hash: createHash("sha256").update(value).digest("hex") }
  })
}
