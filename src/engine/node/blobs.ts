/** Blobs by node:crypto alone. */

import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto"

import {
  blobIvBytes,
  blobKeyBytes,
  blobSaltBytes,
  blobTagBytes,
  type BlobCipher,
} from "../blob-cipher.ts"

const gcm = { authTagLength: blobTagBytes } as const
const freshBytes = blobSaltBytes + blobIvBytes

export const nodeBlobs: BlobCipher = {
  deriveKeys: (ikm, salts, infos) => {
    const keys = new Uint8Array(infos.length * blobKeyBytes)
    for (const [index, info] of infos.entries()) {
      const at = index * blobKeyBytes
      keys.set(derive(ikm, salts.subarray(at, at + blobKeyBytes), info), at)
    }
    return keys
  },
  seal: (keys, { head, info }, fresh, inputs) =>
    inputs.map(({ aad, plaintext }, index) => {
      const at = keys.length === blobKeyBytes ? 0 : index * blobKeyBytes
      const own = fresh.subarray(index * freshBytes, (index + 1) * freshBytes)
      const derived = derive(
        keys.subarray(at, at + blobKeyBytes),
        own.subarray(0, blobSaltBytes),
        info,
      )
      const cipher = createCipheriv("aes-256-gcm", derived, own.subarray(blobSaltBytes), gcm)
      derived.fill(0)
      cipher.setAAD(Buffer.concat([head, aad]))
      const ciphertext = cipher.update(plaintext)
      cipher.final()
      return Buffer.concat([head, own, ciphertext, cipher.getAuthTag()])
    }),
  open: (key, { head, info }, aad, blob) => {
    const sealed = blob.subarray(head.length)
    const derived = derive(key, sealed.subarray(0, blobSaltBytes), info)
    try {
      const iv = sealed.subarray(blobSaltBytes, freshBytes)
      const decipher = createDecipheriv("aes-256-gcm", derived, iv, gcm)
      decipher.setAAD(Buffer.concat([blob.subarray(0, head.length), aad]))
      decipher.setAuthTag(sealed.subarray(sealed.length - blobTagBytes))
      const plaintext = decipher.update(sealed.subarray(freshBytes, sealed.length - blobTagBytes))
      decipher.final()
      return plaintext
    } catch {
      return undefined
    } finally {
      derived.fill(0)
    }
  },
}

function derive(key: Uint8Array, salt: Uint8Array, info: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", key, salt, info, blobKeyBytes))
}
