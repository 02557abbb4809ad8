/** Parameters of signatures over the wire, and through the SDK. */

import assert from "node:assert/strict"
import { createHash, createPublicKey, verify } from "node:crypto"
import { readFileSync } from "node:fs"
import { after, before, test } from "node:test"

import { Keyhold, type SignOptions } from "@keyhold/sdk"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64, bytes, fields, type Fields } from "../support/rest-client.ts"

const message = Buffer.from("signed over the wire\n")
const context = Buffer.from("context")

let node: DevNode

before(async () => {
  node = await startDevNode()
})
after(() => node.stop())

/** What each is asked with, both when signing and when verifying; and what must not do. */
const cases: readonly (readonly [string, Fields, Fields])[] = [
  ["EC_P256", { mechanism: "ECDSA_BLAKE2B_512" }, { mechanism: "ECDSA_SHA_512" }],
  ["EC_P256", { mechanism: "ECDSA_DOUBLE_SHA_256" }, { mechanism: "ECDSA_SHA_256" }],
  ["RSA_2048", { saltLength: 0, mgfHash: "SHA_1" }, {}],
  ["ED25519", { mechanism: "ED25519_PH", context: base64(context) }, { mechanism: "ED25519_PH" }],
  ["ED25519", { mechanism: "ED25519_CTX", context: base64(context) }, {}],
  ["ED448", { mechanism: "ED448_PH" }, {}],
  ["ML_DSA_65", { mechanism: "HASH_ML_DSA_SHA_512" }, {}],
  ["ML_DSA_44", { mechanism: "HASH_ML_DSA_SHAKE_128", context: base64(context) }, {}],
  ["EC_SECP256K1", { encoding: "recoverable" }, { encoding: "raw" }],
]
for (const [algorithm, asked, other] of cases) {
  test(`${algorithm} signs and verifies with ${JSON.stringify(asked)}, not without`, async () => {
    const name = await create(algorithm)
    const body = { message: base64(message), ...asked }
    const { signature } = fields(await use(name, "sign", body))
    assert.equal(fields(await use(name, "verify", { ...body, signature }))["valid"], true)
    const bad = bytes(signature)
    bad[20] = (bad[20] ?? 0) ^ 1
    const spoilt = { ...body, signature: base64(bad) }
    assert.equal(fields(await use(name, "verify", spoilt))["valid"], false)
    const without = { message: base64(message), ...other, signature }
    assert.equal(fields(await use(name, "verify", without))["valid"], false)
  })
}

test("mu is signed in its message's place, and the log says so", async () => {
  const name = await create("ML_DSA_44")
  const key = await node.client.send("GET", `/api/v1/keys/${name}/public`, {
    token: node.token("user"),
  })
  const spki = bytes(fields(key)["publicKey"])
  const mu = shake(shake(spki.subarray(-1312)), Buffer.of(0, 0), message)
  const asked = { message: base64(mu), messageType: "mu" }
  const { signature } = fields(await use(name, "sign", asked))
  const publicKey = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" })
  assert.ok(verify(null, message, publicKey, bytes(signature)))
  const whole = { message: base64(message), signature }
  assert.equal(fields(await use(name, "verify", whole))["valid"], true)
  const log = await node.client.send("GET", "/api/v1/audit/records?act=key.sign", {
    token: node.token("auditor"),
  })
  const { items } = JSON.parse(log.text) as { items: { note?: string }[] }
  assert.equal(items.at(-1)?.note, "mu")
})

test("what a mechanism does not take is refused by its field", async () => {
  const name = await create("EC_P384")
  for (const [field, value] of [
    ["saltLength", 20],
    ["mgfHash", "SHA_256"],
    ["merkleRoot", ""],
    ["auxRandom", base64(Buffer.alloc(32))],
    ["context", base64(context)],
    ["encoding", "recoverable"],
  ] as const) {
    const refused = await use(name, "sign", { message: base64(message), [field]: value })
    assert.equal(refused.status, 400, field)
    const { code, field: named } = fields(refused)
    assert.deepEqual([code, named], ["MALFORMED_REQUEST", `/${field}`])
  }
  assert.equal((await use(name, "sign", { message: base64(message) })).status, 200)
})

test("the SDK says the same in bytes", async () => {
  const { url, caFile } = node.dev
  const kh = new Keyhold({ url, ca: readFileSync(caFile, "utf8"), token: node.token("user") })
  const name = await create("EC_SECP256K1")
  const digest = createHash("sha256").update(message).digest()
  const options = { mechanism: "BIP340_SCHNORR", merkleRoot: Buffer.alloc(0) } as const
  const repeated: SignOptions = { ...options, deterministic: true }
  const [one, two] = [await kh.sign(name, digest, repeated), await kh.sign(name, digest, repeated)]
  assert.equal(one.toHex(), two.toHex())
  assert.ok(await kh.verify(name, { message: digest, signature: one }, options))
  const { mechanism } = options
  assert.ok(!(await kh.verify(name, { message: digest, signature: one }, { mechanism })))
  const hashed = { messageType: "digest", deterministic: true, encoding: "raw" } as const
  const signature = await kh.sign(name, digest, hashed)
  const { deterministic: _, ...checked } = hashed
  assert.ok(await kh.verify(name, { message: digest, signature }, checked))
  assert.ok(await kh.verify(name, { message, signature }, { encoding: "raw" }))
  kh.close()
})

function shake(...parts: readonly Uint8Array[]): Buffer {
  return createHash("shake256", { outputLength: 64 }).update(Buffer.concat(parts)).digest()
}

let count = 0

async function create(algorithm: string): Promise<string> {
  const name = `parameters-${count++}`
  const body = { name, algorithm }
  const made = await node.client.send("POST", "/api/v1/keys", {
    token: node.token("manager"),
    body,
  })
  assert.equal(made.status, 201, made.text)
  return name
}

function use(name: string, act: "sign" | "verify", body: Fields) {
  return node.client.send("POST", `/api/v1/keys/${name}/${act}`, {
    token: node.token("user"),
    body,
  })
}
