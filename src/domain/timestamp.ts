/** Timestamps (RFC 3161): which keys make them, and under which policy. */

import type { KeyAlgorithmId } from "./algorithms.ts"
import type { HashId } from "./hashes.ts"

/**
 * Keys that make timestamps, and the hash under their usual signatures: what OpenSSL, Java and
 * Windows all verify. Ed25519 is not among them: OpenSSL's `ts` does not know it.
 */
export const timestampKeys = {
  RSA_3072: "SHA_256",
  RSA_4096: "SHA_256",
  RSA_8192: "SHA_256",
  EC_P256: "SHA_256",
  EC_P384: "SHA_384",
  EC_P521: "SHA_512",
} as const satisfies Partial<Record<KeyAlgorithmId, HashId>>

/** Narrows an algorithm to those. */
export function isForTimestamps(
  algorithm: KeyAlgorithmId,
): algorithm is keyof typeof timestampKeys & KeyAlgorithmId {
  return Object.hasOwn(timestampKeys, algorithm)
}

/**
 * Keyhold's own policy, from a UUID (X.667): the node's clock, and nothing that is promised about
 * it. SECURITY.md says so at length.
 */
export const nodeClockPolicy = "2.25.132591384651155955344219708297329984733"

/** For the log: the hash of what is stamped, and the policy. */
export type TimestampNote = `${HashId} ${string}`
