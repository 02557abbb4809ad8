/**
 * An encryption context as bytes: what AWS's dialect authenticates beside a plaintext. One map has
 * one encoding, whatever order its pairs came in: docs/formats/encryption-context.md.
 */

import { CodecError } from "./error.ts"

const purpose = Buffer.from("keyhold/encryption-context/v1\0")

/**
 * Encodes a context; no pairs are no bytes.
 *
 * @throws {@link CodecError} for half of a surrogate pair, which has no UTF-8.
 */
export function encodeEncryptionContext(context: Readonly<Record<string, string>>): Uint8Array {
  const pairs = Object.entries(context).map(([name, value]) => [field(name), field(value)] as const)
  if (pairs.length === 0) return new Uint8Array(0)
  const sorted = pairs.toSorted(([left], [right]) => Buffer.compare(left, right))
  return new Uint8Array(Buffer.concat([purpose, ...sorted.flat()]))
}

/** A 32-bit big-endian length, and that many bytes of UTF-8. */
function field(text: string): Buffer {
  if (!text.isWellFormed()) throw new CodecError("/encryptionContext", "is not well-formed")
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
