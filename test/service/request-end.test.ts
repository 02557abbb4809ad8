/** What becomes of requests when something changes under them, and who may make them. */

import assert from "node:assert/strict"
import { generateKeyPairSync } from "node:crypto"
import { after, before, test } from "node:test"

import { limits } from "../../src/domain/limits.ts"
import { deleteKey } from "../../src/service/delete-key.ts"
import { maintain } from "../../src/service/maintain.ts"
import { makeRequest } from "../../src/service/make-request.ts"
import { describeKey } from "../../src/service/read-key.ts"
import { updateKey } from "../../src/service/update-key.ts"
import { newApprover, quorumOf } from "../support/approvers.ts"
import { message, minute, requestFixture, type RequestFixture } from "./request-fixture.ts"

let on: RequestFixture
before(async () => {
  on = await requestFixture()
})
after(() => on.made.stack.cluster.remove())

async function twoOfThree(times: { timelockMs?: number; timeoutMs?: number } = {}) {
  const { anna, bo, cleo } = on
  return await on.newKey({ use: quorumOf(2, [anna, bo, cleo], times) })
}

test("what was approved under other rules, or for another version, is not done", async () => {
  const manager = on.made.as("manager")
  const key = await on.newKey({ use: quorumOf(1, [on.anna]) })
  const made = await on.askToSign(key)
  const rules = { use: quorumOf(1, [on.anna, on.bo]) }
  await on.ask({ operation: "key.set-rules", parameters: { key, rules } }, manager)
  await assert.rejects(on.speak(made, on.anna), { code: "CONFLICT" })
  assert.deepEqual((await on.read(made)).request.failure, {
    code: "KEY_STATE",
    message: "the key or its rules have changed since it was asked for",
  })
  const rotated = await on.askToSign(key)
  await on.ask({ operation: "key.rotate", parameters: { key } }, manager)
  assert.equal((await on.speak(rotated, on.anna)).request.state, "failed")
})

test("a key that is deleted takes its requests along", async () => {
  const { ports } = on.made.stack
  const key = await twoOfThree()
  const made = await on.askToSign(key)
  const { request: done } = await on.speak(
    await on.askToSign(await on.newKey({ use: quorumOf(1, [on.anna]) })),
    on.anna,
  )
  await deleteKey(ports, on.made.as("manager"), { key })
  assert.equal((await on.read(made)).request.state, "cancelled")
  assert.equal(done.state, "executed")
})

test("a request whose requester has lost his access fails", async () => {
  const { ports, clock } = on.made.stack
  const key = await twoOfThree({ timelockMs: minute })
  const context = on.made.as("user")
  const asked = { operation: "key.sign", parameters: { key, message } } as const
  const gone = { ...context, caller: { ...context.caller, subject: "7".repeat(26) } }
  const made = await makeRequest(ports, gone, { asked })
  await on.speak(made, on.anna)
  await on.speak(made, on.bo)
  clock.advance(minute)
  await maintain(ports)
  const { request } = await on.read(made, on.made.as("auditor"))
  assert.equal(request.failure?.code, "OPERATION_FORBIDDEN")
})

test("a request is refused to whoever may not do the operation at all", async () => {
  const { ports } = on.made.stack
  const key = await twoOfThree()
  const asked = { operation: "key.sign", parameters: { key, message } } as const
  await assert.rejects(makeRequest(ports, on.made.as("manager"), { asked }), {
    code: "OPERATION_FORBIDDEN",
    detail: { rule: "role" },
  })
  const absent = { operation: "key.sign", parameters: { key: "absent", message } } as const
  await assert.rejects(on.ask(absent), { code: "KEY_NOT_FOUND" })
  const large = { key, message: new Uint8Array(limits.requestBytesMax) }
  await assert.rejects(on.ask({ operation: "key.sign", parameters: large }), {
    code: "PAYLOAD_TOO_LARGE",
  })
})

test("a repeated call finds its request, another one under its name is refused", async () => {
  const { ports } = on.made.stack
  const key = await twoOfThree()
  const asked = { operation: "key.sign", parameters: { key, message } } as const
  const user = on.made.as("user")
  const first = await makeRequest(ports, user, { asked, idempotencyKey: "once" })
  const again = await makeRequest(ports, user, { asked, idempotencyKey: "once" })
  assert.equal(again.request.id, first.request.id)
  const other = { ...asked, parameters: { key, message: Buffer.from("other") } }
  await assert.rejects(makeRequest(ports, user, { asked: other, idempotencyKey: "once" }), {
    code: "IDEMPOTENCY_MISMATCH",
  })
})

test("a request that has ended is forgotten after its time", async () => {
  const { ports, clock } = on.made.stack
  const made = await on.askToSign(await on.newKey({}))
  clock.advance(limits.requestKeepMs + 1)
  await maintain(ports)
  await assert.rejects(on.read(made), { code: "NOT_FOUND" })
})

test("approvers of every type of key, and with a certificate, are heard", async () => {
  const types = [
    newApprover("P-384", generateKeyPairSync("ec", { namedCurve: "secp384r1" }), "ECDSA_SHA_384"),
    newApprover("secp256k1", generateKeyPairSync("ec", { namedCurve: "secp256k1" })),
    newApprover("brainpool", generateKeyPairSync("ec", { namedCurve: "brainpoolP256r1" })),
    newApprover("RSA", generateKeyPairSync("rsa", { modulusLength: 2048 }), "RSA_PKCS1_SHA_256"),
    newApprover("Ed25519", generateKeyPairSync("ed25519"), "ED25519"),
    newApprover("ML-DSA", generateKeyPairSync("ml-dsa-44"), "ML_DSA"),
  ]
  const key = await on.newKey({ use: quorumOf(types.length, types) })
  let view = await on.askToSign(key)
  for (const approver of types) {
    assert.equal(view.request.state, "pending")
    view = await on.speak(view, approver)
  }
  assert.equal(view.request.state, "executed")
})

test("a tag that a grant turns on is not changed without the key's rule", async () => {
  const key = await on.newKey({ modify: quorumOf(1, [on.anna]) })
  const { ports } = on.made.stack
  const manager = on.made.as("manager")
  const parameters = { key, tags: { team: "x" } }
  await assert.rejects(updateKey(ports, manager, parameters), { code: "APPROVAL_REQUIRED" })
  const made = await on.ask({ operation: "key.update", parameters }, manager)
  await on.speak(made, on.anna)
  assert.deepEqual((await describeKey(ports, manager, { key })).tags, { team: "x" })
})
