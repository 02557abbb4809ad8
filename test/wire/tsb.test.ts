/** The TSB dialect over TLS, by the addresses and keys of dev.json, also through workers. */

import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { fields, type Fields } from "../support/rest-client.ts"
import { b64, p256, signs } from "../support/tsb-face.ts"

let node: DevNode
before(async () => {
  node = await startDevNode()
})
after(() => node.stop())

type Headers = Readonly<Record<string, string>>
type Key = keyof DevNode["dev"]["tsb"]["apiKeys"]

async function ask(headers: Headers, route: string, body?: object): Promise<[number, Fields]> {
  const [method = "", path = ""] = route.split(" ")
  const answer = await node.client.send(method, `/v1${path}`, { headers, body })
  return [answer.status, fields(answer)]
}

const byKey = (key: Key) => ({ "x-api-key": node.dev.tsb.apiKeys[key] })

test("each role has an API key, and the bearer does what an application does", async () => {
  const { tsb, url } = node.dev
  assert.equal(tsb.url, `${url}/v1`)
  const key = { label: "pay", ...p256, attributes: signs }
  assert.equal((await ask(byKey("keyManagement"), "POST /key", key))[0], 201)
  const signRequest = {
    payload: b64("hello"),
    signKeyName: "pay",
    signatureAlgorithm: "SHA256_WITH_ECDSA",
  }
  const bearer = { authorization: `Bearer ${tsb.bearer}` }
  for (const headers of [byKey("keyOperation"), bearer]) {
    const [status, { signature }] = await ask(headers, "POST /synchronousSign", { signRequest })
    assert.equal(status, 200)
    assert.ok(typeof signature === "string")
  }
  const [status, fault] = await ask(byKey("service"), "POST /synchronousSign", { signRequest })
  assert.deepEqual([status, fault["errorCode"]], [403, 400])
  assert.equal((await ask(byKey("service"), "GET /keystore/statistics"))[0], 200)
  const [refused, { errorCode }] = await ask({ "x-api-key": "other" }, "GET /versionInfo")
  assert.deepEqual([refused, errorCode], [401, 631])
  const [missing, none] = await ask({}, "GET /versionInfo")
  assert.deepEqual([missing, none["errorCode"]], [401, 406])
})
