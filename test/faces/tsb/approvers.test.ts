/** Approver management: invitations, one-time codes, keys brought and made, names in rules. */

import assert from "node:assert/strict"
import { createDecipheriv, createPrivateKey, X509Certificate } from "node:crypto"
import { after, before, test } from "node:test"

import { limits } from "../../../src/domain/limits.ts"
import { openPkcs12 } from "../../../src/engine/pkcs12.ts"
import { openCluster } from "../../support/stack.ts"
import { shellOf, type Shell } from "../../support/shell-approvers.ts"
import {
  bytesOf,
  p256,
  signs,
  tsbFace,
  type As,
  type Body,
  type TsbFace,
} from "../../support/tsb-face.ts"

const officer: As = { roles: ["officer"] }
const bringer: As = { roles: ["approver"] }
const password = "6se1Qbsi3bJshe"
const transportPassword = "0123456789abcdef"
const people = ["anna", "bo", "mallory"] as const

let off: TsbFace
let on: TsbFace
let shell: Shell

/** A request for a certificate in somebody's name. */
function csrOf(who: (typeof people)[number], name: string = who): string {
  const args = ["req", "-new", "-key", `${who}.key`, "-subj", `/CN=${name}`, "-outform", "DER"]
  return shell.openssl(...args).toString("base64")
}

async function invite(face: TsbFace, approverName: string, more: object = {}): Promise<string> {
  const body = { approverName, ...more }
  const { oneTimeCode } = await face.ok("POST /approverManagement/create", body, officer)
  return String(oneTimeCode)
}

const route = "POST /approver/onboard"

async function onboard(face: TsbFace, who: (typeof people)[number], name: string): Promise<Body> {
  const oneTimeCode = await invite(face, name)
  const certificateSigningRequest = csrOf(who, name)
  const body = { approverName: name, oneTimeCode, certificateSigningRequest }
  return await face.ok(route, body, bringer)
}

/** Its rule asks one approver, by his name. */
function keyNaming(label: string, ...names: readonly string[]): object {
  const approvals = names.map((name) => ({ type: "onboarded_approver_certificate", name }))
  const groups = [{ name: "all", quorum: 1, approvals }]
  const ruleUse = { tokens: [{ name: "t", timelock: 0, timeout: 0, groups }] }
  return { label, ...p256, attributes: signs, policy: { ruleUse } }
}

/** Base64 of the keys that a key's rule holds. */
async function keysIn(face: TsbFace, label: string): Promise<string> {
  return JSON.stringify((await face.ok("POST /key/attributes", { label }))["json"])
}

const making = { algorithm: "RSA", keySize: 2048, backupPassword: password, validity: 365 }

function opened(answer: Body): Buffer {
  const sealed = bytesOf(answer["encryptedPayload"])
  const key = Buffer.from(transportPassword)
  const decipher = createDecipheriv("aes-128-gcm", key, bytesOf(answer["initializationVector"]))
  decipher.setAuthTag(sealed.subarray(-16))
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
}

before(async () => {
  off = await tsbFace()
  on = await tsbFace({ approverKeys: true })
  shell = shellOf(people)
})
after(async () => {
  shell.remove()
  await off.stop()
  await on.stop()
})

test("an approver who brings his key is pending, then onboarded with it", async () => {
  const code = await invite(off, "anna@x.ch")
  const status = "GET /approverManagement/onboarding/status"
  const waiting = await off.ok(status, undefined, officer)
  assert.match(JSON.stringify(waiting["pending"]), /anna@x\.ch/)
  assert.ok(!JSON.stringify(waiting).includes(code))
  const body = {
    approverName: "anna@x.ch",
    oneTimeCode: code,
    certificateSigningRequest: csrOf("anna", "anna@x.ch"),
  }
  const done = await off.ok(route, body, bringer)
  assert.equal(done["encryptedPayload"], null)
  const { onboarded } = await off.ok(status, undefined, officer)
  const [row] = onboarded as readonly Body[]
  assert.equal(row?.["approverPublicKey"], shell.publicKeyOf("anna"))
  assert.equal(row["keySeenByServer"], false)
  await off.ok("DELETE /approverManagement/delete/anna@x.ch", undefined, officer)
  const gone = "DELETE /approverManagement/delete/anna@x.ch"
  assert.equal(await off.fault(gone, undefined, officer), "404 654")
})

