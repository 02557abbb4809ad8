/**
 * The binary form of approval tokens in the TSB dialect: items of a 16-bit type, a 16-bit length
 * and a value, all little-endian, padded with zeros to four bytes; a frame is a 32-bit length,
 * which does not count itself, and items. docs/formats/ska-token.md.
 */

import { CodecError } from "./error.ts"

export interface TlvItem {
  readonly type: number
  /** At most {@link tlvValueMax} bytes. */
  readonly value: Uint8Array
}

/** What 16 bits of length can say. */
export const tlvValueMax = 0xffff
const headBytes = 4
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/**
 * Reads one frame that is all of `bytes`.
 *
 * @throws {@link CodecError} for anything that `writeFrame` does not write.
 */
export function readFrame(bytes: Uint8Array, field: string): TlvItem[] {
  if (bytes.length < headBytes || viewOf(bytes).getUint32(0, true) !== bytes.length - headBytes) {
    throw refuse(field, "does not have the length that it names")
  }
  const items: TlvItem[] = []
  const view = viewOf(bytes)
  for (let at = headBytes; at < bytes.length;) {
    if (bytes.length - at < headBytes) throw refuse(field, "ends within an item")
    const type = view.getUint16(at, true)
    const length = view.getUint16(at + 2, true)
    const start = at + headBytes
    const end = start + padded(length)
    if (end > bytes.length) throw refuse(field, "ends within an item")
    if (bytes.subarray(start + length, end).some((byte) => byte !== 0)) {
      throw refuse(field, "is not padded with zeros")
    }
    items.push({ type, value: bytes.subarray(start, start + length) })
    at = end
  }
  return items
}

/** @throws {@link CodecError} for a value that is too long for its length field. */
export function writeFrame(items: readonly TlvItem[], field: string): Uint8Array {
  const length = items.reduce((sum, { value }) => sum + headBytes + padded(value.length), headBytes)
  const out = new Uint8Array(length)
  const view = viewOf(out)
  view.setUint32(0, length - headBytes, true)
  let at = headBytes
  for (const { type, value } of items) {
    if (value.length > tlvValueMax) throw refuse(field, `is longer than ${tlvValueMax} bytes`)
    view.setUint16(at, type, true)
    view.setUint16(at + 2, value.length, true)
    out.set(value, at + headBytes)
    at += headBytes + padded(value.length)
  }
  return out
}

/** Takes items off a list, in the order that the format has. */
export class TlvReader {
  readonly #items: readonly TlvItem[]
  readonly #field: string
  #at = 0

  constructor(bytes: Uint8Array, field: string) {
    this.#items = readFrame(bytes, field)
    this.#field = field
  }

  /** The type of the next item; undefined at the end. */
  get next(): number | undefined {
    return this.#items[this.#at]?.type
  }

  /** @throws {@link CodecError} when the next item is of another type. */
  bytes(type: number): Uint8Array {
    const item = this.#items[this.#at++]
    if (item?.type !== type) throw refuse(this.#field, `lacks an item of type ${hex(type)}`)
    return item.value
  }

  text(type: number): string {
    const value = this.bytes(type)
    try {
      return utf8.decode(value)
    } catch {
      throw refuse(this.#field, "holds a text that is not UTF-8")
    }
  }

  uint32(type: number): number {
    const value = this.bytes(type)
    if (value.length !== 4) throw refuse(this.#field, `has an item ${hex(type)} of another size`)
    return viewOf(value).getUint32(0, true)
  }

  uint64(type: number): number {
    const value = this.bytes(type)
    const number = value.length === 8 ? Number(viewOf(value).getBigUint64(0, true)) : Infinity
    if (!Number.isSafeInteger(number)) throw refuse(this.#field, "names no time")
    return number
  }

  /** @throws {@link CodecError} when something follows. */
  end(): void {
    if (this.next !== undefined) throw refuse(this.#field, `has an item ${hex(this.next)} too many`)
  }
}

export function tlvText(type: number, text: string): TlvItem {
  return { type, value: Buffer.from(text) }
}

export function tlvUint32(type: number, number: number): TlvItem {
  const value = new Uint8Array(4)
  viewOf(value).setUint32(0, number, true)
  return { type, value }
}

export function tlvUint64(type: number, number: number): TlvItem {
  const value = new Uint8Array(8)
  viewOf(value).setBigUint64(0, BigInt(number), true)
  return { type, value }
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

function hex(type: number): string {
  return `0x${type.toString(16).padStart(4, "0")}`
}

function refuse(field: string, message: string): CodecError {
  return new CodecError(field, message)
}
