/**
 * A worker's copies of records. They are never old: whoever changes a record is answered only when
 * every worker has dropped its copy (see keyholder.ts), so there is nothing to ask before use.
 */

import type { PartitionId } from "../../domain/ids.ts"
import { limits } from "../../domain/limits.ts"
import { BoundedMap } from "../../records/bounded-map.ts"
import { paths, type IndexName, type RecordKind, type RecordTypes } from "../../records/kinds.ts"
import type { RecordsView } from "../../records/view.ts"
import type { KeyholderChannel } from "./worker-channel.ts"

export class WorkerRecords implements RecordsView {
  readonly #keyholder: KeyholderChannel
  readonly #records = new BoundedMap<string, RecordTypes[RecordKind]>(limits.cachedRecordsMax)
  readonly #index = new BoundedMap<string, string>(limits.cachedRecordsMax)

  /**
   * Counts what was forgotten. An answer that was asked for before may be older than that: it is
   * used by the one who asked, whom the change waits for, and not kept.
   */
  #changes = 0

  constructor(keyholder: KeyholderChannel) {
    this.#keyholder = keyholder
  }

  get isFresh(): boolean {
    return true
  }

  async sync(): Promise<void> {}

  peek<K extends RecordKind>(kind: K, partition: PartitionId, id: string) {
    // The path names the kind, so what lies under it is of that kind.
    return this.#records.get(paths.record(partition, kind, id)) as RecordTypes[K] | undefined
  }

  async read<K extends RecordKind>(
    kind: K,
    partition: PartitionId,
    id: string,
  ): Promise<RecordTypes[K] | undefined> {
    const known = this.peek(kind, partition, id)
    if (known !== undefined) return known
    const asked = this.#changes
    const record = await this.#keyholder.call("read", { kind, partition, id })
    if (record !== undefined && asked === this.#changes) {
      this.#records.set(paths.record(partition, kind, id), record)
    }
    return record as RecordTypes[K] | undefined // The kind that was asked for.
  }

  /** Takes a copy in that came with something else; answers the one to go on with. */
  adopt<K extends RecordKind>(
    kind: K,
    partition: PartitionId,
    record: RecordTypes[K],
  ): RecordTypes[K] {
    const known = this.peek(kind, partition, record.id)
    if (known?.revision === record.revision) return known
    this.#records.set(paths.record(partition, kind, record.id), record)
    return record
  }

  async lookup(
    partition: PartitionId,
    index: IndexName,
    name: string,
  ): Promise<string | undefined> {
    const known = this.peekLookup(partition, index, name)
    if (known !== undefined) return known
    const asked = this.#changes
    const id = await this.#keyholder.call("lookup", { partition, index, name })
    if (id !== undefined && asked === this.#changes) {
      this.#index.set(`${partition}/${index}/${name}`, id)
    }
    return id
  }

  peekLookup(partition: PartitionId, index: IndexName, name: string): string | undefined {
    return this.#index.get(`${partition}/${index}/${name}`)
  }

  forgetLookup(partition: PartitionId, index: IndexName, name: string): void {
    this.#index.delete(`${partition}/${index}/${name}`)
  }

  /** Asked where keys are made, which is not here. */
  async keyCount(): Promise<number> {
    return 0
  }

  /** Drops what lies at these paths. */
  forget(changed: readonly string[]): void {
    this.#changes += 1
    for (const path of changed) {
      this.#records.delete(path)
      // Rows of an index are named by hashes: which name has moved is not known here.
      if (path.split("/")[2] === "x") this.#index.clear()
    }
  }

  /** See {@link adopt}: what is asked for now may be kept if this has not changed by then. */
  get changes(): number {
    return this.#changes
  }

  clear(): void {
    this.#changes += 1
    this.#records.clear()
    this.#index.clear()
  }
}
