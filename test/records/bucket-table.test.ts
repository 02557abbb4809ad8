import assert from "node:assert/strict"
import { test } from "node:test"

import * as fc from "fast-check"

import { SecretBytes } from "../../src/engine/secret-bytes.ts"
import { accumulate, decodeTable, encodeTable, type Pin } from "../../src/sealing/bucket-table.ts"

const ids = fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 255 })
const revisions = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const secrets = fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 }), { nil: undefined })
const tables = fc.uniqueArray(fc.tuple(ids, revisions, secrets), {
  selector: ([id]) => id,
  maxLength: 80,
})

function toTable(rows: readonly (readonly [string, number, Uint8Array | undefined])[]) {
  return new Map<string, Pin>(
    rows.map(([id, revision, secret]) => [
      id,
      secret === undefined ? { revision } : { revision, secret: new SecretBytes(secret.slice()) },
    ]),
  )
}

/** A table in plain values, secrets included. */
function plain(table: ReadonlyMap<string, Pin>) {
  return [...table].map(([id, { revision, secret }]) => [
    id,
    revision,
    secret?.lend((bytes) => Buffer.from(bytes).toString("hex")),
  ])
}

test("a bucket table of any ids, revisions and secrets reads back as it was", () => {
  fc.assert(
    fc.property(tables, (rows) => {
      const table = toTable(rows)
      const read = decodeTable(Buffer.from(encodeTable(table)))
      assert.deepEqual(plain(read), plain(table))
    }),
  )
})

test("a bucket table that was cut anywhere is refused, and its bytes are not kept", () => {
  const table = toTable([
    ["key/a", 7, new Uint8Array(32).fill(3)],
    ["partition/b", 1, undefined],
  ])
  const whole = encodeTable(table)
  for (let length = 0; length < whole.length; length++) {
    const cut = Buffer.from(whole.subarray(0, length))
    assert.throws(() => decodeTable(cut), { code: "TAMPERED" }, `${length} bytes`)
  }
  const bytes = Buffer.from(whole)
  decodeTable(bytes)
  assert.ok(bytes.every((byte) => byte === 0))
})

test("a bucket table with something behind its last entry is refused", () => {
  const whole = encodeTable(toTable([["key/a", 1, undefined]]))
  assert.throws(() => decodeTable(Buffer.concat([whole, Buffer.from([0])])), { code: "TAMPERED" })
})

function sum(pins: readonly Uint8Array[]): Uint8Array {
  return pins.reduce(accumulate, new Uint8Array(32))
}

test("pins accumulate in any order, and one taken away leaves the others", () => {
  const pins = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 20 })
  fc.assert(
    fc.property(pins, fc.uint8Array({ minLength: 32, maxLength: 32 }), (all, one) => {
      assert.deepEqual(sum(all), sum(all.toReversed()))
      assert.deepEqual(accumulate(sum([...all, one]), one), sum(all))
      const isZero = one.every((byte) => byte === 0)
      assert.equal(Buffer.from(sum([...all, one])).equals(sum(all)), isZero)
    }),
  )
})
