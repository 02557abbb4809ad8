/** Ids in AWS's spelling: the same 16 bytes, written as a UUID (RFC 9562 section 4). */

import { CodecError } from "./error.ts"
import { decodeId, encodeId } from "./id-text.ts"

const uuidPattern = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/
const hexPattern = /^[0-9a-f]{32}$/

/**
 * 16 bytes with a UUID's version (4) and variant (RFC 9562 section 5.4): 122 bits stay as they are.
 * Terraform's provider looks at both before it asks KMS for a key, so new ids have them; that an id
 * which is read has them is asked nowhere.
 */
export function asUuidBytes(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, at) => {
    if (at === 6) return (byte & 0x0f) | 0x40
    return at === 8 ? (byte & 0x3f) | 0x80 : byte
  })
}

/** An id, given in its written form, as a UUID. */
export function uuidOf(id: string): string {
  return hexOf(id).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}

/** The same as 32 digits. */
export function hexOf(id: string): string {
  return decodeId(id, "/id").toHex()
}

/**
 * The id, in its written form, that a UUID in lower case stands for.
 *
 * @throws {@link CodecError} for anything else.
 */
export function idOfUuid(text: string): string {
  if (!uuidPattern.test(text)) throw new CodecError("/id", "is no UUID")
  return idOfHex(text.replaceAll("-", ""))
}

/** The same of 32 digits in lower case. */
export function idOfHex(text: string): string {
  if (!hexPattern.test(text)) throw new CodecError("/id", "is not 32 hexadecimal digits")
  return encodeId(Uint8Array.fromHex(text))
}
