/** Blobs by the addon: one call, and one piece of memory, for all of them. */

import { blobIvBytes, blobSaltBytes, blobTagBytes, type BlobCipher } from "../blob-cipher.ts"
import type { Addon } from "./addon.ts"

const overhead = blobSaltBytes + blobIvBytes + blobTagBytes

export function nativeBlobs(addon: Addon): BlobCipher {
  return {
    deriveKeys: (ikm, salts, infos) => {
      const lengths = Uint32Array.from(infos, ({ length }) => length)
      return addon.deriveKeys(ikm, salts, Buffer.concat(infos), lengths)
    },
    seal: (keys, { head, info }, fresh, inputs) => {
      const lengths = Uint32Array.from(
        inputs.flatMap(({ aad, plaintext }) => [aad.length, plaintext.length]),
      )
      const aads = Buffer.concat(inputs.map(({ aad }) => aad))
      const plaintexts = Buffer.concat(inputs.map(({ plaintext }) => plaintext))
      const sealed = addon.sealBlobs(keys, info, head, fresh, aads, plaintexts, lengths)
      plaintexts.fill(0)
      let end = 0
      return inputs.map(({ plaintext }) => {
        const start = end
        end += head.length + overhead + plaintext.length
        return sealed.subarray(start, end)
      })
    },
    open: (key, { head, info }, aad, blob) => {
      const opened = addon.openBlob(key, info, head.length, aad, blob)
      return opened && Buffer.from(opened.buffer)
    },
  }
}
