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
  Record<Kind, readonly [string, (made: MadeCase, key: string, index: number) => Promise<void>]>
> = {
  wrap: ["unwrap", unwraps],
  encryption: ["decrypt", decrypts],
  signature: ["verify", verifies],
  agreement: ["derive", agrees],
}

/** Keys that have been imported, by what they are: checking one of RSA-8192 takes seconds. */
const imported = new Map<string, Promise<string>>()

async function importOnce({ algorithm, key }: MadeCase, usage: string): Promise<string> {
  const isSeed = keyAlgorithm(algorithm).form === "seed"
  const usages = isSeed ? ["sign", "verify"] : [usage]
  const material = base64(key)
  const what = JSON.stringify([algorithm, usages, material])
  const known = imported.get(what)
  if (known !== undefined) return await known
  const name = `made-${imported.size}`
  const body = { name, algorithm, format: isSeed ? "raw" : "pkcs8", material, usages }
  const importing = node.send("manager", "POST", "keys/import", body).then(({ status, text }) => {
    assert.equal(status, 201, text)
    return name
  })
  imported.set(what, importing)
  return await importing
}

madeCases().forEach((made, index) => {
  const { algorithm, mechanism, source } = made
  test(`the API answers ${mechanism} with ${algorithm} as ${source} made it`, async () => {
    const [usage, check] = uses[mechanismRow(mechanism).kind] ?? assert.fail(mechanism)
    const name = await importOnce(made, usage)
    await check(made, name, index)
  })
})

/** What was wrapped is long enough for a key of HMAC, whose MAC tells which one it is. */
async function unwraps(made: MadeCase, key: string, index: number) {
  const { mechanism, ciphertext, message: secret } = made
  assert.ok(ciphertext)
  const message = Buffer.from("which key is this?")
  const unwrap = async (name: string, wrapped: Uint8Array) => {
    const body = { name, algorithm: "HMAC_SHA_224", mechanism, wrapped: base64(wrapped) }
    return fields(await node.send("manager", "POST", `keys/${key}/unwrap`, body))
  }
  const { name } = await unwrap(`unwrapped-${index}`, ciphertext)
  const { mac } = await use(`keys/${String(name)}/mac`, { message: base64(message) })
  assert.equal(mac, createHmac("sha224", secret).update(message).digest("base64"))
  const refused = await unwrap(`refused-${index}`, flipBit(ciphertext, 77))
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
