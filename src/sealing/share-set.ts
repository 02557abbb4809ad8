/**
 * What a node remembers of its cluster's master key: how many parts there are, how many it takes,
 * and a commitment to each part and to the key. Nothing in it is secret (each commitment hides 256
 * bits), and it lets a node refuse a wrong share at once, so that no stranger can spoil the
 * progress of the custodians. Whoever changes it on disk can only stop the node from unsealing: the
 * records in the store open under the true key alone. Format: docs/formats/share.md.
 */

import { HsmError } from "../domain/errors.ts"
import { parseId, type ClusterId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import { schemeIds, shapeProblem, type PartsShape } from "./parts.ts"
import { field, textFile } from "./text-file.ts"
import { commitTo, sameCommitment } from "./verification-pattern.ts"

const commitmentBytes = 32 // SHA-256.

/** The written form of an id: domain/ids.ts. */
const idField = field.text(/^[0-7][0-9a-hjkmnp-tv-z]{25}$/)

/** Fields that describe how a key was split; the same in a share set and in each share. */
export const shapeFields = {
  clusterId: idField,
  scheme: field.choice(schemeIds),
  threshold: field.integer(2, limits.sharesMax),
  total: field.integer(2, limits.sharesMax),
  keyCommitment: field.bytes(commitmentBytes),
} as const

const setFile = textFile("keyhold/share-set/v1", {
  ...shapeFields,
  partCommitments: field.list(field.bytes(commitmentBytes), 2, limits.sharesMax),
})

export interface ShareSet extends PartsShape {
  readonly clusterId: ClusterId
  /** SHA-256 commitments, 32 bytes each; a part's index counts from 1. */
  readonly keyCommitment: Uint8Array
  readonly partCommitments: readonly Uint8Array[]
}

/** Writes the node's `cluster.json`. */
export function renderShareSet(set: ShareSet): string {
  return setFile.render(set)
}

/**
 * Reads the node's `cluster.json`.
 *
 * @throws HsmError MALFORMED_REQUEST when it is no share set.
 */
export function parseShareSet(text: string): ShareSet {
  const { clusterId: idText, ...set } = setFile.parse(text)
  const clusterId = parseId<ClusterId>(idText)
  const problem = shapeProblem(set)
  if (clusterId === undefined || problem !== undefined) {
    throw new HsmError("MALFORMED_REQUEST", `not a share set: ${problem ?? "clusterId"}`)
  }
  if (set.partCommitments.length === set.total) return { clusterId, ...set }
  throw new HsmError("MALFORMED_REQUEST", "not a share set: one commitment per part")
}

/** True when `part` is the part of that index, counted from 1. In constant time for the part. */
export function isPartOf(set: ShareSet, index: number, part: Uint8Array): boolean {
  const expected = set.partCommitments[index - 1]
  if (expected === undefined) return false
  return sameCommitment(expected, commitTo("part", set.clusterId, part))
}

/** True when `key` is the cluster's master key. */
export function isKeyOf(set: ShareSet, key: Uint8Array): boolean {
  return sameCommitment(set.keyCommitment, commitTo("cluster-master-key", set.clusterId, key))
}
