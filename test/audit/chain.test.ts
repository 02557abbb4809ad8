import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { test } from "node:test"
import {
  chainBodies,
  chainRecords,
  commitment,
  genesis,
  leafInput,
  nextLink,
  nextMacKey,
  scopeSecret,
  sha256,
} from "../../src/audit/chain.ts"
import { checkpointBytes, noCheckpointHash } from "../../src/audit/checkpoint.ts"
import { canonical } from "../../src/codec/canonical.ts"
import { cluster } from "./fixture.ts"

/** The hash of an encoding put together by hand, as docs/formats/audit.md describes it. */
function byHand(purpose: string, ...fields: readonly (readonly [string, string])[]): string {
  const parts = [["s", Buffer.from(cluster).toString("hex")] as const, ...fields]
  const body = parts.map(([tag, hex]) => {
    const length = (hex.length / 2).toString(16).padStart(8, "0")
    return `${Buffer.from(tag).toString("hex")}${length}${hex}`
  })
  const label = Buffer.from(`keyhold/${purpose}/v1\0`).toString("hex")
  return createHash("sha256")
    .update(label + body.join(""), "hex")
    .digest("hex")
}

const hex = (text: string): string => Buffer.from(text).toString("hex")
const salt = Buffer.alloc(16, 1)
const link = Buffer.alloc(32, 2)
const leaf = Buffer.alloc(32, 3)

test("leaves, links, keys and commitments are hashes of what the format says", () => {
  const body = '{"index":0}'
  assert.equal(
    sha256(leafInput(cluster, salt, body)).toHex(),
    byHand("audit-leaf", ["b", "01".repeat(16)], ["s", hex(body)]),
  )
  assert.equal(genesis(cluster, "c").link.toHex(), byHand("audit-genesis", ["s", hex("c")]))
  assert.equal(
    nextLink(cluster, link, leaf).toHex(),
    byHand("audit-link", ["b", link.toString("hex")], ["b", leaf.toString("hex")]),
  )
  assert.equal(nextMacKey(cluster, link).toHex(), byHand("audit-mac-next", ["b", link.toHex()]))
  assert.equal(
    scopeSecret(cluster, link, "p").toHex(),
    byHand("audit-scope-secret", ["b", link.toHex()], ["s", hex("p")]),
  )
  assert.equal(
    commitment(cluster, link, "p", 7, 9).toHex(),
    byHand(
      "audit-commitment",
      ["b", link.toHex()],
      ["s", hex("p")],
      ["i", "0000000000000007"],
      ["i", "0000000000000009"],
    ),
  )
})

const bodies = [
  '{"index":0}',
  "",
  `{"note":"${"\u00fc\u20ac\u{1f511}".repeat(40)}"}`,
  '{"index":3}',
]

test("the writer's chaining agrees with the plain definition, record by record", () => {
  const salts = Buffer.alloc(16 * bodies.length, "a salt for each record")
  const chained = chainBodies(chainRecords, cluster, { link, salts, bodies })
  const inputs = bodies.map((body, at) =>
    leafInput(cluster, salts.subarray(16 * at).subarray(0, 16), body),
  )
  const leaves = inputs.map(sha256)
  assert.equal(chained.leaves.toHex(), Buffer.concat(leaves).toHex())
  const last = leaves.reduce((before, one) => nextLink(cluster, before, one), Uint8Array.from(link))
  assert.equal(chained.link.toHex(), last.toHex())
  const headBytes = canonical("audit-leaf", cluster).length
  const tails = inputs.map((input) => input.subarray(headBytes))
  assert.equal(chained.salted.toHex(), Buffer.concat(tails).toHex())
})

test("every field of a checkpoint is under its signature", () => {
  const body = {
    cluster,
    chain: "c",
    node: "n",
    worker: 1,
    boot: "b",
    number: 2,
    reason: "interval" as const,
    records: 3,
    link: "0".repeat(64),
    time: 4,
    storeRev: 5,
    scopes: 6,
    archived: 7,
    commitments: "1".repeat(64),
    previous: noCheckpointHash,
    peers: [{ chain: "d", records: 8, link: "2".repeat(64) }],
  }
  const signed = Buffer.from(checkpointBytes(body)).toString("hex")
  const changes = Object.entries(body).map(([name, value]) => ({ ...body, [name]: other(value) }))
  assert.equal(changes.length, 16)
  for (const changed of changes) {
    assert.notEqual(Buffer.from(checkpointBytes(changed)).toString("hex"), signed)
  }
})

function other(value: string | number | readonly object[]): unknown {
  if (typeof value === "number") return value + 1
  return typeof value === "string" ? `${value}x` : []
}
