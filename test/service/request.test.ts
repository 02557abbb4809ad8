/** The life of requests: made, approved, executed once, and every way to fail on the way. */

import assert from "node:assert/strict"
import { createPublicKey, verify } from "node:crypto"
import { after, before, test } from "node:test"

import { flipBit } from "../support/flip-bit.ts"
import { readCanonical } from "../../src/codec/canonical-reader.ts"
import { limits } from "../../src/domain/limits.ts"
import { createKey } from "../../src/service/create-key.ts"
import { maintain } from "../../src/service/maintain.ts"
import { setPartitionRules } from "../../src/service/partition.ts"
import { describeKey, publicKey } from "../../src/service/read-key.ts"
import { sign } from "../../src/service/sign.ts"
import { cancelRequest, speakOnRequest } from "../../src/service/speak-request.ts"
import { listRequests } from "../../src/service/view-request.ts"
import { newApprover, quorumOf } from "../support/approvers.ts"
import { message, minute, requestFixture, wordOf, type RequestFixture } from "./request-fixture.ts"

let on: RequestFixture
before(async () => {
  on = await requestFixture()
})
after(() => on.made.stack.cluster.remove())

async function twoOfThree(times: { timelockMs?: number; timeoutMs?: number } = {}) {
  const { anna, bo, cleo } = on
  return await on.newKey({ use: quorumOf(2, [anna, bo, cleo], times) })
}

/** True when what a request answered is the key's signature over the message. */
async function isSigned(key: string, result: object | undefined): Promise<boolean> {
  const { ports } = on.made.stack
  const { publicKey: spki } = await publicKey(ports, on.made.as("user"), { key })
  const pair = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" })
  const { signature } = result as { signature: Uint8Array } // What `sign` answers.
  return verify("sha256", message, pair, signature)
}

test("two of three approve, and what was asked for is done once, for who asked", async () => {
  const key = await twoOfThree()
  const made = await on.askToSign(key)
  assert.equal(made.request.state, "pending")
  assert.deepEqual(made.verdict?.outcome, "pending")
  const one = await on.speak(made, on.anna)
  assert.equal(one.request.state, "pending")
  const two = await on.speak(made, on.cleo)
  assert.equal(two.request.state, "executed")
  assert.equal(two.request.result, undefined, "an approver does not get the result")
  const mine = await on.read(made)
  assert.ok(await isSigned(key, mine.request.result))
  assert.deepEqual(
    mine.request.words.map(({ name, word }) => `${name} ${word}`),
    ["Anna approval", "Cleo approval"],
  )
  assert.deepEqual(await on.read(made), mine, "however often it is asked for")
})

test("approvers see what they sign: the statement holds everything that is shown", async () => {
  const key = await twoOfThree()
  const { statement, parameters, request } = await on.askToSign(key, { messageType: "message" })
  assert.ok(statement !== undefined)
  const { purpose, clusterId, fields } = readCanonical(statement)
  assert.equal(purpose, "approval")
  assert.equal(clusterId, on.made.stack.cluster.clusterId)
  const [id, partition, operation, mechanism, keyId, name, version, fingerprint] = fields
  assert.deepEqual(
    { id, partition, operation, mechanism, key: { id: keyId, name, version, fingerprint } },
    {
      id: request.id,
      partition: on.made.partition,
      operation: "key.sign",
      mechanism: "ECDSA_SHA_256",
      key: request.key,
    },
  )
  const { ruleHash, nonce, stampedAt, expiresAt } = request
  assert.deepEqual(fields.slice(8, 12), [ruleHash, nonce, stampedAt, expiresAt])
  const shown = ["key", key, "message", message, "messageType", "message"]
  assert.deepEqual(parameters.flat(), shown)
  const signed = fields.slice(12)
  assert.deepEqual(signed.with(3, Buffer.from(signed[3] as Uint8Array)), shown)
})

