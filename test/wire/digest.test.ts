/** Bare digests through the API: the same signature as over the message, and a log that says so. */

import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { after, before, suite, test } from "node:test"

import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64, bytes, fields, type Answer, type Fields } from "../support/rest-client.ts"

const message = Buffer.from("hashed by its sender\n")
const digest = createHash("sha256").update(message).digest()
const asDigest = { message: base64(digest), messageType: "digest" }

let node: DevNode

suite("a digest in place of its message", () => {
  before(async () => {
    node = await startDevNode()
  })
  after(() => node.stop())

  for (const [algorithm, mechanism] of [
    ["EC_P256", "ECDSA_SHA_256"],
    ["RSA_2048", "RSA_PSS_SHA_256"],
    ["RSA_2048", "RSA_PKCS1_SHA_256"],
  ] as const) {
    test(`${mechanism} over a digest verifies over the message, and the other way`, async () => {
      const name = await create(algorithm)
      const whole = { message: base64(message), mechanism }
      for (const [made, checked] of [
        [{ ...asDigest, mechanism }, whole],
        [whole, { ...asDigest, mechanism }],
      ] as const) {
        const { signature } = fields(await use(name, "sign", made))
        const bad = bytes(signature)
        bad[40] = (bad[40] ?? 0) ^ 1
        assert.equal(fields(await use(name, "verify", { ...checked, signature }))["valid"], true)
        const spoilt = { ...checked, signature: base64(bad) }
        assert.equal(fields(await use(name, "verify", spoilt))["valid"], false)
      }
    })
  }

  test("a digest of another length is MALFORMED_REQUEST, for Ed25519 any digest is", async () => {
    const name = await create("EC_P256")
    const short = { ...asDigest, message: base64(digest.subarray(1)) }
    const refused = await use(name, "sign", short)
    assert.deepEqual([refused.status, fields(refused)["code"]], [400, "MALFORMED_REQUEST"])
    assert.equal((await use(name, "sign", asDigest)).status, 200)
    assert.equal((await use(await create("ED25519"), "sign", asDigest)).status, 400)
  })

  test("the audit log tells digests from messages", async () => {
    const name = await create("EC_P256")
    await use(name, "sign", asDigest)
    await use(name, "sign", { message: base64(message) })
    const answer = await send("auditor", "GET", "audit/records?act=key.sign")
    const { items } = JSON.parse(answer.text) as { items: { note?: string }[] }
    assert.deepEqual(
      items.slice(-2).map(({ note }) => note),
      ["digest", undefined],
    )
  })
})

let count = 0

async function create(algorithm: string): Promise<string> {
  const name = `digest-${count++}`
  const made = await send("manager", "POST", "keys", { name, algorithm })
  assert.equal(made.status, 201, made.text)
  return name
}

function use(name: string, act: "sign" | "verify", body: Fields): Promise<Answer> {
  return send("user", "POST", `keys/${name}/${act}`, body)
}

const send: DevNode["send"] = (...asked) => node.send(...asked)
