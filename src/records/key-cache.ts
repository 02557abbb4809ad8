/** Opened keys: opaque handles of the engine, kept in a bounded cache behind the barrier. */

import { HsmError } from "../domain/errors.ts"
import type { KeyRecord } from "../domain/key.ts"
import { limits } from "../domain/limits.ts"
import { closeHandle, openHandle, type KeyHandle } from "../sealing/handles.ts"
import { BoundedMap } from "./bounded-map.ts"
import { paths } from "./kinds.ts"
import type { Records } from "./records.ts"

export class KeyCache {
  readonly #records: Records
  readonly #handles = new BoundedMap<string, KeyHandle>(limits.openKeysMax, closeHandle)

  constructor(records: Records) {
    this.#records = records
  }

  get size(): number {
    return this.#handles.size
  }

  /**
   * Opens one version of a key whose record was read behind the barrier.
   *
   * @throws HsmError TAMPERED when its material is missing or is not its own; KEY_STATE when it has
   * been erased.
   */
  async open(key: KeyRecord, version: number): Promise<KeyHandle> {
    const cacheKey = `${key.id}/${version}`
    const known = this.#handles.get(cacheKey)
    if (known !== undefined) return known
    const handle = await this.#open(key, version)
    this.#handles.set(cacheKey, handle)
    return handle
  }

  /** Closes every open version of a key whose material has changed. */
  evict(keyId: string): void {
    for (let version = 1; version <= limits.keyVersionsMax; version++) {
      this.#handles.delete(`${keyId}/${version}`)
    }
  }

  clear(): void {
    this.#handles.clear()
  }

  async #open(key: KeyRecord, version: number): Promise<KeyHandle> {
    const row = key.versions.find((known) => known.version === version)
    if (row === undefined) throw new HsmError("KEY_STATE", `there is no version ${version}`)
    const { id: keyId, partition, algorithm } = key
    const { publicKey } = row
    if (!row.hasSecret) {
      return openHandle({ keyId, version, algorithm, material: undefined, publicKey })
    }
    const pin = await this.#records.pin(partition, "key", keyId)
    const {
      entries: [entry],
    } = await this.#records.store.get([paths.material(partition, keyId, version)])
    if (pin?.secret === undefined) throw new HsmError("KEY_STATE", "the key has been erased")
    if (entry === undefined) throw new HsmError("TAMPERED", "a key's material is gone")
    try {
      return this.#records.keyholder.openMaterial(
        { partition, keyId, version, algorithm },
        { secret: pin.secret, blob: entry.value, publicKey },
      )
    } catch (error) {
      if (error instanceof HsmError && error.code === "DECRYPTION_FAILED") {
        throw new HsmError("TAMPERED", "a key's material is not what was stored for it")
      }
      throw error
    }
  }
}
