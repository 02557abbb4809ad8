/**
 * Writes of one partition, one group at a time: transactions that arrive while a commit runs share
 * the next one, so that a thousand new keys cost a few bucket tables and not a thousand.
 *
 * Every group rewrites the partition's root, and the root's revision guards the whole group: within
 * a partition, writers exclude each other across nodes without any lock.
 */

import { HsmError } from "../domain/errors.ts"
import { Failed, type Outcome } from "../domain/outcome.ts"
import type { PartitionId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { SecretBytes } from "../sealing/handles.ts"
import type { Pin } from "../sealing/bucket-table.ts"
import type { Entry, Rev, Write } from "../store/store.ts"
import { readInputs, type Seen } from "./group-inputs.ts"
import { paths, type RecordKind, type RecordTypes } from "./kinds.ts"
import { PartitionState } from "./partition-state.ts"
import type { Records } from "./records.ts"
import { Staging, type SealedPins } from "./staging.ts"

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

/** What became of one transaction. */
export type Fate = Outcome<Committed>

/** A change, where it goes and how it is pinned. */
export interface PlacedChange {
  readonly change: Change
  readonly path: string
  readonly pin: string
}

/** A transaction in the queue; its caller waits for `decide`. */
export interface Job {
  readonly transaction: Transaction
  /** Its changes, in their order. Named once: a map looks at every character of a new string. */
  readonly placed: readonly PlacedChange[]
  readonly decide: (fate: Fate) => void
}

/** What shares a commit, and what does not fit into it; told when the commit is there. */
interface Group {
  readonly stage: Staging
  readonly members: readonly Job[]
  /** Not final before: what is in their way may itself be in the way of what is there. */
  readonly refused: ReadonlyMap<Job, HsmError>
}

/** Rows of a group that are counted before it is closed; the store takes some more at a time. */
const rowsPerGroup = 1_600

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

  /** Commits transactions that do not need each other: each has its own fate, in their order. */
  commit(transactions: readonly Transaction[]): Promise<readonly Fate[]> {
    return new Promise((resolve) => {
      const fates: Fate[] = []
      let open = transactions.length
      for (const [index, transaction] of transactions.entries()) {
        const decide = (fate: Fate): void => {
          fates[index] = fate
          open -= 1
          if (open === 0) resolve(fates)
        }
        const placed = transaction.changes.map((change) => this.#place(change))
        this.#queue.push({ transaction, placed, decide })
      }
      if (!this.#draining) void this.#drain()
    })
  }

  #place(change: Change): PlacedChange {
    const { kind, record } = change
    const { id } = record
    return { change, path: paths.record(this.#partition, kind, id), pin: `${kind}/${id}` }
  }

  /** Resolves when the group under way, if any, has been applied to what this node knows. */
  async settled(): Promise<void> {
    await this.#group
  }

  async #drain(): Promise<void> {
    this.#draining = true
    while (this.#queue.length > 0) {
      await Promise.resolve() // Let the callers of this turn join.
      this.#group = this.#commitJobs(this.#queue.splice(0, this.#groupSize()))
      await this.#group
    }
    this.#draining = false
  }

  /** How many jobs at the queue's head share the next commit; one at least. */
  #groupSize(): number {
    let rows = 0
    const end = this.#queue.findIndex(({ transaction }) => {
      rows += rowsOf(transaction)
      return rows > rowsPerGroup
    })
    return end === -1 ? this.#queue.length : Math.max(end, 1)
  }

  /** Never rejects: every job learns its own fate. */
  async #commitJobs(jobs: readonly Job[]): Promise<void> {
    try {
      await this.#commitGroup(jobs)
    } catch (error) {
      this.#records.forgetState(this.#partition)
      if (jobs.length > 1 && concernsOne(error)) {
        for (const job of jobs) await this.#commitJobs([job])
        return
      }
      for (const { decide } of jobs) decide(new Failed(error))
    }
  }

  async #commitGroup(jobs: readonly Job[]): Promise<void> {
    let seen: Seen = new Map()
    for (let attempt = 0; attempt < limits.commitAttemptsMax; attempt++) {
      const state = await this.#stateFor(jobs)
      const group = await this.#stageUnlessOld(state, jobs, seen)
      if (group === undefined) {
        seen = new Map()
        continue
      }
      const found = group.members.length === 0 ? undefined : await this.#store(group)
      if (found === undefined) {
        for (const [{ decide }, error] of group.refused) decide(new Failed(error))
        return
      }
      const [root, ...rows] = found
      const there = rows.flatMap((row) => (row === undefined ? [] : [[row.key, row] as const]))
      if ((root?.modRev ?? 0) === state.rootRev) {
        seen = new Map([...seen, ...there]) // Some of the group are in the way of what is there.
      } else {
        seen = new Map() // Another node was first: look again.
        this.#records.forgetState(this.#partition)
      }
    }
    throw new HsmError("CONFLICT", "the partition is being changed too busily; try again")
  }

  /** Undefined when the pins that it was to be staged on were old: another node has committed. */
  async #stageUnlessOld(
    state: PartitionState,
    jobs: readonly Job[],
    seen: Seen,
  ): Promise<Group | undefined> {
    try {
      return await this.#stage(state, jobs, seen)
    } catch (error) {
      const tampered = error instanceof HsmError && error.code === "TAMPERED"
      if (tampered && (await this.#records.forgetIfOld(state))) return undefined
      throw error
    }
  }

  /** Commits a stage; else answers what its guards have found: root, and rows that are there. */
  async #store({ stage, members }: Group): Promise<readonly (Entry | undefined)[] | undefined> {
    const sealed = stage.seal(this.#records.keyholder)
    const outcome = await this.#records.store.commit({
      opId: `g/${this.#partition}/${this.#records.groupNonce}/${this.#groups++}`,
      when: [
        { key: paths.root(this.#partition), modRev: stage.state.rootRev },
        ...stage.absent.map((key) => ({ key, modRev: 0 })),
      ],
      then: [...stage.writes.values()],
    })
    if (!outcome.ok) return outcome.current
    const { rev } = outcome
    this.#apply(stage, sealed, rev)
    const answer = (): void => {
      for (const { decide, placed } of members) decide({ rev, writes: stage.written(placed) })
    }
    const told = this.#records.announce([...stage.writes.keys()])
    if (told === undefined) answer()
    else void told.then(answer)
    return undefined
  }

  /** Applies each transaction that still fits; sets those aside that do not. */
  async #stage(state: PartitionState, jobs: readonly Job[], seen: Seen): Promise<Group> {
    const { store, keyholder, epoch } = this.#records
    const bucketOf = (path: string): number | undefined => this.#records.bucketNow(path)
    const source = { store, keyholder, partition: this.#partition, bucketOf }
    const stage = new Staging(state, await readInputs(source, state, jobs, seen), epoch)
    const members: Job[] = []
    const refused = new Map<Job, HsmError>()
    for (const job of jobs) {
      const error = stage.add(job)
      if (error === undefined) members.push(job)
      else refused.set(job, error)
    }
    return { stage, members, refused }
  }

  async #stateFor([first]: readonly Job[]): Promise<PartitionState> {
    // Not asked of the store: its root does not exist yet. If it does, the guard sees.
    if (first?.transaction.creates === true) return PartitionState.empty(this.#partition)
    const state = await this.#records.state(this.#partition)
    if (state !== undefined) return state
    throw new HsmError("NOT_FOUND", "no such partition")
  }

  /** The store has it: now the node's own picture follows. */
  #apply(stage: Staging, { root, sequences }: SealedPins, rev: Rev): void {
    const { state } = stage
    // A bulk of new records would push out what is in use: it is read when it is used.
    const isBulk = stage.records.size > limits.cachedNewRecordsMax
    const filled = (bucket: number): boolean =>
      bucket >= state.root.buckets - 1 && bucket < root.buckets - 1
    for (const [bucket, sequence] of sequences) {
      state.sequences[bucket] = sequence
      const pins = stage.tables.get(bucket) ?? new Map<string, Pin>()
      if (isBulk && filled(bucket)) state.forgetTable(bucket)
      else state.keepTable(bucket, { sequence, epoch: this.#records.epoch, pins })
    }
    state.root = root
    state.rootRev = rev
    for (const secret of stage.erased) secret[Symbol.dispose]()
    this.#records.adoptState(state)
    for (const [path, { change, bucket }] of stage.records) {
      const { record } = change
      if (isBulk && record.revision === 1) continue
      this.#records.remember(path, { record, bucket, modRev: rev })
    }
    this.#records.follow(stage.writes.keys(), rev)
  }
}

function rowsOf({ changes, claims = [], rows = [], reseal = [] }: Transaction): number {
  return changes.length + claims.length + rows.length + reseal.length
}

/** One member may be to blame: too large, or next to something that was tampered with. */
function concernsOne(error: unknown): boolean {
  return (
    error instanceof HsmError && (error.code === "PAYLOAD_TOO_LARGE" || error.code === "TAMPERED")
  )
}
