/**
 * The one encoding of everything that is hashed, signed, MACed or bound as additional data.
 *
 * `keyhold/<purpose>/v1`, a zero byte, the cluster id, then the fields; the cluster id and every
 * field are written as a tag byte, a 32-bit big-endian length, and that many bytes:
 *
 * | tag | field | bytes |
 * |---|---|---|
 * | `s` | string | UTF-8 |
 * | `i` | integer | 64 bits, two's complement, big-endian |
 * | `b` | bytes | as they are |
 *
 * Two different lists of fields never encode to the same bytes, and no purpose's encoding is a
 * prefix of another's: docs/formats/audit.md gives an example byte by byte.
 */

import assert from "node:assert/strict"

export type CanonicalField = string | number | bigint | Uint8Array

/** Tag and length before each field's bytes. */
export const canonicalFieldHead = 5

const tag = { string: 0x73, integer: 0x69, bytes: 0x62 } as const
const purposePattern = /^[a-z0-9]+(-[a-z0-9]+)*$/

/** Prefixes by purpose: there are a few dozen purposes, all named in the code. */
const labels = new Map<string, Buffer>()

/**
 * Encodes `fields` for one purpose of one cluster.
 *
 * @param purpose - lower case words joined by hyphens, such as `audit-leaf`.
 * @param fields - integers are safe integers or 64-bit bigints; strings are well-formed UTF-16,
 * since a lone surrogate would encode like its replacement. Anything else is a bug: asserted.
 */
export function canonical(
  purpose: string,
  clusterId: string,
  ...fields: readonly CanonicalField[]
): Uint8Array<ArrayBuffer> {
  const label = labelOf(purpose)
  let length = label.length + sizeOf(clusterId)
  for (const field of fields) length += sizeOf(field)
  const out = Buffer.allocUnsafe(length)
  out.set(label)
  let at = writeField(out, label.length, clusterId)
  for (const field of fields) at = writeField(out, at, field)
  assert.equal(at, length)
  return out
}

function labelOf(purpose: string): Buffer {
  const known = labels.get(purpose)
  if (known !== undefined) return known
  assert.match(purpose, purposePattern)
  const label = Buffer.from(`keyhold/${purpose}/v1\0`)
  labels.set(purpose, label)
  return label
}

function sizeOf(field: CanonicalField): number {
  if (typeof field === "string") return canonicalFieldHead + Buffer.byteLength(field)
  if (typeof field === "object") return canonicalFieldHead + field.length
  return canonicalFieldHead + 8
}

/** Writes one field at `at`; answers where the next one begins. */
export function writeField(out: Buffer, at: number, field: CanonicalField): number {
  const start = at + canonicalFieldHead
  if (typeof field === "string") {
    assert(field.isWellFormed())
    return finishField(out, at, tag.string, out.write(field, start))
  }
  if (typeof field === "object") {
    out.set(field, start)
    return finishField(out, at, tag.bytes, field.length)
  }
  if (typeof field === "bigint") out.writeBigInt64BE(field, start)
  else writeInteger(out, start, field)
  return finishField(out, at, tag.integer, 8)
}

/** As a bigint would be written, without making one. */
function writeInteger(out: Buffer, at: number, value: number): void {
  assert(Number.isSafeInteger(value))
  out.writeInt32BE(Math.floor(value / 2 ** 32), at)
  out.writeUInt32BE(value >>> 0, at + 4)
}

function finishField(out: Buffer, at: number, kind: number, length: number): number {
  out[at] = kind
  out.writeUInt32BE(length, at + 1)
  return at + canonicalFieldHead + length
}
