import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"

import { CodecError } from "../../../src/codec/error.ts"
import { readItem, type Prepared } from "../../../src/faces/rest/endpoints.ts"
import { ItemReader } from "../../../src/faces/rest/items.ts"
import { api, id } from "./fixture.ts"

function endpoint(name: string): Prepared {
  return api.endpoints.find((one) => one.id === name) ?? assert.fail(name)
}

/** What reading answers, or what it says against the item. */
function answer(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    assert.ok(error instanceof CodecError)
    return `${error.field}: ${error.message}`
  }
}

const good = fc.constantFrom("", "AAAA", "AAE=", "AA==")
const bad = fc.constantFrom<unknown>("AAF=", "AA", "A A=", "A".repeat(88_000), 7, null, ["AAAA"])
/** Mostly what its validators take. */
const bytes = fc.oneof({ arbitrary: good, weight: 20 }, { arbitrary: bad, weight: 1 })
const shape = { noNullPrototype: true } as const
const encryption = fc.record(
  {
    key: fc.constantFrom("orders", "orders", id, ""),
    plaintext: bytes,
    aad: bytes,
    mechanism: fc.constantFrom("AES_GCM", "XAES_256_GCM"),
    raw: fc.constantFrom(true, false, false, "true"),
  },
  { ...shape, requiredKeys: ["key", "plaintext"] },
)
const signing = fc.record(
  { key: fc.constantFrom("orders", id), message: bytes, context: bytes, other: bytes },
  { ...shape, requiredKeys: ["key", "message"] },
)
const items = fc.array(
  fc.oneof(
    fc.tuple(fc.constantFrom("encrypt", "encrypt", "createKey"), encryption),
    fc.tuple(fc.constant("sign"), signing),
  ),
  { minLength: 1 },
)

test("items in any order are read as each would be by itself, or refused alike", () => {
  const counts = { read: 0, refused: 0 }
  const property = fc.property(items, (items) => {
    const reader = new ItemReader()
    // Every second one comes again with other bytes, as items of a batch do.
    const all = items.flatMap(([name, one]) => [
      [name, one] as const,
      [name, { ...one, plaintext: "AAAB" }] as const,
    ])
    for (const [name, one] of all) {
      const before = structuredClone(one)
      const expected = answer(() => readItem(endpoint(name), structuredClone(one), "/at"))
      assert.deepEqual(
        answer(() => reader.read(endpoint(name), one, "/at")),
        expected,
      )
      assert.deepEqual(one, before, "what was parsed is left as it is")
      counts[typeof expected === "string" ? "refused" : "read"]++
    }
  })
  fc.assert(property, { numRuns: 1_000 })
  assert.ok(counts.read > 1_000 && counts.refused > 1_000, JSON.stringify(counts))
})
