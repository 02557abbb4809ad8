/** What seals blobs, the half of the addon: the bytes of node:crypto, and of nobody else. */

import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { test } from "node:test"
import * as fc from "fast-check"

import type { BlobInput } from "../../src/engine/blob-cipher.ts"
import { nativeBlobs } from "../../src/engine/native/blobs.ts"
import { nodeBlobs } from "../../src/engine/node/blobs.ts"
import { addon, skip } from "./native.ts"

const freshBytes = 28
const form = { head: Buffer.from("a head"), info: Buffer.from("keyhold/test/v1") }
const bytes = (maxLength: number) => fc.uint8Array({ maxLength })
const inputs: fc.Arbitrary<BlobInput[]> = fc.array(
  fc.record({ aad: bytes(70), plaintext: bytes(300) }),
  { maxLength: 20 },
)

test("the addon seals to the very bytes that node:crypto does", { skip }, () => {
  const property = fc.property(inputs, fc.boolean(), (some, shared) => {
    const keys = randomBytes(shared ? 32 : 32 * some.length)
    const fresh = randomBytes(freshBytes * some.length)
    const [one, other] = [nodeBlobs, nativeBlobs(addon())].map((cipher) =>
      cipher.seal(keys, form, fresh, some).map(hex),
    )
    assert.deepEqual(other, one)
  })
  fc.assert(property)
})

test("a blob that is cut short does not open", { skip }, () => {
  const cipher = nativeBlobs(addon())
  const key = randomBytes(32)
  const whole = [{ aad: Buffer.of(1), plaintext: Buffer.of(2) }]
  const [blob = assert.fail()] = cipher.seal(key, form, randomBytes(freshBytes), whole)
  for (let length = 0; length < blob.length; length++) {
    assert.equal(cipher.open(key, form, Buffer.of(1), blob.subarray(0, length)), undefined)
  }
})

test("lengths that do not add up seal and derive nothing", { skip }, () => {
  const [key, salts, five] = [new Uint8Array(32), new Uint8Array(64), new Uint8Array(5)]
  const derive = (lengths: readonly number[]) =>
    addon().deriveKeys(key, salts, five, Uint32Array.from(lengths))
  assert.equal(derive([2, 3]).length, 64)
  for (const lengths of [[], [5], [2, 4], [2 ** 32 - 1, 3], [2, 1, 2]]) {
    assert.throws(() => derive(lengths), { code: "KEYHOLD_ARGUMENT" })
  }
  const seal = (lengths: readonly number[], fresh = freshBytes, keys = key) =>
    addon().sealBlobs(
      keys,
      five,
      five,
      new Uint8Array(fresh),
      five,
      salts,
      Uint32Array.from(lengths),
    )
  assert.equal(seal([5, 64]).length, 5 + freshBytes + 64 + 16)
  for (const lengths of [[], [5], [5, 63], [5, 65], [4, 64], [2 ** 32 - 1, 64], [5, 64, 0, 0]]) {
    assert.throws(() => seal(lengths), /KEYHOLD|add up|blobs/)
  }
  assert.throws(() => seal([5, 64], freshBytes - 1), { code: "KEYHOLD_ARGUMENT" })
  assert.throws(() => seal([5, 64], freshBytes, salts), { code: "KEYHOLD_ARGUMENT" })
})

function hex(blob: Uint8Array): string {
  return blob.toHex()
}
