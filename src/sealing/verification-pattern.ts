/**
 * Verification patterns: how people recognise a key that nobody may see. Custodians write them down
 * at the ceremony and compare them later.
 */

import { createHash, timingSafeEqual } from "node:crypto"

import { canonical } from "../codec/canonical.ts"

/** What a pattern is taken of; a part can never pass for the key it belongs to. */
export type PatternKind = "cluster-master-key" | "part" | "custodian-key"

/** Left 8 bytes, as IBM's CCA shows them: research, domain section 1.1. */
const patternBytes = 8

/**
 * The commitment to a key: SHA-256 of its canonical naming, 32 bytes. Only for keys of 128 bits of
 * entropy or more, since whoever sees it can test guesses.
 */
export function commitTo(kind: PatternKind, clusterId: string, key: Uint8Array): Uint8Array {
  const naming = canonical("verification-pattern", clusterId, kind, key)
  const commitment = createHash("sha256").update(naming).digest()
  naming.fill(0)
  return commitment
}

/** A commitment as people read it: four groups of four hexadecimal digits. */
export function showPattern(commitment: Uint8Array): string {
  const hex = commitment.subarray(0, patternBytes).toHex()
  return hex.replaceAll(/(.{4})(?=.)/g, "$1-")
}

/** Compares two commitments in constant time. */
export function sameCommitment(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}
