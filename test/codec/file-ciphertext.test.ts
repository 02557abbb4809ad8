/** Files encrypted to a key: one encoding, and nothing else is one. */

import assert from "node:assert/strict"
import { test } from "node:test"

import { decodeFile, encodeFileHeader } from "../../src/codec/file-ciphertext.ts"

const named = { keyId: "01k2v7x9q4m8w3r5t6y1z0key0", version: 7, peer: Buffer.alloc(91, 5) }
const whole = () => Buffer.concat([encodeFileHeader(named), Buffer.alloc(20, 9)])

test("a file says which key, version and peer it is for", () => {
  const { keyId, version, peer, header, body } = decodeFile(whole())
  assert.deepEqual({ keyId, version, peer: Buffer.from(peer) }, named)
  assert.deepEqual(Buffer.from(header), Buffer.from(encodeFileHeader(named)))
  assert.deepEqual(Buffer.from(body), Buffer.alloc(20, 9))
})

test("what is cut short, of another format or says what does not fit is none", () => {
  const file = whole()
  for (let length = 0; length < 26 + 91 + 16; length++) {
    assert.throws(() => decodeFile(file.subarray(0, length)), { name: "CodecError" }, `${length}`)
  }
  const changed = (at: number, ...bytes: readonly number[]) => {
    const copy = Buffer.from(file)
    copy.set(bytes, at)
    return copy
  }
  for (const wrong of [
    changed(0, 0),
    changed(3, 2),
    changed(20, 0, 0, 0, 0),
    changed(24, 0, 0),
    changed(24, 255, 255),
    changed(24, 2, 1),
  ]) {
    assert.throws(() => decodeFile(wrong), { name: "CodecError" })
  }
})

test("a header names a version, and a key of sensible length", () => {
  for (const wrong of [
    { version: 0 },
    { version: 2 ** 32 },
    { version: 1.5 },
    { peer: new Uint8Array(0) },
    { peer: new Uint8Array(513) },
    { keyId: "no id" },
  ]) {
    assert.throws(() => encodeFileHeader({ ...named, ...wrong }), { name: "CodecError" })
  }
})
