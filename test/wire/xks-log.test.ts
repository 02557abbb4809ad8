/** The log says for whom AWS used a key, in its own words, so that CloudTrail has the same call. */

import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64, fields, type Fields } from "../support/rest-client.ts"
import { newKeyStore, requestMetadata, xksCall, type XksStore } from "../support/xks.ts"

let node: DevNode
let path: string
before(async () => {
  node = await startDevNode()
  const key = { name: "aws-1", algorithm: "AES_256" }
  path = `/keys/${String(fields(await node.send("manager", "POST", "keys", key))["id"])}/encrypt`
})
after(() => node.stop())

async function encrypt(said: Fields, store?: XksStore): Promise<number> {
  const body = {
    requestMetadata: { ...requestMetadata, ...said },
    plaintext: base64("a secret of AWS"),
    encryptionAlgorithm: "AES_GCM",
  }
  const how = store === undefined ? {} : { store }
  return (await xksCall(node, path, body, how)).status
}

async function recordsOf(requestId: string): Promise<readonly Fields[]> {
  const answer = await node.send("auditor", "GET", "audit/records?act=key.encrypt&limit=1000")
  assert.ok(!answer.text.includes(base64("a secret of AWS")))
  const items = fields(answer)["items"] as readonly Fields[]
  return items.filter(
    ({ onBehalf }) => (onBehalf as Fields | undefined)?.["requestId"] === requestId,
  )
}

test("a use is found by AWS's request id, with operation and principal", async () => {
  const requestId = 'opaque: {"\u00e4"}\n'
  assert.equal(await encrypt({ kmsRequestId: requestId, kmsOperation: "GenerateDataKey" }), 200)
  const [record, ...more] = await recordsOf(requestId)
  assert.equal(more.length, 0)
  assert.equal(record?.["outcome"], "allowed")
  const { awsPrincipalArn: principal } = requestMetadata
  assert.deepEqual(record["onBehalf"], { requestId, operation: "GenerateDataKey", principal })
})

test("a refusal names the rule, and for whom it was", async () => {
  const store = await newKeyStore(node, "strict", { accounts: ["999999999999"] })
  assert.equal(await encrypt({ kmsRequestId: "refused-1" }, store), 403)
  const [record] = await recordsOf("refused-1")
  assert.deepEqual([record?.["outcome"], record?.["rule"]], ["denied", "key-store"])
})

test("the longest ARN is logged whole, and a longer text is refused", async () => {
  const arn = "arn:aws:iam::123456789012:role/".padEnd(2_048, "r")
  assert.equal(await encrypt({ kmsRequestId: "long", awsPrincipalArn: arn }), 200)
  const [record] = await recordsOf("long")
  const said = { requestId: "long", operation: requestMetadata.kmsOperation, principal: arn }
  assert.deepEqual(record?.["onBehalf"], said)
  for (const name of ["kmsRequestId", "kmsOperation", "awsPrincipalArn", "kmsViaService"]) {
    assert.equal(await encrypt({ [name]: "x".repeat(2_049) }), 400, name)
  }
})
