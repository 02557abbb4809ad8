import assert from "node:assert/strict"
import test from "node:test"
import { isDeepStrictEqual } from "node:util"
import * as fc from "fast-check"

import { encodeEncryptionContext } from "../../src/codec/encryption-context.ts"
import { CodecError } from "../../src/codec/error.ts"

const names = fc.string({ unit: "grapheme", maxLength: 8 }).filter((name) => name !== "__proto__")
const contexts = fc.dictionary(names, fc.string({ unit: "grapheme", maxLength: 8 }))

test("a context is the same bytes in whatever order its pairs came", () => {
  fc.assert(
    fc.property(contexts, (context) => {
      const turned = Object.fromEntries(Object.entries(context).toReversed())
      assert.deepEqual(encodeEncryptionContext(turned), encodeEncryptionContext(context))
    }),
  )
})

test("two contexts that differ are different bytes", () => {
  fc.assert(
    fc.property(contexts, contexts, (left, right) => {
      const same = Buffer.from(encodeEncryptionContext(left)).equals(encodeEncryptionContext(right))
      assert.equal(same, isDeepStrictEqual({ ...left }, { ...right }))
    }),
  )
})

test("pairs are sorted by their bytes, not by their UTF-16", () => {
  const context = { "\u{ffff}": "a", "\u{10000}": "b" }
  const bytes = Buffer.from(encodeEncryptionContext(context)).toString("hex")
  assert.ok(bytes.indexOf("efbfbf") < bytes.indexOf("f0908080"))
})

test("the context of docs/formats/encryption-context.md is what the code writes", () => {
  const bytes = encodeEncryptionContext({ b: "", a: "é" })
  assert.equal(
    Buffer.from(bytes).toString("hex"),
    Buffer.from("keyhold/encryption-context/v1\0").toString("hex") +
      "0000000161" +
      "00000002c3a9" +
      "0000000162" +
      "00000000",
  )
  assert.equal(encodeEncryptionContext({}).length, 0)
})

test("half of a surrogate pair is refused, since it has no bytes of its own", () => {
  assert.throws(() => encodeEncryptionContext({ a: "\ud800" }), CodecError)
})
