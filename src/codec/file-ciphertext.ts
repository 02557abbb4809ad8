/**
 * A file encrypted to a pair's public half, format 1: names key and version, and carries the public
 * half of the pair that was made for it alone. Layout: docs/formats/file.md.
 */

import { CodecError } from "./error.ts"
import { decodeId, encodeId } from "./id-text.ts"

const magic = [0x4b, 0x48, 0x46] as const // "KHF"
const formatByte = 1
const keyIdAt = 4
const versionAt = 20
const peerAt = 26
/** More than any public key that agrees: P-521's takes 158 bytes. */
const peerBytesMax = 512
export const fileTagBytes = 16

/** What such a file says in the clear. */
export interface FileHeader {
  /** Written form of the key's id. */
  readonly keyId: string
  /** 1 to 2^32 - 1. */
  readonly version: number
  /** Public half of the pair that was made for this file: SPKI DER, at most 512 bytes. */
  readonly peer: Uint8Array
}

/** All that stands before the ciphertext. @throws {@link CodecError} for what does not fit. */
export function encodeFileHeader({ keyId, version, peer }: FileHeader): Uint8Array {
  if (!Number.isInteger(version) || version < 1 || version > 0xffff_ffff) {
    throw new CodecError("/version", "is no version")
  }
  if (peer.length === 0 || peer.length > peerBytesMax) throw new CodecError("/peer", "is no key")
  const header = new Uint8Array(peerAt + peer.length)
  header.set(magic)
  header[3] = formatByte
  header.set(decodeId(keyId, "/keyId"), keyIdAt)
  const view = new DataView(header.buffer)
  view.setUint32(versionAt, version)
  view.setUint16(peerAt - 2, peer.length)
  header.set(peer, peerAt)
  return header
}

/**
 * Takes a file apart; all parts are views of `bytes`.
 *
 * @throws {@link CodecError} for another magic or format, version 0, and fewer bytes than header
 * and tag take.
 */
export function decodeFile(
  bytes: Uint8Array,
): FileHeader & { readonly header: Uint8Array; readonly body: Uint8Array } {
  if (magic.some((byte, at) => bytes[at] !== byte)) return refuse("is no encrypted file")
  if (bytes[3] !== formatByte) return refuse("has a format that this version does not know")
  if (bytes.length < peerAt) return refuse("is shorter than its header")
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const version = view.getUint32(versionAt)
  if (version === 0) return refuse("names no version")
  const bodyAt = peerAt + view.getUint16(peerAt - 2)
  const isWhole = bodyAt > peerAt && bodyAt - peerAt <= peerBytesMax
  if (!isWhole || bytes.length < bodyAt + fileTagBytes) return refuse("is shorter than it says")
  return {
    keyId: encodeId(bytes.subarray(keyIdAt, versionAt)),
    version,
    peer: bytes.subarray(peerAt, bodyAt),
    header: bytes.subarray(0, bodyAt),
    body: bytes.subarray(bodyAt),
  }
}

function refuse(why: string): never {
  throw new CodecError("/file", why)
}
