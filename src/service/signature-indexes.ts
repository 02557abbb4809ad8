/**
 * Deals out the indexes of stateful hash-based signatures (SP 800-208 section 8.1): none is used
 * twice, whatever crashes.
 *
 * A range is reserved in the store before its first index is used, in the commit that pins the
 * key's record; what a process had reserved and not used is forfeit when it ends. The store alone
 * cannot tell that it was put back to an earlier state. So each key remembers the node's lineage,
 * which lives outside the store and is new wherever that memory is missing: under another lineage
 * a key signs nothing until an officer has moved its index beyond all that may have been used.
 */

import { keyAlgorithm } from "../domain/algorithms.ts"
import { HsmError } from "../domain/errors.ts"
import { currentVersion, type KeyRecord, type KeyVersion } from "../domain/key.ts"
import { limits } from "../domain/limits.ts"
import type { Records } from "../records/records.ts"

/** Reserved and not used yet: from `next` to below `end`. */
interface Range {
  readonly next: number
  readonly end: number
}

/** The key as it is by now, and the range that is reserved; none when somebody else was quicker. */
export interface LeasedIndexes {
  readonly key: KeyRecord
  readonly range?: Range
}

/** Reserves indexes of one version, if there are as many as are wanted. */
export type LeaseIndexes = (
  key: KeyRecord,
  version: number,
  wanted: number,
) => Promise<LeasedIndexes>

interface Leasing {
  readonly done: Promise<KeyRecord>
  /** Callers that it is for, so far. */
  waiting: number
}

export class SignatureIndexes {
  readonly #lease: LeaseIndexes
  /** By key and version; bounded by the keys that sign so. */
  readonly #ranges = new Map<string, Range>()
  readonly #leasing = new Map<string, Leasing>()

  constructor(lease: LeaseIndexes) {
    this.#lease = lease
  }

  /**
   * Takes one index of the key's current version for good; undefined for algorithms without.
   *
   * @throws HsmError KEY_EXHAUSTED when all are used; KEY_STATE when they may have been used under
   * another lineage; CONFLICT when the key changes too often; STORE_UNAVAILABLE.
   */
  draw(
    key: KeyRecord,
  ): { readonly key: KeyRecord; readonly index: number | undefined } | Promise<IndexDrawn> {
    if (keyAlgorithm(key.algorithm).stateful === undefined) return { key, index: undefined }
    return this.#drawLeased(key)
  }

  async #drawLeased(key: KeyRecord): Promise<IndexDrawn> {
    let drawn = key
    for (let attempt = 0; attempt < limits.commitAttemptsMax; attempt++) {
      const version = currentVersion(drawn)
      if (version === undefined) throw new HsmError("KEY_STATE", "the key has no version")
      const index = this.#take(drawn, version)
      if (index !== undefined) return { key: drawn, index }
      drawn = await this.#leaseOnce(drawn, version)
    }
    throw new HsmError("CONFLICT", "the key's indexes could not be reserved")
  }

  /** What an officer has skipped meanwhile is not used any more. */
  #take({ id }: KeyRecord, { version, indexes }: KeyVersion): number | undefined {
    const name = `${id}/${version}`
    const range = this.#ranges.get(name)
    if (range === undefined) return undefined
    const index = Math.max(range.next, indexes?.floor ?? 0)
    if (index >= range.end) return undefined
    this.#ranges.set(name, { ...range, next: index + 1 })
    return index
  }

  /** Callers that arrive together share one lease, which is long enough for all of them. */
  async #leaseOnce(key: KeyRecord, { version }: KeyVersion): Promise<KeyRecord> {
    const name = `${key.id}/${version}`
    const leasing = this.#leasing.get(name)
    if (leasing !== undefined) {
      leasing.waiting++
      return await leasing.done
    }
    const done = this.#leaseMore(key, version).finally(() => this.#leasing.delete(name))
    this.#leasing.set(name, { done, waiting: 1 })
    return await done
  }

  async #leaseMore(before: KeyRecord, version: number): Promise<KeyRecord> {
    await Promise.resolve() // Whoever asks at the same moment is counted.
    const name = `${before.id}/${version}`
    const wanted = this.#leasing.get(name)?.waiting ?? 1
    const { key, range } = await this.#lease(before, version, wanted)
    if (range !== undefined) this.#ranges.set(name, range)
    return key
  }
}

interface IndexDrawn {
  readonly key: KeyRecord
  readonly index: number
}

/** What the node knows of its store, kept outside it. */
export interface StoreMemory {
  /** Another one wherever that memory was lost. */
  readonly lineage: string
  /** Remembers durably how far the store has come: it cannot be put back behind that unnoticed. */
  readonly save: (records: Records) => Promise<void>
}

/** Leases from the records: one commit, and the node's memory of it, for a range. */
export function leaseIndexes(records: Records, memory: StoreMemory): LeaseIndexes {
  return async ({ partition, id }, version, wanted) => {
    await records.sync()
    const key = await records.read("key", partition, id)
    if (key === undefined) throw new HsmError("KEY_NOT_FOUND", "no such key in this partition")
    const current = currentVersion(key)
    if (current?.version !== version) return { key }
    const range = nextRange(key, { indexes: current.indexes, lineage: memory.lineage, wanted })
    const indexes = { ...current.indexes, leased: range.end, lineage: memory.lineage }
    const record: KeyRecord = {
      ...key,
      versions: key.versions.with(key.versions.length - 1, { ...current, indexes }),
      revision: key.revision + 1,
    }
    try {
      await records.commit(partition, { changes: [{ kind: "key", record }] })
    } catch (error) {
      // Somebody changed the key at the same moment: look again, within the attempts of `draw`.
      if (error instanceof HsmError && error.code === "CONFLICT") return { key }
      throw error
    }
    await memory.save(records)
    return { key: record, range }
  }
}

function nextRange(
  { algorithm }: KeyRecord,
  { indexes, lineage, wanted }: { indexes: KeyVersion["indexes"]; lineage: string; wanted: number },
): Range {
  const { stateful } = keyAlgorithm(algorithm)
  if (stateful === undefined || indexes === undefined) {
    throw new HsmError("KEY_STATE", "the key has no indexes")
  }
  if (indexes.lineage !== lineage) {
    throw new HsmError(
      "KEY_STATE",
      "the node does not know which indexes were used: an officer has to move the key's index on",
    )
  }
  const { leased } = indexes
  if (leased >= stateful.signatures) {
    throw new HsmError("KEY_EXHAUSTED", "all of the key's signatures are made: rotate it")
  }
  const size = Math.max(stateful.lease, wanted)
  return { next: leased, end: Math.min(leased + size, stateful.signatures) }
}
