/**
 * Three approvers are onboarded by one-time codes, and two of them approve a signature; everybody
 * has `curl` and `openssl` alone. Two make their keys themselves, the third is handed one.
 */

import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import { startDevNode, type DevNode } from "../support/dev-node.ts"
import type { Fields } from "../support/rest-client.ts"
import { curl, shellOf, type Shell, type ShellReply } from "../support/shell-approvers.ts"
import { p256, signs } from "../support/tsb-face.ts"

let node: DevNode
let shell: Shell
before(async () => {
  node = await startDevNode()
  shell = shellOf(["anna", "bo", "mallory"])
})
after(async () => {
  shell.remove()
  await node.stop()
})

type By = "officer" | "application" | "nobody"

function send(route: string, body: object | undefined, by: By): Promise<ShellReply> {
  const [method = "", path = ""] = route.split(" ")
  const { tsb, caFile, partition, url } = node.dev
  const base = by === "nobody" ? `${url}/p/${partition}/v1` : tsb.url
  const tokens = { officer: node.token("officer"), application: tsb.bearer, nobody: undefined }
  return curl(caFile, [method, `${base}${path}`], { token: tokens[by], body })
}

async function ok(route: string, body: object | undefined, by: By): Promise<Fields> {
  const { status, json } = await send(route, body, by)
  assert.ok(status < 300, JSON.stringify(json))
  return json
}

async function invite(approverName: string, more: object = {}): Promise<string> {
  const body = { approverName, ...more }
  return String((await ok("POST /approverManagement/create", body, "officer"))["oneTimeCode"])
}

/** A request for a certificate, as `openssl req` makes it. */
function requestOf(who: string, name: string): string {
  const file = `${who}.csr`
  shell.openssl("req", "-new", "-key", `${who}.key`, "-subj", `/CN=${name}`, "-out", file)
  return shell.openssl("req", "-in", file).toString()
}

/** He makes his key, and proves that he has it. */
async function bring(who: string, approverName: string): Promise<void> {
  const oneTimeCode = await invite(approverName)
  const body = {
    approverName,
    oneTimeCode,
    certificateSigningRequest: requestOf(who, approverName),
  }
  const stolen = { ...body, certificateSigningRequest: requestOf("mallory", "mallory@x.ch") }
  assert.equal((await send("POST /approver/onboard", stolen, "nobody")).status, 400)
  await ok("POST /approver/onboard", body, "nobody")
  const again = await send("POST /approver/onboard", body, "nobody")
  assert.deepEqual([again.status, again.json["errorCode"]], [400, 412])
}

const backupPassword = "BckpPass123!"
const transportPassword = "0123456789abcdef0123456789abcdef"

/** He is handed a file; GCM is CTR that begins at 2, and the file has a MAC of its own. */
async function receive(who: string, approverName: string): Promise<void> {
  const making = { algorithm: "RSA", keySize: 2048, backupPassword, validity: 3650 }
  const refused = await send(
    "POST /approverManagement/create",
    { approverName, ...making },
    "officer",
  )
  assert.deepEqual([refused.status, refused.json["errorCode"]], [403, 400])
  const flags = { flags: { approverKeys: true } }
  const { caFile, url } = node.dev
  const allowed = await curl(caFile, ["PATCH", `${url}/api/v1/partition`], {
    token: node.token("officer"),
    body: flags,
  })
  assert.equal(allowed.status, 200)
  const oneTimeCode = await invite(approverName, making)
  const body = { approverName, oneTimeCode, transportPassword }
  const handed = await ok("POST /approver/onboard", body, "nobody")
  const sealed = Buffer.from(String(handed["encryptedPayload"]), "base64")
  const iv = Buffer.from(String(handed["initializationVector"]), "base64")
  shell.write("sealed", sealed.subarray(0, -16))
  const key = Buffer.from(transportPassword).toString("hex")
  const counter = `${iv.toString("hex")}00000002`
  const opening = ["-K", key, "-iv", counter, "-in", "sealed", "-out", `${who}.p12`]
  shell.openssl("enc", "-d", "-aes-256-ctr", ...opening)
  const file = ["-in", `${who}.p12`, "-passin", `pass:${backupPassword}`]
  shell.openssl("pkcs12", ...file, "-nocerts", "-nodes", "-out", `${who}.key`)
  shell.openssl("pkcs12", ...file, "-nokeys", "-out", `${who}.crt`)
  const checked = shell.openssl("verify", "-CAfile", `${who}.crt`, `${who}.crt`)
  assert.equal(checked.toString(), `${who}.crt: OK\n`)
}

