/** Requests of the TSB dialect: approvers sign its token, which the node binds to one command. */

import assert from "node:assert/strict"
import { createHash, createPublicKey, verify } from "node:crypto"
import { after, before, test } from "node:test"

import {
  readSignature,
  readTimestamp,
  readToken,
  writeToken,
  type SkaToken,
} from "../../src/codec/ska-token.ts"
import type { Role } from "../../src/domain/principal.ts"
import type { RequestRecord } from "../../src/domain/request.ts"
import { advance } from "../../src/service/execute-request.ts"
import { bytesOfWord } from "../../src/service/approval-token.ts"
import { makeRequest } from "../../src/service/make-request.ts"
import type { RequestView, SpeakCommand } from "../../src/service/quorum-commands.ts"
import type { RequestedCommand } from "../../src/service/requestable.ts"
import { speakOnRequest } from "../../src/service/speak-request.ts"
import { newApprover, quorumOf, type TestApprover } from "../support/approvers.ts"
import { message, minute, requestFixture, type RequestFixture } from "./request-fixture.ts"

let on: RequestFixture
before(async () => {
  on = await requestFixture()
})
after(() => on.made.stack.cluster.remove())

const original = Buffer.from('{"signRequest":{}}')

async function ask(asked: RequestedCommand, as: Role = "user"): Promise<RequestView> {
  return await makeRequest(on.made.stack.ports, on.made.as(as), { asked, original })
}

async function askToSign(changed: object = {}, times = {}): Promise<RequestView> {
  const key = await on.newKey({ use: quorumOf(2, [on.anna, on.bo, on.cleo], times) })
  return await ask({ operation: "key.sign", parameters: { key, message, ...changed } })
}

function tokenIn({ token }: RequestView): Uint8Array {
  assert.ok(token !== undefined)
  return token
}

function approvalOf(view: RequestView, by: TestApprover, token = tokenIn(view)): SpeakCommand {
  const { publicKey, mechanism, sign } = by
  const { id: request } = view.request
  const signature = sign(token)
  return { request, word: "approval", publicKey, mechanism, signature, over: "token" }
}

const bring = (command: SpeakCommand) =>
  speakOnRequest(on.made.stack.ports, on.made.as("approver"), command)

test("a token names operation, label and payload, and stamps them for one command", async () => {
  const { ports, clock } = on.made.stack
  const view = await askToSign({}, { timelockMs: minute, timeoutMs: 9 * minute })
  const token = readToken(tokenIn(view), "")
  const { request, statement } = view
  assert.equal(token.operation, "use")
  assert.equal(token.label, request.key?.name)
  assert.deepEqual(token.payload, new Uint8Array(message))
  assert.ok(token.stamp !== undefined && statement !== undefined)
  const stamp = readTimestamp(token.stamp.timestamp, "")
  assert.deepEqual(stamp.payload, token.payload)
  assert.equal(stamp.seconds, Math.floor(clock.now() / 1_000))
  const hash = createHash("sha256").update(statement).digest("hex")
  assert.equal(stamp.keyName, `integrity-${request.id}-${hash}`)
  const spki = ports.records.keyholder.timestampPublicKey(on.made.partition)
  const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" })
  const { signature } = readSignature(token.stamp.signature, "")
  assert.ok(verify("sha256", token.stamp.timestamp, key, signature))
})

test("two of three sign the token, and it is done", async () => {
  const view = await askToSign()
  assert.equal((await bring(approvalOf(view, on.anna))).request.state, "pending")
  assert.equal((await bring(approvalOf(view, on.bo))).request.state, "executed")
  const { request } = await on.read(view)
  assert.ok(request.result !== undefined)
  assert.deepEqual(
    request.words.map(({ over }) => over),
    ["token", "token"],
  )
})

test("the statement of Keyhold's own API serves for the same request", async () => {
  const view = await askToSign()
  await bring(approvalOf(view, on.anna))
  assert.equal((await on.speak(view, on.bo)).request.state, "executed")
})

const isRefused = { code: "MALFORMED_REQUEST", detail: { field: "/signature" } }

/** The same token with something else in it. */
function changed(view: RequestView, fields: Partial<SkaToken>): Uint8Array {
  return writeToken({ ...readToken(tokenIn(view), ""), ...fields })
}

const refused: readonly (readonly [string, (view: RequestView) => Uint8Array])[] = [
  ["with another operation", (view) => changed(view, { operation: "modify" })],
  ["with another label", (view) => changed(view, { label: "other" })],
  ["with another payload", (view) => changed(view, { payload: Buffer.from("pay 900 to Eve") })],
  ["without the node's timestamp", (view) => changed(view, { stamp: undefined })],
  [
    "with the node's timestamp altered",
    (view) => {
      const { stamp } = readToken(tokenIn(view), "")
      assert.ok(stamp !== undefined)
      const timestamp = stamp.timestamp.with(4, 0)
      return changed(view, { stamp: { ...stamp, timestamp } })
    },
  ],
]

for (const [name, alter] of refused) {
  test(`a signature over a token ${name} does not count`, async () => {
    const view = await askToSign()
    await assert.rejects(bring(approvalOf(view, on.anna, alter(view))), isRefused)
    assert.equal((await on.read(view)).request.words.length, 0)
  })
}

