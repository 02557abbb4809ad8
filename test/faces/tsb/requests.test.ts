/** Requests and approvals in the TSB dialect. */

import assert from "node:assert/strict"
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto"
import { after, before, test } from "node:test"

import { newApprover } from "../../support/approvers.ts"
import { approvalOf, proofOf, ruleOf, taskOf, tasksOf } from "../../support/tsb-approver.ts"
import { b64, bytesOf, p256, signs, tsbFace } from "../../support/tsb-face.ts"
import type { As, Body, TsbFace } from "../../support/tsb-face.ts"

let on: TsbFace
let count = 0
before(async () => {
  on = await tsbFace()
})
after(() => on.stop())

const anna = newApprover("Anna")
const bo = newApprover("Bo", generateKeyPairSync("ed25519"), "ED25519")
const cleo = newApprover("Cleo", generateKeyPairSync("rsa", { modulusLength: 2048 }), rsa())
const all = [anna, bo, cleo]

function rsa() {
  return "RSA_PKCS1_SHA_256" as const
}

async function newKey(policy: Body, change: Body = {}): Promise<string> {
  const label = `key-${count++}`
  await on.ok("POST /key", { label, ...p256, attributes: signs, policy, ...change })
  return label
}

const payload = b64("pay 100 to Dora")

async function askToSign(signKeyName: string, change: Body = {}): Promise<string> {
  const signRequest = {
    payload,
    payloadType: "UNSPECIFIED",
    signKeyName,
    keyPassword: null,
    metaData: b64("invoice 4711"),
    metaDataSignature: null,
    signatureAlgorithm: "SHA256_WITH_ECDSA",
    signatureType: null,
    ...change,
  }
  const asked = { signRequest, requestSignature: null }
  const { status, body } = await on.send("POST /sign", asked)
  assert.equal(status, 201, JSON.stringify(body))
  return String(body["signRequestId"])
}

const statusOf = async (id: string) => await on.ok(`GET /request/${id}`)
const approve = (body: Body, as?: As) => on.send("POST /approval", body, as)

async function isSigned(label: string, { result }: Body): Promise<boolean> {
  const { json } = await on.ok("POST /key/attributes", { label })
  const spki = bytesOf((json as Body)["publicKey"])
  const key = createPublicKey({ key: spki, format: "der", type: "spki" })
  return verify("sha256", bytesOf(payload), key, bytesOf(result))
}

test("two of three approve with keys of three kinds, and the result is a signature", async () => {
  const label = await newKey({ ruleUse: ruleOf(2, all, { timeout: 600 }) })
  const id = await askToSign(label)
  const asked = await statusOf(id)
  assert.equal(asked["status"], "PENDING")
  assert.deepEqual(asked["approvedBy"], [])
  assert.equal((asked["notYetApprovedBy"] as unknown[]).length, 3)
  const { status, body } = await approve(approvalOf(bo, await taskOf(on, bo, id)))
  assert.deepEqual([status, body], [200, {}])
  assert.deepEqual((await statusOf(id))["approvedBy"], [b64(bo.publicKey)])
  await approve(approvalOf(cleo, await taskOf(on, cleo, id)))
  const done = await statusOf(id)
  assert.equal(done["status"], "EXECUTED")
  assert.ok(await isSigned(label, done))
  assert.deepEqual(await tasksOf(on, anna, { requestId: id }), [], "nothing waits for the third")
  assert.deepEqual(await statusOf(id), done, "however often it is polled")
})

test("an approver sees as much as he asks for", async () => {
  const label = await newKey({ ruleUse: ruleOf(1, [anna]) })
  const id = await askToSign(label)
  const keysAt = async (detailLevel: string) => {
    const [task] = await tasksOf(on, anna, { requestId: id, detailLevel })
    return task ?? {}
  }
  const first = await keysAt("level1")
  assert.deepEqual(Object.keys(first), [
    "detailLevel",
    "id",
    "approvalToBeSigned",
    "approverPublicKey",
  ])
  const last = await keysAt("level6")
  assert.equal(last["metaData"], b64("invoice 4711"))
  assert.equal(last["payload"], payload)
  assert.equal(last["payloadType"], "UNSPECIFIED")
  const asked = JSON.parse(bytesOf(last["requestBase64"]).toString()) as Body
  assert.deepEqual(last["signedSignRequest"], asked)
  assert.equal(last["signedBlockKeyRequest"], null)
  assert.equal((last["requestStatus"] as Body)["status"], "PENDING")
  const { json } = await on.ok("POST /key/attributes", { label: "integrity-key" })
  const spki = bytesOf((json as Body)["publicKey"])
  const key = createPublicKey({ key: spki, format: "der", type: "spki" })
  const isBy = (text: unknown, signature: unknown) =>
    verify("sha256", bytesOf(text), key, bytesOf(signature))
  assert.ok(isBy(last["timestamp"], last["timestampSignature"]))
  const xml = String(last["keyAttributes"])
  assert.ok(xml.includes(`<label>${label}</label>`))
  assert.ok(isBy(b64(xml), last["keyAttributesSignature"]))
  await approve(approvalOf(anna, last))
})

