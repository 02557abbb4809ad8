/** The written form of ids (see domain/ids.ts): 16 bytes as 26 characters of base32, strictly. */

import { decodeBase32, encodeBase32 } from "./base32.ts"
import { CodecError } from "./error.ts"

const idBytes = 16

/**
 * Writes an id.
 *
 * @param bytes - exactly 16.
 */
export function encodeId(bytes: Uint8Array): string {
  if (bytes.length !== idBytes) throw new CodecError("", `an id has ${idBytes} bytes`)
  return encodeBase32(bytes)
}

/**
 * Reads an id: exactly one spelling per id.
 *
 * @throws {@link CodecError} for another length, upper case, and letters outside the alphabet.
 */
export function decodeId(text: string, field: string): Uint8Array {
  const bytes = decodeBase32(text, idBytes)
  if (bytes === undefined) throw new CodecError(field, "is not an id")
  return bytes
}
