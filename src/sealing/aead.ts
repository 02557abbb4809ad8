/**
 * How everything in the store is sealed: one blob form, documented in docs/formats/sealed.md.
 *
 *   format 1 · suite 1 · oldest reader 1 · zero 1 · key generation 4 (big-endian)
 *   salt 16 · IV 12 · ciphertext · tag 16
 *
 * Suite 1: AES-256-GCM under HKDF-SHA-256(key, salt). A fresh key per blob leaves no limit on the
 * number of blobs sealed under one parent key (SP 800-38D section 8.3 counts per GCM key).
 */

import { decryptionFailed, HsmError } from "../domain/errors.ts"
import type { RandomSource } from "../domain/ports.ts"
import {
  blobIvBytes,
  blobSaltBytes,
  blobTagBytes,
  type BlobForm,
  type BlobInput,
} from "../engine/blob-cipher.ts"
import { blobCipher } from "../engine/blobs.ts"
import type { SecretBytes } from "../engine/secret-bytes.ts"

const format = 1
const suite = 1
const oldestReader = 1
const headBytes = 8
const freshBytes = blobSaltBytes + blobIvBytes
const overhead = headBytes + freshBytes + blobTagBytes
const info = Buffer.from("keyhold/blob/v1")

/** What a sealed blob says about itself in the clear; the AAD binds it. */
export interface BlobHead {
  /** Which generation of the parent key, or which epoch, it is sealed under. */
  readonly generation: number
}

/** Seals `plaintext`; only the same key and the same `aad` open it again. */
export function sealBlob(
  key: SecretBytes,
  random: RandomSource,
  { generation, ...blob }: BlobInput & BlobHead,
): Uint8Array {
  const [sealed] = sealBlobs(key, random, { generation, blobs: [blob] })
  if (sealed === undefined) throw new HsmError("INTERNAL", "a blob was not sealed")
  return sealed
}

/**
 * Seals each of them by itself, together.
 *
 * @param keys - 32 bytes for all, or for each, one behind the other.
 */
export function sealBlobs(
  keys: SecretBytes,
  random: RandomSource,
  { generation, blobs }: BlobHead & { readonly blobs: readonly BlobInput[] },
): Uint8Array[] {
  const head = Buffer.alloc(headBytes)
  head.set([format, suite, oldestReader, 0])
  head.writeUInt32BE(generation, 4)
  const fresh = random.bytes(blobs.length * freshBytes)
  return keys.lend((bytes) => blobCipher.seal(bytes, { head, info }, fresh, blobs))
}

/** Of a blob that is being opened only its own head counts; it is as long as this one. */
const anyHead: BlobForm = { head: new Uint8Array(headBytes), info }

/**
 * Opens a blob.
 *
 * @throws HsmError DECRYPTION_FAILED, the same for every reason.
 */
export function openBlob(key: SecretBytes, aad: Uint8Array, blob: Uint8Array): Buffer {
  readBlobHead(blob)
  const opened = key.lend((bytes) => blobCipher.open(bytes, anyHead, aad, blob))
  if (opened === undefined) throw decryptionFailed()
  return opened
}

/**
 * Reads the head of a blob without opening it.
 *
 * @throws HsmError DECRYPTION_FAILED when it is no blob; TAMPERED never: nothing is proven yet.
 */
export function readBlobHead(blob: Uint8Array): BlobHead {
  if (blob.length < overhead) throw decryptionFailed()
  if (blob[0] !== format || blob[1] !== suite) {
    const reader = blob[2] ?? 0
    if (reader <= oldestReader) throw decryptionFailed()
    throw new HsmError("STORE_UNAVAILABLE", "the record was written by a newer Keyhold")
  }
  const view = new DataView(blob.buffer, blob.byteOffset, headBytes)
  return { generation: view.getUint32(4) }
}
