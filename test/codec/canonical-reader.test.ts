import assert from "node:assert/strict"
import { test } from "node:test"

import * as fc from "fast-check"

import { readCanonical } from "../../src/codec/canonical-reader.ts"
import { canonical } from "../../src/codec/canonical.ts"
import { CodecError } from "../../src/codec/error.ts"

const field = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.maxSafeInteger(),
  fc.uint8Array({ maxLength: 40 }),
)
const statements = fc.record({
  purpose: fc.constantFrom("approval", "audit-leaf", "a-1"),
  clusterId: fc.string({ unit: "grapheme" }),
  fields: fc.array(field, { maxLength: 6 }),
})

/** As a reader's bytes are: a copy, not the very array. */
const plain = (fields: readonly unknown[]) =>
  fields.map((one) => (one instanceof Uint8Array ? Buffer.from(one) : one))

test("what is written is read back, whatever the fields are", () => {
  fc.assert(
    fc.property(statements, ({ purpose, clusterId, fields }) => {
      const read = readCanonical(canonical(purpose, clusterId, ...fields))
      assert.deepEqual([read.purpose, read.clusterId], [purpose, clusterId])
      assert.deepEqual(plain(read.fields), plain(fields))
    }),
    { numRuns: 1_000 },
  )
})

test("a bit that is flipped means something else, or nothing at all", () => {
  fc.assert(
    fc.property(statements, fc.nat(), ({ purpose, clusterId, fields }, where) => {
      const bytes = canonical(purpose, clusterId, ...fields)
      const bit = where % (8 * bytes.length)
      const at = Math.floor(bit / 8)
      const other = bytes.with(at, (bytes[at] ?? 0) ^ (1 << (bit % 8)))
      try {
        const read = readCanonical(other)
        assert.notDeepEqual(
          [read.purpose, read.clusterId, ...plain(read.fields)],
          [purpose, clusterId, ...plain(fields)],
        )
      } catch (error) {
        assert.ok(error instanceof CodecError)
      }
    }),
    { numRuns: 2_000 },
  )
})

const good = canonical("approval", "c1", "text", 7, Uint8Array.of(1))

// What is wrong with it, and the bytes.
const broken: readonly (readonly [string, Uint8Array])[] = [
  ["nothing", new Uint8Array()],
  ["another prefix", Buffer.from("keyhole/approval/v1\0")],
  ["no cluster", Buffer.from("keyhold/approval/v1\0")],
  ["a field cut short", good.subarray(0, -1)],
  ["a head cut short", good.subarray(0, -4)],
  ["something behind it", Buffer.concat([good, Buffer.of(0)])],
  ["a field of no kind", Buffer.concat([good, Buffer.of(0x78, 0, 0, 0, 0)])],
  ["an integer of four bytes", Buffer.concat([good, Buffer.of(0x69, 0, 0, 0, 4, 0, 0, 0, 1)])],
  ["a text that is not UTF-8", Buffer.concat([good, Buffer.of(0x73, 0, 0, 0, 1, 0xff)])],
]

for (const [what, bytes] of broken) {
  test(`${what} is no statement`, () => {
    assert.throws(() => readCanonical(bytes), CodecError)
  })
}

test("an integer beyond what a number holds comes as a bigint", () => {
  const { fields } = readCanonical(canonical("approval", "c1", 2n ** 60n))
  assert.deepEqual(fields, [2n ** 60n])
})
