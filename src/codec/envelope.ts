/**
 * The `.kh` file, format 1: content of any length under a data key that an HSM key wraps. This
 * module only frames; whoever encrypts uses AES-256-GCM per chunk, with the nonces and additional
 * data made here. Layout and reasons: docs/formats/envelope.md.
 */

import { CodecError } from "./error.ts"

const magic = [0x4b, 0x48, 0x45] as const // "KHE"
const formatByte = 1
const wrappedKeyAt = 6
/** Random per file; beside it stand a counter of four bytes and the last-chunk flag. */
export const noncePrefixBytes = 7
const nonceBytes = 12
/** Plaintext of every chunk but the last; as age and Tink's segments. */
export const chunkBytes = 64 * 1024
/** AES-GCM's tag at the end of every chunk. */
export const chunkTagBytes = 16
/** The longest wrapped key: far above what any suite makes, far below what would hurt to buffer. */
const wrappedKeyBytesMax = 4 * 1024
/** A reader needs at most this much to have the whole header. */
export const envelopeHeaderBytesMax = wrappedKeyAt + wrappedKeyBytesMax + noncePrefixBytes

export interface EnvelopeHeader {
  /** The data key as a Keyhold ciphertext (docs/formats/ciphertext.md). */
  readonly wrappedKey: Uint8Array
  /** 7 random bytes. */
  readonly noncePrefix: Uint8Array
}

/**
 * Writes a header: magic, format, length of the wrapped key, wrapped key, nonce prefix.
 *
 * @throws {@link CodecError} for an empty or overlong key and for another length of the prefix.
 */
export function encodeEnvelopeHeader({ wrappedKey, noncePrefix }: EnvelopeHeader): Uint8Array {
  const { length } = wrappedKey
  if (length === 0 || length > wrappedKeyBytesMax) {
    throw new CodecError("/wrappedKey", `has 1 to ${wrappedKeyBytesMax} bytes`)
  }
  if (noncePrefix.length !== noncePrefixBytes) {
    throw new CodecError("/noncePrefix", `has ${noncePrefixBytes} bytes`)
  }
  const header = new Uint8Array(wrappedKeyAt + length + noncePrefixBytes)
  header.set(magic)
  header[3] = formatByte
  new DataView(header.buffer).setUint16(4, length)
  header.set(wrappedKey, wrappedKeyAt)
  header.set(noncePrefix, wrappedKeyAt + length)
  return header
}

/**
 * Reads the header at the front of `bytes`.
 *
 * @returns the header and its length; undefined when `bytes` end before it does.
 * @throws {@link CodecError} when the file is no envelope, or of a later format.
 */
export function decodeEnvelopeHeader(
  bytes: Uint8Array,
): (EnvelopeHeader & { readonly length: number }) | undefined {
  if (magic.some((byte, at) => at < bytes.length && bytes[at] !== byte)) {
    throw new CodecError("", "is no Keyhold envelope")
  }
  if (bytes.length > 3 && bytes[3] !== formatByte) {
    throw new CodecError("", "has a format that this version does not know")
  }
  if (bytes.length < wrappedKeyAt) return undefined
  const keyLength = new DataView(bytes.buffer, bytes.byteOffset).getUint16(4)
  if (keyLength === 0 || keyLength > wrappedKeyBytesMax) {
    throw new CodecError("/wrappedKey", `has 1 to ${wrappedKeyBytesMax} bytes`)
  }
  const prefixAt = wrappedKeyAt + keyLength
  const length = prefixAt + noncePrefixBytes
  if (bytes.length < length) return undefined
  return {
    wrappedKey: bytes.slice(wrappedKeyAt, prefixAt),
    noncePrefix: bytes.slice(prefixAt, length),
    length,
  }
}

/**
 * The nonce of one chunk (STREAM, Hoang et al. 2015): unique per file, and the last chunk's differs
 * from that of the same chunk in the middle, so that files neither shrink nor grow.
 *
 * @param index - counts chunks from 0; at most 2^32 - 1, that is 256 TiB.
 */
export function chunkNonce(
  noncePrefix: Uint8Array,
  { index, last }: { readonly index: number; readonly last: boolean },
): Uint8Array {
  if (index > 0xffff_ffff) throw new CodecError("", "the content is too long")
  const nonce = new Uint8Array(nonceBytes)
  nonce.set(noncePrefix)
  new DataView(nonce.buffer).setUint32(noncePrefixBytes, index)
  nonce[nonceBytes - 1] = last ? 1 : 0
  return nonce
}

const purpose = new TextEncoder().encode("keyhold/envelope/v1")

/** Additional data of every chunk: purpose, then the whole header, so that no header is swapped. */
export function chunkAad(header: EnvelopeHeader): Uint8Array {
  const encoded = encodeEnvelopeHeader(header)
  const aad = new Uint8Array(purpose.length + encoded.length)
  aad.set(purpose)
  aad.set(encoded, purpose.length)
  return aad
}

export interface Chunk {
  readonly index: number
  readonly bytes: Uint8Array
  readonly last: boolean
}

/**
 * Cuts a stream into chunks of `size` bytes and marks the last one; holds one chunk and one piece
 * of the source at a time. Empty content is one empty last chunk; no other chunk is ever empty.
 *
 * @param size - {@link chunkBytes} to encrypt, with {@link chunkTagBytes} more to decrypt.
 */
export async function* splitChunks(
  source: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Chunk, void, void> {
  let held = new Uint8Array(size)
  let filled = 0
  let index = 0
  for await (const piece of source) {
    let rest = piece
    while (rest.length > 0) {
      // A full chunk leaves only when more follows: until then it may be the last.
      if (filled === size) {
        yield { index, bytes: held, last: false }
        index++
        held = new Uint8Array(size)
        filled = 0
      }
      const taken = rest.subarray(0, size - filled)
      held.set(taken, filled)
      filled += taken.length
      rest = rest.subarray(taken.length)
    }
  }
  yield { index, bytes: held.subarray(0, filled), last: true }
}
