/** Leaf keys that a worker has opened: the keyholder hands over one version at a time. */

import type { KeyRecord } from "../../domain/key.ts"
import { SecretBytes } from "../../engine/secret-bytes.ts"
import { OpenHandles } from "../../records/open-handles.ts"
import { openHandle, type KeyHandle } from "../../sealing/handles.ts"
import type { KeyholderChannel } from "./worker-channel.ts"

export class WorkerKeys {
  readonly #keyholder: KeyholderChannel
  /** Counts evictions: what was asked for before is used once, and not kept. */
  #evictions = 0
  readonly #handles = new OpenHandles()

  constructor(keyholder: KeyholderChannel) {
    this.#keyholder = keyholder
  }

  get size(): number {
    return this.#handles.size
  }

  open(key: KeyRecord, version: number): KeyHandle | Promise<KeyHandle> {
    return this.#handles.get(key.id, version) ?? this.#miss(key, version)
  }

  /** Closes every open version of a key. */
  evict(keyId: string): void {
    this.#evictions += 1
    this.#handles.delete(keyId)
  }

  clear(): void {
    this.#evictions += 1
    this.#handles.clear()
  }

  async #miss(key: KeyRecord, version: number): Promise<KeyHandle> {
    const asked = this.#evictions
    const sent = await this.#keyholder.call("openKey", { key, version })
    using material = sent.material === undefined ? undefined : new SecretBytes(sent.material)
    const { keyId, algorithm, publicKey } = sent
    const handle = openHandle({ keyId, version, algorithm, material, publicKey })
    if (asked === this.#evictions) this.#handles.set(keyId, version, handle)
    return handle
  }
}
