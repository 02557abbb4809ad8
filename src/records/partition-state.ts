/**
 * What a node knows of one partition's pins: its root, the sequence of every bucket table, and the
 * tables opened lately. A table or record that does not fit is refused as TAMPERED.
 */

import { HsmError } from "../domain/errors.ts"
import type { PartitionId } from "../domain/ids.ts"
import { accumulate, decodeTable, type Pin } from "../sealing/bucket-table.ts"
import type { Keyholder } from "../sealing/keyholder.ts"
import type { Rev, Store } from "../store/store.ts"
import { paths } from "./kinds.ts"
import { decodeRecordRow, decodeRoot, decodeTableRow, type Root } from "./rows.ts"

/** Opened tables kept per partition: 64 KiB of pins and secrets each hundred. */
const openTablesMax = 1_024

export interface OpenTable {
  readonly sequence: number
  readonly epoch: number
  readonly pins: Map<string, Pin>
}

/** Identity under which a partition's root is sealed. */
export function rootIdentity(sequence: number): {
  kind: string
  id: string
  bucket: number
  revision: number
} {
  return { kind: "root", id: "root", bucket: 0, revision: sequence }
}

/** Owned by one Records object; replaced as a whole when another node has written. */
export class PartitionState {
  readonly partition: PartitionId
  root: Root
  rootRev: Rev
  /** Sequence of each bucket table, by bucket. */
  readonly sequences: number[]
  readonly #tables = new Map<number, OpenTable>()

  private constructor(partition: PartitionId, root: Root, rootRev: Rev, sequences: number[]) {
    this.partition = partition
    this.root = root
    this.rootRev = rootRev
    this.sequences = sequences
  }

  /**
   * Reads root and tables' sequences, and proves that they belong together.
   *
   * @throws HsmError TAMPERED when a table was rolled back, removed or added on its own.
   */
  static async load(
    store: Store,
    keyholder: Keyholder,
    partition: PartitionId,
  ): Promise<PartitionState> {
    const {
      entries: [entry],
    } = await store.get([paths.root(partition)])
    if (entry === undefined) throw new HsmError("TAMPERED", "a partition's root is gone")
    const row = decodeRecordRow(entry.value)
    const root = decodeRoot(
      openOrTampered(() => keyholder.openRecord(partition, rootIdentity(row.revision), row.blob)),
    )
    const sequences = await readSequences(store, partition)
    let sum: Uint8Array = new Uint8Array(32)
    for (const [bucket, sequence] of sequences.entries()) {
      sum = accumulate(sum, keyholder.pinTable({ partition, bucket, sequence }))
    }
    if (sequences.length !== root.buckets || !Buffer.from(sum).equals(root.sum)) {
      const {
        entries: [again],
      } = await store.get([paths.root(partition)])
      if (again !== undefined && again.modRev !== entry.modRev) {
        return await PartitionState.load(store, keyholder, partition)
      }
      throw new HsmError("TAMPERED", "bucket tables do not match the partition's root")
    }
    return new PartitionState(partition, root, entry.modRev, sequences)
  }

  /** The state of a partition that is about to be created. */
  static empty(partition: PartitionId): PartitionState {
    const root: Root = { sequence: 0, sum: new Uint8Array(32), buckets: 0, keyCount: 0 }
    return new PartitionState(partition, root, 0, [])
  }

  /**
   * Opens a bucket table from its row, or takes it from those opened lately.
   *
   * @throws HsmError TAMPERED when it is not the table that the root pins.
   */
  openTable(keyholder: Keyholder, bucket: number, value: Uint8Array | undefined): OpenTable {
    const known = this.#tables.get(bucket)
    if (known !== undefined && known.sequence === this.sequences[bucket]) return known
    if (value === undefined) throw new HsmError("TAMPERED", "a bucket table is gone")
    const { sequence, epoch, blob } = decodeTableRow(value)
    if (sequence !== this.sequences[bucket]) {
      throw new HsmError("TAMPERED", "a bucket table is not the one that its root pins")
    }
    const { partition } = this
    const bytes = openOrTampered(() =>
      keyholder.openTable(epoch, { partition, bucket, sequence }, blob),
    )
    const table = { sequence, epoch, pins: decodeTable(bytes) }
    this.keepTable(bucket, table)
    return table
  }

  /** An opened table, without reading the store. */
  peekTable(bucket: number): OpenTable | undefined {
    const known = this.#tables.get(bucket)
    return known?.sequence === this.sequences[bucket] ? known : undefined
  }

  /** Opens a table anew when it is needed. */
  forgetTable(bucket: number): void {
    this.#tables.delete(bucket)
  }

  /** Remembers an opened table; the oldest leaves when there are too many. */
  keepTable(bucket: number, table: OpenTable): void {
    this.#tables.delete(bucket)
    this.#tables.set(bucket, table)
    if (this.#tables.size <= openTablesMax) return
    const oldest = this.#tables.keys().next()
    if (oldest.done !== true) this.#tables.delete(oldest.value)
  }
}

/**
 * Makes sure that a partition's keys are open; false when there is no such partition.
 *
 * @throws HsmError TAMPERED.
 */
export async function loadKeys(
  store: Store,
  keyholder: Keyholder,
  partition: PartitionId,
): Promise<boolean> {
  if (keyholder.hasPartition(partition)) return true
  const {
    entries: [keys],
  } = await store.get([paths.partitionKeys(partition)])
  if (keys === undefined) return false
  openOrTampered(() => {
    keyholder.loadPartition(partition, keys.value)
    return Buffer.alloc(0)
  })
  return true
}

/** An authenticated thing of ours that does not open has been tampered with. */
export function openOrTampered(open: () => Buffer): Buffer {
  try {
    return open()
  } catch (error) {
    if (error instanceof HsmError && error.code === "DECRYPTION_FAILED") {
      throw new HsmError("TAMPERED", "a record does not open: it is not what was stored here")
    }
    throw error
  }
}

async function readSequences(store: Store, partition: PartitionId): Promise<number[]> {
  const sequences: number[] = []
  let after: string | undefined
  do {
    const page = await store.scan(paths.tables(partition), { after, limit: 1_000 })
    for (const { key, value } of page.entries) {
      if (key !== paths.table(partition, sequences.length)) {
        throw new HsmError("TAMPERED", "a bucket table is missing or was added")
      }
      sequences.push(decodeTableRow(value).sequence)
    }
    after = page.next
  } while (after !== undefined)
  return sequences
}
