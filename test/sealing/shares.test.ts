import assert from "node:assert/strict"
import { test } from "node:test"

import { flipBit } from "../support/flip-bit.ts"
import { SecretBytes } from "../../src/engine/secret-bytes.ts"
import { parseShareSet, renderShareSet } from "../../src/sealing/share-set.ts"
import {
  issueShares,
  openShare,
  parseShare,
  partPattern,
  type Custodian,
} from "../../src/sealing/shares.ts"
import { holdCeremony, seededRandom } from "./ceremony-fixture.ts"

const ceremony = await holdCeremony("shares", { scheme: "shamir", threshold: 2, total: 3 })
const [issued] = ceremony.shares
const [key, otherKey] = ceremony.keys
assert(issued && key && otherKey)
const malformed = { code: "MALFORMED_REQUEST" }

/** The share file with one field replaced. */
function withField(name: string, value: unknown): string {
  return JSON.stringify({ ...(JSON.parse(issued?.file ?? "") as object), [name]: value })
}

test("a custodian opens his share and sees the pattern that the ceremony showed", () => {
  const opened = openShare(parseShare(issued.file), key)
  assert.equal(partPattern(opened), issued.pattern)
  assert.equal(opened.part.length, 33)
  assert.equal(opened.share.clusterId, ceremony.clusterId)
  assert.deepEqual(
    opened.share.nodes,
    [ceremony.identity.publicKey].map((b) => Uint8Array.from(b)),
  )
})

test("a share with any bit of its sealed part flipped does not open", () => {
  const share = parseShare(issued.file)
  for (let at = 0; at < share.sealed.length; at++) {
    const forged = { ...share, sealed: flipBit(share.sealed, at) }
    assert.throws(() => openShare(forged, key), { code: "DECRYPTION_FAILED" }, `byte ${at}`)
  }
})

test("a share with any field of its head changed does not open", () => {
  const share = parseShare(issued.file)
  const stranger = flipBit(ceremony.identity.publicKey, 0)
  const forgeries = {
    clusterId: `0${"1".repeat(25)}`,
    custodian: "mallory",
    index: 2,
    threshold: 3,
    total: 4,
    keyCommitment: flipBit(share.keyCommitment, 31).toBase64(),
    nodes: [stranger.toBase64()],
  }
  for (const [name, value] of Object.entries(forgeries)) {
    const forged = parseShare(withField(name, value))
    assert.throws(() => openShare(forged, key), { code: "DECRYPTION_FAILED" }, name)
  }
  const pinsTwo = { ...share, nodes: [...share.nodes, stranger] }
  assert.throws(() => openShare(pinsTwo, key), { code: "DECRYPTION_FAILED" })
})

test("a share does not open for another custodian", () => {
  const message = /another custodian's, or was changed/
  const foreign = { code: "DECRYPTION_FAILED", message }
  assert.throws(() => openShare(parseShare(issued.file), otherKey), foreign)
})

test("a share file that is not one is refused with the field named", () => {
  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    ["format", "keyhold/share/v2", /format/],
    ["scheme", "sum", /scheme/],
    ["index", 0, /index/],
    ["index", 4, /index beyond the total/],
    ["threshold", 1, /threshold/],
    ["threshold", 2.5, /threshold/],
    ["custodian", "../anna", /custodian/],
    ["nodes", [], /nodes/],
    ["sealed", "AAAA", /sealed/],
    ["sealed", `${parseShare(issued.file).sealed.toBase64()}\n`, /sealed/],
    ["extra", 1, /unknown field extra/],
  ]
  for (const [name, value, message] of wrong) {
    assert.throws(() => parseShare(withField(name, value)), { ...malformed, message })
  }
  const twice = issued.file.replace("{", '{ "index": 1,')
  for (const text of [twice, "", "[]", "null", "{", issued.file.slice(0, -3), " ".repeat(70_000)]) {
    assert.throws(() => parseShare(text), malformed)
  }
  assert.doesNotThrow(() => parseShare(issued.file))
})

test("a share set survives its file, and one that contradicts itself is refused", () => {
  const { set } = ceremony
  const text = renderShareSet(set)
  assert.equal(renderShareSet(parseShareSet(text)), text)
  const written = JSON.parse(text) as Record<string, unknown>
  for (const change of [{ total: 4 }, { threshold: 4 }, { scheme: "xor" }, { clusterId: "x" }]) {
    assert.throws(() => parseShareSet(JSON.stringify({ ...written, ...change })), malformed)
  }
})

test("one person cannot hold two shares, under one name or one key", async () => {
  const [anna, ben] = [key.publicKey, otherKey.publicKey]
  const twins = issueTo([
    { name: "anna", publicKey: anna },
    { name: "anna", publicKey: ben },
  ])
  await assert.rejects(twins, { ...malformed, message: /same name/ })
  const masks = issueTo([
    { name: "anna", publicKey: anna },
    { name: "ben", publicKey: anna },
  ])
  await assert.rejects(masks, { ...malformed, message: /same key/ })
  const alone = issueTo([{ name: "anna", publicKey: anna }])
  await assert.rejects(alone, malformed)
  await assert.doesNotReject(
    issueTo([
      { name: "anna", publicKey: anna },
      { name: "ben", publicKey: ben },
    ]),
  )
})

function issueTo(custodians: readonly Custodian[]) {
  return issueShares(seededRandom("twice"), {
    clusterId: ceremony.clusterId,
    key: new SecretBytes(new Uint8Array(32)),
    scheme: "shamir",
    threshold: 2,
    custodians,
    nodes: [ceremony.identity.publicKey],
  })
}
