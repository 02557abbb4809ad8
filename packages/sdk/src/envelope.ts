/**
 * The `.kh` file, format 1: content of any length under a data key that an HSM key wraps. Sealed
 * and opened chunk by chunk (STREAM, Hoang et al. 2015), in constant memory. The layout and its
 * reasons: docs/formats/envelope.md.
 */

import { createCipheriv, createDecipheriv, createHash } from "node:crypto"
import { KeyholdError } from "./errors.ts"

const magic = Buffer.from("KHE")
const formatByte = 1
/** Magic, format, and the length of the wrapped key. */
const wrappedKeyAt = 8
/** Far above what any suite makes of a data key, far below what would hurt to buffer. */
const wrappedKeyBytesMax = 4096
/** Random per file; beside it in a nonce stand a counter of four bytes and the last-chunk flag. */
export const noncePrefixBytes = 7
const nonceBytes = 12
/** Plaintext of every chunk but the last. */
export const chunkBytes = 64 * 1024
/** AES-GCM's tag at the end of every chunk. */
export const tagBytes = 16
/** AES-256. */
export const dataKeyBytes = 32
/** The counter has 32 bits: 256 TiB. */
const chunksMax = 2 ** 32

const purpose = Buffer.from("keyhold/envelope/v1")
const algorithm = "aes-256-gcm"

/** Bytes in pieces of any size: a Node stream, a web stream, an array, a generator. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** What one file is sealed with; nothing of it may ever serve a second file. */
export interface EnvelopeKey {
  /** {@link dataKeyBytes} bytes. */
  readonly dataKey: Uint8Array
  /** The same, as a ciphertext that the HSM opens. */
  readonly wrappedKey: Uint8Array
  /** {@link noncePrefixBytes} random bytes. */
  readonly noncePrefix: Uint8Array
}

/**
 * Seals `source`; yields the header first, then a piece per chunk.
 *
 * @param aad - bound to every chunk; whoever opens must name the same. May be empty.
 */
export async function* sealEnvelope(
  source: ByteSource,
  { dataKey, wrappedKey, noncePrefix }: EnvelopeKey,
  aad: Uint8Array,
): AsyncGenerator<Uint8Array, void, void> {
  const header = encodeHeader(wrappedKey, noncePrefix)
  const bound = chunkAad(header, aad)
  yield header
  for await (const { index, bytes, last } of splitChunks(source, chunkBytes)) {
    const nonce = chunkNonce(noncePrefix, index, last)
    const cipher = createCipheriv(algorithm, dataKey, nonce, { authTagLength: tagBytes })
    cipher.setAAD(bound)
    const sealed = cipher.update(bytes)
    cipher.final()
    yield Buffer.concat([sealed, cipher.getAuthTag()])
  }
}

/**
 * Opens what {@link sealEnvelope} made; yields a chunk only once it has been verified.
 *
 * The end of the file is proven by the last chunk alone: what came before is authentic, but only
 * when the iteration ends without an error is it complete.
 *
 * @param unwrap - opens the wrapped data key.
 * @throws {@link KeyholdError} NOT_AN_ENVELOPE, ENVELOPE_DAMAGED, and what `unwrap` throws.
 */
export async function* openEnvelope(
  source: ByteSource,
  unwrap: (wrappedKey: Uint8Array) => Promise<Uint8Array>,
  aad: Uint8Array,
): AsyncGenerator<Uint8Array, void, void> {
  const pieces = iterate(source)
  let dataKey: Uint8Array | undefined
  try {
    const { header, remainder } = await readHeader(pieces)
    const keyEnd = header.length - noncePrefixBytes
    const noncePrefix = header.subarray(keyEnd)
    dataKey = await unwrap(header.subarray(wrappedKeyAt, keyEnd))
    if (dataKey.length !== dataKeyBytes) throw damaged("its data key has the wrong length")
    const bound = chunkAad(header, aad)
    const content = prepend(remainder, pieces)
    for await (const { index, bytes, last } of splitChunks(content, chunkBytes + tagBytes)) {
      yield openChunk(bytes, dataKey, chunkNonce(noncePrefix, index, last), bound, index === 0)
    }
  } finally {
    dataKey?.fill(0)
    // A source that was not read to its end, a file for instance, is closed.
    await pieces.return()
  }
}

/** True when `bytes` begin as an envelope does. */
export function isEnvelope(bytes: Uint8Array): boolean {
  return bytes.length >= magic.length && magic.every((byte, at) => bytes[at] === byte)
}

