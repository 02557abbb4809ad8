/** Timestamps (RFC 3161): which keys make them, and under which policy. */

import type { KeyAlgorithmId } from "./algorithms.ts"
import type { HashId } from "./hashes.ts"
import type { KeyId } from "./ids.ts"
import type { Caller, Grant } from "./principal.ts"

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

/** What a partition's officers say of its timestamps. */
export interface TimestampSettings {
  /** Makes them where a dialect does not name a key. */
  readonly key?: KeyId
  /** Numbers with dots between them; absent: {@link nodeClockPolicy}. */
  readonly policy?: string
  /** By how much the time may be wrong; absent: nothing is stated. */
  readonly accuracyMs?: number
}

/** For the log: the hash of what it is of, and the policy. */
export type TimestampNote = `${HashId} ${string}`

/** True for who may do nothing but get timestamps: his token may stand where others read it. */
export function getsTimestampsAlone({ roles, grants }: Pick<Caller, "roles" | "grants">): boolean {
  return (
    roles.every((role) => role === "user") && grants.length > 0 && grants.every(isForNothingElse)
  )
}

function isForNothingElse({ operations = [] }: Grant): boolean {
  return operations.length > 0 && operations.every((operation) => operation === "key.timestamp")
}
