/** One byte string has one accepted spelling. */
import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import {
  decodeBase64,
  decodeBase64Url,
  decodeHex,
  encodeBase64,
  encodeBase64Url,
  encodeHex,
} from "../../src/codec/base64.ts"

const codecs = {
  base64: { decode: decodeBase64, encode: encodeBase64 },
  base64url: { decode: decodeBase64Url, encode: encodeBase64Url },
  hex: { decode: decodeHex, encode: encodeHex },
}

for (const [name, { decode, encode }] of Object.entries(codecs)) {
  test(`${name} decodes what it encoded`, () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        assert.deepEqual([...decode(encode(bytes), "/x")], [...bytes])
      }),
    )
  })

  test(`${name}: any text that decodes is the one spelling of its bytes`, () => {
    const unit = fc.constantFrom(..."AQgw0+/-_=fF \n\t\u00a0".split(""))
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 8 }), (text) => {
        let bytes: Uint8Array
        try {
          bytes = decode(text, "/x")
        } catch {
          return
        }
        assert.equal(encode(bytes), text)
      }),
      { numRuns: 2000 },
    )
  })
}

const refused: Record<keyof typeof codecs, readonly string[]> = {
  base64: [
    "AA",
    "AA=",
    "AA===",
    "AB==",
    "AAB=",
    "A===",
    "=",
    "AA==\n",
    " AAAA",
    "AA AA",
    "-_==",
    "AAA=AAAA",
  ],
  base64url: ["AA==", "AB", "AAB", "A", "+/8", "AA\n", "AA ", "="],
  hex: ["0", "0g", "AB", "aB", "0x00", "00 "],
}
for (const [name, texts] of Object.entries(refused)) {
  // The table's keys are the codecs.
  const { decode } = codecs[name as keyof typeof codecs]
  for (const text of texts) {
    test(`${name} refuses ${JSON.stringify(text)} and names the field`, () => {
      assert.throws(() => decode(text, "/plaintext"), { name: "CodecError", field: "/plaintext" })
    })
  }
}
