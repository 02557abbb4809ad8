/** Bytes of the XKS proxy API; the integrity value is the specification's own example. */

import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { test } from "node:test"

import { boundAad, decodeMetadata, encodeMetadata, integrityInput } from "../../src/codec/xks.ts"
import { CodecError } from "../../src/codec/error.ts"
import { limits } from "../../src/domain/limits.ts"

const decode = (text: string): Uint8Array => Uint8Array.fromBase64(text)
const none = new Uint8Array(0)

test("the integrity value of the specification's appendix C", () => {
  const example = {
    metadata: decode("a2V5X3ZlcnNpb249MQ=="),
    iv: decode("HMrlRw85cAJUd5Ax"),
    ciphertext: decode("ghxkK1txeDNn3q8Y"),
    tag: decode("vBxN2ncH1oEkR8WVXpmyYQ=="),
  }
  const valueOf = (stored: typeof example): string => {
    const aad = Buffer.from("project=nile,department=marketing")
    return createHash("sha256").update(integrityInput(aad, stored)).digest("base64")
  }
  assert.equal(valueOf(example), "qHA/ImC9h5HsLRXqCyPmWgYx7tzyoTplzILbP0fPXsc=")
  assert.notEqual(valueOf({ ...example, tag: example.tag.with(15, 0) }), valueOf(example))
})

test("metadata fits the 20 bytes that KMS takes, for every version that there can be", () => {
  for (const version of [1, limits.keyVersionsMax, 2 ** 32 - 1]) {
    const bytes = encodeMetadata(version)
    assert.ok(bytes.length <= 20)
    assert.equal(decodeMetadata(bytes), version)
  }
})

test("metadata of another length or format is none of ours", () => {
  assert.equal(Buffer.from(encodeMetadata(7)).toString("hex"), "0100000007")
  for (const hex of ["", "01000000", "0200000007", "010000000700"]) {
    assert.throws(() => decodeMetadata(Buffer.from(hex, "hex")), CodecError, hex)
  }
})

test("additional data: two bytes of length, the caller's, one byte of length, the metadata", () => {
  const bound = boundAad(Buffer.from("ab"), Buffer.from("c"))
  assert.equal(Buffer.from(bound).toString("hex"), "000261620163")
  assert.equal(Buffer.from(boundAad(none, none)).toString("hex"), "000000")
  const other = boundAad(none, Buffer.from("a"))
  assert.notDeepEqual(boundAad(Buffer.from("a"), none), other, "neither passes for the other")
})
