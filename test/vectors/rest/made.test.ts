/** The vectors that we had to have made, through the API: each is imported, then used. */
import assert from "node:assert/strict"
import { createHmac } from "node:crypto"
import { after, before, test } from "node:test"

import { keyAlgorithm, mechanismRow, type MechanismRow } from "../../../src/domain/algorithms.ts"
import { startDevNode, type DevNode } from "../../support/dev-node.ts"
import { flipBit } from "../../support/flip-bit.ts"
import { base64, fields } from "../../support/rest-client.ts"
import { madeCases, type MadeCase } from "../made.ts"

let node: DevNode
before(async () => {
  node = await startDevNode()
  const flags = { keyImport: true, legacyAlgorithms: true }
  await node.client.call(node.token("officer"), "PATCH /partition", { flags })
})
after(() => node.stop())

const use = async (path: string, body: object) =>
  fields(await node.send("user", "POST", path, { ...body }))

type Kind = MechanismRow["kind"]
/** By what a vector is for: the use that its key needs, and how the API shows that it holds. */
const uses: Partial<
  Record<Kind, readonly [string, (made: MadeCase, key: string) => Promise<void>]>
> = {
  wrap: ["unwrap", unwraps],
  encryption: ["decrypt", decrypts],
  signature: ["verify", verifies],
  agreement: ["derive", agrees],
}

madeCases().forEach((made, index) => {
  const { algorithm, mechanism, source, key } = made
  test(`the API answers ${mechanism} with ${algorithm} as ${source} made it`, async () => {
    const [usage, check] = uses[mechanismRow(mechanism).kind] ?? assert.fail(mechanism)
    const isSeed = keyAlgorithm(algorithm).form === "seed"
    const name = `made-${index}`
    const format = isSeed ? "raw" : "pkcs8"
    const usages = isSeed ? ["sign", "verify"] : [usage]
    const body = { name, algorithm, format, material: base64(key), usages }
    const imported = await node.send("manager", "POST", "keys/import", body)
    assert.equal(imported.status, 201, imported.text)
    await check(made, name)
  })
})

/** What was wrapped is long enough for a key of HMAC, whose MAC tells which one it is. */
async function unwraps({ mechanism, ciphertext, message: secret }: MadeCase, key: string) {
  assert.ok(ciphertext)
  const message = Buffer.from("which key is this?")
  const unwrap = async (name: string, wrapped: Uint8Array) => {
    const body = { name, algorithm: "HMAC_SHA_224", mechanism, wrapped: base64(wrapped) }
    return fields(await node.send("manager", "POST", `keys/${key}/unwrap`, body))
  }
  const { name } = await unwrap(`${key}.unwrapped`, ciphertext)
  const { mac } = await use(`keys/${String(name)}/mac`, { message: base64(message) })
  assert.equal(mac, createHmac("sha224", secret).update(message).digest("base64"))
  const refused = await unwrap(`${key}.refused`, flipBit(ciphertext, 77))
  assert.equal(refused["code"], "DECRYPTION_FAILED")
}

async function decrypts({ mechanism, ciphertext, message }: MadeCase, key: string) {
  assert.ok(ciphertext)
  const body = { mechanism, ciphertext: base64(ciphertext) }
  const { plaintext } = await use(`keys/${key}/decrypt`, body)
  assert.equal(plaintext, base64(message))
}

async function verifies(made: MadeCase, key: string) {
  const { mechanism, message, context, path, signature } = made
  assert.ok(signature)
  const valid = async (one: Uint8Array) => {
    const optional = context.length === 0 ? { path } : { path, context: base64(context) }
    const asked = { mechanism, message: base64(message), signature: base64(one), ...optional }
    return (await use(`keys/${key}/verify`, asked))["valid"]
  }
  assert.equal(await valid(signature), true)
  assert.equal(await valid(flipBit(signature, 9)), false)
}

async function agrees({ mechanism, agreed }: MadeCase, key: string) {
  assert.ok(agreed)
  const body = { mechanism, publicKey: base64(agreed.peer) }
  const { sharedSecret } = await use(`keys/${key}/agree`, body)
  assert.equal(sharedSecret, base64(agreed.secret))
}
