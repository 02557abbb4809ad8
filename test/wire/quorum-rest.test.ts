/**
 * Three approvers and an application with nothing but `curl` and `openssl`, over `/api/v1`: every
 * private key is a file of openssl's, every request a call of curl.
 */

import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { after, before, suite, test } from "node:test"

import { startDevNode, type DevNode } from "../support/dev-node.ts"
import type { Fields } from "../support/rest-client.ts"
import { curl, shellOf, type Shell, type ShellReply } from "../support/shell-approvers.ts"

let node: DevNode
let shell: Shell
const approvers = ["anna", "bo", "cleo"] as const
type Approver = (typeof approvers)[number] | "mallory"

function send(
  role: "user" | "manager" | "approver",
  route: string,
  body?: object,
): Promise<ShellReply> {
  const [method = "", path = ""] = route.split(" ")
  const { url, caFile } = node.dev
  return curl(caFile, [method, `${url}/api/v1${path}`], { token: node.token(role), body })
}

/** What an approver sends: a signature by openssl over the statement that he was shown. */
function wordOf(who: Approver, request: Fields, signed = String(request["statement"])): Fields {
  const signature = shell.signed(who, Buffer.from(signed, "base64"))
  return {
    word: "approval",
    publicKey: shell.publicKeyOf(who),
    mechanism: "ECDSA_SHA_256",
    signature,
  }
}

const approve = (who: Approver, request: Fields, word = wordOf(who, request)) =>
  send("approver", `POST /requests/${String(request["id"])}/words`, word)

const payload = Buffer.from("pay 100 to Dora")

async function ask(key: string): Promise<Fields> {
  const asked = { operation: "sign", key, message: payload.toString("base64") }
  const { status, json } = await send("user", "POST /requests", { asked, reason: "Invoice 4711" })
  assert.equal(status, 201, JSON.stringify(json))
  return json
}

const read = async (request: Fields): Promise<Fields> =>
  (await send("user", `GET /requests/${String(request["id"])}`)).json

async function newKey(name: string, times: Fields): Promise<string> {
  const group = {
    name: "finance",
    quorum: 2,
    approvers: approvers.map((who) => ({
      kind: "public-key",
      name: who,
      publicKey: shell.publicKeyOf(who),
    })),
  }
  const rules = { use: { tokens: [{ name: "day", groups: [group], ...times }] } }
  const made = await send("manager", "POST /keys", { name, algorithm: "EC_P256", rules })
  assert.equal(made.status, 201, JSON.stringify(made.json))
  return name
}

