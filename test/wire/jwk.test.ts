/** JSON Web Keys that another library made come in as what they are, or not at all. */

import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { exportJWK, generateKeyPair, generateSecret, importJWK, type JWK } from "jose"

import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64, fields, type Answer, type Fields } from "../support/rest-client.ts"

let node: DevNode
let count = 0

before(async () => {
  node = await startDevNode()
  const flags = { keyImport: true }
  assert.equal((await node.send("officer", "PATCH", "partition", { flags })).status, 200)
})
after(() => node.stop())

function bring(algorithm: string, material: string, more: Fields = {}): Promise<Answer> {
  const name = `jwk-${count++}`
  const body = { name, algorithm, format: "jwk", material: base64(Buffer.from(material)), ...more }
  return node.send("manager", "POST", "keys/import", body)
}

async function imported(algorithm: string, jwk: JWK, more: Fields = {}): Promise<Fields> {
  const answer = await bring(algorithm, JSON.stringify(jwk), more)
  assert.equal(answer.status, 201, answer.text)
  return fields(answer)
}

async function refused(algorithm: string, material: string): Promise<void> {
  const answer = await bring(algorithm, material)
  const { code, field } = fields(answer)
  assert.deepEqual([code, field], ["MALFORMED_REQUEST", "/material"], `${material} ${answer.text}`)
}

async function spkiOf({ id }: Fields): Promise<unknown> {
  return fields(await node.send("user", "GET", `keys/${String(id)}/public`))["publicKey"]
}

const pairs = [
  ["RSA_2048", "RS256", {}],
  ["EC_P256", "ES256", {}],
  ["EC_P384", "ES384", {}],
  ["EC_P521", "ES512", {}],
  ["ED25519", "EdDSA", { crv: "Ed25519" }],
  ["X25519", "ECDH-ES", { crv: "X25519" }],
] as const

for (const [algorithm, alg, options] of pairs) {
  test(`${algorithm}: both halves of jose's pair are one key here`, async () => {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true, ...options })
    const [secret, open] = [await exportJWK(privateKey), await exportJWK(publicKey)]
    const whole = await imported(algorithm, { ...secret, kid: "4711", use: "sig" })
    const half = await imported(algorithm, open)
    assert.equal(await spkiOf(whole), await spkiOf(half))
    for (const other of pairs) {
      if (other[0] !== algorithm) await refused(other[0], JSON.stringify(secret))
    }
  })
}

test("a secret key's bytes are those of k", async () => {
  const jwk = await exportJWK(await generateSecret("HS256", { extractable: true }))
  const { id } = await imported("HMAC_SHA_256", jwk)
  const message = Buffer.from("signed by jose's key")
  const key = (await importJWK(jwk, "HS256")) as Uint8Array
  const { createHmac } = await import("node:crypto")
  const body = { message: base64(message) }
  const answer = await node.send("user", "POST", `keys/${String(id)}/mac`, body)
  assert.equal(fields(answer)["mac"], base64(createHmac("sha256", key).update(message).digest()))
})

test("what is no such key is refused alike", async () => {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true })
  const jwk = await exportJWK(privateKey)
  const text = JSON.stringify(jwk)
  const bad = [
    "",
    "[]",
    "{}",
    text.slice(1),
    text.replace("{", '{"kty":"EC",'),
    JSON.stringify({ ...jwk, kty: "AKP" }),
    JSON.stringify({ ...jwk, crv: "P-384" }),
    JSON.stringify({ ...jwk, d: `${jwk.d}=` }),
    JSON.stringify({ ...jwk, d: 4711 }),
    JSON.stringify({ ...jwk, x: jwk.y, y: jwk.x }),
    JSON.stringify({ ...jwk, y: undefined }),
    JSON.stringify({ kty: "oct", k: "AAAAAAAAAAAAAAAAAAAAAA" }),
  ]
  for (const one of bad) await refused("EC_P256", one)
})
