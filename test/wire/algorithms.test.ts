/** What a node says of its algorithms, and of the tests that it ran on them. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import { keyAlgorithms, mechanisms } from "../../src/domain/algorithms.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64 } from "../support/rest-client.ts"

let node: DevNode

before(async () => {
  node = await startDevNode()
})
after(() => node.stop())

test("a node lists its algorithms to everybody", async () => {
  const answer = await node.client.send("GET", "/api/v1/algorithms", {})
  assert.equal(answer.status, 200)
  const listed = JSON.parse(answer.text) as {
    readonly keys: readonly { readonly algorithm: string }[]
    readonly mechanisms: readonly { readonly mechanism: string }[]
  }
  assert.deepEqual(
    listed.keys.map(({ algorithm }) => algorithm),
    Object.keys(keyAlgorithms),
  )
  assert.deepEqual(
    listed.mechanisms.map(({ mechanism }) => mechanism),
    Object.keys(mechanisms),
  )
})

test("the log tells the self-tests at start, and one that a first use waited for", async () => {
  const notes = async (): Promise<readonly (string | undefined)[]> => {
    const log = await node.client.send("GET", "/api/v1/audit/records?act=system.self-test", {
      token: node.token("operator"),
    })
    assert.equal(log.status, 200, log.text)
    const { items } = JSON.parse(log.text) as { items: { note?: string }[] }
    return items.map(({ note }) => note)
  }
  assert.match((await notes())[0] ?? "", /^\d+ known answers$/)
  const mechanism = "HASH_SLH_DSA_SHA3_256"
  const name = `${mechanism} with SLH_DSA_SHA2_128F`
  // Other files of this process may have signed with it before.
  const key = { name: "first", algorithm: "SLH_DSA_SHA2_128F" }
  await node.client.call(node.token("manager"), "POST /keys", key)
  const body = { message: base64(Buffer.from("first")), mechanism }
  await node.client.call(node.token("user"), "POST /keys/first/sign", body)
  assert.ok((await notes()).includes(name))
})
