/** A key's versions stay within what one record can hold. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { versionsMax } from "../../src/domain/key.ts"
import { limits } from "../../src/domain/limits.ts"

for (const [what, bytes, most] of [
  ["a secret key", undefined, 200],
  ["Ed25519", 44, 200],
  ["RSA-4096", 550, 200],
  ["RSA-8192", 1_062, 103],
  ["ML-DSA-87", 2_614, 42],
] as const) {
  test(`${what} has at most ${most} versions`, () => {
    const publicKey = bytes === undefined ? {} : { publicKey: new Uint8Array(bytes) }
    assert.equal(versionsMax(publicKey), most)
    assert.ok(most * (bytes ?? 0) <= limits.publicKeysBytesMax)
  })
}
