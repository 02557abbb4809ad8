/** Frames of the binary call: docs/formats/frame.md is their text. */

import { CodecError } from "./error.ts"

export const frameTags = {
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
export type FrameTag = keyof typeof frameTags

/** Length, number and kind. */
const headBytes = 9
/** The least that a length says: number and kind. */
const lengthMin = 5
/** As a request's body. */
export const frameBytesMax = 4 * 1024 * 1024
const fieldHead = 5

const names: readonly (FrameTag | undefined)[] = tagNames()

function tagNames(): (FrameTag | undefined)[] {
  const found: (FrameTag | undefined)[] = []
  // Object.entries of a literal yields exactly its keys.
  for (const [name, tag] of Object.entries(frameTags)) found[tag] = name as FrameTag
  return found
}

/** A frame's fields: views of the bytes that it came in. */
export type FrameFields = Partial<Record<FrameTag, Buffer>>

export interface Frame {
  readonly number: number
  /** Which call, or result or error. */
  readonly kind: number
  readonly fields: FrameFields
  /** Where the next one begins. */
  readonly end: number
}

/**
 * The frame that begins at `at`; undefined while it is not whole.
 *
 * @throws {@link CodecError} when it cannot become one.
 */
export function readFrame(bytes: Buffer, at: number): Frame | undefined {
  if (bytes.length - at < 4) return undefined
  const length = bytes.readUInt32BE(at)
  if (length < lengthMin || length > frameBytesMax) throw new CodecError("", "is no frame")
  const end = at + 4 + length
  if (bytes.length < end) return undefined
  return {
    number: bytes.readUInt32BE(at + 4),
    kind: bytes.readUInt8(at + 8),
    fields: readFields(bytes, at + headBytes, end),
    end,
  }
}

function readFields(bytes: Buffer, from: number, end: number): FrameFields {
  const fields: FrameFields = {}
  for (let at = from; at < end;) {
    if (end - at < fieldHead) throw new CodecError("", "has half a field")
    const name = names[bytes.readUInt8(at)]
    const start = at + fieldHead
    at = start + bytes.readUInt32BE(at + 1)
    if (name === undefined || name in fields || at > end) {
      throw new CodecError("", "has a field that is unknown, doubled or too long")
    }
    fields[name] = bytes.subarray(start, at)
  }
  return fields
}

/** What a field may be written from; numbers take four bytes. */
export type FrameValue = Uint8Array | string | number | undefined

/** Collects frames to send together. */
export class FrameWriter {
  #bytes = Buffer.allocUnsafe(16 * 1024)
  #length = 0

  /** True when nothing has been written since the last {@link take}. */
  get isEmpty(): boolean {
    return this.#length === 0
  }

  add(number: number, kind: number, fields: Partial<Record<FrameTag, FrameValue>>): void {
    const start = this.#length
    this.#reserve(headBytes)
    this.#length = start + headBytes
    for (const name in fields) {
      // Its names are tags.
      const value = fields[name as FrameTag]
      if (value !== undefined) this.#addField(frameTags[name as FrameTag], value)
    }
    this.#bytes.writeUInt32BE(this.#length - start - 4, start)
    this.#bytes.writeUInt32BE(number, start + 4)
    this.#bytes[start + 8] = kind
  }

  /** All that was added; the writer begins anew. */
  take(): Buffer {
    const bytes = this.#bytes.subarray(0, this.#length)
    this.#bytes = Buffer.allocUnsafe(16 * 1024)
    this.#length = 0
    return bytes
  }

  #addField(tag: number, value: Exclude<FrameValue, undefined>): void {
    const size = typeof value === "number" ? 4 : sizeOf(value)
    this.#reserve(fieldHead + size)
    const at = this.#length
    this.#bytes[at] = tag
    this.#bytes.writeUInt32BE(size, at + 1)
    if (typeof value === "number") this.#bytes.writeUInt32BE(value, at + fieldHead)
    else if (typeof value === "string") this.#bytes.write(value, at + fieldHead)
    else this.#bytes.set(value, at + fieldHead)
    this.#length = at + fieldHead + size
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}

function sizeOf(value: string | Uint8Array): number {
  return typeof value === "string" ? Buffer.byteLength(value) : value.length
}
