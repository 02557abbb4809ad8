/** The two encodings of an ECDSA signature, r and s: DER (RFC 3279 section 2.2.3) and raw. */

import { CodecError } from "./error.ts"

/** From DER, as our own provider makes it, to r and s of `size` bytes each (IEEE P1363). */
export function ecdsaToRaw(der: Uint8Array, size: number): Uint8Array {
  const raw = new Uint8Array(2 * size)
  // SEQUENCE { INTEGER, INTEGER }; curves above 500 bits need a second byte for its length.
  let at = der[1] === 0x81 ? 3 : 2
  for (const end of [size, 2 * size]) {
    const length = der[at + 1] ?? 0
    const value = der.subarray(at + 2, at + 2 + length)
    const digits = value.subarray(value[0] === 0 ? 1 : 0)
    if (digits.length > size) throw new CodecError("/signature", "is not of this curve")
    raw.set(digits, end - digits.length)
    at += 2 + length
  }
  return raw
}

/** From r and s side by side to the one DER that they have. */
export function ecdsaFromRaw(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2
  const content = [...integer(raw.subarray(0, half)), ...integer(raw.subarray(half))]
  const long = content.length >= 0x80 ? [0x81] : []
  return Uint8Array.of(0x30, ...long, content.length, ...content)
}

/** The shortest form, with a zero before a set sign bit. */
function integer(digits: Uint8Array): number[] {
  const first = digits.findIndex((digit) => digit !== 0)
  const shortest = first < 0 ? [0] : [...digits.subarray(first)]
  const value = (shortest[0] ?? 0) >= 0x80 ? [0, ...shortest] : shortest
  return [0x02, value.length, ...value]
}
