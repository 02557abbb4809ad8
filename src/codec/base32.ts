/**
 * Crockford's base32 in lower case, for what people copy: ids and tokens. Strict, one text per
 * value: no upper case, no look-alikes (i, l, o, u), no padding, no hyphens.
 *
 * Bytes are read as one big-endian number and written with as many digits as its length needs; the
 * spare bits of the first digit are zero. So 16 bytes are the 26 characters of an id.
 */

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
const digitBits = 5

/** Value by character code; 255 where there is none. */
const values = new Uint8Array(128).fill(255)
for (const [value, digit] of alphabet.split("").entries()) values[digit.charCodeAt(0)] = value

/** Number of characters that `count` bytes are written with. */
export function base32Length(count: number): number {
  return Math.ceil((count * 8) / digitBits)
}

/** Writes bytes as {@link base32Length} characters. */
export function encodeBase32(bytes: Uint8Array): string {
  let text = ""
  let pending = 0
  let bits = base32Length(bytes.length) * digitBits - bytes.length * 8
  for (const byte of bytes) {
    pending = (pending << 8) | byte
    bits += 8
    while (bits >= digitBits) {
      bits -= digitBits
      text += alphabet.charAt((pending >>> bits) & 31)
    }
    pending &= (1 << bits) - 1
  }
  return text
}

/** Reads exactly `count` bytes; undefined when `text` is not the one text that stands for them. */
export function decodeBase32(text: string, count: number): Uint8Array | undefined {
  const length = base32Length(count)
  if (text.length !== length) return undefined
  const bytes = new Uint8Array(count)
  let at = 0
  let pending = 0
  let bits = count * 8 - length * digitBits
  for (let index = 0; index < length; index++) {
    const value = values[text.charCodeAt(index)] ?? 255
    if (value === 255) return undefined
    pending = (pending << digitBits) | value
    bits += digitBits
    // Only the first digit has spare bits: what exceeds its own must be zero.
    if (index === 0 && pending >>> bits !== 0) return undefined
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = pending >>> bits
    pending &= (1 << bits) - 1
  }
  return bytes
}
