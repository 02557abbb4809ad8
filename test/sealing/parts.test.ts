import assert from "node:assert/strict"
import { test } from "node:test"

import * as fc from "fast-check"

import { SecretBytes } from "../../src/engine/secret-bytes.ts"
import { combineParts, shapeProblem, splitKey } from "../../src/sealing/parts.ts"
import { commitTo, sameCommitment, showPattern } from "../../src/sealing/verification-pattern.ts"
import { reveal, seededRandom } from "./ceremony-fixture.ts"

const master = seededRandom("parts").bytes(32)
const cluster = "0".repeat(26)

const shamirShape = fc
  .integer({ min: 2, max: 9 })
  .chain((total) =>
    fc.record({ total: fc.constant(total), threshold: fc.integer({ min: 2, max: total }) }),
  )
const xorShape = fc
  .integer({ min: 2, max: 3 })
  .map((total) => ({ scheme: "xor" as const, total, threshold: total }))
const anyShape = fc.oneof(
  shamirShape.map((shape) => ({ scheme: "shamir" as const, ...shape })),
  xorShape,
)

test("any m of n parts give the key back, and no m-1 of them match its pattern", async () => {
  const commitment = commitTo("cluster-master-key", cluster, master)
  const property = fc.asyncProperty(anyShape, fc.infiniteStream(fc.nat()), async (shape, dice) => {
    const key = new SecretBytes(Uint8Array.from(master))
    const parts = await splitKey(key, shape, seededRandom("pads"))
    assert.equal(parts.length, shape.total)
    const shuffled = parts
      .map((part) => ({ part, at: Number(dice.next().value) }))
      .toSorted((one, other) => one.at - other.at)
      .map(({ part }) => part)
    const enough = await combineParts(shape.scheme, shuffled.slice(0, shape.threshold))
    assert.deepEqual(reveal(enough), master)
    const few = shuffled.slice(0, shape.threshold - 1)
    if (shape.scheme === "shamir" && few.length === 1) {
      await assert.rejects(combineParts("shamir", few))
      return
    }
    const tooFew = await combineParts(shape.scheme, few)
    const found = tooFew.lend((bytes) => commitTo("cluster-master-key", cluster, bytes))
    assert(!sameCommitment(found, commitment))
  })
  await fc.assert(property, { numRuns: 60 })
})

test("combining leaves the parts as they were", async () => {
  const shape = { scheme: "xor", threshold: 2, total: 2 } as const
  const key = new SecretBytes(Uint8Array.from(master))
  const parts = await splitKey(key, shape, seededRandom("pads"))
  const before = parts.map(reveal)
  await combineParts("xor", parts)
  assert.deepEqual(parts.map(reveal), before)
  assert.deepEqual(reveal(key), master)
})

test("shapes that cannot be are named", () => {
  const refused = [
    [{ scheme: "shamir", threshold: 1, total: 3 }, /threshold is 2 to 3, not 1/],
    [{ scheme: "shamir", threshold: 4, total: 3 }, /threshold is 2 to 3, not 4/],
    [{ scheme: "shamir", threshold: 2, total: 256 }, /2 to 255 parts, not 256/],
    [{ scheme: "xor", threshold: 2, total: 3 }, /needs all 3 parts, not 2/],
    [{ scheme: "xor", threshold: 4, total: 4 }, /2 to 3 parts, not 4/],
    [{ scheme: "xor", threshold: 1, total: 1 }, /2 to 3 parts, not 1/],
  ] as const
  for (const [shape, reason] of refused) assert.match(shapeProblem(shape) ?? "", reason)
  assert.equal(shapeProblem({ scheme: "shamir", threshold: 2, total: 2 }), undefined)
  assert.equal(shapeProblem({ scheme: "xor", threshold: 3, total: 3 }), undefined)
})

test("a verification pattern is 16 hex digits and differs by kind, cluster and key bit", () => {
  const commitment = commitTo("cluster-master-key", cluster, master)
  assert.match(showPattern(commitment), /^[0-9a-f]{4}(-[0-9a-f]{4}){3}$/)
  assert.equal(showPattern(commitment).replaceAll("-", ""), commitment.toHex().slice(0, 16))
  const flipped = Uint8Array.from(master)
  flipped[31] = (flipped[31] ?? 0) ^ 1
  const others = [
    commitTo("part", cluster, master),
    commitTo("cluster-master-key", "1".repeat(26), master),
    commitTo("cluster-master-key", cluster, flipped),
  ]
  for (const other of others) assert(!sameCommitment(commitment, other))
  assert(sameCommitment(commitment, commitTo("cluster-master-key", cluster, master)))
  assert(!sameCommitment(commitment, commitment.subarray(0, 8)))
})