test("an approval of one request counts for no other, however much they are alike", async () => {
  const key = await on.newKey({ use: quorumOf(1, [on.anna]) })
  const asked = { operation: "key.sign", parameters: { key, message } } as const
  const one = await ask(asked)
  const other = await ask(asked)
  assert.equal(one.request.stampedAt, other.request.stampedAt, "in the same second")
  const { signature } = approvalOf(one, on.anna)
  await assert.rejects(bring({ ...approvalOf(other, on.anna), signature }), isRefused)
  await bring(approvalOf(one, on.anna))
  await assert.rejects(bring(approvalOf(one, on.anna)), { code: "CONFLICT" })
})

// The token itself does not tell these apart: it says the same operation, label and payload.
const alike: readonly (readonly [string, object, object])[] = [
  ["a text and a digest", { messageType: "message" }, { messageType: "digest" }],
  ["two hashes", { mechanism: "ECDSA_SHA_256" }, { mechanism: "ECDSA_SHA_384" }],
  ["two encodings", { encoding: "der" }, { encoding: "raw" }],
]

for (const [name, left, right] of alike) {
  test(`an approval tells ${name} apart`, async () => {
    const key = await on.newKey({ use: quorumOf(1, [on.anna]) })
    const parameters = { key, message: new Uint8Array(32).fill(7) }
    const one = await ask({ operation: "key.sign", parameters: { ...parameters, ...left } })
    const other = await ask({ operation: "key.sign", parameters: { ...parameters, ...right } })
    const { signature } = approvalOf(one, on.anna)
    await assert.rejects(bring({ ...approvalOf(other, on.anna), signature }), isRefused)
  })
}

test("a token is no rejection, and where it was not asked for so there is none", async () => {
  const view = await askToSign()
  await assert.rejects(bring({ ...approvalOf(view, on.anna), word: "rejection" }), isRefused)
  const key = await on.newKey({ use: quorumOf(1, [on.anna]) })
  const plain = await on.askToSign(key)
  assert.equal(plain.token, undefined)
  const statement = plain.statement ?? new Uint8Array()
  await assert.rejects(bring(approvalOf(plain, on.anna, statement)), isRefused)
})

test("beside the key, a foreign timestamp makes every approval of a token void", async () => {
  const view = await askToSign()
  const { ports } = on.made.stack
  const { request } = await bring(approvalOf(view, on.anna))
  const stored = await ports.records.read("request", on.made.partition, request.id)
  const command = await ports.records.read("request-command", on.made.partition, request.id)
  assert.ok(stored?.timestampSignature !== undefined && command !== undefined)
  const said = { word: "approval", over: "token" } as const
  const bytes = bytesOfWord(ports, stored, command.parameters, said)
  assert.deepEqual(bytes, tokenIn(view))
  const foreign: RequestRecord = {
    ...stored,
    timestampSignature: newApprover("Eve").sign(Buffer.from("timestamp")),
  }
  assert.equal(bytesOfWord(ports, foreign, command.parameters, said), undefined)
  const swapped = { ...command.parameters, message: Buffer.from("pay 900 to Eve") }
  assert.equal(bytesOfWord(ports, stored, swapped, said), undefined)
})

test("a change of rules is told in minutes, key by key", async () => {
  const { anna, bo } = on
  const key = await on.newKey({ modify: quorumOf(1, [anna]) })
  const rules = { use: quorumOf(2, [anna, bo], { timelockMs: 2 * minute }), modify: { tokens: [] } }
  const asked = { operation: "key.set-rules", parameters: { key, rules } } as const
  const view = await ask(asked, "manager")
  const { operation, payload } = readToken(tokenIn(view), "")
  assert.equal(operation, "modify")
  assert.ok(payload !== undefined && !(payload instanceof Uint8Array))
  const [token] = payload.use
  assert.deepEqual([token?.timelockMinutes, token?.timeoutMinutes], [2, 0])
  assert.deepEqual(token?.groups[0]?.keys[1]?.publicKey, bo.publicKey)
  assert.deepEqual(payload.modify, [])
  assert.deepEqual(payload.block, [{ name: "", timelockMinutes: 0, timeoutMinutes: 0, groups: [] }])
  assert.equal((await bring(approvalOf(view, anna))).request.state, "executed")
})

test("what the token cannot tell is refused when it is asked for", async () => {
  const key = await on.newKey({ use: quorumOf(1, [on.anna]), modify: quorumOf(1, [on.anna]) })
  const odd = quorumOf(1, [on.anna], { timelockMs: 90_000 })
  const asked = { operation: "key.set-rules", parameters: { key, rules: { use: odd } } } as const
  await assert.rejects(ask(asked, "manager"), {
    code: "MALFORMED_REQUEST",
    detail: { field: "/rules" },
  })
  const long = new Uint8Array(65_600)
  await assert.rejects(ask({ operation: "key.sign", parameters: { key, message: long } }), {
    field: "/payload",
  })
})

test("after a timelock the node looks by itself, and verifies the token again", async () => {
  const view = await askToSign({}, { timelockMs: minute })
  await bring(approvalOf(view, on.anna))
  const { request } = await bring(approvalOf(view, on.bo))
  assert.equal(request.state, "approved")
  on.made.stack.clock.advance(minute)
  assert.equal((await advance(on.made.stack.ports, request)).state, "executed")
})
