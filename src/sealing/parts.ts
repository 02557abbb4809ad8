/** How a master key becomes parts and parts become the key again: one row per scheme. */

import assert from "node:assert/strict"

import { combine, split } from "shamir-secret-sharing"

import type { RandomSource } from "../domain/ports.ts"
import { limits } from "../domain/limits.ts"
import { SecretBytes } from "../engine/secret-bytes.ts"

export const schemeIds = ["shamir", "xor"] as const
export type SchemeId = (typeof schemeIds)[number]

/** `threshold` of `total` parts give the key back. */
export interface PartsShape {
  readonly scheme: SchemeId
  readonly threshold: number
  readonly total: number
}

/** Every master key is 32 bytes: AES-256 and HKDF-SHA-256 at full strength. */
export const masterKeyBytes = 32

interface SchemeRow {
  readonly totalMax: number
  /** XOR needs every part. */
  readonly needsAll: boolean
  readonly partBytes: number
  readonly split: (
    key: Uint8Array,
    shape: PartsShape,
    random: RandomSource,
  ) => Promise<Uint8Array[]>
  readonly combine: (parts: Uint8Array[]) => Promise<Uint8Array>
}

/** The schemes. No part set smaller than the threshold says anything about the key. */
export const schemes: Readonly<Record<SchemeId, SchemeRow>> = {
  /** Shamir over GF(2^8); the last byte is the x coordinate. Audited library: ADR 0060. */
  shamir: {
    totalMax: limits.sharesMax,
    needsAll: false,
    partBytes: masterKeyBytes + 1,
    split: (key, { total, threshold }) => split(key, total, threshold),
    combine,
  },
  /** Two or three parts, as the key-part ceremonies of hardware modules have them. */
  xor: {
    totalMax: 3,
    needsAll: true,
    partBytes: masterKeyBytes,
    split: async (key, { total }, random) => {
      const pads = Array.from({ length: total - 1 }, () => random.bytes(key.length))
      return [xorAll([key, ...pads]), ...pads]
    },
    combine: async (parts) => xorAll(parts),
  },
}

/** Why a shape cannot be; undefined when it can. */
export function shapeProblem({ scheme, threshold, total }: PartsShape): string | undefined {
  const { totalMax, needsAll } = schemes[scheme]
  if (total < 2 || total > totalMax) return `${scheme} takes 2 to ${totalMax} parts, not ${total}`
  if (needsAll && threshold !== total) return `${scheme} needs all ${total} parts, not ${threshold}`
  if (threshold < 2 || threshold > total) return `a threshold is 2 to ${total}, not ${threshold}`
  return undefined
}

/** Splits a master key; the shape has been checked with {@link shapeProblem}. */
export async function splitKey(
  key: SecretBytes,
  shape: PartsShape,
  random: RandomSource,
): Promise<readonly SecretBytes[]> {
  assert.equal(key.length, masterKeyBytes)
  assert.equal(shapeProblem(shape), undefined)
  const parts = await key.lend((bytes) => schemes[shape.scheme].split(bytes, shape, random))
  return parts.map((part) => new SecretBytes(part))
}

/**
 * Combines distinct parts. Any parts of the right size give *some* key: the caller compares its
 * commitment before any use.
 */
export async function combineParts(
  scheme: SchemeId,
  parts: readonly SecretBytes[],
): Promise<SecretBytes> {
  const copies = parts.map((part) => part.lend((bytes) => new Uint8Array(bytes)))
  try {
    return new SecretBytes(await schemes[scheme].combine(copies))
  } finally {
    for (const copy of copies) copy.fill(0)
  }
}

function xorAll(parts: readonly Uint8Array[]): Uint8Array {
  const sum = new Uint8Array(masterKeyBytes)
  for (const part of parts) {
    assert.equal(part.length, sum.length)
    for (const [index, byte] of part.entries()) sum[index] = (sum[index] ?? 0) ^ byte
  }
  return sum
}
