/**
 * The node's own memory of how far its store had come, in a file outside it. At unseal the store
 * must have reached it: a database file that was rolled back on its own is refused. Whoever can
 * roll back this file as well is caught by the anchors of the audit log alone.
 */

import { HsmError } from "../domain/errors.ts"
import type { PartitionId } from "../domain/ids.ts"
import { openOrTampered } from "../records/partition-state.ts"
import type { Records } from "../records/records.ts"
import { readIfPresent, writeDurably } from "./files.ts"

interface Anchored {
  readonly storeRev: number
  /** Sequence of each loaded partition's root. */
  readonly roots: Readonly<Record<string, number>>
}

export class StateAnchor {
  readonly #path: string
  #last = ""
  #known: Anchored = { storeRev: 0, roots: {} }

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
    const opened = openOrTampered(() => records.keyholder.openAnchor(sealed))
    const known = JSON.parse(opened.toString()) as Anchored
    this.#known = known // Authenticated under the cluster master key: `save` wrote it.
    const { rev } = await records.store.health()
    if (rev < known.storeRev) {
      throw new HsmError("TAMPERED", `the store is at revision ${rev}, behind ${known.storeRev}`)
    }
    for (const [partition, sequence] of Object.entries(known.roots)) {
      const state = await records.state(partition as PartitionId)
      if (state === undefined || state.root.sequence < sequence) {
        throw new HsmError("TAMPERED", `partition ${partition} has been rolled back`)
      }
    }
  }

  /** Remembers the present state; writes only what is new. */
  async save(records: Records): Promise<void> {
    const { rev } = await records.store.health()
    const states = await records.loadedStates()
    const roots = {
      ...this.#known.roots,
      ...Object.fromEntries(states.map(({ partition, root }) => [partition, root.sequence])),
    }
    const text = JSON.stringify({ storeRev: rev, roots } satisfies Anchored)
    if (text === this.#last) return
    await writeDurably(this.#path, records.keyholder.sealAnchor(Buffer.from(text)))
    this.#known = { storeRev: rev, roots }
    this.#last = text
  }
}