test("lists hold what they are about, in pages, oldest or newest first", async () => {
  const label = await newKey({ ruleUse: ruleOf(1, [bo]), ruleBlock: ruleOf(1, [bo]) })
  const first = await askToSign(label)
  on.stack.clock.advance(2_000)
  await on.ok("POST /block", { blockRequest: { blockKeyName: label } })
  const list = async (name: string, paging: Body | null = null) => {
    const proof = proofOf(bo, on.stack.clock.now())
    const { tasks } = await on.ok(`POST /filtered${name}ApprovalTask`, { ...proof, paging })
    return (tasks as readonly Body[]).map(({ id }) => String(id))
  }
  const [one = "", two = ""] = await list("All")
  assert.ok(one.startsWith(first))
  assert.deepEqual(await list("Sign"), [one])
  assert.deepEqual(await list("BlockKey"), [two])
  assert.deepEqual(await list("ModifyKey"), [])
  assert.deepEqual(await list("All", { pageNumber: 1, pageSize: 1 }), [two])
  assert.deepEqual(await list("All", { sortOrder: "CREATION_DATE_DESC" }), [two, one])
})

test("block, unblock and modify wait for their own rules, and the key obeys", async () => {
  const rule = ruleOf(1, [anna])
  const label = await newKey({ ruleBlock: rule, ruleUnblock: rule, ruleModify: rule })
  const through = async (route: string, body: Body, member: string) => {
    const { [member]: id } = await on.ok(route, body)
    await approve(approvalOf(anna, await taskOf(on, anna, id)))
    assert.equal((await statusOf(String(id)))["status"], "EXECUTED")
  }
  await through("POST /block", { blockRequest: { blockKeyName: label } }, "blockKeyRequestId")
  const blocked = { signRequest: { payload, signKeyName: label, signatureAlgorithm: "EDDSA" } }
  const ecdsa = { ...blocked.signRequest, signatureAlgorithm: "SHA256_WITH_ECDSA" }
  assert.equal(await on.fault("POST /synchronousSign", { signRequest: ecdsa }), "403 614")
  const unblock = { unblockRequest: { unblockKeyName: label } }
  await through("POST /unblock", unblock, "unblockKeyRequestId")
  await on.ok("POST /synchronousSign", { signRequest: ecdsa })
  const policy = { ruleUse: ruleOf(1, [bo]), ruleModify: { tokens: [] } }
  const modify = { modifyRequest: { modifyKeyName: label, policy } }
  await through("POST /modify", modify, "modifyKeyRequestId")
  assert.equal(await on.fault("POST /synchronousSign", { signRequest: ecdsa }), "403 401")
  assert.equal(await on.fault("POST /modify", modify), "403 614", "never again")
})

test("a key with rules decrypts when it is approved, and the result is the text", async () => {
  const attributes = { ...signs, sign: false, decrypt: true }
  const policy = { ruleUse: ruleOf(1, [cleo]) }
  const label = await newKey(policy, {
    algorithm: "RSA",
    keySize: 2048,
    curveOid: null,
    attributes,
  })
  const cipherAlgorithm = "RSA_PADDING_OAEP_WITH_SHA256"
  const encryptRequest = { payload, encryptKeyName: label, cipherAlgorithm }
  const { encryptedPayload } = await on.ok("POST /encrypt", { encryptRequest })
  const decryptRequest = { encryptedPayload, decryptKeyName: label, cipherAlgorithm }
  const { decryptRequestId: id } = await on.ok("POST /decrypt", { decryptRequest })
  await approve(approvalOf(cleo, await taskOf(on, cleo, id)))
  assert.equal((await statusOf(String(id)))["result"], payload)
})

test("a path in the label is in the token, and its key signs", async () => {
  const attributes = { ...signs, derive: true, bip32: true }
  const key = { algorithm: "EC", curveOid: "1.3.132.0.10", attributes }
  const label = `${await newKey({ ruleUse: ruleOf(1, [anna]) }, key)}/44'/60'/0'/0/7`
  const id = await askToSign(label)
  const task = await taskOf(on, anna, id)
  assert.ok(bytesOf(task["approvalToBeSigned"]).includes(label))
  await approve(approvalOf(anna, task))
  assert.ok(await isSigned(label, await statusOf(id)))
})

