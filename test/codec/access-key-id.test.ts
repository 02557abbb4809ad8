import assert from "node:assert/strict"
import test from "node:test"
import * as fc from "fast-check"

import {
  accessKeySerials,
  encodeAccessKeyId,
  partitionOfAccessKey,
} from "../../src/codec/access-key-id.ts"
import { accountIdOf } from "../../src/codec/account-id.ts"
import { encodeId } from "../../src/codec/id-text.ts"

const partitions = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(encodeId)
const serials = fc.nat(accessKeySerials - 1)

test("an access key id names its partition, whatever its serial, in 30 characters", () => {
  fc.assert(
    fc.property(partitions, serials, (partition, serial) => {
      const id = encodeAccessKeyId(partition, serial)
      assert.match(id, /^[A-Z2-7]{30}$/)
      assert.equal(partitionOfAccessKey(id), partition)
    }),
  )
})

test("no two serials of a partition have the same id, and there are no others", () => {
  const partition = encodeId(new Uint8Array(16).fill(7))
  const ids = new Set(
    Array.from({ length: 1_000 }, (_, serial) => encodeAccessKeyId(partition, serial)),
  )
  assert.equal(ids.size, 1_000)
  assert.throws(() => encodeAccessKeyId(partition, accessKeySerials))
  assert.throws(() => encodeAccessKeyId(partition, -1))
})

for (const text of ["", "AKIAIOSFODNN7EXAMPLE", "a".repeat(30), "A".repeat(31), "0".repeat(30)]) {
  test(`${JSON.stringify(text)} names no partition`, () => {
    assert.equal(partitionOfAccessKey(text), undefined)
  })
}

test("the access key id and account of docs/formats/access-key.md are what the code writes", () => {
  // Computed apart from our code: Python, base64.b32encode and hashlib.
  const partition = encodeId(new Uint8Array(16).fill(1))
  assert.equal(encodeAccessKeyId(partition, 5), "AEAQCAIBAEAQCAIBAEAQCAIBAEAAAF")
  assert.equal(accountIdOf(partition), "835959285251")
})
