import assert from "node:assert/strict"
import { test } from "node:test"

import type { JsonValue } from "../../../src/codec/json.ts"
import { Fault } from "../../../src/faces/aws-kms/fault.ts"
import {
  blob,
  choice,
  flag,
  integer,
  list,
  need,
  readInput,
  structure,
  text,
  texts,
  timestamp,
} from "../../../src/faces/aws-kms/shapes.ts"

const members = {
  KeyId: need(text({ min: 1, max: 4 })),
  Name: text({ pattern: /^[a-z]+$/ }),
  Bytes: blob({ min: 1, max: 3 }),
  Limit: integer({ min: 1, max: 10 }),
  Dry: flag,
  At: timestamp,
  Kind: choice(["A", "B"]),
  Context: texts,
  Tags: list(structure({ TagKey: need(text({ max: 2 })) }), { max: 2 }),
}

function faultOf(value: JsonValue): string {
  try {
    readInput(members, value)
  } catch (error) {
    assert.ok(error instanceof Fault)
    return `${error.exception}: ${error.message}`
  }
  assert.fail("it was read")
}

test("an input reads as its members, and what is null or absent is undefined", () => {
  const read = readInput(members, {
    KeyId: "k",
    Bytes: "aGk=",
    Limit: 10,
    Dry: false,
    At: 1_700_000_000.25,
    Kind: "B",
    Context: { a: "b" },
    Tags: [{ TagKey: "x" }],
    Name: null,
  })
  assert.deepEqual(read, {
    KeyId: "k",
    Bytes: Uint8Array.from(Buffer.from("hi")),
    Limit: 10,
    Dry: false,
    At: 1_700_000_000_250,
    Kind: "B",
    Context: { a: "b" },
    Tags: [{ TagKey: "x" }],
  })
})

const one = "ValidationException: 1 validation error detected: Value"
const must = "failed to satisfy constraint: Member must"
const invalid: readonly (readonly [string, JsonValue, string])[] = [
  ["a missing member", {}, `${one} null at 'keyId' ${must} not be null`],
  [
    "a text too long",
    { KeyId: "abcde" },
    `${one} 'abcde' at 'keyId' ${must} have length less than or equal to 4`,
  ],
  [
    "a text too short",
    { KeyId: "" },
    `${one} '' at 'keyId' ${must} have length greater than or equal to 1`,
  ],
  [
    "a text of another pattern",
    { KeyId: "k", Name: "A" },
    `${one} 'A' at 'name' ${must} satisfy regular expression pattern: ^[a-z]+$`,
  ],
  [
    "bytes too many, which are not shown",
    { KeyId: "k", Bytes: "aGVsbG8=" },
    `${one} at 'bytes' ${must} have length less than or equal to 3`,
  ],
  [
    "a number too small",
    { KeyId: "k", Limit: 0 },
    `${one} '0' at 'limit' ${must} have value greater than or equal to 1`,
  ],
  [
    "a number too large",
    { KeyId: "k", Limit: 11 },
    `${one} '11' at 'limit' ${must} have value less than or equal to 10`,
  ],
  [
    "a word that is no choice",
    { KeyId: "k", Kind: "C" },
    `${one} 'C' at 'kind' ${must} satisfy enum value set: [A, B]`,
  ],
  [
    "a member of a member",
    { KeyId: "k", Tags: [{ TagKey: "abc" }] },
    `${one} 'abc' at 'tags.1.member.tagKey' ${must} have length less than or equal to 2`,
  ],
  [
    "two at once",
    { Limit: 0 },
    "ValidationException: 2 validation errors detected: " +
      `Value null at 'keyId' ${must} not be null; ` +
      `Value '0' at 'limit' ${must} have value greater than or equal to 1`,
  ],
  ["a member that nobody knows", { KeyId: "k", Foo: 1 }, `${one} at 'foo' ${must} be known here`],
]
for (const [what, value, expected] of invalid) {
  test(`${what} is refused in AWS's words`, () => assert.equal(faultOf(value), expected))
}

const unreadable: readonly JsonValue[] = [
  [],
  "KeyId",
  { KeyId: 1 },
  { KeyId: "k", Bytes: "aGk" },
  { KeyId: "k", Bytes: "a Gk=" },
  { KeyId: "k", Limit: "1" },
  { KeyId: "k", Limit: 1.5 },
  { KeyId: "k", Dry: "true" },
  { KeyId: "k", At: "2026-11-23" },
  { KeyId: "k", Context: { a: 1 } },
  { KeyId: "k", Context: ["a"] },
  { KeyId: "k", Tags: { TagKey: "x" } },
]
for (const value of unreadable) {
  test(`${JSON.stringify(value)} cannot be serialized`, () => {
    assert.match(faultOf(value), /^SerializationException: /)
  })
}