test("a request for Ethereum ends in r, s and v", async () => {
  const key = { algorithm: "EC", curveOid: "1.3.132.0.10" }
  const label = await newKey({ ruleUse: ruleOf(1, [anna]) }, key)
  const chosen = { signatureAlgorithm: "KECCAK256_WITH_ECDSA", signatureType: "ETH" }
  const id = await askToSign(label, chosen)
  await approve(approvalOf(anna, await taskOf(on, anna, id)))
  const signature = bytesOf((await statusOf(id))["result"])
  assert.deepEqual([signature.length, [27, 28].includes(signature[64] ?? 0)], [65, true])
})

test("where nobody has to agree, a request is done at once", async () => {
  for (const policy of [{ ruleUse: null }, { ruleUse: { tokens: [{ name: "", groups: [] }] } }]) {
    const label = await newKey(policy)
    const status = await statusOf(await askToSign(label))
    assert.equal(status["status"], "EXECUTED")
    assert.ok(await isSigned(label, status))
  }
})

// Every way in which an approval does not count.
const refused: readonly (readonly [string, (task: Body) => Body, string])[] = [
  [
    "of a key that the rule does not name",
    (task) => approvalOf(newApprover("Eve"), task),
    "404 652",
  ],
  [
    "whose signature is another approver's",
    (task) => ({ ...approvalOf(anna, task), signature: approvalOf(bo, task)["signature"] }),
    "400 403",
  ],
  [
    "over other bytes than it says",
    (task) => ({ ...approvalOf(anna, task), signature: b64(anna.sign(Buffer.from("other"))) }),
    "400 403",
  ],
  [
    "over a token that is not the task's",
    (task) => {
      const token = bytesOf(task["approvalToBeSigned"])
      const at = token.indexOf("Dora")
      token.write("Evas", at)
      return approvalOf(anna, { ...task, approvalToBeSigned: b64(token) })
    },
    "400 403",
  ],
  [
    "with another digest",
    (task) => ({ ...approvalOf(anna, task), approvalDigestAlgorithm: "SHA-384" }),
    "400 403",
  ],
  [
    "with SHA-1",
    (task) => ({ ...approvalOf(anna, task), approvalDigestAlgorithm: "SHA-1" }),
    "400 403",
  ],
  [
    "of no key",
    (task) => ({ ...approvalOf(anna, task), approverPublicKey: b64("key") }),
    "400 601",
  ],
  ["for no task", (task) => ({ ...approvalOf(anna, task), id: "45151fec-42f2" }), "404 652"],
  [
    "that is no token",
    (task) => ({ ...approvalOf(anna, task), approvalToBeSigned: "AAAA" }),
    "400 600",
  ],
]
for (const [what, alter, fault] of refused) {
  test(`an approval ${what} is refused`, async () => {
    const id = await askToSign(await newKey({ ruleUse: ruleOf(1, [anna, bo]) }))
    const task = await taskOf(on, anna, id)
    assert.equal(await on.fault("POST /approval", alter(task)), fault)
    assert.equal((await statusOf(id))["status"], "PENDING")
  })
}

test("an approval counts once, and for its own request", async () => {
  const label = await newKey({ ruleUse: ruleOf(2, all) })
  const [one, other] = [await askToSign(label), await askToSign(label)]
  const approval = approvalOf(anna, await taskOf(on, anna, one))
  assert.equal((await approve(approval)).status, 200)
  assert.equal(await on.fault("POST /approval", approval), "404 652", "again")
  const { id } = await taskOf(on, anna, other)
  assert.equal(await on.fault("POST /approval", { ...approval, id }), "400 403", "elsewhere")
  assert.equal((await statusOf(one))["status"], "PENDING", "one is not two")
})

test("after its timeout a request is over, and before its timelock nothing is done", async () => {
  const label = await newKey({ ruleUse: ruleOf(1, [anna], { timelock: 60, timeout: 600 }) })
  const late = await askToSign(label)
  const early = await askToSign(label)
  const lateApproval = approvalOf(anna, await taskOf(on, anna, late))
  await approve(approvalOf(anna, await taskOf(on, anna, early)))
  const waiting = await statusOf(early)
  assert.equal(waiting["status"], "APPROVED")
  assert.equal(waiting["result"], null)
  assert.notEqual(waiting["executionTime"], null)
  on.stack.clock.advance(60_000)
  assert.equal((await statusOf(early))["status"], "EXECUTED", "polling is looking")
  on.stack.clock.advance(600_000)
  assert.equal(await on.fault("POST /approval", lateApproval), "404 652")
  assert.equal((await statusOf(late))["status"], "EXPIRED")
})

test("who rejects counts no more, and out of reach the request is rejected", async () => {
  const id = await askToSign(await newKey({ ruleUse: ruleOf(2, all) }))
  const reject = async (who: typeof anna) => {
    const { id: task } = await taskOf(on, who, id)
    return await on.send("PATCH /task", { ...proofOf(who, on.stack.clock.now()), id: task })
  }
  assert.equal((await reject(anna)).status, 200)
  const after = await statusOf(id)
  assert.deepEqual([after["status"], after["rejectedBy"]], ["PENDING", [b64(anna.publicKey)]])
  assert.deepEqual(await tasksOf(on, anna, { requestId: id }), [])
  await reject(bo)
  assert.equal((await statusOf(id))["status"], "REJECTED")
})