const payload = Buffer.from("pay 100 to Dora")

async function approve(who: string, requestId: string): Promise<void> {
  const timestamp = new Date().toISOString()
  const proof = {
    timestamp,
    timestampSignature: shell.signed(who, Buffer.from(timestamp)),
    approverPublicKey: shell.publicKeyOf(who),
    requestId,
  }
  const { tasks } = await ok("POST /filteredSignApprovalTask", proof, "nobody")
  const [task = assert.fail(`nothing waits for ${who}`)] = tasks as readonly Fields[]
  const { id, approvalToBeSigned } = task
  const signature = shell.signed(who, Buffer.from(String(approvalToBeSigned), "base64"))
  const { approverPublicKey } = proof
  await ok("POST /approval", { id, approvalToBeSigned, signature, approverPublicKey }, "nobody")
}

async function ended(id: string): Promise<Fields> {
  for (let tries = 0; tries < 40; tries++) {
    const found = await ok(`GET /request/${id}`, undefined, "application")
    if (found["status"] === "EXECUTED") return found
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  return assert.fail("not executed")
}

test("two of three whom a rule calls by their names approve what they see", async () => {
  await bring("anna", "anna@x.ch")
  await bring("bo", "bo@x.ch")
  await receive("cleo", "cleo@x.ch")
  const names = ["anna@x.ch", "bo@x.ch", "cleo@x.ch"]
  const approvals = names.map((name) => ({ type: "onboarded_approver_certificate", name }))
  const groups = [{ name: "finance", quorum: 2, approvals }]
  const ruleUse = { tokens: [{ name: "day", timelock: 0, timeout: 600, groups }] }
  const label = "payments"
  const key = { label, ...p256, attributes: signs, policy: { ruleUse } }
  const made = await ok("POST /key", key, "application")
  assert.ok(JSON.stringify(made["json"]).includes(shell.publicKeyOf("bo")), "keys, not names")
  const signRequest = {
    payload: payload.toString("base64"),
    payloadType: "UNSPECIFIED",
    signKeyName: label,
    signatureAlgorithm: "SHA256_WITH_ECDSA",
  }
  const { signRequestId } = await ok("POST /sign", { signRequest }, "application")
  const id = String(signRequestId)
  await approve("bo", id)
  const one = await ok(`GET /request/${id}`, undefined, "application")
  assert.equal(one["status"], "PENDING", "one is too few")
  await approve("cleo", id)
  const { result } = await ended(id)
  const { json } = await ok("POST /key/attributes", { label }, "application")
  shell.write("key.der", Buffer.from(String((json as Fields)["publicKey"]), "base64"))
  shell.openssl("pkey", "-pubin", "-inform", "DER", "-in", "key.der", "-out", "key.pem")
  const signature = Buffer.from(String(result), "base64")
  assert.equal(shell.verified("key.pem", signature, payload), "Verified OK\n")
})

test("whoever gets the name of an approver approves nothing of before", async () => {
  await ok("DELETE /approverManagement/delete/anna@x.ch", undefined, "officer")
  await bring("mallory", "anna@x.ch")
  const signRequest = {
    payload: payload.toString("base64"),
    payloadType: "UNSPECIFIED",
    signKeyName: "payments",
    signatureAlgorithm: "SHA256_WITH_ECDSA",
  }
  const { signRequestId } = await ok("POST /sign", { signRequest }, "application")
  const id = String(signRequestId)
  await assert.rejects(approve("mallory", id), /nothing waits for mallory/)
  await approve("anna", id)
  await approve("bo", id)
  await ended(id)
})
