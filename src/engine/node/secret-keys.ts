/** Secret keys: raw bytes of bounded length. */

import { createSecretKey } from "node:crypto"
import type { KeyAlgorithmId } from "../../domain/algorithms.ts"
import { malformed } from "../malformed.ts"
import type { KeyRow } from "../provider.ts"
import { randomBytes } from "../random.ts"
import { SecretBytes } from "../secret-bytes.ts"
import { plain, secretHalf, type NodeKey } from "./key.ts"

interface KeySize {
  readonly bytes: number
  readonly bytesMin?: number
  readonly bytesMax?: number
  readonly isWeak?: (key: Uint8Array) => boolean
}

function isZero(key: Uint8Array): boolean {
  return key.every((byte) => byte === 0)
}

/** SP 800-67 section 3.2: the three parts differ, in the seven bits of a byte that count. */
export function hasEqualParts(key: Uint8Array): boolean {
  const [one, two, three] = [0, 8, 16].map((at) =>
    key
      .slice(at, at + 8)
      .map((byte) => byte & 0xfe)
      .toHex(),
  )
  return one === two || two === three || one === three
}

/**
 * @param bytes - length of a new key.
 * @param bytesMin - shortest import; that length when absent.
 * @param bytesMax - longest import. For HMAC, between the hash's length and its block: a shorter
 * key is the weakest part (SP 800-107 section 5.3.4), a longer one is hashed first. For KMAC,
 * from the strength that it promises (SP 800-185 section 8.4.1) to its rate.
 * @param isWeak - imports that are refused.
 */
export function secretKeys(
  algorithm: KeyAlgorithmId,
  { bytes, bytesMin = bytes, bytesMax = bytes, isWeak = isZero }: KeySize,
): KeyRow<NodeKey> {
  return {
    lane: "fast",
    secretBytes: bytes,
    generate: async () => ({ material: new SecretBytes(randomBytes(bytes)) }),
    import: {
      raw: (given) => {
        if (given.length < bytesMin || given.length > bytesMax) {
          const range = bytesMin === bytesMax ? `${bytesMin}` : `${bytesMin} to ${bytesMax}`
          throw malformed("/material", `a key of ${algorithm} has ${range} bytes`)
        }
        if (isWeak(given)) throw malformed("/material", "a key of zeros or equal parts is no key")
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
