import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { canonical, type CanonicalField } from "../../src/codec/canonical.ts"

const field: fc.Arbitrary<CanonicalField> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.maxSafeInteger(),
  fc.uint8Array({ maxLength: 40 }),
)

/** What tells two fields apart: their kind and value, spelled without the encoder. */
function spell(value: CanonicalField): string {
  if (typeof value === "object") return `bytes ${value.toHex()}`
  return `${typeof value} ${String(value === 0 ? 0 : value)} ${JSON.stringify(String(value))}`
}

test("an encoding is the label, then cluster and fields with tag and length", () => {
  const bytes = canonical("audit-leaf", "c1", "é", 258, Uint8Array.of(7))
  const expected = [
    Buffer.from("keyhold/audit-leaf/v1\0").toString("hex"),
    "73000000026331",
    "7300000002c3a9",
    "69000000080000000000000102",
    "620000000107",
  ].join("")
  assert.equal(bytes.toHex(), expected)
})

test("a number and a bigint of the same value encode the same, below zero too", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      assert.deepEqual(canonical("x", "c", value), canonical("x", "c", BigInt(value)))
    }),
  )
  assert.notDeepEqual(canonical("x", "c", -5), canonical("x", "c", 5))
})

test("different fields, clusters or purposes never share an encoding", () => {
  fc.assert(
    fc.property(fc.array(field), fc.array(field), (left, right) => {
      const same =
        left.map(spell).join("|") === right.map(spell).join("|") && left.length === right.length
      const equal =
        Buffer.compare(canonical("p", "c", ...left), canonical("p", "c", ...right)) === 0
      assert.equal(equal, same)
    }),
  )
  assert.notDeepEqual(canonical("p", "ab", "c"), canonical("p", "a", "bc"))
  assert.notDeepEqual(canonical("p", "c"), canonical("q", "c"))
  assert.notDeepEqual(canonical("p", "c", "1"), canonical("p", "c", 1))
})

test("ill-formed text, unsafe integers and odd purposes are bugs", () => {
  assert.throws(() => canonical("p", "c", "\ud800"), assert.AssertionError)
  assert.throws(() => canonical("p", "c", 2 ** 53), assert.AssertionError)
  assert.throws(() => canonical("p", "c", 0.5), assert.AssertionError)
  assert.throws(() => canonical("p", "c", 2n ** 63n), RangeError)
  assert.throws(() => canonical("P/x", "c"), assert.AssertionError)
})
