/**
 * Access key ids, docs/formats/access-key.md: like a bearer token, one names its partition, so that
 * finding its owner needs no index across partitions.
 *
 * 30 characters of base32 (RFC 4648 section 6): the most that AWS takes for an XKS credential, from
 * the only alphabet that it takes. They hold the partition's 16 bytes and 22 bits of its own.
 */

import { CodecError } from "./error.ts"
import { decodeId, encodeId } from "./id-text.ts"

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
const length = 30
const serialBits = 22n
const pattern = /^[A-Z2-7]{30}$/

/** Serials are below this; each is used once in its partition. */
export const accessKeySerials = 2 ** Number(serialBits)

/**
 * Writes an access key id.
 *
 * @param partition - its id in written form.
 * @param serial - an integer from 0 to below {@link accessKeySerials}.
 */
export function encodeAccessKeyId(partition: string, serial: number): string {
  if (!Number.isInteger(serial) || serial < 0 || serial >= accessKeySerials) {
    throw new CodecError("/serial", "is no serial")
  }
  const bytes = decodeId(partition, "/partition")
  let value = (BigInt(`0x${bytes.toHex()}`) << serialBits) | BigInt(serial)
  let text = ""
  for (let digit = 0; digit < length; digit++) {
    text = alphabet.charAt(Number(value & 31n)) + text
    value >>= 5n
  }
  return text
}

/** The partition that an access key id names; undefined when it is none of ours. */
export function partitionOfAccessKey(text: string): string | undefined {
  if (!pattern.test(text)) return undefined
  let value = 0n
  for (const digit of text) value = (value << 5n) | BigInt(alphabet.indexOf(digit))
  const hex = (value >> serialBits).toString(16).padStart(32, "0")
  return encodeId(Uint8Array.fromHex(hex))
}
