/** Ids as text. */
import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { decodeId, encodeId } from "../../src/codec/id-text.ts"
import { isId } from "../../src/domain/ids.ts"

test("an id's text is one that the domain knows, and leads back to its bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const text = encodeId(bytes)
      assert.ok(isId(text))
      assert.deepEqual([...decodeId(text, "/id")], [...bytes])
    }),
  )
})

test("what is no id is refused, and the field named", () => {
  const wrong = ["", "0".repeat(25), "0".repeat(27), "8".padEnd(26, "0"), "A".padStart(26, "0")]
  for (const text of wrong) {
    assert.ok(!isId(text))
    assert.throws(() => decodeId(text, "/id"), { name: "CodecError", field: "/id" })
  }
  assert.throws(() => encodeId(new Uint8Array(15)), { name: "CodecError" })
})
