/** Opened keys: opaque handles of the engine, kept in a bounded cache behind the barrier. */

import { HsmError } from "../domain/errors.ts"
import type { KeyRecord } from "../domain/key.ts"
import { limits } from "../domain/limits.ts"
import type { Pin } from "../sealing/bucket-table.ts"
import { openHandle, type KeyHandle, type KeyToOpen } from "../sealing/handles.ts"
import { paths } from "./kinds.ts"
import { OpenHandles } from "./open-handles.ts"
import type { Records } from "./records.ts"

/** As the engine opens it, but with bytes to send. */
export type ReleasedKey = Omit<KeyToOpen, "material" | "publicKey"> & {
  readonly material: Uint8Array | undefined
  readonly publicKey?: Uint8Array | undefined
}

export class KeyCache {
  readonly #records: Records
  readonly #handles = new OpenHandles()

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
  open(key: KeyRecord, version: number): KeyHandle | Promise<KeyHandle> {
    return this.#handles.get(key.id, version) ?? this.#miss(key, version)
  }

  async #miss(key: KeyRecord, version: number): Promise<KeyHandle> {
    const handle = await this.#open(key, version)
    this.#handles.set(key.id, version, handle)
    return handle
  }

  /** Closes every open version of a key whose material has changed. */
  evict(keyId: string): void {
    this.#handles.delete(keyId)
  }

  clear(): void {
    this.#handles.clear()
  }

  /**
   * One version's material for a worker's engine, which wipes it when it has been opened there.
   *
   * @throws HsmError as {@link open} does.
   */
  async release(key: KeyRecord, version: number): Promise<ReleasedKey> {
    return await this.#withMaterial(key, version, ({ material, ...named }) => ({
      ...named,
      material: material?.lend((bytes) => new Uint8Array(bytes)),
    }))
  }

  async #open(key: KeyRecord, version: number): Promise<KeyHandle> {
    return await this.#withMaterial(key, version, openHandle)
  }

  async #withMaterial<T>(
    key: KeyRecord,
    version: number,
    use: (opened: KeyToOpen) => T,
  ): Promise<T> {
    const row = key.versions.find((known) => known.version === version)
    if (row === undefined) throw new HsmError("KEY_STATE", `there is no version ${version}`)
    const { id: keyId, partition, algorithm } = key
    const { publicKey } = row
    if (!row.hasSecret) {
      return use({ keyId, version, algorithm, material: undefined, publicKey })
    }
    const path = paths.material(partition, keyId, version)
    let pin = await this.#records.pin(partition, "key", keyId)
    for (let attempt = 1; ; attempt++) {
      const {
        entries: [entry],
      } = await this.#records.store.get([path])
      if (pin?.secret === undefined) throw new HsmError("KEY_STATE", "the key has been erased")
      if (entry === undefined) throw new HsmError("TAMPERED", "a key's material is gone")
      try {
        return this.#records.keyholder.openMaterial(
          { partition, keyId, version, algorithm },
          { secret: pin.secret, blob: entry.value, publicKey },
          use,
        )
      } catch (error) {
        if (!(error instanceof HsmError) || error.code !== "DECRYPTION_FAILED") throw error
        const { revision } = pin
        pin = await this.#newerPin(key)
        if (pin?.revision !== revision && attempt < limits.commitAttemptsMax) continue
        throw new HsmError("TAMPERED", "a key's material is not what was stored for it")
      }
    }
  }

  /** Sealed anew at this moment? Where one version's material goes, the others' secret does. */
  async #newerPin({ partition, id }: KeyRecord): Promise<Pin | undefined> {
    await this.#records.sync()
    return await this.#records.pin(partition, "key", id)
  }
}