test("management is for officers", async () => {
  for (const role of ["user", "manager", "approver", "auditor"] as const) {
    const as = { roles: [role] }
    for (const [path, body] of [
      ["POST /approverManagement/create", { approverName: "eve" }],
      ["POST /approverManagement/renewOneTimeCode", { approverName: "eve" }],
      ["GET /approverManagement/onboarding/status", undefined],
      ["DELETE /approverManagement/delete/eve", undefined],
    ] as const) {
      assert.equal(await off.fault(path, body, as), "403 400", `${role} ${path}`)
    }
  }
})

test("a code that is wrong, expired, used, another's or of another partition: all alike", alike)

test("of two who come with one code at the same time one is onboarded", async () => {
  const oneTimeCode = await invite(off, "twin")
  const body = { approverName: "twin", oneTimeCode }
  const both = [csrOf("anna", "twin"), csrOf("bo", "twin")].map((certificateSigningRequest) =>
    off.send(route, { ...body, certificateSigningRequest }, bringer),
  )
  const statuses = (await Promise.all(both)).map(({ status }) => status)
  assert.deepEqual(
    statuses.toSorted((one, other) => one - other),
    [200, 400],
  )
  await off.ok("DELETE /approverManagement/delete/twin", undefined, officer)
})

test("a code that was used stays used when the node starts again", restarted)

test("a request in another name or under another key binds nobody, and uses no code", async () => {
  const oneTimeCode = await invite(off, "bo")
  const bring = (certificateSigningRequest: string) =>
    ({ approverName: "bo", oneTimeCode, certificateSigningRequest }) as const
  assert.equal(await off.fault(route, bring(csrOf("bo", "anna")), bringer), "400 628")
  const forged = Buffer.from(csrOf("bo"), "base64")
  const at = forged.length - 1
  forged[at] = (forged[at] ?? 0) ^ 1
  assert.equal(await off.fault(route, bring(forged.toString("base64")), bringer), "400 628")
  assert.equal(await off.fault(route, { approverName: "bo", oneTimeCode }, bringer), "400 600")
  await off.ok(route, bring(csrOf("bo")), bringer)
  const second = await invite(off, "bo-again")
  const certificateSigningRequest = csrOf("bo", "bo-again")
  const body = { approverName: "bo-again", oneTimeCode: second, certificateSigningRequest }
  assert.equal(await off.fault(route, body, bringer), "409 632", "one key is one approver's")
  await off.ok("DELETE /approverManagement/delete/bo", undefined, officer)
  await off.ok(route, body, bringer)
  await off.ok("DELETE /approverManagement/delete/bo-again", undefined, officer)
})

test("a rule that names an approver holds his key, also when the name is another's", renamed)

test("a change of rules that waits holds the keys that names meant when it was asked for", changed)

test("who has not onboarded is named by no rule", async () => {
  await invite(off, "late")
  assert.equal(await off.fault("POST /key", keyNaming("k-late", "late")), "404 654")
  assert.equal(await off.fault("POST /key", keyNaming("k-late", "app")), "404 654")
  const there = { partition: off.other }
  await onboard(off, "mallory", "here-alone")
  assert.equal(await off.fault("POST /key", keyNaming("k", "here-alone"), there), "404 654")
  await off.ok("POST /key", keyNaming("k-here", "here-alone"))
  await off.ok("DELETE /approverManagement/delete/here-alone", undefined, officer)
})

test("a new code ends the older one, and an onboarded approver gets none", async () => {
  const first = await invite(off, "renewed")
  const again = { approverName: "renewed" }
  const renew = "POST /approverManagement/renewOneTimeCode"
  const { oneTimeCode } = await off.ok(renew, again, officer)
  const body = { ...again, certificateSigningRequest: csrOf("mallory", "renewed") }
  assert.equal(await off.fault(route, { ...body, oneTimeCode: first }, bringer), "400 412")
  await off.ok(route, { ...body, oneTimeCode }, bringer)
  assert.equal(await off.fault(renew, again, officer), "409 632")
  assert.equal(await off.fault(renew, { approverName: "no" }, officer), "404 654")
  const create = "POST /approverManagement/create"
  assert.equal(await off.fault(create, again, officer), "409 632")
  await off.ok("DELETE /approverManagement/delete/renewed", undefined, officer)
})

test("a node makes a key only where the partition's officers allow it", async () => {
  const create = "POST /approverManagement/create"
  const body = { approverName: "made-not", ...making }
  assert.equal(await off.fault(create, body, officer), "403 400")
  const wrong = async (more: object) => await on.fault(create, { ...body, ...more }, officer)
  assert.equal(await wrong({ backupPassword: "short" }), "400 600")
  assert.equal(await wrong({ algorithm: "DSA" }), "400 601")
  assert.equal(await wrong({ keySize: 1024 }), "400 603")
  assert.equal(await wrong({ validity: 0 }), "400 600")
})

