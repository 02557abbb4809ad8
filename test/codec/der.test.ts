import assert from "node:assert/strict"
import { test } from "node:test"
import { assert as check, bigInt, property } from "fast-check"
import {
  derContent,
  derUnsigned,
  readDer,
  writeDer,
  writeDerUnsigned,
} from "../../src/codec/der.ts"

const hex = (text: string): Uint8Array => Uint8Array.fromHex(text)

test("an element of any length comes back as it was written", () => {
  for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
    const written = writeDer(0x04, new Uint8Array(length).fill(7))
    const [element, ...rest] = readDer(written, "/x")
    assert.deepEqual(rest, [])
    assert.equal(derContent(element, 0x04, "/x").length, length)
    assert.throws(() => derContent(element, 0x03, "/x"), { field: "/x" })
    assert.throws(() => readDer(written.subarray(0, -1), "/x"), { field: "/x" })
  }
})

test("numbers come back as they were written", () => {
  check(
    property(bigInt({ min: 0n, max: 1n << 600n }), (value) => {
      assert.equal(derUnsigned(readDer(writeDerUnsigned(value), "/x")[0], "/x"), value)
    }),
  )
})

test("what has a shorter form, an indefinite one, or none is refused", () => {
  const bad = {
    "long form of a short length": "048101ff",
    "leading zero in a length": "0482008100",
    "indefinite length": "0480ff0000",
    "reserved length": "04ff00",
    "tag of two bytes": "1f8101ff",
    "length beyond the end": "0405ff",
    "no length": "04",
  }
  for (const [what, text] of Object.entries(bad)) {
    assert.throws(() => readDer(hex(text), "/x"), { field: "/x" }, what)
  }
  const numbers = { empty: "0200", negative: "0281", padded: "0200", "zero before 1": "02020001" }
  for (const [what, text] of Object.entries(numbers)) {
    assert.throws(() => derUnsigned(readDer(hex(text), "/x")[0], "/x"), { field: "/x" }, what)
  }
})
