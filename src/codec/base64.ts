/**
 * Text to bytes and back, strictly: one byte string has exactly one accepted spelling. A lenient
 * decoder would sign, or compare, something that the caller did not send.
 */

import { CodecError } from "./error.ts"

/**
 * Decodes padded base64 (RFC 4648 section 4).
 *
 * @param field - names the offending part in the error.
 * @throws {@link CodecError} for white space, foreign characters, missing or surplus padding, and
 * for bits of the last character that no byte carries.
 */
export function decodeBase64(text: string, field: string): Uint8Array {
  const { buffer, byteOffset, length } = Buffer.from(text, "base64")
  const bytes = new Uint8Array(buffer, byteOffset, length)
  // `Buffer.from` skips what it does not know; only the one spelling is written back the same.
  if (encodeBase64(bytes) !== text) throw notStrict(field, "base64")
  return bytes
}

/** Writes padded base64 (RFC 4648 section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64")
}

/**
 * Decodes unpadded base64url (RFC 4648 section 5, RFC 7515 section 2).
 *
 * @throws {@link CodecError} for anything but the one canonical spelling.
 */
export function decodeBase64Url(text: string, field: string): Uint8Array {
  const bytes = decodeOrRefuse(field, "base64url", () =>
    Uint8Array.fromBase64(text, { alphabet: "base64url", lastChunkHandling: "loose" }),
  )
  if (encodeBase64Url(bytes) !== text) throw notStrict(field, "base64url")
  return bytes
}

/** Writes unpadded base64url (RFC 4648 section 5). */
export function encodeBase64Url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true })
}

/**
 * Decodes hexadecimal (RFC 4648 section 8) of lower-case letters.
 *
 * @throws {@link CodecError} for upper case, foreign characters and half bytes.
 */
export function decodeHex(text: string, field: string): Uint8Array {
  const bytes = decodeOrRefuse(field, "lower-case hex", () => Uint8Array.fromHex(text))
  if (bytes.toHex() !== text) throw notStrict(field, "lower-case hex")
  return bytes
}

/** Writes lower-case hexadecimal. */
export function encodeHex(bytes: Uint8Array): string {
  return bytes.toHex()
}

function decodeOrRefuse(field: string, format: string, decode: () => Uint8Array): Uint8Array {
  try {
    return decode()
  } catch {
    throw notStrict(field, format)
  }
}

function notStrict(field: string, format: string): CodecError {
  return new CodecError(field, `is not strict ${format}`)
}
