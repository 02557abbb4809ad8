/** XAES-256-GCM: the accumulated vectors of https://c2sp.org/XAES-256-GCM. */
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { test } from "node:test"
import { decrypt, encrypt } from "../../../src/engine/cipher.ts"
import { handleOf, permit } from "../../engine/fixture.ts"

const mechanism = "XAES_256_GCM"

test("ten thousand random encryptions hash to what the specification says", () => {
  const take = shake128Stream(4_000_000)
  const ciphertexts = createHash("shake128", { outputLength: 32 })
  for (let count = 0; count < 10_000; count++) {
    const handle = handleOf("AES_256", { material: take(32) })
    const iv = take(24)
    const plaintext = take(take(1)[0] ?? 0)
    const aad = take(take(1)[0] ?? 0)
    const encrypting = permit("key.encrypt", handle, mechanism)
    const { ciphertext } = encrypt(encrypting, handle, { mechanism, iv, plaintext, aad })
    const decrypting = permit("key.decrypt", handle, mechanism)
    const opened = decrypt(decrypting, handle, { mechanism, iv, ciphertext, aad })
    assert.ok(opened instanceof Uint8Array && Buffer.from(opened).equals(plaintext))
    ciphertexts.update(ciphertext)
  }
  const expected = "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939"
  assert.equal(ciphertexts.digest("hex"), expected)
})

/** The specification's generator: one SHAKE-128 of nothing, read from its start. */
function shake128Stream(length: number): (count: number) => Uint8Array {
  const bytes = createHash("shake128", { outputLength: length }).digest()
  let at = 0
  return (count) => {
    at += count
    assert.ok(at <= length)
    return Uint8Array.from(bytes.subarray(at - count, at))
  }
}
