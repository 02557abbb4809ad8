import assert from "node:assert/strict"
import { test } from "node:test"

import { flipBit } from "../support/flip-bit.ts"
import { openWith, sealTo } from "../../src/sealing/hpke.ts"
import {
  decapsulateXWing,
  encapsulateXWing,
  expandXWing,
  isXWingPublicKey,
  xwingSizes,
} from "../../src/sealing/xwing.ts"
import vectors from "./vectors/xwing.json" with { type: "json" }

const bytes = (hex: string) => Uint8Array.fromHex(hex)
const binding = { info: Uint8Array.of(1, 2), aad: Uint8Array.of(3) }
const message = new TextEncoder().encode("a part")

test("X-Wing expands and decapsulates the draft's vectors", () => {
  for (const { seed, pk, ct, ss } of vectors.xwing.vectors) {
    const key = expandXWing(bytes(seed))
    assert.equal(key.publicKey.toHex(), pk)
    assert.equal(decapsulateXWing(key, bytes(ct)).toHex(), ss)
  }
  assert(vectors.xwing.vectors.length >= 3)
})

test("X-Wing with one bit of a vector's ciphertext flipped gives another secret", () => {
  const [vector] = vectors.xwing.vectors
  assert(vector)
  const key = expandXWing(bytes(vector.seed))
  for (const at of [0, 1087, 1088, 1119]) {
    const ciphertext = flipBit(bytes(vector.ct), at)
    assert.notEqual(decapsulateXWing(key, ciphertext).toHex(), vector.ss)
  }
})

test("X-Wing round-trips a fresh secret, and another key does not find it", () => {
  const [key, stranger] = [expandXWing(new Uint8Array(32)), expandXWing(new Uint8Array(32).fill(1))]
  const { sharedSecret, ciphertext } = encapsulateXWing(key.publicKey)
  assert.deepEqual(decapsulateXWing(key, ciphertext), sharedSecret)
  assert.notDeepEqual(decapsulateXWing(stranger, ciphertext), sharedSecret)
})

test("a public key of the wrong size, or with coefficients above the modulus, is refused", () => {
  const { publicKey } = expandXWing(new Uint8Array(32))
  assert(isXWingPublicKey(publicKey))
  assert(!isXWingPublicKey(publicKey.subarray(1)))
  assert(!isXWingPublicKey(new Uint8Array(xwingSizes.publicKey).fill(0xff)))
  assert.throws(() => encapsulateXWing(new Uint8Array(3)), { code: "MALFORMED_REQUEST" })
})

test("a low-order X25519 point is refused on both sides", () => {
  const key = expandXWing(new Uint8Array(32))
  const weak = new Uint8Array(key.publicKey).fill(0, 1184)
  assert(!isXWingPublicKey(weak))
  const { ciphertext } = encapsulateXWing(key.publicKey)
  const forged = new Uint8Array(ciphertext).fill(0, 1088)
  assert.throws(() => decapsulateXWing(key, forged), { code: "DECRYPTION_FAILED" })
})

test("HPKE opens the published message", () => {
  const { skRm, pkRm, enc, info, aad, pt, ct } = vectors.hpke
  const key = expandXWing(bytes(skRm))
  assert.equal(key.publicKey.toHex(), pkRm)
  const published = { info: bytes(info), aad: bytes(aad) }
  assert.equal(openWith(key, published, bytes(enc + ct), "CHACHA20_POLY1305").toHex(), pt)
  const sealed = flipBit(bytes(enc + ct), 1121)
  const open = () => openWith(key, published, sealed, "CHACHA20_POLY1305")
  assert.throws(open, { code: "DECRYPTION_FAILED" })
})

test("HPKE round-trips, and any flipped bit of message, info or additional data is refused", () => {
  const key = expandXWing(new Uint8Array(32))
  const sealed = sealTo(key.publicKey, binding, message)
  assert.deepEqual(new Uint8Array(openWith(key, binding, sealed)), message)
  const refused = { code: "DECRYPTION_FAILED" }
  for (let at = 0; at < sealed.length; at += 7) {
    assert.throws(() => openWith(key, binding, flipBit(sealed, at)), refused)
  }
  for (const name of ["info", "aad"] as const) {
    const other = { ...binding, [name]: flipBit(binding[name], 0) }
    assert.throws(() => openWith(key, other, sealed), refused)
  }
  assert.throws(() => openWith(key, binding, sealed.subarray(0, 1135)), refused)
})
