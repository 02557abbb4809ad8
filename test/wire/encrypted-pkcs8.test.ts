/** PKCS#8 under a passphrase, as openssl writes it. */

import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { createPrivateKey, generateKeyPairSync } from "node:crypto"
import { after, before, test } from "node:test"

import { flipBit } from "../support/flip-bit.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64, fields, saying, type Answer } from "../support/rest-client.ts"

const passphrase = "correct horse battery staple"
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
const pem = privateKey.export({ format: "pem", type: "pkcs8" })
const spki = base64(publicKey.export({ format: "der", type: "spki" }))

let node: DevNode
let count = 0

before(async () => {
  node = await startDevNode()
  const flags = { keyImport: true }
  assert.equal((await node.send("officer", "PATCH", "partition", { flags })).status, 200)
})
after(() => node.stop())

function encrypted(...options: readonly string[]): Buffer {
  const args = ["pkcs8", "-topk8", "-outform", "DER", "-passout", `pass:${passphrase}`, ...options]
  return execFileSync("openssl", args, { input: pem })
}

function bring(material: Uint8Array, word: string | undefined = passphrase): Promise<Answer> {
  const name = `encrypted-${count++}`
  const body = {
    name,
    algorithm: "EC_P256",
    format: "pkcs8",
    material: base64(material),
    passphrase: word,
  }
  return node.send("manager", "POST", "keys/import", body)
}

const kinds = [
  ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA256"],
  ["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"],
  ["-v2", "aes-192-cbc", "-v2prf", "hmacWithSHA512", "-iter", "100000"],
]

for (const options of kinds) {
  test(`openssl pkcs8 ${options.join(" ")}: the key comes in`, async () => {
    const made = await bring(encrypted(...options))
    assert.equal(made.status, 201, made.text)
    const path = `keys/${String(fields(made)["id"])}/public`
    const shown = fields(await node.send("user", "GET", path))
    assert.equal(shown["publicKey"], spki)
  })
}

test("a wrong passphrase and a damaged file have one answer", async () => {
  const good = encrypted("-v2", "aes-256-cbc")
  const plain = createPrivateKey(pem).export({ format: "der", type: "pkcs8" })
  const answers = await Promise.all([
    bring(good, "another"),
    bring(good, ""),
    bring(flipBit(good, -20)),
    bring(good.subarray(0, -1)),
    bring(plain),
  ])
  const said = answers.map(saying)
  assert.deepEqual(
    [answers.map(({ status }) => status)[0], new Set(said).size],
    [400, 1],
    said.join("\n"),
  )
})

test("too many iterations are refused before they are made; so are old ciphers", async () => {
  const patient = encrypted("-v2", "aes-256-cbc", "-iter", "70000")
  const at = patient.indexOf(Buffer.from("0203011170", "hex"))
  assert.ok(at > 0)
  patient.set([0x7f, 0xff, 0xff], at + 2)
  assert.equal((await bring(patient)).status, 400)
  assert.equal((await bring(encrypted("-v2", "des3"))).status, 400)
})
