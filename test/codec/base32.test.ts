import assert from "node:assert/strict"
import test from "node:test"
import * as fc from "fast-check"
import { base32Length, decodeBase32, encodeBase32 } from "../../src/codec/base32.ts"
import { isId } from "../../src/domain/ids.ts"

const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 })

test("base32 round-trips every byte string and has one text for each", () => {
  fc.assert(
    fc.property(bytes, (value) => {
      const text = encodeBase32(value)
      assert.equal(text.length, base32Length(value.length))
      assert.deepEqual(decodeBase32(text, value.length), value)
    }),
  )
})

test("base32 of any text that decodes encodes to that very text", () => {
  const digit = fc.constantFrom(..."0123456789abcdefghjkmnpqrstvwxyzilouABZ-=_ é".split(""))
  const text = fc.string({ unit: digit, minLength: 7, maxLength: 7 })
  fc.assert(
    fc.property(text, (value) => {
      const decoded = decodeBase32(value, 4)
      if (decoded !== undefined) assert.equal(encodeBase32(decoded), value)
    }),
  )
})

test("base32 writes numbers in order, so texts sort as their bytes do", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (value) => {
      const number = BigInt(`0x${Buffer.from(value).toString("hex")}`)
      const digits = number.toString(32).padStart(26, "0")
      const plain = digits
        .split("")
        .map((digit) => "0123456789abcdefghijklmnopqrstuv".indexOf(digit))
      const expected = plain.map((at) => "0123456789abcdefghjkmnpqrstvwxyz"[at]).join("")
      assert.equal(encodeBase32(value), expected)
    }),
  )
})

test("base32 of 16 bytes is an id", () => {
  assert.ok(isId(encodeBase32(new Uint8Array(16).fill(255))))
  assert.equal(encodeBase32(new Uint8Array(16)), "0".repeat(26))
})

test("base32 refuses spare bits, other letters, other lengths", () => {
  assert.deepEqual(decodeBase32(`7${"z".repeat(25)}`, 16), new Uint8Array(16).fill(255))
  const wrong = [
    `8${"z".repeat(25)}`,
    `7${"z".repeat(24)}`,
    `7${"z".repeat(26)}`,
    `7${"Z".repeat(25)}`,
    `7${"i".repeat(25)}`,
    `7${"z".repeat(24)}é`,
    `7${"z".repeat(24)} `,
    "",
  ]
  for (const text of wrong) assert.equal(decodeBase32(text, 16), undefined, text)
})
