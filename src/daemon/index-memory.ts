/**
 * The node's own memory of the indexes that its signatures have used, in a file that no backup is
 * to hold: it says in which lineage they are known, and how far the store had come when the last
 * were reserved. Where it is missing, or the store has not come so far, the lineage is a new one.
 */

import { HsmError } from "../domain/errors.ts"
import type { Records } from "../records/records.ts"
import type { StoreMemory } from "../service/signature-indexes.ts"
import { readIfPresent, writeDurably } from "./files.ts"
import { progressOf, whatIsBehind, type StoreProgress } from "./store-progress.ts"

interface Remembered extends StoreProgress {
  readonly lineage: string
}

export class IndexMemory implements StoreMemory {
  readonly #path: string
  #known: Remembered
  /** Resolves when nobody writes the file; never rejects. */
  #saving: Promise<void> = Promise.resolve()

  /** @param lineage - 128 bits of hex: the one to begin where there is none. */
  constructor(path: string, lineage: string) {
    this.#path = path
    this.#known = { storeRev: 0, roots: {}, lineage }
  }

  get lineage(): string {
    return this.#known.lineage
  }

  /** Reads the file, or begins it: before any index is reserved. */
  async load(records: Records): Promise<void> {
    const sealed = await readIfPresent(this.#path)
    const known = sealed === undefined ? undefined : readMemory(records, sealed)
    if (known === undefined || (await whatIsBehind(records, known)) !== undefined) {
      await this.save(records)
    } else {
      this.#known = known
    }
  }

  /** Remembers the present state of the store, or a later one, before an index is used. */
  save(records: Records): Promise<void> {
    const saved = this.#saving.then(() => this.#save(records))
    this.#saving = saved.catch(() => {})
    return saved
  }

  async #save(records: Records): Promise<void> {
    const { lineage } = this.#known
    const known = { ...(await progressOf(records, this.#known)), lineage }
    const text = Buffer.from(JSON.stringify(known))
    await writeDurably(this.#path, records.keyholder.sealMemory("indexes", text))
    this.#known = known
  }
}

/** A file that does not open is as good as none: nothing is known. */
function readMemory(records: Records, sealed: Buffer): Remembered | undefined {
  try {
    // Authenticated under the cluster master key: `save` wrote it.
    return JSON.parse(records.keyholder.openMemory("indexes", sealed).toString()) as Remembered
  } catch (error) {
    if (error instanceof HsmError) return undefined
    throw error
  }
}
