/** Random bytes: healthy ones flow, sick ones stop. */
import assert from "node:assert/strict"
import { randomFillSync } from "node:crypto"
import { test } from "node:test"
import {
  EntropyHealth,
  proportionCutoff,
  proportionWindow,
  repetitionCutoff,
} from "../../src/engine/entropy-health.ts"
import {
  dealing,
  pooledRandomBytes,
  Random,
  randomBytes,
  type EntropySource,
} from "../../src/engine/random.ts"

const healthy: EntropySource = {
  fill: (bytes) => randomFillSync(bytes),
  seed: (count) => randomFillSync(new Uint8Array(count)),
}

test("a source that repeats a byte one time too often raises the repetition alarm", () => {
  const health = new EntropyHealth()
  health.feed(new Uint8Array(repetitionCutoff - 1))
  health.feed(Uint8Array.of(1))
  assert.equal(health.alarm, undefined)
  health.feed(new Uint8Array(repetitionCutoff))
  assert.equal(health.alarm, "repetition count")
})

test("a biased source raises the proportion alarm at its cutoff, within one window", () => {
  assert.equal(afterWindow(proportionCutoff - 1).alarm, undefined)
  assert.equal(afterWindow(proportionCutoff).alarm, "adaptive proportion")
})

/** A window whose first byte occurs `equal` times, never twice in a row. */
function afterWindow(equal: number): EntropyHealth {
  const window = Uint8Array.from({ length: proportionWindow }, (_, at) => 1 + (at % 200))
  for (let index = 0; index < equal; index++) window[index * 3] = 0
  const health = new EntropyHealth()
  health.feed(window)
  return health
}

test("a megabyte of good output raises no alarm", () => {
  const health = new EntropyHealth()
  health.feed(randomFillSync(new Uint8Array(2 ** 20)))
  assert.equal(health.alarm, undefined)
})

test("a source that is stuck from the start refuses to start", () => {
  assert.throws(() => new Random({ ...healthy, seed: (count) => new Uint8Array(count) }), {
    code: "INTERNAL",
  })
  assert.throws(() => new Random({ ...healthy, fill: (bytes) => bytes.fill(7) }), {
    code: "INTERNAL",
  })
})

test("a source that sticks later gives nothing more, not even when it recovers", () => {
  let sick = false
  const random = new Random({
    ...healthy,
    fill: (bytes) => (sick ? bytes.fill(9) : randomFillSync(bytes)),
  })
  assert.equal(random.bytes(32).length, 32)
  sick = true
  assert.throws(() => random.bytes(32), { code: "INTERNAL" })
  sick = false
  assert.throws(() => random.bytes(32), { code: "INTERNAL" })
  assert.throws(() => random.pooled(12), { code: "INTERNAL" })
})

test("a kernel that sticks later is noticed when the pool is filled again", () => {
  let sick = false
  const random = new Random({
    ...healthy,
    seed: (count) => (sick ? new Uint8Array(count) : healthy.seed(count)),
  })
  random.pooled(12 * 1024)
  sick = true
  assert.throws(() => random.pooled(1), { code: "INTERNAL" })
})

test("pooled bytes are those of the source, each given out once and of its own memory", () => {
  let next = 0
  const counter: EntropySource = {
    ...healthy,
    fill: (bytes) => {
      for (let at = 0; at < bytes.length; at++) bytes[at] = next++ % 251
    },
  }
  const random = new Random(counter)
  const seen = [random.pooled(12), random.pooled(24), random.pooled(1)]
  const flat = Uint8Array.from(seen.flatMap((part) => [...part]))
  // The start-up test has drawn the first 1,024.
  const start = 1024 % 251
  assert.deepEqual(
    [...flat],
    Array.from({ length: 37 }, (_, at) => (start + at) % 251),
  )
  assert.ok(seen.every((part) => part.buffer.byteLength === part.length))
})

test("two draws differ", () => {
  assert.notDeepEqual(randomBytes(32), randomBytes(32))
  assert.notDeepEqual(pooledRandomBytes(24), pooledRandomBytes(24))
})

test("what is dealt out is one draw, each byte once, and never more than was drawn", () => {
  const draws: number[] = []
  const bytes = (count: number) => {
    draws.push(count)
    return Uint8Array.from({ length: count }, (_, at) => at)
  }
  const deal = dealing({ bytes }, 5)
  assert.deepEqual(
    [[...deal(2)], [...deal(3)]],
    [
      [0, 1],
      [2, 3, 4],
    ],
  )
  assert.deepEqual(draws, [5])
  assert.throws(() => deal(1))
})
