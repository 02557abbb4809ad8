/** Shared secrets through API and SDK: with OpenSSL on the other side, and as policy says. */

import assert from "node:assert/strict"
import { createPrivateKey, diffieHellman, generateKeyPairSync } from "node:crypto"
import { readFileSync } from "node:fs"
import { after, before, suite, test } from "node:test"

import { Keyhold } from "@keyhold/sdk"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64, bytes, fields, type Answer, type Fields } from "../support/rest-client.ts"

const der = { publicKeyEncoding: { format: "der", type: "spki" } } as const
const pkcs8 = { privateKeyEncoding: { format: "der", type: "pkcs8" } } as const

let node: DevNode
let sdk: Keyhold

suite("shared secrets", () => {
  before(async () => {
    node = await startDevNode()
    const { url, caFile, tokens } = node.dev
    sdk = new Keyhold({ url, token: tokens.user, ca: readFileSync(caFile, "utf8") })
  })
  after(async () => {
    sdk.close()
    await node.stop()
  })

  test("a sender that has the public half alone shares a secret with the holder", checkSenders)

  test("older versions still decapsulate and agree, by their number", checkVersions)

  test("a partner who never saw the key agrees on the same secret", checkPartner)

  test("only a key that may derive agrees, and only one that may decapsulate does", checkUsages)

  test("what is no fair partner's key is MALFORMED_REQUEST, and says where", checkUnfair)

  test("the log names the mechanism and the version, and no secret", checkLog)
})

async function checkSenders(): Promise<void> {
  const own = await create({ algorithm: "ML_KEM_768" })
  const { publicKey } = await call("user", `GET /keys/${own}/public`)
  const half = await create({ algorithm: "ML_KEM_768", format: "spki", material: publicKey })
  const { ciphertext, sharedSecret } = await sdk.encapsulate(half)
  assert.deepEqual(await sdk.decapsulate(own, ciphertext), sharedSecret)
  ciphertext[5] = (ciphertext[5] ?? 0) ^ 1
  assert.notDeepEqual(await sdk.decapsulate(own, ciphertext), sharedSecret)
  await assert.rejects(sdk.decapsulate(own, ciphertext.subarray(1)), {
    code: "DECRYPTION_FAILED",
  })
  await assert.rejects(sdk.decapsulate(half, ciphertext), { code: "OPERATION_FORBIDDEN" })
}

async function checkVersions(): Promise<void> {
  const kem = await create({ algorithm: "ML_KEM_512" })
  const { ciphertext, sharedSecret } = await sdk.encapsulate(kem)
  await call("manager", `POST /keys/${kem}/rotate`)
  assert.notDeepEqual(await sdk.decapsulate(kem, ciphertext), sharedSecret)
  assert.deepEqual(await sdk.decapsulate(kem, ciphertext, { version: 1 }), sharedSecret)
}

async function checkPartner(): Promise<void> {
  const own = await create({ algorithm: "X25519" })
  const { publicKey: ours } = await call("user", `GET /keys/${own}/public`)
  const theirs = generateKeyPairSync("x25519", { ...der, ...pkcs8 })
  const partner = createPrivateKey({ key: theirs.privateKey, format: "der", type: "pkcs8" })
  const publicKey = { key: Buffer.from(bytes(ours)), format: "der", type: "spki" } as const
  const secret = diffieHellman({ privateKey: partner, publicKey })
  assert.deepEqual(Buffer.from(await sdk.agree(own, theirs.publicKey)), secret)
}

async function checkUsages(): Promise<void> {
  const signs = await create({ algorithm: "EC_P256" })
  const { publicKey } = await call("user", `GET /keys/${signs}/public`)
  const asked = { publicKey }
  const refused = await use(signs, "agree", asked)
  assert.deepEqual([refused.status, fields(refused)["rule"]], [403, "usage"])
  const derives = await create({ algorithm: "EC_P256", usages: ["derive"] })
  assert.equal((await use(derives, "agree", asked)).status, 200)
  const sends = await create({ algorithm: "ML_KEM_512", usages: ["encapsulate"] })
  assert.equal((await use(sends, "encapsulate", {})).status, 200)
  const body = { ciphertext: base64(new Uint8Array(768)) }
  assert.equal((await use(sends, "decapsulate", body)).status, 403)
}

async function checkUnfair(): Promise<void> {
  const own = await create({ algorithm: "X25519" })
  const zeros = "MCowBQYDK2VuAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
  for (const publicKey of [zeros, "MCowBQYDK2VuAyEA", ""]) {
    const refused = await use(own, "agree", { publicKey })
    assert.equal(refused.status, 400)
    assert.deepEqual(
      [fields(refused)["code"], fields(refused)["field"]],
      ["MALFORMED_REQUEST", "/publicKey"],
    )
  }
}

async function checkLog(): Promise<void> {
  const own = await create({ algorithm: "DH_FFDHE2048" })
  const { publicKey } = await call("user", `GET /keys/${own}/public`)
  const agreed = await use(own, "agree", { publicKey })
  const { sharedSecret } = fields(agreed)
  const log = await node.client.send("GET", "/api/v1/audit/records?act=key.agree", {
    token: node.token("auditor"),
  })
  const { items } = JSON.parse(log.text) as { items: Fields[] }
  const last = items.at(-1)
  assert.deepEqual([last?.["mechanism"], last?.["keyVersion"]], ["DH", 1])
  assert.ok(!log.text.includes(String(sharedSecret)))
}

let count = 0

async function create(body: Fields): Promise<string> {
  const name = `secret-${count++}`
  const route = "material" in body ? "POST /keys/import" : "POST /keys"
  await call("manager", route, { name, ...body })
  return name
}

function call(role: "user" | "manager", route: string, body?: Fields): Promise<Fields> {
  return node.client.call(node.token(role), route, body)
}

function use(key: string, act: string, body: Fields): Promise<Answer> {
  return node.client.send("POST", `/api/v1/keys/${key}/${act}`, { token: node.token("user"), body })
}
