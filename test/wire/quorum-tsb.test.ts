/**
 * Three approvers and an application with nothing but `curl` and `openssl`, in the TSB dialect:
 * every private key is a file of openssl's, every request a call of curl.
 */

import assert from "node:assert/strict"
import { after, before, suite, test } from "node:test"

import { startDevNode, type DevNode } from "../support/dev-node.ts"
import type { Fields } from "../support/rest-client.ts"
import { curl, shellOf, type Shell, type ShellReply } from "../support/shell-approvers.ts"
import { p256, signs } from "../support/tsb-face.ts"

let node: DevNode
let shell: Shell
const approvers = ["anna", "bo", "cleo"] as const
type Approver = (typeof approvers)[number] | "mallory"

/** The dialect's shortest timelock or timeout. */
const minute = 60

/** An approver brings no credential. */
function send(
  route: string,
  body?: object,
  by: "application" | "nobody" = "application",
): Promise<ShellReply> {
  const [method = "", path = ""] = route.split(" ")
  const { tsb, caFile, partition, url } = node.dev
  const isApplication = by === "application"
  const base = isApplication ? tsb.url : `${url}/p/${partition}/v1`
  const token = isApplication ? tsb.bearer : undefined
  return curl(caFile, [method, `${base}${path}`], { token, body })
}

async function ok(route: string, body?: object, by?: "nobody"): Promise<Fields> {
  const { status, json } = await send(route, body, by)
  assert.ok(status < 300, JSON.stringify(json))
  return json
}

/** The tasks that wait for an approver, who proves that he has the key now. */
function listTasks(who: Approver, requestId: string, change: Fields = {}): Promise<ShellReply> {
  const timestamp = new Date().toISOString()
  const body = {
    timestamp,
    timestampSignature: shell.signed(who, Buffer.from(timestamp)),
    approverPublicKey: shell.publicKeyOf(who),
    requestId,
    detailLevel: "level5",
    ...change,
  }
  return send("POST /filteredSignApprovalTask", body, "nobody")
}

async function taskOf(who: Approver, requestId: string): Promise<Fields> {
  const { status, json } = await listTasks(who, requestId)
  assert.equal(status, 200, JSON.stringify(json))
  const [task] = json["tasks"] as readonly Fields[] // The face answers objects.
  return task ?? assert.fail(`nothing waits for ${who}`)
}

/** What an approver sends: his signature over the token that he was shown. */
function approvalOf(who: Approver, { id, approvalToBeSigned }: Fields): Fields {
  const signature = shell.signed(who, Buffer.from(String(approvalToBeSigned), "base64"))
  const approverPublicKey = shell.publicKeyOf(who)
  return { id, approvalToBeSigned, signature, approverPublicKey }
}

const sendApproval = (approval: Fields) => send("POST /approval", approval, "nobody")

async function approve(who: Approver, requestId: string): Promise<void> {
  const { status, json } = await sendApproval(approvalOf(who, await taskOf(who, requestId)))
  assert.equal(status, 200, JSON.stringify(json))
}

const payload = Buffer.from("pay 100 to Dora")

async function newKey(label: string, times: Fields): Promise<string> {
  const approvals = approvers.map((name) => ({
    type: "public_key",
    name,
    value: shell.publicKeyOf(name),
  }))
  const groups = [{ name: "finance", quorum: 2, approvals }]
  const ruleUse = { tokens: [{ name: "day", ...times, groups }] }
  await ok("POST /key", { label, ...p256, attributes: signs, policy: { ruleUse } })
  return label
}

async function ask(signKeyName: string): Promise<string> {
  const signRequest = {
    payload: payload.toString("base64"),
    payloadType: "UNSPECIFIED",
    signKeyName,
    signatureAlgorithm: "SHA256_WITH_ECDSA",
  }
  return String((await ok("POST /sign", { signRequest }))["signRequestId"])
}

const read = (id: string): Promise<Fields> => ok(`GET /request/${id}`)

/** The signature that a request ended with is one by the key, says openssl. */
async function verify(label: string, { result }: Fields): Promise<void> {
  const { json } = await ok("POST /key/attributes", { label })
  const spki = Buffer.from(String((json as Fields)["publicKey"]), "base64")
  shell.write("key.der", spki)
  shell.openssl("pkey", "-pubin", "-inform", "DER", "-in", "key.der", "-out", "key.pem")
  const signature = Buffer.from(String(result), "base64")
  assert.equal(shell.verified("key.pem", signature, payload), "Verified OK\n")
}

async function refused(reply: Promise<ShellReply>, status: number, reason: string): Promise<void> {
  const found = await reply
  assert.deepEqual([found.status, found.json["reason"]], [status, `res.error.${reason}`])
}

