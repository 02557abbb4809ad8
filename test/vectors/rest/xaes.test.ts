/** XAES-256-GCM through the API: the two vectors of https://c2sp.org/XAES-256-GCM. */
import assert from "node:assert/strict"
import { after, before, suite, test } from "node:test"

import { startDevNode, type DevNode } from "../../support/dev-node.ts"
import { base64 } from "../../support/rest-client.ts"

const vectors = [
  {
    key: 0x01,
    aad: "",
    ciphertext: "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271",
  },
  {
    key: 0x03,
    aad: "c2sp.org/XAES-256-GCM",
    ciphertext: "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d",
  },
]

suite("XAES-256-GCM through the API", () => {
  let node: DevNode
  before(async () => {
    node = await startDevNode()
  })
  after(() => node.stop())

  for (const { key, aad, ciphertext } of vectors) {
    test(`key ${key} repeated encrypts to what the specification says, and back`, async () => {
      const { client, token } = node
      const { id } = await client.call(token("manager"), "POST /keys/import", {
        name: `key-${key}`,
        algorithm: "AES_256",
        format: "raw",
        material: base64(new Uint8Array(32).fill(key)),
      })
      const at = `/keys/${String(id)}`
      const common = { iv: base64("ABCDEFGHIJKLMNOPQRSTUVWX"), aad: base64(aad) }
      const expected = base64(Uint8Array.fromHex(ciphertext))
      const made = await client.call(token("user"), `POST ${at}/encrypt`, {
        ...common,
        plaintext: base64("XAES-256-GCM"),
        raw: true,
      })
      assert.equal(made["ciphertext"], expected)
      const opened = await client.call(token("user"), `POST ${at}/decrypt`, {
        ...common,
        ciphertext: expected,
      })
      assert.equal(opened["plaintext"], base64("XAES-256-GCM"))
      const flipped = Uint8Array.fromHex(ciphertext)
      flipped[0] = (flipped[0] ?? 0) ^ 1
      const { status } = await client.send("POST", `/api/v1${at}/decrypt`, {
        token: token("user"),
        body: { ...common, ciphertext: base64(flipped) },
      })
      assert.equal(status, 422)
    })
  }
})
