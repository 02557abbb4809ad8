/**
 * A group of transactions on its way into one commit, over what the partition is now: each is
 * checked and applied on its own, then everything is sealed together. Thrown away whole when the
 * store refuses it.
 */

import assert from "node:assert/strict"
import { hash } from "node:crypto"

import { HsmError } from "../domain/errors.ts"
import type { PartitionId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import { accumulate, encodeTable, type Pin } from "../sealing/bucket-table.ts"
import type { SecretBytes } from "../sealing/handles.ts"
import type { RecordToSeal } from "../sealing/identities.ts"
import type { Keyholder } from "../sealing/keyholder.ts"
import type { Write } from "../store/store.ts"
import type { Change, Committed, Job, PlacedChange } from "./committer.ts"
import type { GroupInputs } from "./group-inputs.ts"
import { encodeRecord, paths } from "./kinds.ts"
import { rootIdentity, type PartitionState } from "./partition-state.ts"
import { encodeRoot, encodeRow, type Root } from "./rows.ts"

/** Root and sequences of the touched tables, as the commit makes them. */
export interface SealedPins {
  readonly root: Root
  readonly sequences: ReadonlyMap<number, number>
}

/** A record on its way into its row. */
type Row = RecordToSeal & { readonly path: string }

type Staged = Pick<Job, "transaction" | "placed">

export class Staging {
  readonly state: PartitionState
  /** By path; complete when it has been sealed. */
  readonly writes = new Map<string, Write>()
  readonly tables = new Map<number, Map<string, Pin>>()
  readonly records = new Map<string, { change: Change; bucket: number }>()
  /** Secrets that the group takes out of the tables. */
  readonly erased: SecretBytes[] = []
  readonly #partition: PartitionId
  readonly #inputs: GroupInputs
  /** Under whose root tables are sealed now. */
  readonly #epoch: number
  #buckets: number
  #keyCount: number

  constructor(state: PartitionState, inputs: GroupInputs, epoch: number) {
    this.state = state
    this.#partition = state.partition
    this.#inputs = inputs
    this.#epoch = epoch
    this.#buckets = state.root.buckets
    this.#keyCount = state.root.keyCount
  }

  /** Rows that the group writes and that have to be new. */
  get absent(): readonly string[] {
    return this.#inputs.absent.filter((path) => this.writes.has(path))
  }

  /** Applies a transaction that fits behind those before it; answers with what it collides with. */
  add(job: Staged): HsmError | undefined {
    const problem = this.#check(job)
    if (problem === undefined) this.#apply(job)
    return problem
  }

  #check({ transaction, placed }: Staged): HsmError | undefined {
    const { claims = [], keys = 0, keysMax = Number.POSITIVE_INFINITY } = transaction
    if (keys > 0 && this.#keyCount + keys > keysMax) {
      const why = `the partition holds its ${keysMax} keys`
      return new HsmError("QUOTA_EXCEEDED", why, { rule: "key-quota" })
    }
    for (const { path } of claims) {
      if (this.writes.has(path) || this.#inputs.there.has(path)) {
        return new HsmError("NAME_TAKEN", "the name is in use")
      }
    }
    for (const one of placed) {
      const { change } = one
      if (change.kind === "key" && change.secret === "erase") {
        // The receipt names this epoch: by now the secret may lie in tables of a newer one.
        if (change.record.destroyedEpoch !== this.#epoch) {
          return conflict("the epoch has just changed")
        }
      }
      if (this.#pinned(one) !== change.record.revision - 1) {
        return conflict("the object has changed in the meantime")
      }
    }
    return undefined
  }

  /** The revision that the change would replace; 0 when the record is new. */
  #pinned({ path, pin }: PlacedChange): number {
    const bucket = this.#bucketOf(path)
    if (bucket === undefined) return 0
    return this.#table(bucket).get(pin)?.revision ?? 0
  }

  #bucketOf(path: string): number | undefined {
    return this.records.get(path)?.bucket ?? this.#inputs.buckets.get(path)
  }

  #apply({ transaction, placed }: Staged): void {
    for (const change of placed) this.#change(change)
    for (const { path, value } of transaction.claims ?? []) {
      this.writes.set(path, { put: path, value })
    }
    for (const write of transaction.rows ?? []) {
      this.writes.set("put" in write ? write.put : write.del, write)
    }
    for (const bucket of transaction.reseal ?? []) this.#table(bucket)
    this.#keyCount += transaction.keys ?? 0
  }

  #change({ change, path, pin }: PlacedChange): void {
    const bucket = this.#bucketOf(path) ?? this.#newestBucket()
    const table = this.#table(bucket)
    const old = table.get(pin)
    if (change.secret !== undefined && old?.secret !== undefined) this.erased.push(old.secret)
    const secret = change.secret === "erase" ? undefined : (change.secret ?? old?.secret)
    if (change.removes === true) {
      table.delete(pin)
      this.writes.set(path, { del: path })
      this.records.delete(path)
      return
    }
    const { revision } = change.record
    table.set(pin, secret === undefined ? { revision } : { revision, secret })
    this.records.set(path, { change, bucket })
  }

  #newestBucket(): number {
    const newest = this.#buckets - 1
    if (newest >= 0 && this.#table(newest).size < limits.bucketEntriesMax) return newest
    this.tables.set(this.#buckets, new Map())
    return this.#buckets++
  }

  /** The staged copy of a table; copied at its first use in a group. */
  #table(bucket: number): Map<string, Pin> {
    let table = this.tables.get(bucket)
    if (table === undefined) {
      const pins = this.#inputs.pins.get(bucket)
      assert(pins !== undefined) // readInputs opened every table that a change can touch.
      table = new Map(pins)
      this.tables.set(bucket, table)
    }
    return table
  }

  /** Seals records, touched tables and the root into the group's writes. */
  seal(keyholder: Keyholder): SealedPins {
    const sequences = new Map<number, number>()
    let { sum } = this.state.root
    for (const [bucket, table] of this.tables) {
      const sequence = this.#sealTable(keyholder, bucket, table)
      for (const at of [sequence - 1, sequence]) {
        if (at === 0) continue // It is new.
        const pinned = { partition: this.#partition, bucket, sequence: at }
        sum = accumulate(sum, keyholder.pinTable(pinned))
      }
      sequences.set(bucket, sequence)
    }
    const sequence = this.state.root.sequence + 1
    const root = { sequence, sum, buckets: this.#buckets, keyCount: this.#keyCount }
    this.#sealRecords(keyholder, root)
    return { root, sequences }
  }

  /** The records and the root: one call for all of them. */
  #sealRecords(keyholder: Keyholder, root: Root): void {
    const partition = this.#partition
    const rows: Row[] = [...this.records].map(([path, { change, bucket }]) => {
      const { kind, record } = change
      const { id, revision } = record
      return { path, identity: { kind, id, bucket, revision }, plaintext: encodeRecord(record) }
    })
    const identity = rootIdentity(root.sequence)
    rows.push({ path: paths.root(partition), identity, plaintext: encodeRoot(root) })
    for (const [at, blob] of keyholder.sealRecords(partition, rows).entries()) {
      const row = rows[at]
      assert(row !== undefined) // A blob for each.
      const {
        path,
        identity: { bucket, revision },
      } = row
      this.writes.set(path, { put: path, value: encodeRow(bucket, revision, blob) })
    }
  }

  #sealTable(keyholder: Keyholder, bucket: number, table: ReadonlyMap<string, Pin>): number {
    const partition = this.#partition
    const sequence = (this.state.sequences[bucket] ?? 0) + 1
    const identity = { partition, bucket, sequence }
    const blob = keyholder.sealTable(this.#epoch, identity, encodeTable(table))
    const path = paths.table(partition, bucket)
    this.writes.set(path, { put: path, value: encodeRow(sequence, this.#epoch, blob) })
    return sequence
  }

  /** What a transaction has written, when everything is sealed. */
  written(placed: readonly PlacedChange[]): Committed["writes"] {
    return placed.map(({ path }) => {
      const write = this.writes.get(path)
      const value = write !== undefined && "put" in write ? write.value : new Uint8Array(0)
      return { path, hash: hash("sha256", value, "hex") }
    })
  }
}

function conflict(why: string): HsmError {
  return new HsmError("CONFLICT", why)
}
