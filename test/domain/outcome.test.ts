/** Several uses at once: each keeps its own outcome, and nothing waits that need not. */

import assert from "node:assert/strict"
import { test } from "node:test"

import { each, Failed, mapResults } from "../../src/domain/outcome.ts"

const odd = (item: number): number => {
  if (item % 2 === 0) throw new Error(`${item} is even`)
  return item
}

test("one that throws fails alone, and what needs no waiting does not wait", () => {
  const outcomes = each([1, 2, 3], odd)
  assert.deepEqual(outcomes, [1, new Failed(new Error("2 is even")), 3])
})

test("one that rejects fails alone, beside those that are there at once", async () => {
  const outcomes = each([1, 2, 3, 4], (item) => (item < 3 ? odd(item) : Promise.try(odd, item)))
  assert.ok(outcomes instanceof Promise)
  const even = [2, 4].map((item) => new Failed(new Error(`${item} is even`)))
  assert.deepEqual(await outcomes, [1, even[0], 3, even[1]])
})

test("results are rendered, failures stay what they are", () => {
  const failed = new Failed("why")
  assert.deepEqual(
    mapResults([1, failed], (result) => result * 10),
    [10, failed],
  )
})
