/** Secret keys: raw bytes of bounded length. */

import { createSecretKey } from "node:crypto"
import type { KeyAlgorithmId } from "../../domain/algorithms.ts"
import { malformed } from "../malformed.ts"
import type { KeyRow } from "../provider.ts"
import { randomBytes } from "../random.ts"
import { SecretBytes } from "../secret-bytes.ts"
import { plain, secretHalf, type NodeKey } from "./key.ts"

/**
 * @param bytes - length of a new key.
 * @param bytesMax - longest import. For HMAC, between the hash's length and its block: a shorter
 * key is the weakest part (SP 800-107 section 5.3.4), a longer one is hashed first.
 */
export function secretKeys(
  algorithm: KeyAlgorithmId,
  { bytes, bytesMax = bytes }: { bytes: number; bytesMax?: number },
): KeyRow<NodeKey> {
  return {
    lane: "fast",
    generate: async () => ({ material: new SecretBytes(randomBytes(bytes)) }),
    import: {
      raw: (given) => {
        if (given.length < bytes || given.length > bytesMax) {
          const range = bytes === bytesMax ? `${bytes}` : `${bytes} to ${bytesMax}`
          throw malformed("/material", `a key of ${algorithm} has ${range} bytes`)
        }
        if (given.every((byte) => byte === 0)) {
          throw malformed("/material", "a key of zeros is no key")
        }
        return { material: new SecretBytes(given.slice()) }
      },
    },
    open: (material) => ({
      algorithm,
      lane: "fast",
      secret: material?.lend((raw) => createSecretKey(raw)),
      public: undefined,
    }),
    export: (key) => new SecretBytes(plain(secretHalf(key).export())),
  }
}
