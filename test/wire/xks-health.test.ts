/** Health is worth as much as the next use of a key. */

import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { fields, type Fields } from "../support/rest-client.ts"
import { requestMetadata, xksCall } from "../support/xks.ts"

let node: DevNode
let key: string
before(async () => {
  node = await startDevNode()
  const body = { name: "aws-1", algorithm: "AES_256" }
  key = String(fields(await node.send("manager", "POST", "keys", body))["id"])
})
after(() => node.stop())

/** Status and error's name, of health and of an encryption. */
async function both(): Promise<readonly string[]> {
  const about = { requestMetadata, plaintext: "aGVsbG8=", encryptionAlgorithm: "AES_GCM" }
  const answers = [
    await xksCall(node, "/health", { requestMetadata }),
    await xksCall(node, `/keys/${key}/encrypt`, about),
  ]
  return answers.map(({ status, text }) => {
    const { errorName = "done" } = JSON.parse(text) as Fields
    return `${status} ${String(errorName)}`
  })
}

async function setKeyUse(keyUse: boolean): Promise<void> {
  await node.send("officer", "PATCH", "partition", { flags: { keyUse } })
}

const served = ["200 done", "200 done"]
const refused = ["400 InvalidStateException", "400 InvalidStateException"]

test("where the partition lets no keys be used, nothing is healthy", async () => {
  assert.deepEqual(await both(), served)
  await setKeyUse(false)
  assert.deepEqual(await both(), refused)
  await setKeyUse(true)
  assert.deepEqual(await both(), served)
})

test("nor is a blocked partition", async () => {
  await node.send("officer", "POST", "partition/block")
  assert.deepEqual(await both(), refused)
  await node.send("officer", "POST", "partition/unblock")
  assert.deepEqual(await both(), served)
})
