/** What blobs are sealed with: the addon and node:crypto make the same bytes, and refuse alike. */

import assert from "node:assert/strict"
import { hkdfSync, randomBytes } from "node:crypto"
import { test } from "node:test"
import * as fc from "fast-check"

import type { BlobCipher } from "../../src/engine/blob-cipher.ts"
import { nativeBlobs } from "../../src/engine/native/blobs.ts"
import { nodeBlobs } from "../../src/engine/node/blobs.ts"
import { flip } from "./fixture.ts"
import { addon, skip } from "./native.ts"

const freshBytes = 28
const form = { head: Buffer.from("a head"), info: Buffer.from("keyhold/test/v1") }
const bytes = (maxLength: number) => fc.uint8Array({ maxLength })
/** Both where there is an addon. */
function ciphers(): BlobCipher[] {
  return skip === false ? [nodeBlobs, nativeBlobs(addon())] : [nodeBlobs]
}

test("keys are HKDF-SHA-256's of RFC 5869, one for each salt and info", () => {
  const property = fc.property(bytes(80), fc.array(bytes(100), { maxLength: 9 }), (ikm, infos) => {
    const salts = randomBytes(32 * infos.length)
    const wanted = infos.map((info, at) =>
      Buffer.from(hkdfSync("sha256", ikm, salts.subarray(32 * at, 32 * at + 32), info, 32)),
    )
    for (const cipher of ciphers()) {
      assert.deepEqual(Buffer.from(cipher.deriveKeys(ikm, salts, infos)), Buffer.concat(wanted))
    }
  })
  fc.assert(property)
})

test("each blob opens under its own key alone, whoever sealed it, and with no bit flipped", () => {
  const some = Array.from({ length: 5 }, (_, at) => ({
    aad: randomBytes(at),
    plaintext: randomBytes(7 * at),
  }))
  const keys = randomBytes(32 * some.length)
  const keyOf = (at: number) => keys.subarray(32 * at, 32 * at + 32)
  const all = ciphers()
  for (const sealing of all) {
    const sealed = sealing.seal(keys, form, randomBytes(freshBytes * some.length), some)
    for (const opening of all) {
      for (const [at, { aad, plaintext }] of some.entries()) {
        const blob = sealed[at] ?? assert.fail()
        const open = (changed: { key?: Uint8Array; aad?: Uint8Array; blob?: Uint8Array }) => {
          const given = { key: keyOf(at), aad, blob, ...changed }
          return opening.open(given.key, form, given.aad, given.blob)
        }
        assert.deepEqual(open({}), plaintext)
        assert.equal(open({ key: keyOf((at + 1) % some.length) }), undefined)
        assert.equal(open({ aad: Buffer.concat([aad, Buffer.of(0)]) }), undefined)
        for (let byte = 0; byte < blob.length; byte++) {
          assert.equal(open({ blob: flip(blob, byte) }), undefined, `byte ${byte}`)
        }
      }
    }
  }
})
