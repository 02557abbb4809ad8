/** Bytes as hash-based signatures are put together from: numbers of fixed size, and a reader. */

import { createHash, hash as hashOnce } from "node:crypto"

/** Joins byte strings. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

/** Big-endian. */
export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

/** Big-endian. */
export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff)
}

/** The hash of what is joined, its first `bytes`. */
export type HashBytes = (data: Uint8Array) => Uint8Array

export function sha256(bytes: number): HashBytes {
  return (data) => hashOnce("sha256", data, "buffer").subarray(0, bytes)
}

export function shake256(outputLength: number): HashBytes {
  return (data) => createHash("shake256", { outputLength }).update(data).digest()
}

/** Takes a byte string apart; what is missing is an error of its own. */
export class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  take(count: number): Uint8Array {
    const end = this.#at + count
    if (end > this.#bytes.length) throw new RangeError("the signature or key is too short")
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  u32(): number {
    const four = this.take(4)
    return new DataView(four.buffer, four.byteOffset, 4).getUint32(0)
  }

  /** @throws RangeError unless everything has been taken. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new RangeError("something follows")
  }
}

/** The values of `w` bits that bytes consist of, the uppermost first. */
export function digits(bytes: Uint8Array, w: number): number[] {
  const perByte = 8 / w
  const mask = 2 ** w - 1
  return Array.from({ length: bytes.length * perByte }, (_, at) => {
    const byte = bytes[Math.floor(at / perByte)] ?? 0
    return (byte >> (8 - w * ((at % perByte) + 1))) & mask
  })
}