async function until(id: string, status: string, seconds: number): Promise<Fields> {
  for (const end = performance.now() + seconds * 1_000; performance.now() < end;) {
    const now = await read(id)
    if (now["status"] === status) return now
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  return assert.fail(`not ${status}: ${JSON.stringify(await read(id))}`)
}

/** A minute is long: with all tests, and where nothing may be skipped. */
const skip =
  process.env["CI"] === "true" || process.env["KEYHOLD_LONG"] === "1"
    ? false
    : "this dialect counts in minutes: CI waits for one"

suite("quorum with curl and openssl in the TSB dialect", () => {
  before(async () => {
    node = await startDevNode()
    shell = shellOf([...approvers, "mallory"])
  })
  after(async () => {
    shell.remove()
    await node.stop()
  })

  test("two of three approve, and the signature verifies", approveTogether)

  test("what does not count: nobody's key, replayed, altered, twice", bringWhatDoesNotCount)

  test("an authority certifies what two of three have seen and signed", certifyTogether)

  test("a list wants proof of possession, made now", proveNothing)

  test("before the timelock and after the timeout nothing leaves", { skip }, keepTheTimes)
})

async function approveTogether(): Promise<void> {
  const label = await newKey("payments", { timelock: 0, timeout: 10 * minute })
  const direct = {
    signKeyName: label,
    payload: payload.toString("base64"),
    signatureAlgorithm: "SHA256_WITH_ECDSA",
  }
  const alone = await send("POST /synchronousSign", { signRequest: direct })
  assert.equal(alone.status, 403, JSON.stringify(alone.json))
  const id = await ask(label)
  await approve("anna", id)
  assert.equal((await read(id))["status"], "PENDING", "one is too few")
  await approve("cleo", id)
  const done = await until(id, "EXECUTED", 10)
  await verify(label, done)
  assert.deepEqual(await read(id), done, "however often it is polled")
}

async function certifyTogether(): Promise<void> {
  const signKeyName = await newKey("authority", { timelock: 0, timeout: 10 * minute })
  const common = { signKeyName, signatureAlgorithm: "SHA256_WITH_ECDSA" }
  const selfSignCertificateRequest = {
    ...common,
    validity: 3650,
    commonName: "Root of tills",
    certificateAuthority: true,
    keyUsage: ["KEY_CERT_SIGN"],
  }
  const root = await certified("POST /certificate/selfsign", { selfSignCertificateRequest })
  shell.write("root.pem", root.pem)
  assert.ok(root.shown.includes("Root of tills"))
  shell.openssl("req", "-new", "-key", "mallory.key", "-subj", "/CN=till 7", "-out", "csr.pem")
  const certificateSigningRequest = shell.openssl("req", "-in", "csr.pem").toString()
  const signCertificateRequest = {
    ...common,
    validity: 90,
    certificateAuthority: false,
    certificateSigningRequest,
  }
  const leaf = await certified("POST /certificate/sign", { signCertificateRequest })
  shell.write("leaf.pem", leaf.pem)
  assert.ok(leaf.shown.includes("till 7"))
  const verified = shell.openssl("verify", "-x509_strict", "-CAfile", "root.pem", "leaf.pem")
  assert.equal(verified.toString(), "leaf.pem: OK\n")
}

/** What came of a request, and what openssl shows an approver of its payload. */
async function certified(route: string, body: object): Promise<{ pem: string; shown: string }> {
  const id = String((await ok(route, body))["signRequestId"])
  const { payload: signed } = await taskOf("bo", id)
  shell.write("tbs.der", Buffer.from(String(signed), "base64"))
  const shown = shell.openssl("asn1parse", "-inform", "DER", "-in", "tbs.der").toString()
  for (const who of ["bo", "anna"] as const) await approve(who, id)
  const { result } = await until(id, "EXECUTED", 10)
  return { pem: String(result), shown }
}

async function bringWhatDoesNotCount(): Promise<void> {
  const label = await newKey("replayed", {})
  const [first, second] = [await ask(label), await ask(label)]
  const task = await taskOf("anna", first)
  const approval = approvalOf("anna", task)
  await refused(sendApproval({ ...approvalOf("mallory", task) }), 404, "task.not.existent")
  const other = await taskOf("anna", second)
  await refused(sendApproval({ ...approval, id: other["id"] }), 400, "invalid.signature")
  const { signature } = approvalOf("mallory", task)
  await refused(sendApproval({ ...approval, signature }), 400, "invalid.signature")
  const token = Buffer.from(String(task["approvalToBeSigned"]), "base64")
  const at = token.indexOf(payload)
  assert.ok(at > 0, "the token shows what is paid")
  const altered = Buffer.from(token)
  altered.write("pay 900", at)
  const forged = { id: task["id"], approvalToBeSigned: altered.toString("base64") }
  await refused(sendApproval(approvalOf("anna", forged)), 400, "invalid.signature")
  assert.equal((await sendApproval(approval)).status, 200)
  await refused(sendApproval(approval), 404, "task.not.existent")
  assert.equal((await read(first))["status"], "PENDING")
  await approve("bo", first)
  const done = await until(first, "EXECUTED", 10)
  await verify(label, done)
  assert.equal((await read(second))["status"], "PENDING", "an approval is good for one request")
  await refused(sendApproval(approval), 404, "task.not.existent")
}

async function proveNothing(): Promise<void> {
  const id = await ask(await newKey("listed", {}))
  const old = new Date(Date.now() - 3_600_000).toISOString()
  const late = { timestamp: old, timestampSignature: shell.signed("anna", Buffer.from(old)) }
  await refused(listTasks("anna", id, late), 400, "timestamp.off")
  const stolen = { approverPublicKey: shell.publicKeyOf("anna") }
  await refused(listTasks("mallory", id, stolen), 400, "invalid.signature")
  const { json } = await listTasks("mallory", id)
  assert.deepEqual(json["tasks"], [], "his own key is shown nothing")
}

async function keepTheTimes(): Promise<void> {
  const locked = await newKey("locked", { timelock: minute })
  const timed = await newKey("timed", { timeout: minute })
  const [waiting, expiring] = [await ask(locked), await ask(timed)]
  const last = approvalOf("bo", await taskOf("bo", expiring))
  await approve("anna", expiring)
  await approve("anna", waiting)
  await approve("bo", waiting)
  assert.equal((await read(waiting))["result"] ?? null, null, "the timelock runs")
  await until(expiring, "EXPIRED", 2 * minute)
  await refused(sendApproval(last), 404, "task.not.existent")
  await verify(locked, await until(waiting, "EXECUTED", 2 * minute))
}