async function until(request: Fields, state: string): Promise<Fields> {
  for (const deadline = performance.now() + 20_000; performance.now() < deadline;) {
    const now = await read(request)
    if (now["state"] === state) return now
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  return assert.fail(`not ${state}: ${JSON.stringify(await read(request))}`)
}

suite("quorum with curl and openssl over /api/v1", () => {
  before(async () => {
    node = await startDevNode()
    shell = shellOf([...approvers, "mallory"])
  })
  after(async () => {
    shell.remove()
    await node.stop()
  })

  test("two of three approve, the timelock passes, and the signature verifies", approveInTime)

  test("a wrong key, a replayed and an altered approval count nothing", bringWhatDoesNotCount)

  test("after the timeout it is too late", comeTooLate)

  test("one call brings its approvals, after its timelock, once", callWithApprovals)

  test("whoever watches hears of it, as server-sent events", watchWithCurl)
})

async function approveInTime(): Promise<void> {
  const key = await newKey("payments", { timelockSeconds: 6, timeoutSeconds: 60 })
  const refused = await send("user", `POST /keys/${key}/sign`, {
    message: payload.toString("base64"),
  })
  assert.deepEqual([refused.status, refused.json["code"]], [403, "APPROVAL_REQUIRED"])
  const request = await ask(key)
  assert.equal(request["state"], "pending")
  const seen = (await send("approver", `GET /requests/${String(request["id"])}`)).json
  assert.equal(seen["statement"], request["statement"], "approvers see what they sign")
  assert.ok(Buffer.from(String(seen["statement"]), "base64").includes(payload))
  assert.equal((await approve("anna", seen)).json["state"], "pending", "one is too few")
  const duplicate = await approve("anna", seen)
  assert.deepEqual([duplicate.status, duplicate.json["code"]], [409, "CONFLICT"])
  assert.equal((await approve("bo", seen)).json["state"], "approved", "the timelock runs")
  assert.equal((await read(request))["result"], undefined)
  const done = await until(request, "executed")
  const result = done["result"] as Fields // openapi.yaml: Request.
  const { json } = await send("user", `GET /keys/${key}/public`)
  shell.write("key.pem", String(json["pem"]))
  const signature = Buffer.from(String(result["signature"]), "base64")
  assert.equal(shell.verified("key.pem", signature, payload), "Verified OK\n")
  const theirs = await send("approver", `GET /requests/${String(request["id"])}`)
  assert.equal(theirs.json["result"], undefined, "the result is for who asked")
  const late = await approve("cleo", seen)
  assert.deepEqual([late.status, late.json["detail"]], [409, "the request is executed"])
}

async function bringWhatDoesNotCount(): Promise<void> {
  const key = await newKey("replayed", {})
  const first = await ask(key)
  const second = await ask(key)
  const wrong = await approve("mallory", first)
  assert.deepEqual([wrong.status, wrong.json["rule"]], [403, "approvals"])
  const replayed = await approve("anna", second, wordOf("anna", first))
  assert.deepEqual([replayed.status, replayed.json["field"]], [400, "/signature"])
  const statement = Buffer.from(String(first["statement"]), "base64")
  const altered = Buffer.from(statement.toString("latin1").replace("100", "900"), "latin1")
  const forged = await approve("anna", first, wordOf("anna", first, altered.toString("base64")))
  assert.deepEqual([forged.status, forged.json["field"]], [400, "/signature"])
  assert.equal((await approve("anna", second)).json["state"], "pending")
  assert.equal((await approve("bo", second)).json["state"], "executed")
  assert.equal((await read(first))["state"], "pending")
}

async function comeTooLate(): Promise<void> {
  const request = await ask(await newKey("late", { timeoutSeconds: 1 }))
  const word = wordOf("bo", request)
  await approve("anna", request)
  await until(request, "expired")
  const late = await approve("bo", request, word)
  assert.deepEqual([late.status, late.json["detail"]], [409, "the request is expired"])
}

async function callWithApprovals(): Promise<void> {
  const key = await newKey("called", { timelockSeconds: 1, timeoutSeconds: 60 })
  const asked = { operation: "sign", key, message: payload.toString("base64") }
  const { status, json: stamped } = await send("user", "POST /calls/stamp", { asked })
  assert.equal(status, 200, JSON.stringify(stamped))
  const approvals = (["anna", "bo"] as const).map((who) => {
    const { word: _approval, ...approval } = wordOf(who, stamped)
    return approval
  })
  const call = (change: Fields = {}) =>
    send("user", "POST /calls", { asked, stamp: stamped["stamp"], approvals, ...change })
  const early = await call()
  assert.deepEqual([early.status, early.json["code"]], [403, "APPROVAL_REQUIRED"])
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const other = await call({ asked: { ...asked, mechanism: "ECDSA_SHA_384" } })
  assert.deepEqual([other.status, other.json["field"]], [400, "/stamp"])
  const done = await call()
  assert.equal(done.status, 200, JSON.stringify(done.json))
  const { json } = await send("user", `GET /keys/${key}/public`)
  shell.write("called.pem", String(json["pem"]))
  const { signature } = done.json["result"] as Fields // openapi.yaml: MadeCall.
  const bytes = Buffer.from(String(signature), "base64")
  assert.equal(shell.verified("called.pem", bytes, payload), "Verified OK\n")
  const again = await call()
  assert.deepEqual([again.status, again.json["code"]], [409, "CONFLICT"])
}

async function watchWithCurl(): Promise<void> {
  const key = await newKey("watched", {})
  const { url, caFile, tokens } = node.dev
  const bearer = `Authorization: Bearer ${tokens.approver ?? ""}`
  const events = `${url}/api/v1/requests/events?seconds=3`
  const watching = spawn("curl", ["-sN", "--cacert", caFile, "-H", bearer, events])
  let heard = ""
  watching.stdout.setEncoding("utf8").on("data", (piece: string) => (heard += piece))
  const ended = new Promise((resolve) => watching.on("exit", resolve))
  await new Promise((resolve) => watching.stdout.once("data", resolve))
  const request = await ask(key)
  await approve("anna", request)
  await approve("bo", request)
  assert.equal(await ended, 0)
  const states = [...heard.matchAll(/^data: (.*)$/gm)]
    .map(([, data = ""]) => JSON.parse(data) as Fields)
    .filter(({ id }) => id === request["id"])
    .map(({ state }) => state)
  assert.equal(states.at(-1), "executed", heard)
  assert.ok(!heard.includes('"result"'))
}
