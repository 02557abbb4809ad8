/** Requests for timestamps: what is none is refused in the protocol's own words. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { assert as check, constantFrom, integer, property, tuple, uint8Array } from "fast-check"

import { derTags, explicit, sequence, writeDer, writeDerObjectId } from "../../src/codec/der.ts"
import {
  parseTimestampQuery,
  timestampHashes,
  timestampQuery,
  TimestampRefusal,
  type TimestampFailure,
} from "../../src/codec/timestamp-query.ts"

const nothing = writeDer(derTags.null)
const one = Uint8Array.of(derTags.integer, 1, 1)
const yes = Uint8Array.of(derTags.boolean, 1, 0xff)
const nonce = writeDer(derTags.integer, Uint8Array.fromHex("00f1e2d3c4b5a69788"))
const policy = writeDerObjectId("1.3.6.1.4.1.99999.1")
const octets = (length: number): Uint8Array =>
  writeDer(derTags.octetString, new Uint8Array(length).fill(7))
const identifier = (oid: string, ...parameters: Uint8Array[]): Uint8Array =>
  sequence(writeDerObjectId(oid), ...parameters)
const sha256 = identifier(timestampHashes.SHA_256.oid, nothing)
const imprint = sequence(sha256, octets(32))
const whole = sequence(one, imprint, policy, nonce, yes)

/** As OpenSSL writes it: id-kp-timeStamping's neighbour, critical. */
const extension = sequence(writeDerObjectId("1.2.3"), yes, octets(2))

test("a request keeps what its answer repeats, byte for byte", () => {
  const read = parseTimestampQuery(whole)
  assert.deepEqual(read, { hash: "SHA_256", imprint, policy, nonce, certificates: true })
  const bare = parseTimestampQuery(sequence(one, imprint))
  assert.equal(bare.certificates, false)
  assert.equal(bare.nonce, undefined)
  assert.equal(bare.policy, undefined)
  const negative = writeDer(derTags.integer, Uint8Array.of(0x81))
  assert.deepEqual(parseTimestampQuery(sequence(one, imprint, negative)).nonce, negative)
})

test("every hash is read with NULL and without parameters, at its length alone", () => {
  for (const [name, { oid, bytes }] of Object.entries(timestampHashes)) {
    for (const algorithm of [identifier(oid), identifier(oid, nothing)]) {
      const query = sequence(one, sequence(algorithm, octets(bytes)))
      assert.equal(parseTimestampQuery(query).hash, name)
      for (const wrong of [0, bytes - 1, bytes + 1]) {
        refuses(sequence(one, sequence(algorithm, octets(wrong))), "badDataFormat", name)
      }
    }
  }
})

test("what is made of a digest reads back", () => {
  const digest = new Uint8Array(48).fill(3)
  const made = timestampQuery({ hash: "SHA_384", digest, policy: "1.2.3", certificates: false })
  assert.ok(made.policy !== undefined)
  const read = parseTimestampQuery(sequence(one, made.imprint, made.policy))
  assert.deepEqual(read, { ...made, nonce: undefined })
  assert.throws(() => timestampQuery({ digest }), { failure: "badDataFormat", field: "/digest" })
})

