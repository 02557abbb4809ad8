/** Keys wrapped under RSA: by OAEP itself, or by an AES key that goes ahead under OAEP. */

import type { WrapRow } from "../provider.ts"
import { randomBytes } from "../random.ts"
import { SecretBytes } from "../secret-bytes.ts"
import type { NodeKey } from "./key.ts"
import { kwpUnder } from "./key-wrap.ts"
import { modulusBytes } from "./rsa-encoding.ts"
import { oaep, type OaepHash } from "./rsa-oaep.ts"

const none = new Uint8Array()

/** RFC 8017 section 7.1, around the secret itself. */
export function oaepWrap(hash: OaepHash): WrapRow<NodeKey> {
  const { plaintextBytesMax, seal, open } = oaep(hash)
  return {
    fits: (bytes, key) => bytes > 0 && bytes <= plaintextBytesMax(key),
    wrap: (key, plaintext) => seal(key, { iv: none, aad: none, plaintext }),
    unwrap: async (key, ciphertext) =>
      new SecretBytes(await open(key, { iv: none, aad: none, ciphertext })),
  }
}

/** PKCS#11's CKM_RSA_AES_KEY_WRAP: a fresh AES-256 key by OAEP, then the secret by AES-KWP. */
export function rsaAesKwp(hash: OaepHash): WrapRow<NodeKey> {
  const { seal } = oaep(hash)
  return kwpUnder({
    headBytes: modulusBytes,
    send: (key) => {
      const plaintext = randomBytes(32)
      return {
        kek: new SecretBytes(plaintext),
        head: seal(key, { iv: none, aad: none, plaintext }),
      }
    },
    receive: oaepWrap(hash).unwrap,
  })
}
