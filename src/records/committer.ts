/**
 * Writes of one partition, one group at a time: transactions that arrive while a commit runs share
 * the next one, so that a thousand new keys cost a few bucket tables and not a thousand.
 *
 * Every group rewrites the partition's root, and the root's revision guards the whole group: within
 * a partition, writers exclude each other across nodes without any lock.
 */

import assert from "node:assert/strict"
import { createHash } from "node:crypto"

import { HsmError } from "../domain/errors.ts"
import type { PartitionId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { SecretBytes } from "../sealing/handles.ts"
import { accumulate, encodeTable, type Pin } from "../sealing/bucket-table.ts"
import type { Rev, Write } from "../store/store.ts"
import { readInputs, type GroupInputs } from "./group-inputs.ts"
import { encodeRecord, paths, type RecordKind, type RecordTypes } from "./kinds.ts"
import { PartitionState, rootIdentity } from "./partition-state.ts"
import type { Records } from "./records.ts"
import { decodeRecordRow, encodeRoot, encodeRow } from "./rows.ts"

/** One record as it shall be. Its `revision` is one above what the change was made from. */
export type Change = {
  [K in RecordKind]: {
    readonly kind: K
    readonly record: RecordTypes[K]
    /** A key's new erasable secret, in the place of an old one if there is one; or its erasure. */
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
  /** The partition's quota: with what is made at the same time, there are no more than so many. */
  readonly keysMax?: number
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
  readonly rows: GroupInputs["rows"]
  readonly pins: GroupInputs["pins"]
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
  /** The group under way; never rejects. */
  #group: Promise<void> = Promise.resolve()
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

  /** Resolves when the group under way, if any, has been applied to what this node knows. */
  async settled(): Promise<void> {
    await this.#group
  }

  async #drain(): Promise<void> {
    this.#draining = true
    while (this.#queue.length > 0) {
      await Promise.resolve() // Let the callers of this turn join.
      this.#group = this.#commitJobs(new Set(this.#queue.splice(0, jobsPerGroup)))
      await this.#group
    }
    this.#draining = false
  }

  /** Never rejects: every job learns its own fate. A job that has been refused leaves the set. */
  async #commitJobs(jobs: Set<Job>): Promise<void> {
    try {
      await this.#commitGroup(jobs)
    } catch (error) {
      this.#records.forgetState(this.#partition)
      if (jobs.size > 1 && concernsOne(error)) {
        for (const job of jobs) await this.#commitJobs(new Set([job]))
        return
      }
      for (const { reject } of jobs) reject(error)
    }
  }

  async #commitGroup(jobs: Set<Job>): Promise<void> {
    for (let attempt = 0; attempt < limits.commitAttemptsMax; attempt++) {
      const state = await this.#stateFor(jobs)
      const stage = await this.#stageUnlessOld(state, jobs)
      if (stage === undefined) continue
      if (jobs.size === 0 || (await this.#store(stage, jobs))) return
      this.#records.forgetState(this.#partition) // Another node was first: look again.
    }
    throw new HsmError("CONFLICT", "the partition is being changed too busily; try again")
  }

  /** Undefined when the pins that it was to be staged on were old: another node has committed. */
  async #stageUnlessOld(state: PartitionState, jobs: Set<Job>): Promise<Stage | undefined> {
    try {
      return await this.#stage(state, jobs)
    } catch (error) {
      const tampered = error instanceof HsmError && error.code === "TAMPERED"
      if (tampered && (await this.#records.forgetIfOld(state))) return undefined
      throw error
    }
  }

  /** Commits a stage; false when another writer was first. */
  async #store(stage: Stage, jobs: ReadonlySet<Job>): Promise<boolean> {
    const sealed = this.#seal(stage)
    const outcome = await this.#records.store.commit({
      opId: `g/${this.#partition}/${this.#records.groupNonce}/${this.#groups++}`,
      when: [{ key: paths.root(this.#partition), modRev: stage.state.rootRev }],
      then: [...stage.writes.values()],
    })
    if (!outcome.ok) return false
    const { rev } = outcome
    this.#apply(stage, sealed, rev)
    const answer = (): void => {
      for (const { resolve, transaction } of jobs) {
        resolve({ rev, writes: hashWrites(stage, this.#partition, transaction) })
      }
    }
    const told = this.#records.announce([...stage.writes.keys()])
    if (told === undefined) answer()
    else void told.then(answer)
    return true
  }

  /** Applies each transaction that still fits; rejects those that do not. */
  async #stage(state: PartitionState, jobs: Set<Job>): Promise<Stage> {
    const { rows, pins } = await readInputs(
      {
        store: this.#records.store,
        keyholder: this.#records.keyholder,
        partition: this.#partition,
      },
      state,
      [...jobs].map(({ transaction }) => transaction),
    )
    const stage: Stage = {
      state,
      rows,
      pins,
      tables: new Map(),
      writes: new Map(),
      records: new Map(),
      removed: new Set(),
      erased: [],
      buckets: state.root.buckets,
      keyCount: state.root.keyCount,
    }
    for (const job of jobs) {
      const problem = this.#check(stage, job.transaction)
      if (problem === undefined) {
        this.#stageTransaction(stage, job.transaction)
      } else {
        jobs.delete(job) // It has been told: no later attempt may commit it.
        job.reject(problem)
      }
    }
    return stage
  }

  async #stateFor([first]: Iterable<Job>): Promise<PartitionState> {
    // Not asked of the store: its root does not exist yet. If it does, the guard sees.
    if (first?.transaction.creates === true) return PartitionState.empty(this.#partition)
    const state = await this.#records.state(this.#partition)
    if (state !== undefined) return state
    throw new HsmError("NOT_FOUND", "no such partition")
  }

  #check(
    stage: Stage,
    { changes, claims = [], keys = 0, keysMax = Number.POSITIVE_INFINITY }: Transaction,
  ): HsmError | undefined {
    if (keys > 0 && stage.keyCount + keys > keysMax) {
      const why = `the partition holds its ${keysMax} keys`
      return new HsmError("QUOTA_EXCEEDED", why, { rule: "key-quota" })
    }
    for (const { path } of claims) {
      if (stage.writes.has(path) || stage.rows.get(path) !== undefined) {
        return new HsmError("NAME_TAKEN", "the name is in use")
      }
    }
    for (const change of changes) {
      if (change.kind === "key" && change.secret === "erase") {
        // The receipt names this epoch: by now the secret may lie in tables of a newer one.
        const { destroyedEpoch } = change.record
        if (destroyedEpoch !== this.#records.epoch) return conflict("the epoch has just changed")
      }
      const pinned = this.#pinned(stage, change)
      if (pinned !== change.record.revision - 1) {
        return conflict("the object has changed in the meantime")
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
    if (change.secret !== undefined && old?.secret !== undefined) stage.erased.push(old.secret)
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
      const pins = stage.pins.get(bucket)
      assert(pins !== undefined) // readInputs opened every table that a change can touch.
      table = new Map(pins)
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
    this.#records.follow(stage.writes.keys(), rev)
  }

  #path(change: Change): string {
    return paths.record(this.#partition, change.kind, change.record.id)
  }
}

/** One member may be to blame: too large, or next to something that was tampered with. */
function concernsOne(error: unknown): boolean {
  return (
    error instanceof HsmError && (error.code === "PAYLOAD_TOO_LARGE" || error.code === "TAMPERED")
  )
}

function conflict(why: string): HsmError {
  return new HsmError("CONFLICT", why)
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
