/** Records as bytes: whatever a field holds, wherever it lies, comes back as it was. */

import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"

import { decodeRecord, encodeRecord, rowKind } from "../../src/records/kinds.ts"

const marked = fc.string().map((text) => `\u0000${text}`)
const bytes = fc.uint8Array({ maxLength: 9 })
const leaf = fc.oneof(fc.string(), marked, bytes, fc.integer(), fc.boolean(), fc.constant(null))
const value = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: "small" },
    leaf,
    fc.array(tie("node"), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tie("node"), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
})).node

test("bytes and strings that look like them come back, however deep they lie", () => {
  const property = fc.property(value, (owner) => {
    const record = { id: "i", partition: "p", keyId: owner, revision: 1 }
    assert.deepEqual(decodeRecord("retirable", Buffer.from(encodeRecord(record))), record)
  })
  fc.assert(property)
})

const text = (record: object): string => Buffer.from(encodeRecord(record)).toString()

test("bytes stand marked, and a string that begins with the mark is escaped", () => {
  assert.equal(text({ a: [Uint8Array.of(1)] }), String.raw`{"a":["\u0000bAQ=="]}`)
  assert.equal(text({ a: { b: "\u0000bAQ==" } }), String.raw`{"a":{"b":"\u0000s\u0000bAQ=="}}`)
  assert.equal(text({ a: "b", c: [1, null] }), '{"a":"b","c":[1,null]}')
})

test("a row's kind is the part of its path behind the partition", () => {
  assert.deepEqual(["p/a/r/key/b", "p/a/root", "p/a/m/b/1", "meta"].map(rowKind), [
    "r",
    "root",
    "m",
    "meta",
  ])
})
