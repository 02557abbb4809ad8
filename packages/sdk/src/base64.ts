/** Standard base64 with padding (RFC 4648 section 4): the API's spelling of bytes. */

import { KeyholdError } from "./errors.ts"

/** Writes base64. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64")
}

// Node has this from version 25 on; the declared type knows only that version.
const native = Reflect.get(Uint8Array, "fromBase64") as typeof Uint8Array.fromBase64 | undefined

/**
 * Reads base64 strictly: white space, foreign characters, missing padding and surplus bits are
 * refused.
 *
 * @throws {@link KeyholdError} INVALID_RESPONSE
 */
export function decodeBase64(text: string): Uint8Array {
  try {
    const bytes =
      native === undefined
        ? Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
        : native.call(Uint8Array, text, { lastChunkHandling: "strict" })
    // Both decoders skip white space, and `atob` more: only the canonical spelling has an equal.
    if (encodeBase64(bytes) === text) return bytes
  } catch {
    // Falls through to the refusal.
  }
  throw new KeyholdError("INVALID_RESPONSE", "bytes in an answer are not strict base64")
}
