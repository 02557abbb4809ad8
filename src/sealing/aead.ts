/**
 * How everything in the store is sealed: one blob form, documented in docs/formats/sealed.md.
 *
 *   format 1 · suite 1 · oldest reader 1 · zero 1 · key generation 4 (big-endian)
 *   salt 16 · IV 12 · ciphertext · tag 16
 *
 * Suite 1: AES-256-GCM under HKDF-SHA-256(key, salt). A fresh key per blob leaves no limit on the
 * number of blobs sealed under one parent key (SP 800-38D section 8.3 counts per GCM key).
 */

import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto"

import { decryptionFailed, HsmError } from "../domain/errors.ts"
import type { RandomSource } from "../domain/ports.ts"
import type { SecretBytes } from "../engine/secret-bytes.ts"

const format = 1
const suite = 1
const oldestReader = 1
const headBytes = 8
const saltBytes = 16
const ivBytes = 12
const tagBytes = 16
const overhead = headBytes + saltBytes + ivBytes + tagBytes

/** What a sealed blob says about itself in the clear; the AAD binds it. */
export interface BlobHead {
  /** Which generation of the parent key, or which epoch, it is sealed under. */
  readonly generation: number
}

/** Seals `plaintext`; only the same key and the same `aad` open it again. */
export function sealBlob(
  key: SecretBytes,
  random: RandomSource,
  blob: { readonly aad: Uint8Array; readonly plaintext: Uint8Array; readonly generation: number },
): Uint8Array {
  const head = Buffer.alloc(headBytes)
  head.set([format, suite, oldestReader, 0])
  head.writeUInt32BE(blob.generation, 4)
  const fresh = random.bytes(saltBytes + ivBytes)
  const salt = fresh.subarray(0, saltBytes)
  const iv = fresh.subarray(saltBytes)
  const derived = deriveKey(key, salt)
  const cipher = createCipheriv("aes-256-gcm", derived, iv, { authTagLength: tagBytes })
  derived.fill(0)
  cipher.setAAD(Buffer.concat([head, blob.aad]))
  const ciphertext = cipher.update(blob.plaintext)
  cipher.final()
  return Buffer.concat([head, salt, iv, ciphertext, cipher.getAuthTag()])
}

/**
 * Opens a blob.
 *
 * @throws HsmError DECRYPTION_FAILED, the same for every reason.
 */
export function openBlob(key: SecretBytes, aad: Uint8Array, blob: Uint8Array): Buffer {
  readBlobHead(blob)
  const salt = blob.subarray(headBytes, headBytes + saltBytes)
  const iv = blob.subarray(headBytes + saltBytes, headBytes + saltBytes + ivBytes)
  const derived = deriveKey(key, salt)
  try {
    const decipher = createDecipheriv("aes-256-gcm", derived, iv, { authTagLength: tagBytes })
    decipher.setAAD(Buffer.concat([blob.subarray(0, headBytes), aad]))
    decipher.setAuthTag(blob.subarray(blob.length - tagBytes))
    const plaintext = decipher.update(blob.subarray(overhead - tagBytes, blob.length - tagBytes))
    decipher.final()
    return plaintext
  } catch {
    throw decryptionFailed()
  } finally {
    derived.fill(0)
  }
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

function deriveKey(key: SecretBytes, salt: Uint8Array): Uint8Array {
  return key.lend((bytes) => new Uint8Array(hkdfSync("sha256", bytes, salt, "keyhold/blob/v1", 32)))
}