test("what gets no timestamp is refused by name", () => {
  const withParameters = identifier(timestampHashes.SHA_256.oid, octets(1))
  const bad: readonly (readonly [string, Uint8Array, TimestampFailure])[] = [
    ["nothing", new Uint8Array(), "badDataFormat"],
    ["no sequence", octets(3), "badDataFormat"],
    ["an empty one", sequence(), "badDataFormat"],
    ["trailing bytes", Buffer.concat([whole, nothing]), "badDataFormat"],
    ["one byte after it", Buffer.concat([whole, Uint8Array.of(0)]), "badDataFormat"],
    ["version 2", sequence(Uint8Array.of(2, 1, 2), imprint), "badRequest"],
    ["a padded version", sequence(Uint8Array.of(2, 2, 0, 1), imprint), "badDataFormat"],
    ["SHA-1", sequence(one, sequence(identifier("1.3.14.3.2.26"), octets(20))), "badAlg"],
    ["MD5", sequence(one, sequence(identifier("1.2.840.113549.2.5"), octets(16))), "badAlg"],
    ["a hash's parameters", sequence(one, sequence(withParameters, octets(32))), "badAlg"],
    ["an imprint of three", sequence(one, sequence(sha256, octets(32), one)), "badDataFormat"],
    ["an extension", sequence(one, imprint, explicit(0, extension)), "unacceptedExtension"],
    ["order of its own", sequence(one, imprint, yes, nonce), "badDataFormat"],
    ["a part twice", sequence(one, imprint, nonce, nonce), "badDataFormat"],
    ["something else", sequence(one, imprint, octets(1)), "badDataFormat"],
    ["certReq false, said", sequence(one, imprint, Uint8Array.of(1, 1, 0)), "badDataFormat"],
    ["certReq of BER", sequence(one, imprint, Uint8Array.of(1, 1, 1)), "badDataFormat"],
    ["a nonce of nothing", sequence(one, imprint, Uint8Array.of(2, 0)), "badDataFormat"],
    ["a padded nonce", sequence(one, imprint, Uint8Array.of(2, 2, 0, 5)), "badDataFormat"],
    [
      "a negative one, padded",
      sequence(one, imprint, Uint8Array.of(2, 2, 255, 200)),
      "badDataFormat",
    ],
    [
      "a huge nonce",
      sequence(one, imprint, writeDer(2, new Uint8Array(34).fill(1))),
      "badDataFormat",
    ],
    [
      "a policy without end",
      sequence(one, imprint, Uint8Array.of(6, 2, 42, 0x83)),
      "badDataFormat",
    ],
    ["a padded policy", sequence(one, imprint, Uint8Array.of(6, 3, 42, 0x80, 3)), "badDataFormat"],
    ["an empty policy", sequence(one, imprint, Uint8Array.of(6, 0)), "badDataFormat"],
    [
      "a long length",
      Buffer.concat([Uint8Array.of(0x30, 0x81, whole.length - 2), whole.subarray(2)]),
      "badDataFormat",
    ],
    [
      "an indefinite one",
      Buffer.concat([Uint8Array.of(0x30, 0x80), whole.subarray(2), new Uint8Array(2)]),
      "badDataFormat",
    ],
  ]
  for (const [what, bytes, failure] of bad) refuses(bytes, failure, what)
})

test("a request that is cut anywhere is refused", () => {
  for (let end = 0; end < whole.length; end++) {
    refuses(whole.subarray(0, end), "badDataFormat", `${end} bytes`)
  }
})

test("thousands of mutated requests are read or refused, and nothing else happens", () => {
  const mutation = tuple(
    integer({ min: 0, max: whole.length - 1 }),
    constantFrom("set", "cut", "insert"),
    uint8Array({ minLength: 1, maxLength: 4 }),
  )
  const mutated = (at: number, how: string, bytes: Uint8Array): Uint8Array => {
    const skip = how === "insert" ? 0 : bytes.length
    const put = how === "cut" ? new Uint8Array() : bytes
    return Buffer.concat([whole.subarray(0, at), put, whole.subarray(at + skip)])
  }
  check(
    property(mutation, mutation, (first, second) => {
      for (const bytes of [mutated(...first), mutated(...second)]) readsOrRefuses(bytes)
    }),
    { numRuns: 2_000 },
  )
  check(property(uint8Array({ maxLength: 128 }), readsOrRefuses), { numRuns: 1_000 })
})

function readsOrRefuses(bytes: Uint8Array): void {
  try {
    assert.ok(parseTimestampQuery(bytes).imprint.length > 34)
  } catch (error) {
    assert.ok(error instanceof TimestampRefusal, String(error))
  }
}

function refuses(bytes: Uint8Array, failure: TimestampFailure, what: string): void {
  assert.throws(() => parseTimestampQuery(bytes), { name: "CodecError", failure }, what)
}
