import assert from "node:assert/strict"
import { test } from "node:test"

import * as fc from "fast-check"

import { CodecError } from "../../src/codec/error.ts"
import { parseJson, pointerTo } from "../../src/codec/json.ts"

const parse = (text: string, depthMax = 16) => parseJson(new TextEncoder().encode(text), depthMax)
const refuses = (text: string, field: string) =>
  assert.throws(
    () => parse(text),
    (error) => error instanceof CodecError && error.field === field,
    text,
  )

test("whatever JSON.stringify writes reads as JSON.parse reads it", () => {
  const names = fc.string({ unit: "grapheme" }).filter((name) => name !== "__proto__")
  const value = fc.letrec((tie) => ({
    leaf: fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom('"', "\\", '\\"', "a:b", '{"a":1,"a":2}', "\\\\", ":"),
    ),
    node: fc.oneof(
      { depthSize: "small", maxDepth: 5 },
      tie("leaf"),
      fc.array(tie("node"), { maxLength: 4 }),
      fc.dictionary(names, tie("node"), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).node
  fc.assert(
    fc.property(value, fc.constantFrom(0, 1), (input, indent) => {
      const text = JSON.stringify(input, null, indent)
      assert.deepEqual(parse(text), JSON.parse(text))
    }),
    { numRuns: 500 },
  )
})

test("whatever JSON.parse refuses is refused", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...Array.from("{}[]\":,01.-+eE \\untrlfas'")) }),
      (text) => {
        let expected
        try {
          expected = JSON.parse(text) as unknown
        } catch {
          refuses(text, "")
          return
        }
        // What parses here is a scalar or holds no names long enough to matter; both must agree,
        // unless a name occurs twice.
        try {
          assert.deepEqual(parse(text), expected)
        } catch (error) {
          assert.ok(error instanceof CodecError)
          assert.equal(error.message, "occurs twice")
        }
      },
    ),
    { numRuns: 2_000 },
  )
})

test("a name that occurs twice is refused with its pointer, at any depth and spelling", () => {
  refuses('{"a":1,"a":1}', "/a")
  refuses('{"a":1,"\\u0061":2}', "/a")
  refuses('{"x":[1,{"y":{"z":1,"b":2,"z":3}}]}', "/x/1/y/z")
  refuses('{"x":["{,[",[],{"y/~":1 , "y/~" :2}]}', "/x/2/y~1~0")
  refuses('[{"a":1},{"a":":","b\\"":"\\\\","a":2}]', "/1/a")
  refuses('{"":1,"":2}', "/")
})

test("the same name in two objects is no duplicate", () => {
  assert.deepEqual(parse('[{"a":1},{"a":{"a":2}}]'), [{ a: 1 }, { a: { a: 2 } }])
})

test("a duplicate inserted into any object is found", () => {
  const object = fc.dictionary(fc.string({ unit: "grapheme" }), fc.string(), {
    minKeys: 1,
    maxKeys: 8,
    noNullPrototype: true,
  })
  fc.assert(
    fc.property(object, fc.nat(), (input, pick) => {
      const names = Object.keys(input).filter((name) => name !== "__proto__")
      fc.pre(names.length === Object.keys(input).length)
      const name = names[pick % names.length] ?? ""
      const text = `${JSON.stringify(input).slice(0, -1)},${JSON.stringify(name)}:0}`
      refuses(text, pointerTo("", name))
    }),
  )
})

test("__proto__ is refused however it is written", () => {
  refuses('{"a":{"__proto__":{}}}', "/a/__proto__")
  refuses('{"\\u005f_proto__":1}', "/__proto__")
  assert.deepEqual(parse('{"proto":"__proto__"}'), { proto: "__proto__" })
})

test("half of a surrogate pair is refused in values and in names", () => {
  refuses('{"a":["\\ud800"]}', "/a/0")
  refuses('{"a":{"\\udc00":1}}', "/a")
  assert.deepEqual(parse('"\\ud83d\\ude00"'), "😀")
})

test("nesting ends where the bound says, however deep the text goes on", () => {
  assert.deepEqual(parse("[[1]]", 2), [[1]])
  assert.throws(() => parse("[[[1]]]", 2), { field: "/0/0" })
  assert.throws(() => parse("[".repeat(200_000) + "]".repeat(200_000)), CodecError)
  assert.equal(parse("1", 0), 1)
})

test("bytes that are not UTF-8, and a byte order mark, are refused", () => {
  for (const bytes of [
    [0x22, 0xff, 0x22],
    [0x22, 0xc0, 0x80, 0x22],
    [0x22, 0xed, 0xa0, 0x80, 0x22],
  ]) {
    assert.throws(() => parseJson(Uint8Array.from(bytes), 16), { message: "is not UTF-8" })
  }
  refuses('\ufeff{"a":1}', "")
})

test("a long run of backslashes costs linear time", () => {
  const text = JSON.stringify({ a: "\\".repeat(1_000_000), b: '"'.repeat(1_000_000) })
  assert.deepEqual(parse(text), JSON.parse(text))
})
