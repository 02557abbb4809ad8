/**
 * Bucket tables: per record its current revision, and per key the erasable secret s_k.
 *
 * A table does two things in the commit that it shares with a record: it holds what must be erased
 * for a key to die, and it pins the record's revision, so that an old row put back is refused.
 * Layout: docs/formats/records.md.
 */

import { HsmError } from "../domain/errors.ts"
import { SecretBytes } from "../engine/secret-bytes.ts"

const secretBytes = 32

/** One pinned record. */
export interface Pin {
  readonly revision: number
  /** The erasable secret; absent for records that own no material, and after destruction. */
  readonly secret?: SecretBytes
}

export type BucketTable = ReadonlyMap<string, Pin>

/** Ids are `kind/id`, at most 255 bytes of ASCII. */
export function encodeTable(table: BucketTable): Uint8Array {
  let size = 2
  for (const id of table.keys()) size += 1 + id.length + 5 + secretBytes
  const out = Buffer.alloc(size)
  out.writeUInt16BE(table.size, 0)
  let at = 2
  for (const [id, { revision, secret }] of table) {
    at = out.writeUInt8(id.length, at)
    at += out.write(id, at, "latin1")
    at = out.writeUInt32BE(revision, at)
    at = out.writeUInt8(secret === undefined ? 0 : 1, at)
    if (secret === undefined) continue
    const start = at
    secret.lend((bytes) => out.set(bytes, start))
    at += secretBytes
  }
  return out.subarray(0, at)
}

/**
 * Reads a table back. The bytes were authenticated just before, so a misfit is damage.
 *
 * @throws HsmError TAMPERED.
 */
export function decodeTable(bytes: Buffer): Map<string, Pin> {
  const table = new Map<string, Pin>()
  let at = 2
  try {
    for (let left = bytes.readUInt16BE(0); left > 0; left--) {
      const length = bytes.readUInt8(at)
      const id = bytes.toString("latin1", at + 1, at + 1 + length)
      at += 1 + length
      const revision = bytes.readUInt32BE(at)
      const hasSecret = bytes.readUInt8(at + 4) === 1
      at += 5
      table.set(
        id,
        hasSecret
          ? {
              revision,
              secret: new SecretBytes(new Uint8Array(bytes.subarray(at, at + secretBytes))),
            }
          : { revision },
      )
      if (hasSecret) at += secretBytes
    }
    if (at !== bytes.length) throw new RangeError("bytes are left over")
  } catch {
    throw new HsmError("TAMPERED", "a bucket table does not parse")
  }
  bytes.fill(0)
  return table
}

/** Adds or removes one pin of the partition's accumulator: XOR of keyed values. */
export function accumulate(sum: Uint8Array, pin: Uint8Array): Uint8Array {
  return sum.map((byte, index) => byte ^ (pin[index] ?? 0))
}
