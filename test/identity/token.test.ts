import assert from "node:assert/strict"
import test from "node:test"
import * as fc from "fast-check"
import { encodeBase32 } from "../../src/codec/base32.ts"
import type { CredentialId, PartitionId } from "../../src/domain/ids.ts"
import { formatToken, issueToken, parseToken, type Token } from "../../src/identity/token.ts"
import { countingRandom, hmacHasher, hourMs, idOf, partitionA, start } from "./fixture.ts"

const bytes = (count: number) => fc.uint8Array({ minLength: count, maxLength: count })
// Sixteen bytes in base32 are an id by definition.
const tokens = fc.tuple(bytes(16), bytes(16), bytes(32)).map(([partition, credential, secret]) => ({
  partition: encodeBase32(partition) as PartitionId,
  credential: encodeBase32(credential) as CredentialId,
  secret,
}))

const example: Token = {
  partition: idOf<PartitionId>(0x01),
  credential: idOf<CredentialId>(0x02),
  secret: Uint8Array.from({ length: 32 }, (_, index) => index),
}
// Computed apart from our code: Python, int.from_bytes and zlib.crc32.
const exampleText =
  "kh1_01040g2081040g2081040g2081_02081040g2081040g2081040g2_" +
  "0001081g81860w40j2gb1g6gw3rg2491650n2rbhg68t3ce1t7gz3md5wpn"

test("a token reads back as what was written, whatever its parts", () => {
  fc.assert(
    fc.property(tokens, (token) => {
      const text = formatToken(token)
      assert.equal(text.length, 117)
      assert.deepEqual(parseToken(text), token)
    }),
  )
})

test("a token with any one character changed does not parse", () => {
  const edits = fc.tuple(tokens, fc.nat(116), fc.constantFrom(..."0a9zZ_-i. é".split("")))
  fc.assert(
    fc.property(edits, ([token, at, character]) => {
      const text = formatToken(token)
      if (text[at] === character) return
      assert.equal(parseToken(text.slice(0, at) + character + text.slice(at + 1)), undefined)
    }),
  )
})

test("a token with two neighbours swapped does not parse", () => {
  fc.assert(
    fc.property(tokens, fc.nat(115), (token, at) => {
      const text = formatToken(token)
      const [left = "", right = ""] = text.slice(at, at + 2)
      if (left === right) return
      assert.equal(parseToken(text.slice(0, at) + right + left + text.slice(at + 2)), undefined)
    }),
  )
})

test("the token of docs/formats/token.md is what the code writes", () => {
  assert.equal(formatToken(example), exampleText)
  assert.deepEqual(parseToken(exampleText), example)
})

const almost: readonly (readonly [string, string])[] = [
  ["nothing", ""],
  ["the prefix alone", "kh1_"],
  ["a cut", exampleText.slice(0, -1)],
  ["one more character", `${exampleText}0`],
  ["a line break", `${exampleText}\n`],
  ["a space before", ` ${exampleText}`],
  ["upper case", exampleText.toUpperCase()],
  ["another version", exampleText.replace("kh1_", "kh2_")],
  ["another separator", exampleText.replaceAll("_", "-")],
]
for (const [what, text] of almost) {
  test(`a token with ${what} does not parse`, () => assert.equal(parseToken(text), undefined))
}

test("an issued token's secret is in the token, its keyed hash alone in the credential", () => {
  const hasher = hmacHasher()
  const { token, credential } = issueToken({
    partition: partitionA,
    id: idOf<CredentialId>(7),
    now: start,
    lifeMs: hourMs,
    random: countingRandom(),
    hasher,
  })
  const parsed = parseToken(token)
  assert.ok(parsed)
  assert.equal(parsed.partition, partitionA)
  assert.equal(parsed.credential, credential.id)
  assert.deepEqual(credential.hash, hasher.hash(partitionA, parsed.secret))
  assert.notDeepEqual(credential.hash, parsed.secret)
  assert.equal(credential.createdAt, start)
  assert.equal(credential.expiresAt, start + hourMs)
})