// Every way to bring a word that does not count, and what it is told.
const refusedWords: readonly (readonly [
  string,
  (made: Awaited<ReturnType<RequestFixture["askToSign"]>>) => Partial<ReturnType<typeof wordOf>>,
  object,
])[] = [
  [
    "a key that the rule does not name",
    (made) => wordOf(made, newApprover("Anna")),
    { code: "OPERATION_FORBIDDEN", detail: { rule: "approvals" } },
  ],
  [
    "an altered signature",
    (made) => {
      const { signature } = wordOf(made, on.anna)
      return { signature: flipBit(signature, -1) }
    },
    { code: "MALFORMED_REQUEST", detail: { field: "/signature" } },
  ],
  [
    "another approver's signature",
    (made) => ({ signature: wordOf(made, on.bo).signature }),
    { code: "MALFORMED_REQUEST", detail: { field: "/signature" } },
  ],
  [
    "a rejection's signature brought as an approval",
    (made) => ({ signature: wordOf(made, on.anna, "rejection").signature }),
    { code: "MALFORMED_REQUEST", detail: { field: "/signature" } },
  ],
  [
    "another mechanism than that of the signature",
    () => ({ mechanism: "ECDSA_SHA_384" }),
    { code: "MALFORMED_REQUEST", detail: { field: "/signature" } },
  ],
  [
    "a mechanism that the key does not have",
    () => ({ mechanism: "ED25519" }),
    { code: "MALFORMED_REQUEST", detail: { field: "/signature" } },
  ],
]

for (const [what, change, refusal] of refusedWords) {
  test(`${what} counts nothing`, async () => {
    const made = await on.askToSign(await twoOfThree())
    await on.speak(made, on.cleo)
    const command = { ...wordOf(made, on.anna), ...change(made), request: made.request.id }
    const approver = on.made.as("approver")
    await assert.rejects(speakOnRequest(on.made.stack.ports, approver, command), refusal)
    assert.equal((await on.read(made)).request.state, "pending")
    assert.equal((await on.speak(made, on.anna)).request.state, "executed")
  })
}

test("an approval is good for its own request alone, and once", async () => {
  const key = await twoOfThree()
  const first = await on.askToSign(key)
  const second = await on.askToSign(key)
  const approver = on.made.as("approver")
  const { ports } = on.made.stack
  const word = wordOf(first, on.anna)
  await speakOnRequest(ports, approver, word)
  await assert.rejects(speakOnRequest(ports, approver, word), { code: "CONFLICT" })
  const replayed = { ...word, request: second.request.id }
  await assert.rejects(speakOnRequest(ports, approver, replayed), {
    code: "MALFORMED_REQUEST",
    detail: { field: "/signature" },
  })
  assert.equal((await on.speak(first, on.bo)).request.state, "executed")
  await assert.rejects(speakOnRequest(ports, approver, wordOf(first, on.cleo)), {
    code: "CONFLICT",
    message: "the request is executed",
  })
})

test("before its timelock nothing happens, after its timeout it is too late", async () => {
  const key = await twoOfThree({ timelockMs: 2 * minute, timeoutMs: 10 * minute })
  const { clock, ports } = on.made.stack
  const made = await on.askToSign(key)
  await on.speak(made, on.anna)
  const agreed = await on.speak(made, on.bo)
  assert.equal(agreed.request.state, "approved")
  clock.advance(2 * minute - 1_000)
  await maintain(ports)
  assert.equal((await on.read(made)).request.state, "approved")
  clock.advance(1_000)
  await maintain(ports)
  const done = await on.read(made)
  assert.equal(done.request.state, "executed")
  assert.ok(await isSigned(key, done.request.result))

  const late = await on.askToSign(key)
  await on.speak(late, on.anna)
  clock.advance(10 * minute + 1_000)
  await assert.rejects(on.speak(late, on.bo), { code: "CONFLICT", message: /too late/ })
  assert.equal((await on.read(late)).request.state, "expired")
  const forgotten = await on.askToSign(key)
  clock.advance(10 * minute + 1_000)
  await maintain(ports)
  assert.equal((await on.read(forgotten)).request.state, "expired")
})

test("while the clock is in doubt no request is made, and no timelock passes", async () => {
  const { clock, ports } = on.made.stack
  const key = await twoOfThree({ timelockMs: minute })
  const made = await on.askToSign(key)
  await on.speak(made, on.anna)
  await on.speak(made, on.bo)
  clock.sure = false
  await assert.rejects(on.askToSign(key), { code: "CONFLICT", detail: { retryAfterSeconds: 60 } })
  clock.advance(24 * 60 * minute)
  await maintain(ports)
  assert.equal((await on.read(made)).request.state, "approved")
  clock.sure = true
  clock.advance(limits.requestLookMs)
  await maintain(ports)
  assert.equal((await on.read(made)).request.state, "executed")
})

test("a rejection counts against its key, and out of reach the request is rejected", async () => {
  const made = await on.askToSign(await twoOfThree())
  assert.equal((await on.speak(made, on.anna, "rejection")).request.state, "pending")
  await assert.rejects(on.speak(made, on.anna), { code: "CONFLICT", message: /spoken already/ })
  assert.equal((await on.speak(made, on.bo, "rejection")).request.state, "rejected")
  const other = await on.askToSign(await twoOfThree())
  await on.speak(other, on.anna, "rejection")
  await on.speak(other, on.bo)
  assert.equal((await on.speak(other, on.cleo)).request.state, "executed")
})

