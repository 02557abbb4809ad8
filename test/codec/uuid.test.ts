/** Ids in AWS's spelling. */

import assert from "node:assert/strict"
import { test } from "node:test"

import { encodeId } from "../../src/codec/id-text.ts"
import { asUuidBytes, idOfUuid, uuidOf } from "../../src/codec/uuid.ts"

/** As Terraform's provider for AWS wants a key's id. */
const strict = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[ab89][0-9a-f]{3}-[0-9a-f]{12}$/

test("new ids have a UUID's version and variant; the other 122 bits stay", () => {
  for (const fill of [0x00, 0xff, 0x5a]) {
    const bytes = new Uint8Array(16).fill(fill)
    const shaped = asUuidBytes(bytes)
    assert.match(uuidOf(encodeId(shaped)), strict)
    const changed = shaped.map((byte, at) => byte ^ (bytes[at] ?? 0))
    const allowed = new Uint8Array(16)
    allowed[6] = 0xf0
    allowed[8] = 0xc0
    assert.deepEqual(
      changed.map((byte, at) => byte & ~(allowed[at] ?? 0)),
      new Uint8Array(16),
    )
  }
})

test("an id without them is read and written all the same", () => {
  const id = encodeId(new Uint8Array(16).fill(0xff))
  assert.doesNotMatch(uuidOf(id), strict)
  assert.equal(idOfUuid(uuidOf(id)), id)
})
