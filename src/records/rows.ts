/** Rows of the store: the few bytes in the clear before a sealed blob. docs/formats/records.md. */

import { HsmError } from "../domain/errors.ts"

/** A record's row: bucket 4 · revision 4 · sealed blob. Both numbers are bound by the blob. */
export interface RecordRow {
  readonly bucket: number
  readonly revision: number
  readonly blob: Uint8Array
}

/** A bucket table's row: sequence 4 · epoch 4 · sealed blob. */
export interface TableRow {
  readonly sequence: number
  readonly epoch: number
  readonly blob: Uint8Array
}

/** What a partition's root says; sealed like a record, and itself pinned by the node's anchor. */
export interface Root {
  /** Counts the partition's commits. */
  readonly sequence: number
  /** XOR of the keyed pins of all bucket tables: 32 bytes. */
  readonly sum: Uint8Array
  /** Number of buckets; the last one takes new records. */
  readonly buckets: number
  /** Keys that are not destroyed, for the quota. */
  readonly keyCount: number
}

/** Two big-endian numbers before a blob. */
export function encodeRow(first: number, second: number, blob: Uint8Array): Uint8Array {
  const out = Buffer.alloc(8 + blob.length)
  out.writeUInt32BE(first, 0)
  out.writeUInt32BE(second, 4)
  out.set(blob, 8)
  return out
}

export function decodeRecordRow(value: Uint8Array): RecordRow {
  const [bucket, revision, blob] = splitRow(value)
  return { bucket, revision, blob }
}

export function decodeTableRow(value: Uint8Array): TableRow {
  const [sequence, epoch, blob] = splitRow(value)
  return { sequence, epoch, blob }
}

function splitRow(value: Uint8Array): [number, number, Uint8Array] {
  if (value.length < 8) throw new HsmError("TAMPERED", "a row is too short")
  const view = new DataView(value.buffer, value.byteOffset, value.length)
  return [view.getUint32(0), view.getUint32(4), value.subarray(8)]
}

/** sequence 4 · buckets 4 · keyCount 4 · sum 32 */
export function encodeRoot({ sequence, sum, buckets, keyCount }: Root): Uint8Array {
  const out = Buffer.alloc(44)
  out.writeUInt32BE(sequence, 0)
  out.writeUInt32BE(buckets, 4)
  out.writeUInt32BE(keyCount, 8)
  out.set(sum, 12)
  return out
}

export function decodeRoot(bytes: Uint8Array): Root {
  if (bytes.length !== 44) throw new HsmError("TAMPERED", "a partition's root does not parse")
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return {
    sequence: view.getUint32(0),
    buckets: view.getUint32(4),
    keyCount: view.getUint32(8),
    sum: new Uint8Array(bytes.subarray(12)),
  }
}