test("a request is taken back, by itself or with its key", async () => {
  const label = await newKey({ ruleUse: ruleOf(1, [anna]) })
  const id = await askToSign(label)
  const approval = approvalOf(anna, await taskOf(on, anna, id))
  const { status, body } = await on.send(`DELETE /request/${id}`)
  assert.deepEqual([status, body["status"]], [200, "CANCELLED"])
  assert.equal(await on.fault("POST /approval", approval), "404 652")
  assert.equal(await on.fault(`DELETE /request/${id}`), "409 400")
  const other = await askToSign(label)
  await on.ok("POST /key/deleteKey", { label })
  assert.equal((await statusOf(other))["status"], "CANCELLED")
  assert.equal(await on.fault("GET /request/nothing"), "404 651")
  const requests = await on.ok("POST /filteredRequests", { status: "PENDING" })
  assert.ok(!JSON.stringify(requests).includes(other))
})

// Whoever has a key proves it: with the right time, and a signature over it.
const proofs: readonly (readonly [string, () => Body, string])[] = [
  ["of an hour ago", () => proofOf(anna, on.stack.clock.now() - 3_600_000), "400 404"],
  ["of tomorrow", () => proofOf(anna, on.stack.clock.now() + 86_400_000), "400 404"],
  ["of no time", () => proofOf(anna, 0, "yesterday"), "400 404"],
  [
    "by another key",
    () => ({
      ...proofOf(anna, on.stack.clock.now()),
      approverPublicKey: b64(newApprover("E").publicKey),
    }),
    "400 403",
  ],
  [
    "of no key",
    () => ({ ...proofOf(anna, on.stack.clock.now()), approverPublicKey: null }),
    "400 600",
  ],
  [
    "by a notification service",
    () => ({ ...proofOf(anna, on.stack.clock.now()), timestampSigningCertificate: "AAAA" }),
    "403 405",
  ],
]
for (const [what, proof, fault] of proofs) {
  test(`a proof of possession ${what} shows nothing`, async () => {
    assert.equal(await on.fault("POST /filteredAllApprovalTask", proof()), fault)
  })
}

test("who has only his key sees what concerns it, and else leaves no trace", async () => {
  const byKey = { headers: { "x-keyhold-partition": on.partition } }
  const label = await newKey({ ruleUse: ruleOf(1, [anna]) })
  const id = await askToSign(label)
  const eve = newApprover("Eve")
  const before = on.stack.audit.events.length
  assert.deepEqual(await tasksOf(on, eve, {}, byKey), [])
  assert.equal(on.stack.audit.events.length, before)
  const [task] = await tasksOf(on, anna, { requestId: id }, byKey)
  assert.equal((await approve(approvalOf(anna, task ?? {}), byKey)).status, 200)
  assert.equal((await statusOf(id))["status"], "EXECUTED")
  const [spoken] = on.stack.audit.of("request.speak").slice(-1)
  assert.equal(spoken?.subject, `key:${anna.fingerprint}`)
  assert.equal(await on.fault("GET /versionInfo", undefined, byKey), "401 406")
  const elsewhere = { headers: { "x-keyhold-partition": on.other } }
  assert.deepEqual(await tasksOf(on, anna, { requestId: id }, elsewhere), [])
})

test("a request's own signature has to hold", async () => {
  const label = await newKey({ ruleUse: null })
  const signRequest = { payload, signKeyName: label, signatureAlgorithm: "SHA256_WITH_ECDSA" }
  const signature = b64(cleo.sign(Buffer.from(JSON.stringify(signRequest))))
  const publicKey = b64(cleo.publicKey)
  const requestSignature = { signature, digestAlgorithm: "SHA-256", publicKey }
  await on.ok("POST /sign", { signRequest, requestSignature })
  const other = { ...signRequest, payload: b64("pay 900 to Eve") }
  assert.equal(await on.fault("POST /sign", { signRequest: other, requestSignature }), "400 403")
})

test("another user does not get the result, and another partition no request", async () => {
  const label = await newKey({ ruleUse: null })
  const id = await askToSign(label)
  const user = { roles: ["user"], name: "other" } as const
  assert.equal(await on.fault(`GET /request/${id}`, undefined, user), "404 651")
  const manager = await on.ok(`GET /request/${id}`, undefined, { name: "manager" })
  assert.deepEqual([manager["status"], manager["result"]], ["EXECUTED", null])
  assert.equal(await on.fault(`GET /request/${id}`, undefined, { partition: on.other }), "404 651")
})
