/** Frames of the binary call, the client's side; docs/formats/frame.md is their text. */

import { KeyholdError } from "./errors.ts"

/** Fields by name, with their tags. */
const tags = {
  bearer: 1,
  partition: 2,
  key: 3,
  version: 4,
  mechanism: 5,
  plaintext: 6,
  ciphertext: 7,
  aad: 8,
  iv: 9,
  message: 10,
  signature: 11,
  messageType: 12,
  encoding: 13,
  context: 14,
  length: 15,
  flag: 16,
  code: 17,
  detail: 18,
  field: 19,
  rule: 20,
  retryAfter: 21,
  method: 22,
  path: 23,
  body: 24,
  status: 25,
} as const
export type Tag = keyof typeof tags
export type FieldValue = Uint8Array | string | number | undefined
export type Fields = Partial<Record<Tag, Buffer>>

const nameOf = new Map<number, Tag>(
  // Object.entries of a literal yields exactly its keys.
  Object.entries(tags).map(([name, tag]) => [tag, name as Tag]),
)
const headBytes = 9

/** One frame; numbers take four bytes. */
export function encodeFrame(
  number: number,
  kind: number,
  fields: Partial<Record<Tag, FieldValue>>,
): Buffer {
  const pieces: Uint8Array[] = [Buffer.alloc(headBytes)]
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue
    const bytes = bytesOf(value)
    const head = Buffer.alloc(5)
    head[0] = tags[name as Tag] // Its names are tags.
    head.writeUInt32BE(bytes.length, 1)
    pieces.push(head, bytes)
  }
  const frame = Buffer.concat(pieces)
  frame.writeUInt32BE(frame.length - 4, 0)
  frame.writeUInt32BE(number, 4)
  frame[8] = kind
  return frame
}

function bytesOf(value: Uint8Array | string | number): Uint8Array {
  if (typeof value !== "number") return typeof value === "string" ? Buffer.from(value) : value
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A node's answer. */
export interface AnswerFrame {
  readonly number: number
  readonly kind: number
  readonly fields: Fields
}

/** Takes bytes in, gives whole frames out. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0)

  /** @throws {@link KeyholdError} INVALID_RESPONSE */
  push(chunk: Buffer): AnswerFrame[] {
    const frames: AnswerFrame[] = []
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    let at = 0
    while (bytes.length - at >= headBytes) {
      const end = at + 4 + bytes.readUInt32BE(at)
      if (end > bytes.length) break
      const [number, kind] = [bytes.readUInt32BE(at + 4), bytes.readUInt8(at + 8)]
      frames.push({ number, kind, fields: readFields(bytes, at + headBytes, end) })
      at = end
    }
    this.#pending = bytes.subarray(at)
    return frames
  }
}

function readFields(bytes: Buffer, from: number, end: number): Fields {
  const fields: Fields = {}
  for (let at = from; at < end;) {
    const start = at + 5
    const length = start <= end ? bytes.readUInt32BE(at + 1) : Number.POSITIVE_INFINITY
    const name = nameOf.get(bytes.readUInt8(at))
    at = start + length
    if (at > end) throw new KeyholdError("INVALID_RESPONSE", "a frame's field is longer than it")
    if (name !== undefined) fields[name] = bytes.subarray(start, at) // Newer nodes may say more.
  }
  return fields
}
