/** Handles of opened keys, by key and version, bounded both ways. */

import { limits } from "../domain/limits.ts"
import { closeHandle, type KeyHandle } from "../sealing/handles.ts"
import { BoundedMap } from "./bounded-map.ts"

type Versions = BoundedMap<number, KeyHandle>

export class OpenHandles {
  readonly #keys = new BoundedMap<string, Versions>(limits.openKeysMax, (open) => open.clear())

  /** Keys with an open version. */
  get size(): number {
    return this.#keys.size
  }

  get(keyId: string, version: number): KeyHandle | undefined {
    return this.#keys.get(keyId)?.get(version)
  }

  set(keyId: string, version: number, handle: KeyHandle): void {
    const known = this.#keys.get(keyId)
    const open = known ?? new BoundedMap(limits.openVersionsMax, closeHandle)
    open.set(version, handle)
    if (known === undefined) this.#keys.set(keyId, open)
  }

  /** Closes every open version of a key. */
  delete(keyId: string): void {
    this.#keys.delete(keyId)
  }

  clear(): void {
    this.#keys.clear()
  }
}
