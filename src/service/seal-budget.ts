/**
 * Counts seals under each key version by mechanisms with short random IVs, so that none exceeds its
 * bound. Mechanisms of one key share the count.
 *
 * Counts are leased from the store in blocks: sealing writes nothing, and a crash forfeits what it
 * had leased. A version whose leases are used up is followed by a new one without anyone asking.
 */

import { mechanismRow, type MechanismId } from "../domain/algorithms.ts"
import { HsmError } from "../domain/errors.ts"
import { currentVersion, type KeyRecord, type KeyVersion } from "../domain/key.ts"
import { limits } from "../domain/limits.ts"
import type { Records } from "../records/records.ts"
import { kinOf } from "./kms/family.ts"

/** The key as it is by now, and the version to seal under. */
export interface Drawn {
  readonly key: KeyRecord
  readonly version: number
}

/** Makes the next version of an exhausted key; the same as rotation by hand. */
export type Rotate = (key: KeyRecord) => Promise<KeyRecord>

/** Leases seals under one version; answers with the key as it is by now, and how many there are. */
export type LeaseSeals = (
  key: KeyRecord,
  version: number,
  sealsMax: number,
) => Promise<{ readonly key: KeyRecord; readonly seals: number }>

export class SealBudget {
  readonly #lease: LeaseSeals
  /** Seals left of this process's lease, by key and version. Bounded by keys so used. */
  readonly #left = new Map<string, number>()
  readonly #leasing = new Map<string, Promise<KeyRecord>>()

  constructor(lease: LeaseSeals) {
    this.#lease = lease
  }

  /**
   * Takes leave for seals under the key's current version, one unless told otherwise; mechanisms
   * without a bound need none.
   *
   * @throws HsmError KEY_EXHAUSTED when neither this version nor a new one can seal any more.
   */
  draw(key: KeyRecord, mechanism: MechanismId, count = 1): Drawn | Promise<Drawn> {
    const { sealsMax } = mechanismRow(mechanism)
    const version = currentVersion(key)
    if (version !== undefined && (sealsMax === undefined || this.#take(key, version, count))) {
      return { key, version: version.version }
    }
    return this.#drawLeased(key, sealsMax, count)
  }

  async #drawLeased(key: KeyRecord, sealsMax: number | undefined, count: number): Promise<Drawn> {
    let drawn = key
    for (let attempt = 0; attempt < limits.commitAttemptsMax; attempt++) {
      const version = currentVersion(drawn)
      if (version === undefined) throw new HsmError("KEY_STATE", "the key has no version")
      if (sealsMax === undefined || this.#take(drawn, version, count)) {
        return { key: drawn, version: version.version }
      }
      drawn = await this.#leaseOnce(drawn, version, sealsMax)
    }
    throw new HsmError("KEY_EXHAUSTED", "the key's budget of seals could not be leased")
  }

  #take(key: KeyRecord, { version }: KeyVersion, count: number): boolean {
    const name = `${key.id}/${version}`
    const left = this.#left.get(name) ?? 0
    if (left < count) return false
    this.#left.set(name, left - count)
    return true
  }

  /** Callers that arrive together share one lease. */
  async #leaseOnce(key: KeyRecord, { version }: KeyVersion, sealsMax: number): Promise<KeyRecord> {
    const name = `${key.id}/${version}`
    let leasing = this.#leasing.get(name)
    if (leasing === undefined) {
      leasing = this.#leaseMore(key, version, sealsMax).finally(() => this.#leasing.delete(name))
      this.#leasing.set(name, leasing)
    }
    return await leasing
  }

  async #leaseMore(before: KeyRecord, wanted: number, sealsMax: number): Promise<KeyRecord> {
    const { key, seals } = await this.#lease(before, wanted, sealsMax)
    if (seals > 0) this.#left.set(`${key.id}/${wanted}`, seals)
    return key
  }
}

/** Leases from the records: one commit for {@link limits.sealsLease} seals. */
export function leaseSeals(records: Records, rotate: Rotate): LeaseSeals {
  return async ({ partition, id }, wanted, sealsMax) => {
    await records.sync()
    const key = await records.read("key", partition, id)
    if (key === undefined) throw new HsmError("KEY_NOT_FOUND", "no such key in this partition")
    const version = currentVersion(key)
    if (version === undefined || version.version !== wanted) return { key, seals: 0 }
    const seals = Math.min(limits.sealsLease, sealsMax)
    const total = version.sealsLeased + seals
    const record = counted(key, wanted, total)
    try {
      if (total > sealsMax) return { key: await rotate(key), seals: 0 }
      // A family has one count, since it has one material: it stands in every member's record.
      const kin = (await kinOf({ records }, key)).map((one) => counted(one, wanted, total))
      const changes = [record, ...kin].map((one) => ({ kind: "key", record: one }) as const)
      await records.commit(partition, { changes })
    } catch (error) {
      // Somebody changed the key at the same moment: look again, within the attempts of `draw`.
      if (error instanceof HsmError && error.code === "CONFLICT") return { key, seals: 0 }
      throw error
    }
    return { key: record, seals }
  }
}

function counted(key: KeyRecord, wanted: number, sealsLeased: number): KeyRecord {
  const versions = key.versions.map((one) =>
    one.version === wanted ? { ...one, sealsLeased } : one,
  )
  return { ...key, versions, revision: key.revision + 1 }
}
