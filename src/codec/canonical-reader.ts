/**
 * Reads what `canonical` wrote, for whoever has to see what he signs. One byte string has one
 * meaning: what does not encode to the very same bytes again is refused.
 */

import { canonical, canonicalFieldHead, type CanonicalField } from "./canonical.ts"
import { CodecError } from "./error.ts"

export interface CanonicalStatement {
  readonly purpose: string
  readonly clusterId: string
  readonly fields: readonly CanonicalField[]
}

const labelPattern = /^keyhold\/([a-z0-9-]+)\/v1\0$/
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** @throws {@link CodecError} for anything that `canonical` does not write. */
export function readCanonical(bytes: Uint8Array): CanonicalStatement {
  const end = bytes.indexOf(0) + 1
  const label = Buffer.from(bytes.subarray(0, end)).toString("latin1")
  const [, purpose] = labelPattern.exec(label) ?? []
  if (purpose === undefined) throw refuse("does not begin like a statement of Keyhold")
  const [clusterId, ...fields] = readFields(bytes, end)
  if (typeof clusterId !== "string") throw refuse("names no cluster")
  const statement = { purpose, clusterId, fields }
  if (!Buffer.from(canonical(purpose, clusterId, ...fields)).equals(bytes)) {
    throw refuse("is not in the one form that it has")
  }
  return statement
}

function readFields(bytes: Uint8Array, from: number): CanonicalField[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const fields: CanonicalField[] = []
  for (let at = from; at < bytes.length;) {
    if (bytes.length - at < canonicalFieldHead) throw refuse("ends within a field")
    const length = view.getUint32(at + 1)
    const start = at + canonicalFieldHead
    if (length > bytes.length - start) throw refuse("ends within a field")
    fields.push(readField(bytes[at] ?? 0, bytes.subarray(start, start + length)))
    at = start + length
  }
  return fields
}

function readField(tag: number, content: Uint8Array): CanonicalField {
  const kind = String.fromCharCode(tag)
  if (kind === "b") return new Uint8Array(content)
  if (kind === "s") return decodeText(content)
  if (kind !== "i" || content.length !== 8) throw refuse("has a field of no known kind")
  const value = Buffer.from(content).readBigInt64BE()
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function decodeText(content: Uint8Array): string {
  try {
    return utf8.decode(content)
  } catch {
    throw refuse("holds a text that is not UTF-8")
  }
}

function refuse(message: string): CodecError {
  return new CodecError("", message)
}
