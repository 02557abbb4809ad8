/** The log and data objects in the TSB dialect, over TLS. */

import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import { startDevNode, type DevNode } from "../support/dev-node.ts"
import type { Fields } from "../support/rest-client.ts"
import { curl } from "../support/shell-approvers.ts"

let node: DevNode
before(async () => {
  node = await startDevNode()
})
after(() => node.stop())

type TsbRole = keyof DevNode["dev"]["tsb"]["apiKeys"]

/** Asks as whoever has the key of a role. */
async function ask(role: TsbRole, route: string, body?: object) {
  const [method = "", path = ""] = route.split(" ")
  const { tsb, caFile } = node.dev
  return await curl(caFile, [method, `${tsb.url}${path}`], { token: tsb.apiKeys[role], body })
}

const lines = (json: Fields): readonly Fields[] =>
  String(json["log"])
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Fields)

test("the service key reads the newest records, and others do not", async () => {
  for (const name of ["one", "two", "three"]) {
    const made = await ask("keyManagement", "POST /dataObject", { name, value: "eA==" })
    assert.equal(made.status, 201)
  }
  const { status, json } = await ask("service", "GET /hsm/log")
  assert.equal(status, 200)
  const kept = lines(json).filter(
    ({ act, outcome }) => act === "data-object.create" && outcome === "done",
  )
  assert.equal(kept.length, 3)
  for (const record of kept) {
    assert.ok(Number.isSafeInteger(record["sequence"]))
    assert.ok(!Number.isNaN(Date.parse(String(record["at"]))))
  }
  assert.doesNotMatch(String(json["log"]), /"one"|"two"|"three"|eA==/)
  const few = lines((await ask("service", "GET /hsm/log/2")).json)
  assert.equal(few.length, 2)
  for (const role of ["keyManagement", "keyOperation", "approver"] as const) {
    assert.equal((await ask(role, "GET /hsm/log")).json["errorCode"], 400)
  }
  for (const count of ["0", "1001", "all", "-1"]) {
    assert.equal((await ask("service", `GET /hsm/log/${count}`)).json["errorCode"], 600)
  }
})

test("the log is of one's own partition alone", async () => {
  const made = await node.send("operator", "POST", "partitions", { name: "theirs" })
  const { token } = JSON.parse(made.text) as { readonly token: string }
  const { tsb, caFile } = node.dev
  const read = () => curl(caFile, ["GET", `${tsb.url}/hsm/log`], { token })
  await read() // Itself a record.
  const theirs = lines((await read()).json)
  assert.ok(theirs.length > 0)
  assert.ok(theirs.every(({ act }) => act !== "data-object.create"))
})
