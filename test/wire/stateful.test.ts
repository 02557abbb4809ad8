/** Keys that count their signatures, over the wire; whatever process answers. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64 } from "../support/rest-client.ts"

let node: DevNode
before(async () => {
  node = await startDevNode()
})
after(() => node.stop())

async function indexOf(key: string): Promise<number> {
  const body = { message: base64(Buffer.from("firmware")) }
  const made = await node.client.call(node.token("user"), `POST /keys/${key}/sign`, body)
  return Buffer.from(String(made["signature"]), "base64").readUInt32BE(4)
}

test("signatures by HSS have indexes of their own, over the end of a lower tree", async () => {
  const key = { name: "hss", algorithm: "HSS_SHA256_H5_H5" }
  await node.client.call(node.token("manager"), "POST /keys", key)
  const signatures = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const body = { message: base64(Buffer.from("firmware")) }
      const made = await node.client.call(node.token("user"), "POST /keys/hss/sign", body)
      const signature = String(made["signature"])
      const checked = await node.client.call(node.token("user"), "POST /keys/hss/verify", {
        ...body,
        signature,
      })
      assert.equal(checked["valid"], true)
      return signature
    }),
  )
  // Upper index, and lower index behind upper signature and public key (RFC 8554 section 6.2).
  const indexes = signatures.map((text) => {
    const bytes = Buffer.from(text, "base64")
    return `${bytes.readUInt32BE(4)}.${bytes.readUInt32BE(4 + 2348 + 56)}`
  })
  assert.equal(new Set(indexes).size, 40)
})

test("an officer moves an index on, and all the world can count", async () => {
  const key = { name: "lms", algorithm: "LMS_SHA256_H5" }
  const made = await node.client.call(node.token("manager"), "POST /keys", key)
  assert.deepEqual(reserved(made), [1])
  const first = await indexOf("lms")
  assert.ok(first >= 1)
  const path = "POST /keys/lms/fast-forward"
  const moved = await node.client.call(node.token("officer"), path, { index: 30 })
  assert.deepEqual(reserved(moved), [30])
  assert.deepEqual([await indexOf("lms"), await indexOf("lms")], [30, 31])
  const refused = await node.client.send("POST", "/api/v1/keys/lms/sign", {
    token: node.token("user"),
    body: { message: "" },
  })
  assert.equal((JSON.parse(refused.text) as { code: string }).code, "KEY_EXHAUSTED")
})

function reserved(key: Readonly<Record<string, unknown>>): readonly unknown[] {
  const versions = key["versions"] as readonly { readonly reservedSignatures?: number }[]
  return versions.map(({ reservedSignatures }) => reservedSignatures)
}
