/**
 * Stamps given and used. A block of them is one record, made before its first stamp is given; to
 * use a stamp sets its bit there, in a commit that all who arrive meanwhile share.
 */

import { setImmediate as nextTurn } from "node:timers/promises"

import { encodeId } from "../codec/id-text.ts"
import { HsmError } from "../domain/errors.ts"
import type { Instant, PartitionId, StampBlockId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { RandomSource } from "../domain/ports.ts"
import {
  isUsed,
  unused,
  withUsed,
  type StampBlockRecord,
  type StampPlace,
} from "../domain/stamp.ts"
import { BoundedMap } from "../records/bounded-map.ts"
import type { Change } from "../records/committer.ts"
import { paths } from "../records/kinds.ts"
import type { Records } from "../records/records.ts"
import type { InFlight } from "./in-flight.ts"
import type { Ending } from "./proceeding.ts"

/** A block that still gives stamps; what a crash leaves of it is never given. */
interface OpenBlock {
  readonly id: StampBlockId
  readonly closesAt: Instant
  next: number
}

/** A stamp that could be used when this was made. Disposed of without a use, it still can be. */
export interface Usable extends Disposable {
  /**
   * Uses the stamp: when this resolves, nobody ever can again.
   *
   * @throws HsmError CONFLICT when somebody else was first; STORE_UNAVAILABLE: outcome unknown, so
   * nothing may leave.
   */
  use(): Promise<void>
}

interface Coming {
  /** The log has the act's record. */
  readonly recorded: Promise<void>
}

interface Using {
  readonly serial: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class Stamps {
  readonly #records: Records
  readonly #random: RandomSource
  readonly #inFlight: InFlight
  /** By partition and life. What is dropped for space leaves its stamps ungiven. */
  readonly #open = new BoundedMap<string, OpenBlock>(limits.cachedRecordsMax)
  /** Callers that arrive together share a new block. */
  readonly #opening = new Map<string, Promise<void>>()
  /** By block, whoever waits for the commit that uses his stamp. Owned by {@link #drain}. */
  readonly #using = new Map<string, Using[]>()
  /** By partition, those who are about to use theirs. */
  readonly #coming = new Map<PartitionId, Set<Coming>>()

  constructor(parts: { records: Records; random: RandomSource; inFlight: InFlight }) {
    this.#records = parts.records
    this.#random = parts.random
    this.#inFlight = parts.inFlight
  }

  /**
   * Gives the next stamp that may live so long; nobody ever gets it again.
   *
   * @param lifeMs - at most the last of limits.stampLivesMs.
   * @throws HsmError STORE_UNAVAILABLE.
   */
  async give(partition: PartitionId, lifeMs: number, now: Instant): Promise<StampPlace> {
    const keptMs = limits.stampLivesMs.find((one) => lifeMs <= one) ?? lifeMs
    const name = `${partition}/${keptMs}`
    for (;;) {
      const open = this.#open.get(name)
      if (open !== undefined && open.next < limits.stampsPerBlock && now < open.closesAt) {
        return { block: open.id, serial: open.next++ }
      }
      let opening = this.#opening.get(name)
      if (opening === undefined) {
        const closesAt = (now + limits.stampBlockOpenMs) as Instant
        opening = this.#openBlock(partition, name, { closesAt, keptMs })
        this.#opening.set(name, opening)
        void opening.catch(() => {}).finally(() => this.#opening.delete(name))
      }
      await opening
    }
  }

  /**
   * A stamp, for an act whose result waits for its use.
   *
   * @param recorded - resolves when the log has the act's record. Whoever uses a stamp meanwhile
   * waits for it: the act is about to use its own, and both share a commit.
   * @throws HsmError CONFLICT when the stamp has been used, or its block is gone.
   */
  async unused(
    partition: PartitionId,
    place: StampPlace,
    recorded: Promise<void>,
  ): Promise<Usable> {
    await this.#unused(partition, place)
    const come = this.#announce(partition, recorded)
    return {
      use: () => {
        come()
        return this.#use(partition, place)
      },
      [Symbol.dispose]: come,
    }
  }

  /**
   * Runs what changes something, with the change that uses the stamp in the very same commit.
   *
   * @throws HsmError CONFLICT when it has been used; what `work` throws.
   */
  async useWithin<T>(
    partition: PartitionId,
    place: StampPlace,
    work: (use: Change) => Promise<T>,
  ): Promise<T> {
    return await this.#inFlight.alone(`stamps/${place.block}`, async () => {
      const record = await this.#unused(partition, place)
      return await work(changeOf(record, [place.serial]))
    })
  }

  /** The block of a stamp that can still be used. */
  async #unused(partition: PartitionId, { block, serial }: StampPlace): Promise<StampBlockRecord> {
    const record = await this.#read(partition, block)
    if (record === undefined || isUsed(record.used, serial)) throw spent()
    return record
  }

  /** Answers with what takes it back. */
  #announce(partition: PartitionId, recorded: Promise<void>): () => void {
    const coming = this.#coming.get(partition) ?? new Set()
    const one = { recorded }
    this.#coming.set(partition, coming.add(one))
    return () => {
      if (coming.delete(one) && coming.size === 0) this.#coming.delete(partition)
    }
  }

  async #use(partition: PartitionId, { block, serial }: StampPlace): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const using = { serial, resolve, reject }
      const waiting = this.#using.get(block)
      if (waiting !== undefined) {
        waiting.push(using)
        return
      }
      const queue = [using]
      this.#using.set(block, queue)
      void this.#drain(partition, block, queue)
    })
  }

  async #openBlock(
    partition: PartitionId,
    name: string,
    { closesAt, keptMs }: { readonly closesAt: Instant; readonly keptMs: number },
  ): Promise<void> {
    const id = encodeId(this.#random.bytes(16)) as StampBlockId
    const dueAt = (closesAt + keptMs) as Instant
    const record = { id, partition, dueAt, used: unused(), revision: 1 }
    await this.#records.commit(partition, {
      changes: [{ kind: "stamp-block", record }],
      rows: [{ put: paths.due(partition, dueAt, id), value: new Uint8Array(0) }],
    })
    this.#open.set(name, { id, closesAt, next: 0 })
  }

  async #drain(partition: PartitionId, block: StampBlockId, queue: Using[]): Promise<void> {
    while (queue.length > 0) {
      await this.#gather(partition)
      await this.#inFlight.alone(`stamps/${block}`, () =>
        this.#useAll(partition, block, queue.splice(0)),
      )
    }
    this.#using.delete(block)
  }

  /** Waits for one commit of the log at most: whoever comes after that has the next commit. */
  async #gather(partition: PartitionId): Promise<void> {
    const coming = this.#coming.get(partition)
    if (coming === undefined) return
    await Promise.allSettled([...coming].map(({ recorded }) => recorded))
    await nextTurn()
  }

  /** Never rejects: every one of them learns his own fate. */
  async #useAll(partition: PartitionId, block: StampBlockId, batch: Using[]): Promise<void> {
    let left = batch
    try {
      for (let attempt = 0; attempt < limits.commitAttemptsMax; attempt++) {
        const record = await this.#read(partition, block)
        left = refuseSpent(record, left)
        if (record === undefined || left.length === 0) return
        if (await this.#commit(record, left)) return
      }
      throw new HsmError("CONFLICT", "the partition is being changed too busily; try again")
    } catch (error) {
      for (const { reject } of left) reject(error)
    }
  }

  /** False when another node has changed the block meanwhile. */
  async #commit(record: StampBlockRecord, batch: readonly Using[]): Promise<boolean> {
    const serials = batch.map(({ serial }) => serial)
    try {
      await this.#records.commit(record.partition, { changes: [changeOf(record, serials)] })
    } catch (error) {
      if (error instanceof HsmError && error.code === "CONFLICT") return false
      throw error
    }
    for (const { resolve } of batch) resolve()
    return true
  }

  async #read(partition: PartitionId, block: StampBlockId): Promise<StampBlockRecord | undefined> {
    await this.#records.sync()
    return await this.#records.read("stamp-block", partition, block)
  }
}

/** Those who may use their stamps: each bit once, also among those who come together. */
function refuseSpent(record: StampBlockRecord | undefined, batch: readonly Using[]): Using[] {
  const taken = new Set<number>()
  return batch.filter(({ serial, reject }) => {
    const isFirst = record !== undefined && !isUsed(record.used, serial) && !taken.has(serial)
    taken.add(serial)
    if (!isFirst) reject(spent())
    return isFirst
  })
}

function changeOf(record: StampBlockRecord, serials: readonly number[]): Change {
  const { used, revision } = record
  return {
    kind: "stamp-block",
    record: { ...record, used: withUsed(used, serials), revision: revision + 1 },
  }
}

/** The commit that forgets a block whose stamps have all expired. */
export function removalOf(record: StampBlockRecord): Ending {
  const { id, partition, dueAt, revision } = record
  return {
    changes: [
      { kind: "stamp-block", record: { ...record, revision: revision + 1 }, removes: true },
    ],
    rows: [{ del: paths.due(partition, dueAt, id) }],
  }
}

function spent(): HsmError {
  return new HsmError("CONFLICT", "these approvals have been used: each set is good for once")
}
