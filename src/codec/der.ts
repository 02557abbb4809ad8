/** DER (X.690 section 10), as far as key encodings need it: definite, shortest lengths alone. */

import { CodecError } from "./error.ts"

/** Tags of the universal class, with the bit that says constructed where it is. */
export const derTags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectId: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** One element; `content` is a view of what it was read from. */
export interface DerElement {
  readonly tag: number
  readonly content: Uint8Array
}

/**
 * Reads the elements that follow each other in `bytes`, to its end.
 *
 * @throws {@link CodecError} for lengths that are indefinite, not the shortest, or too long, and
 * for tags of more than one byte.
 */
export function readDer(bytes: Uint8Array, field: string): DerElement[] {
  const elements: DerElement[] = []
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at] ?? 0
    const { length, headBytes } = readLength(bytes.subarray(at + 1), field)
    const from = at + 1 + headBytes
    at = from + length
    if ((tag & 0x1f) === 0x1f || at > bytes.length) throw notDer(field)
    elements.push({ tag, content: bytes.subarray(from, at) })
  }
  return elements
}

/** The content of the first element, which must have `tag`. @throws {@link CodecError} */
export function derContent(
  element: DerElement | undefined,
  tag: number,
  field: string,
): Uint8Array {
  if (element?.tag !== tag) throw notDer(field)
  return element.content
}

/** The elements of a SEQUENCE. @throws {@link CodecError} */
export function derElements(element: DerElement | undefined, field: string): DerElement[] {
  return readDer(derContent(element, derTags.sequence, field), field)
}

/** An INTEGER that is not negative, in its shortest form. @throws {@link CodecError} */
export function derUnsigned(element: DerElement | undefined, field: string): bigint {
  const content = derContent(element, derTags.integer, field)
  const [first = 0x80, second = 0x80] = content
  if (first >= 0x80 || (first === 0 && content.length > 1 && second < 0x80)) throw notDer(field)
  return BigInt(`0x${content.toHex()}`)
}

/** One element around `parts`. */
export function writeDer(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const head = [tag, ...writeLength(length)]
  const bytes = new Uint8Array(head.length + length)
  bytes.set(head)
  let at = head.length
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** An INTEGER; `value` is not negative. */
export function writeDerUnsigned(value: bigint): Uint8Array {
  const digits = value.toString(16)
  const even = digits.length % 2 === 0 ? digits : `0${digits}`
  // A zero before a set sign bit.
  const hex = Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even
  return writeDer(derTags.integer, Uint8Array.fromHex(hex))
}

/** One element of a constructed, context-specific tag. */
export function explicit(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return writeDer(0xa0 + tag, ...parts)
}

/** A SEQUENCE. */
export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return writeDer(derTags.sequence, ...parts)
}

/** An OBJECT IDENTIFIER, from numbers with dots between them; a UUID's has 128 bits. */
export function writeDerObjectId(text: string): Uint8Array {
  const [first = 0n, second = 0n, ...rest] = text.split(".").map(BigInt)
  const bytes = [40n * first + second, ...rest].flatMap((arc) => {
    const digits = [Number(arc % 128n)]
    for (let left = arc / 128n; left > 0n; left /= 128n) {
      digits.unshift(0x80 + Number(left % 128n))
    }
    return digits
  })
  return writeDer(derTags.objectId, Uint8Array.from(bytes))
}

function readLength(
  bytes: Uint8Array,
  field: string,
): { readonly length: number; readonly headBytes: number } {
  const [first = 0x80] = bytes
  if (first < 0x80) return { length: first, headBytes: 1 }
  const headBytes = 1 + (first & 0x7f)
  // Three bytes reach 16 MiB: beyond every bound of ours.
  if (first === 0x80 || headBytes > 4 || bytes.length < headBytes) throw notDer(field)
  const length = bytes.subarray(1, headBytes).reduce((sum, byte) => sum * 256 + byte, 0)
  if (writeLength(length).length !== headBytes) throw notDer(field)
  return { length, headBytes }
}

function writeLength(length: number): number[] {
  if (length < 0x80) return [length]
  const digits: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256)
  return [0x80 + digits.length, ...digits]
}

function notDer(field: string): CodecError {
  return new CodecError(field, "is not DER of the expected form")
}
