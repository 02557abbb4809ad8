/** The approval token's encoding: one form, and nothing else is read. */
import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"

import { CodecError } from "../../src/codec/error.ts"
import {
  readTimestamp,
  readToken,
  skaOperations,
  writeTimestamp,
  writeToken,
  type SkaOperation,
} from "../../src/codec/ska-token.ts"
import { tlvValueMax } from "../../src/codec/tlv.ts"

const operation = fc.constantFrom(...(Object.keys(skaOperations) as SkaOperation[]))
const octets = fc.uint8Array({ maxLength: 40 })
const name = fc.string({ unit: "grapheme", maxLength: 12 })
const count = fc.integer({ min: 0, max: 0xffff_ffff })
const plainRecord = { noNullPrototype: true } as const
const key = fc.record({ name, publicKey: octets }, plainRecord)
const group = fc.record({ name, quorum: count, keys: fc.array(key, { maxLength: 3 }) }, plainRecord)
const ruleToken = fc.record(
  {
    name,
    timelockMinutes: count,
    timeoutMinutes: count,
    groups: fc.array(group, { maxLength: 2 }),
  },
  plainRecord,
)
const rule = fc.array(ruleToken, { maxLength: 2 })
const rules = fc.record({ use: rule, block: rule, unblock: rule, modify: rule }, plainRecord)
const payload = fc.option(fc.oneof(octets, rules), { nil: undefined })
const timestamp = fc.record({ payload, seconds: fc.maxSafeNat(), keyName: name }, plainRecord)
const token = fc
  .record({ operation, label: name, payload, signature: octets, stamped: fc.boolean() })
  .map(({ signature, stamped, ...rest }) => {
    const stamp = { timestamp: writeTimestamp({ seconds: 1, keyName: "k" }), signature }
    return { ...rest, stamp: stamped ? stamp : undefined }
  })

test("tokens and timestamps are read as they were written", () => {
  fc.assert(fc.property(token, (one) => assert.deepEqual(readToken(writeToken(one), ""), one)))
  fc.assert(
    fc.property(timestamp, (one) => assert.deepEqual(readTimestamp(writeTimestamp(one), ""), one)),
  )
})

test("whatever else is read as a token is the one form of what it says", () => {
  fc.assert(
    fc.property(token, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, at, change) => {
      const bytes = writeToken(one)
      const place = at % bytes.length
      const altered = bytes.with(place, (bytes[place] ?? 0) ^ change)
      try {
        assert.deepEqual(writeToken(readToken(altered, "")), altered)
      } catch (error) {
        assert.ok(error instanceof CodecError)
      }
      assert.throws(() => readToken(bytes.subarray(0, place), ""), CodecError)
      assert.throws(() => readToken(Uint8Array.of(...bytes, 0, 0, 0, 0), ""), CodecError)
    }),
  )
})

test("a payload that 16 bits of length cannot tell is refused", () => {
  const label = "a"
  const fits = new Uint8Array(tlvValueMax)
  assert.deepEqual(
    readToken(writeToken({ operation: "use", label, payload: fits }), "").payload,
    fits,
  )
  const long = new Uint8Array(tlvValueMax + 1)
  assert.throws(() => writeToken({ operation: "use", label, payload: long }), {
    field: "/payload",
  })
})
