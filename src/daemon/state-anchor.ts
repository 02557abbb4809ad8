/**
 * The node's own memory of how far its store had come, in a file outside it. At unseal the store
 * must have reached it: a database file that was rolled back on its own is refused. Whoever can
 * roll back this file as well is caught by the anchors of the audit log alone.
 */

import { HsmError } from "../domain/errors.ts"
import { openOrTampered } from "../records/partition-state.ts"
import type { Records } from "../records/records.ts"
import { readIfPresent, writeDurably } from "./files.ts"
import { progressOf, whatIsBehind, type StoreProgress } from "./store-progress.ts"

export class StateAnchor {
  readonly #path: string
  #last = ""
  #known: StoreProgress = { storeRev: 0, roots: {} }

  constructor(path: string) {
    this.#path = path
  }

  /**
   * Compares the store with what is remembered.
   *
   * @throws HsmError TAMPERED when the store or one of its partitions lies behind.
   */
  async check(records: Records): Promise<void> {
    const sealed = await readIfPresent(this.#path)
    if (sealed === undefined) return
    const opened = openOrTampered(() => records.keyholder.openMemory("anchor", sealed))
    // Authenticated under the cluster master key: `save` wrote it.
    this.#known = JSON.parse(opened.toString()) as StoreProgress
    const behind = await whatIsBehind(records, this.#known)
    if (behind !== undefined) throw new HsmError("TAMPERED", behind)
  }

  /** Remembers the present state; writes only what is new. */
  async save(records: Records): Promise<void> {
    const known = await progressOf(records, this.#known)
    const text = JSON.stringify(known)
    if (text === this.#last) return
    await writeDurably(this.#path, records.keyholder.sealMemory("anchor", Buffer.from(text)))
    this.#known = known
    this.#last = text
  }
}
