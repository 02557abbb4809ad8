/** Paths and their patterns: one way to write each, and narrower means narrower. */
import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import {
  admitsPath,
  coversPattern,
  everyPath,
  formatPath,
  hardenedOffset,
  isPathPattern,
  parsePath,
} from "../../src/domain/derivation.ts"

const steps = fc.array(fc.nat(2 ** 32 - 1), { maxLength: 10 })
const patternStep = fc.oneof(
  fc.constantFrom("*", "*'"),
  fc.nat(3).map(String),
  fc.nat(3).map((index) => `${index}'`),
)
const pattern = fc
  .tuple(fc.array(patternStep, { maxLength: 3 }), fc.boolean())
  .map(([parts, isOpen]) => ["m", ...parts, ...(isOpen ? ["**"] : [])].join("/"))
const shortPath = fc.array(
  fc.oneof(
    fc.nat(3),
    fc.nat(3).map((index) => index + hardenedOffset),
  ),
  { maxLength: 4 },
)

test("what is written is read back, and h is a mark too", () => {
  fc.assert(
    fc.property(steps, (path) => {
      assert.deepEqual(parsePath(formatPath(path)), path)
      assert.deepEqual(parsePath(formatPath(path).replaceAll("'", "h")), path)
    }),
  )
})

for (const text of [
  "",
  "m/",
  "/0",
  "0/1",
  "m/-1",
  "m/01",
  "m/2147483648",
  "m/0''",
  "m/0H",
  "m//0",
  "m/*",
  "m/**",
  "M/0",
  "m/0 ",
  `m${"/0".repeat(11)}`,
]) {
  test(`${JSON.stringify(text)} is no path`, () => {
    assert.equal(parsePath(text), undefined)
  })
}

for (const text of ["m/**/0", "m/***", "m/*''", "m/1-2", "**", "m/0/**/", "n/*"]) {
  test(`${JSON.stringify(text)} is no pattern, and admits nothing`, () => {
    assert.ok(!isPathPattern(text))
    assert.ok(!admitsPath([text], []))
    assert.ok(!coversPattern([everyPath], text))
  })
}

/** pattern · path · admitted. */
const table = `
m/**                 m                   yes
m/**                 m/44'/0             yes
m                    m                   yes
m                    m/0                 no
m/44'/60'/0'/0/*     m/44'/60'/0'/0/7    yes
m/44'/60'/0'/0/*     m/44'/60'/0'/0/7'   no
m/44'/60'/0'/0/*     m/44'/60'/0'/1/7    no
m/44'/60'/0'/0/*     m/44'/60'/0'/0      no
m/44'/60'/0'/0/*     m/44'/60'/0'/0/7/0  no
m/44'/*'/**          m/44'/0'            yes
m/44'/*'/**          m/44'/0'/5/5        yes
m/44'/*'/**          m/44'/0             no
m/44'/*'/**          m/44'               no
`
for (const line of table.trim().split("\n")) {
  const [text = "", path = "", admitted] = line.split(/\s+/)
  test(`${text} ${admitted === "yes" ? "admits" : "does not admit"} ${path}`, () => {
    const read = parsePath(path)
    assert.ok(read !== undefined && isPathPattern(text))
    assert.equal(admitsPath([text], read), admitted === "yes")
  })
}

test("a pattern that covers another admits every path that this one does", () => {
  let covered = 0
  fc.assert(
    fc.property(pattern, pattern, shortPath, (wide, narrow, path) => {
      if (!coversPattern([wide], narrow)) return
      covered++
      if (admitsPath([narrow], path)) assert.ok(admitsPath([wide], path), `${wide} ${narrow}`)
    }),
    { numRuns: 5_000 },
  )
  assert.ok(covered > 100)
})

test("every pattern covers itself, and every path covers all", () => {
  fc.assert(
    fc.property(pattern, (text) => {
      assert.ok(coversPattern([text], text))
      assert.ok(coversPattern([everyPath], text))
    }),
  )
})