test("any approver stops a request while its timelock runs, who has approved it too", async () => {
  const made = await on.askToSign(await twoOfThree({ timelockMs: minute }))
  await on.speak(made, on.anna)
  await on.speak(made, on.bo)
  assert.equal((await on.speak(made, on.anna, "cancellation")).request.state, "cancelled")
  on.made.stack.clock.advance(minute)
  await maintain(on.made.stack.ports)
  assert.equal((await on.read(made)).request.state, "cancelled")
})

test("who asked takes his request back, others do not see it", async () => {
  const { ports } = on.made.stack
  const made = await on.askToSign(await twoOfThree())
  const stranger = { ...on.made.as("user") }
  const other = { ...stranger, caller: { ...stranger.caller, subject: "somebody else" } }
  await assert.rejects(on.read(made, other), { code: "NOT_FOUND" })
  await assert.rejects(cancelRequest(ports, other, made.request.id), { code: "NOT_FOUND" })
  assert.deepEqual((await listRequests(ports, other, {})).items, [])
  const grants = [{ keyNames: "nothing*" }]
  const narrowed = { ...on.made.as("approver") }
  const blind = { ...narrowed, caller: { ...narrowed.caller, grants } }
  await assert.rejects(on.read(made, blind), { code: "NOT_FOUND" })
  const taken = await cancelRequest(ports, on.made.as("user"), made.request.id)
  assert.equal(taken.request.state, "cancelled")
  const again = cancelRequest(ports, on.made.as("user"), made.request.id)
  await assert.rejects(again, { code: "CONFLICT", message: "the request is cancelled" })
})

test("where nobody has to be asked it is done at once, changes with their request", async () => {
  const { ports } = on.made.stack
  const key = await on.newKey({})
  const signed = await on.askToSign(key)
  assert.equal(signed.request.state, "executed")
  assert.ok(await isSigned(key, signed.request.result))
  const blocked = await on.ask({ operation: "key.block", parameters: { key } })
  assert.equal(blocked.request.state, "executed")
  assert.equal((await describeKey(ports, on.made.as("user"), { key })).smart?.blocked, true)
  const refused = await on.askToSign(key).catch((error: unknown) => error)
  assert.equal((refused as { code: string }).code, "KEY_STATE")
})

test("block, unblock and change of rules wait for their own rules", async () => {
  const { ports } = on.made.stack
  const { anna, bo } = on
  const key = await on.newKey({
    block: quorumOf(1, [anna]),
    unblock: quorumOf(2, [anna, bo]),
    modify: quorumOf(1, [bo]),
  })
  const state = async () => (await describeKey(ports, on.made.as("user"), { key })).smart
  const block = await on.ask({ operation: "key.block", parameters: { key } })
  await assert.rejects(on.speak(block, bo), { code: "OPERATION_FORBIDDEN" })
  assert.equal((await on.speak(block, anna)).request.state, "executed")
  assert.equal((await state())?.blocked, true)
  const unblock = await on.ask({ operation: "key.unblock", parameters: { key } })
  await on.speak(unblock, anna)
  await on.speak(unblock, bo)
  assert.equal((await state())?.blocked, false)
  const rules = { modify: { tokens: [] } }
  const manager = on.made.as("manager")
  const change = await on.ask({ operation: "key.set-rules", parameters: { key, rules } }, manager)
  await assert.rejects(on.speak(change, anna), { code: "OPERATION_FORBIDDEN" })
  const changed = await on.speak(change, bo)
  assert.equal(changed.request.state, "executed")
  assert.deepEqual((await state())?.rules, rules)
})

test("officers give rules to an ordinary key together", async () => {
  const { ports } = on.made.stack
  const officer = on.made.as("officer")
  const { anna, bo } = on
  await setPartitionRules(ports, officer, { administration: quorumOf(2, [anna, bo]) })
  const template = { name: "ordinary", algorithm: "EC_P256" } as const
  const { id: key } = await createKey(ports, on.made.as("manager"), template)
  const parameters = { key, rules: { use: quorumOf(1, [anna]) } }
  const made = await on.ask({ operation: "key.protect", parameters }, officer)
  await on.speak(made, anna)
  assert.equal((await on.speak(made, bo)).request.state, "executed")
  await assert.rejects(sign(ports, on.made.as("user"), { key, message }), {
    code: "APPROVAL_REQUIRED",
  })
})
