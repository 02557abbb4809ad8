/** RSAES-OAEP (RFC 8017 section 7.1) with an empty label, and MGF1 over the same hash. */

import { constants, publicEncrypt, subtle } from "node:crypto"
import type { EncryptionRow } from "../provider.ts"
import { plain, publicHalf, secretHalf, type NodeKey } from "./key.ts"
import { modulusBytes, wholeCiphertext } from "./rsa-encoding.ts"

const hashes = {
  "SHA-1": { node: "sha1", bytes: 20 },
  "SHA-256": { node: "sha256", bytes: 32 },
  "SHA-384": { node: "sha384", bytes: 48 },
  "SHA-512": { node: "sha512", bytes: 64 },
} as const

export type OaepHash = keyof typeof hashes

/** One row per hash. */
export function oaep(
  hash: OaepHash,
): EncryptionRow<NodeKey> & Required<Pick<EncryptionRow<NodeKey>, "plaintextBytesMax">> {
  const { node: oaepHash, bytes: hashBytes } = hashes[hash]
  return {
    ivBytes: 0,
    aead: false,
    // RFC 8017 section 7.1.1, step 1b.
    plaintextBytesMax: (key) => modulusBytes(key) - 2 * hashBytes - 2,
    seal: (key, { plaintext }) =>
      plain(
        publicEncrypt(
          { key: publicHalf(key), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash },
          plaintext,
        ),
      ),
    // WebCrypto, because `privateDecrypt` has no form that leaves the event loop.
    open: async (key, { ciphertext }) => {
      const name = "RSA-OAEP"
      const whole = new Uint8Array(wholeCiphertext(key, ciphertext))
      const decryptor = secretHalf(key).toCryptoKey({ name, hash }, false, ["decrypt"])
      return new Uint8Array(await subtle.decrypt({ name }, decryptor, whole))
    },
  }
}