test("a made key leaves once, in a file under its password, and is nowhere here", made)

test("who guesses is slowed down, and whoever has a code is not", async () => {
  const oneTimeCode = await invite(on, "calm")
  let status = 0
  for (let count = 0; count < 100 && status !== 429; count++) {
    const body = { approverName: "calm", oneTimeCode: "a".repeat(32) }
    status = (await on.send(route, body, bringer)).status
  }
  assert.equal(status, 429)
  const certificateSigningRequest = csrOf("bo", "calm")
  await on.ok(route, { approverName: "calm", oneTimeCode, certificateSigningRequest }, bringer)
})

const bodyOf = (approverName: string, oneTimeCode: string) => ({
  approverName,
  oneTimeCode,
  certificateSigningRequest: csrOf("mallory", approverName),
})

async function alike(): Promise<void> {
  const used = await invite(off, "used")
  await off.ok(route, bodyOf("used", used), bringer)
  const foreign = await invite(off, "foreign")
  const abroad = { ...bringer, partition: off.other }
  const flipped = `${foreign.startsWith("a") ? "b" : "a"}${foreign.slice(1)}`
  const tries: readonly (readonly [object, As])[] = [
    [bodyOf("foreign", flipped), bringer],
    [bodyOf("foreign", ""), bringer],
    [bodyOf("used", used), bringer],
    [bodyOf("used", foreign), bringer],
    [bodyOf("nobody", foreign), bringer],
    [bodyOf("app", foreign), bringer],
    [bodyOf("foreign", foreign), abroad],
    [bodyOf("foreign", foreign), { headers: {}, base: `/p/${off.other}` }],
    [bodyOf("foreign", foreign), { headers: {}, base: `/p/${"0".repeat(25)}1` }],
  ]
  const answers = new Set<string>()
  for (const [body, as] of tries) {
    const { status, body: answer } = await off.send(route, body, as)
    answers.add(JSON.stringify([status, answer]))
  }
  const { clock } = off.stack
  clock.advance(limits.onboardingCodeMs)
  const late = await off.send(route, bodyOf("foreign", foreign), bringer)
  answers.add(JSON.stringify([late.status, late.body]))
  assert.equal(answers.size, 1, [...answers].join("\n"))
  assert.match([...answers].join(), /^\[400,\{"errorCode":412,/)
  for (const name of ["used", "foreign"]) {
    await off.ok(`DELETE /approverManagement/delete/${name}`, undefined, officer)
  }
}

async function restarted(): Promise<void> {
  const { ports, store, cluster } = on.stack
  assert.ok(ports)
  const oneTimeCode = await invite(on, "before")
  const body = { approverName: "before", oneTimeCode }
  const certificateSigningRequest = csrOf("anna", "before")
  await on.ok(route, { ...body, certificateSigningRequest }, bringer)
  const again = await openCluster(cluster, { store })
  const { onboardApprover } = await import("../../../src/service/onboard-approver.ts")
  const caller = {
    partition: on.partition,
    subject: "x",
    roles: ["approver"],
    grants: [],
    credential: "token",
    address: "127.0.0.1",
  } as const
  const request = Buffer.from(csrOf("bo", "before"), "base64")
  const late = { name: "before", code: oneTimeCode, request }
  const trying = onboardApprover(again.ports, { caller, requestId: "again" }, late)
  await assert.rejects(trying, { code: "UNAUTHENTICATED" })
  await again.operational.forget()
  await on.ok("DELETE /approverManagement/delete/before", undefined, officer)
}

/** Mallory gets a name that a rule was written with, and nothing else. */
async function renamed(): Promise<void> {
  await onboard(off, "anna", "treasurer")
  await off.ok("POST /key", keyNaming("vault", "treasurer"))
  const anna = shell.publicKeyOf("anna")
  assert.ok((await keysIn(off, "vault")).includes(anna))
  await off.ok("DELETE /approverManagement/delete/treasurer", undefined, officer)
  await onboard(off, "mallory", "treasurer")
  const mallory = shell.publicKeyOf("mallory")
  const now = await keysIn(off, "vault")
  assert.ok(now.includes(anna))
  assert.ok(!now.includes(mallory))
  const payload = Buffer.from("all of it").toString("base64")
  const signRequest = { payload, payloadType: "UNSPECIFIED", signKeyName: "vault" }
  const asked = { signRequest: { ...signRequest, signatureAlgorithm: "SHA256_WITH_ECDSA" } }
  await off.ok("POST /sign", asked)
  assert.equal((await tasksOf("mallory", "Sign")).length, 0, "the name gives nothing")
  assert.equal(
    (await tasksOf("anna", "Sign")).length,
    1,
    "the rule has the key that it was written with",
  )
  // A rule that is written now means whoever has the name now.
  await off.ok("POST /key", keyNaming("petty", "treasurer"))
  assert.ok((await keysIn(off, "petty")).includes(mallory))
  await off.ok("DELETE /approverManagement/delete/treasurer", undefined, officer)
}

/** The change was asked for with a name; what is approved, and done, is the key of that moment. */
async function changed(): Promise<void> {
  await onboard(off, "bo", "cfo")
  const approvals = [{ type: "public_key", name: "anna", value: shell.publicKeyOf("anna") }]
  const groups = [{ name: "all", quorum: 1, approvals }]
  const ruleModify = { tokens: [{ name: "t", groups }] }
  const key = { label: "fund", ...p256, attributes: signs, policy: { ruleModify } }
  await off.ok("POST /key", key)
  const named = [{ type: "onboarded_approver_certificate", name: "cfo" }]
  const ruleUse = { tokens: [{ name: "t", groups: [{ ...groups[0], approvals: named }] }] }
  const modifyRequest = { modifyKeyName: "fund", policy: { ruleUse, ruleModify } }
  const { modifyKeyRequestId: id } = await off.ok("POST /modify", { modifyRequest })
  await off.ok("DELETE /approverManagement/delete/cfo", undefined, officer)
  await onboard(off, "mallory", "cfo")
  const [task = assert.fail("no task")] = await tasksOf("anna", "ModifyKey")
  const token = bytesOf(task["approvalToBeSigned"])
  assert.ok(token.includes(Buffer.from(shell.publicKeyOf("bo"), "base64")), "she sees the key")
  const { id: taskId, approvalToBeSigned, approverPublicKey } = task
  const signature = shell.signed("anna", token)
  const approval = { id: taskId, approvalToBeSigned, approverPublicKey, signature }
  await off.ok("POST /approval", approval, bringer)
  assert.equal((await off.ok(`GET /request/${String(id)}`))["status"], "EXECUTED")
  const now = await keysIn(off, "fund")
  assert.ok(now.includes(shell.publicKeyOf("bo")))
  assert.ok(!now.includes(shell.publicKeyOf("mallory")))
  await off.ok("DELETE /approverManagement/delete/cfo", undefined, officer)
}

async function tasksOf(
  who: (typeof people)[number],
  kind: "Sign" | "ModifyKey",
): Promise<readonly Body[]> {
  const timestamp = new Date(off.stack.clock.now()).toISOString()
  const proof = {
    timestamp,
    timestampSignature: shell.signed(who, Buffer.from(timestamp)),
    approverPublicKey: shell.publicKeyOf(who),
  }
  const found = await off.ok(`POST /filtered${kind}ApprovalTask`, proof, bringer)
  return found["tasks"] as readonly Body[] // The face answers objects.
}

async function made(): Promise<void> {
  const oneTimeCode = await invite(on, "carl@x.ch", making)
  const body = { approverName: "carl@x.ch", oneTimeCode, transportPassword }
  const short = { ...body, transportPassword: "short" }
  assert.equal(await on.fault(route, short, bringer), "400 600")
  const file = opened(await on.ok(route, body, bringer))
  assert.equal(await on.fault(route, body, bringer), "400 412")
  using pkcs8 = await openPkcs12(file, password)
  await assert.rejects(openPkcs12(file, `${password}!`))
  const pair = pkcs8.lend((der) =>
    createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" }),
  )
  shell.write("carl.p12", file)
  const args = ["-in", "carl.p12", "-passin", `pass:${password}`, "-nodes"]
  assert.match(shell.openssl("pkcs12", ...args).toString(), /BEGIN PRIVATE KEY/)
  const { onboarded } = await on.ok("GET /approverManagement/onboarding/status", undefined, officer)
  const row = (onboarded as readonly Body[]).find((one) => one["approverName"] === "carl@x.ch")
  assert.equal(row?.["keySeenByServer"], true)
  const certificate = new X509Certificate(bytesOf(row["approverCertificate"]))
  assert.ok(certificate.checkPrivateKey(pair))
  assert.equal(certificate.subject, "CN=carl@x.ch")
  const { items } = await on.stack.ports.records.list("principal", on.partition, { limit: 100 })
  const record = items.find(({ name }) => name === "carl@x.ch")
  assert.deepEqual(Object.keys(record?.approver ?? {}).toSorted(), ["key", "origin"])
  await on.ok("POST /key", keyNaming("k-carl", "carl@x.ch"))
}