function openChunk(
  bytes: Uint8Array,
  dataKey: Uint8Array,
  nonce: Uint8Array,
  bound: Uint8Array,
  first: boolean,
): Uint8Array {
  const tagAt = bytes.length - tagBytes
  // Only an empty file has an empty chunk: each content has one spelling.
  if (tagAt < 0 || (tagAt === 0 && !first)) throw damaged("it is cut off")
  const decipher = createDecipheriv(algorithm, dataKey, nonce, { authTagLength: tagBytes })
  decipher.setAAD(bound)
  decipher.setAuthTag(bytes.subarray(tagAt))
  const plaintext = decipher.update(bytes.subarray(0, tagAt))
  try {
    decipher.final()
  } catch {
    plaintext.fill(0)
    throw damaged("a part was changed, moved, added or cut off, or the additional data differs")
  }
  return plaintext
}

function encodeHeader(wrappedKey: Uint8Array, noncePrefix: Uint8Array): Uint8Array {
  if (wrappedKey.length === 0 || wrappedKey.length > wrappedKeyBytesMax) {
    throw new KeyholdError("INVALID_RESPONSE", "the wrapped data key has an impossible length")
  }
  const head = Buffer.alloc(wrappedKeyAt)
  magic.copy(head)
  head[3] = formatByte
  head.writeUInt32BE(wrappedKey.length, 4)
  return Buffer.concat([head, wrappedKey, noncePrefix])
}

/** Takes the header off a source, and what came in one piece with its end. */
async function readHeader(
  pieces: AsyncGenerator<Uint8Array, void, void>,
): Promise<{ header: Uint8Array; remainder: Uint8Array }> {
  let head: Uint8Array = new Uint8Array()
  let length: number | undefined
  while (length === undefined || head.length < length) {
    const next = await pieces.next()
    if (next.done === true) {
      throw isEnvelope(head) ? damaged("it is cut off") : notAnEnvelope("is no Keyhold envelope")
    }
    head = Buffer.concat([head, next.value])
    length = headerLength(head)
  }
  return { header: head.subarray(0, length), remainder: head.subarray(length) }
}

/** The header's length, once `head` is long enough to tell. */
function headerLength(head: Uint8Array): number | undefined {
  if (magic.some((byte, at) => at < head.length && head[at] !== byte)) {
    throw notAnEnvelope("is no Keyhold envelope")
  }
  if (head.length > 3 && head[3] !== formatByte) {
    throw notAnEnvelope("has a format that this version does not know")
  }
  if (head.length < wrappedKeyAt) return undefined
  const keyLength = new DataView(head.buffer, head.byteOffset).getUint32(4)
  if (keyLength === 0 || keyLength > wrappedKeyBytesMax) throw damaged("its header is impossible")
  return wrappedKeyAt + keyLength + noncePrefixBytes
}

/** Additional data of every chunk: no header can be swapped, no caller's data left out. */
function chunkAad(header: Uint8Array, aad: Uint8Array): Uint8Array {
  return Buffer.concat([purpose, sha256(header), sha256(aad)])
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest()
}

/** The last chunk's flag makes its nonce unlike that of the same chunk in the middle of a file. */
function chunkNonce(prefix: Uint8Array, index: number, last: boolean): Uint8Array {
  if (index >= chunksMax) throw damaged("it is longer than the format allows")
  const nonce = Buffer.alloc(nonceBytes)
  nonce.set(prefix)
  nonce.writeUInt32BE(index, noncePrefixBytes)
  nonce[nonceBytes - 1] = last ? 1 : 0
  return nonce
}

interface Chunk {
  /** Counts from 0. */
  readonly index: number
  /** Overwritten when the next chunk is asked for. */
  readonly bytes: Uint8Array
  readonly last: boolean
}

/** Cuts a source into chunks of `size` bytes, the last one shorter, and marks it. */
async function* splitChunks(source: ByteSource, size: number): AsyncGenerator<Chunk, void, void> {
  const held = new Uint8Array(size)
  let filled = 0
  let index = 0
  for await (const piece of source) {
    let rest = piece
    while (rest.length > 0) {
      // A full chunk leaves only when more follows: until then it may be the last.
      if (filled === size) {
        yield { index, bytes: held, last: false }
        index++
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

async function* iterate(source: ByteSource): AsyncGenerator<Uint8Array, void, void> {
  yield* source
}

async function* prepend(
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void, void>,
): AsyncGenerator<Uint8Array, void, void> {
  yield first
  yield* rest
}

function damaged(reason: string): KeyholdError {
  return new KeyholdError("ENVELOPE_DAMAGED", `the envelope does not open: ${reason}`)
}

function notAnEnvelope(reason: string): KeyholdError {
  return new KeyholdError("NOT_AN_ENVELOPE", `the content ${reason}`)
}
