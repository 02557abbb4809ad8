/** Calls that bring their approvals along: what they are refused for, and that it costs nothing. */

import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import { readCanonical } from "../../src/codec/canonical-reader.ts"
import { createKey } from "../../src/service/create-key.ts"
import type { MakeCallCommand } from "../../src/service/quorum-commands.ts"
import { stampCall } from "../../src/service/stamp-call.ts"
import { newApprover, quorumOf } from "../support/approvers.ts"
import { flipBit } from "../support/flip-bit.ts"
import { memoryStack } from "../support/stack.ts"
import { approvalOf, callFixture, notThis, signing, used } from "./call-fixture.ts"
import type { CallFixture, Ready } from "./call-fixture.ts"
import { message } from "./request-fixture.ts"

let on: CallFixture
before(async () => {
  on = await callFixture()
})
after(() => on.made.stack.cluster.remove())

test("a call has its signature at once, and leaves no request", async () => {
  const key = await on.twoOfThree()
  const asked = await on.ready(signing(key))
  const { result, operation } = await on.call(asked)
  assert.equal(operation, "key.sign")
  assert.ok(await on.isSigned(key, result))
  const requests = await on.ports.records.list("request", on.made.partition, { limit: 10 })
  assert.deepEqual(requests.items, [])
  await assert.rejects(on.call(asked), used, "and not again")
})

test("the log names the keys whose approvals counted", async () => {
  const key = await on.twoOfThree()
  const asked = await on.ready(signing(key))
  await on.call(asked)
  const signed = on.made.stack.audit.of("key.sign").at(-1)
  assert.deepEqual(signed?.approvedBy, [on.anna.fingerprint, on.bo.fingerprint])
  assert.equal(on.made.stack.audit.of("call.make").at(-1)?.target, asked.stamped.id)
})

test("the statement holds everything, under a purpose of its own", async () => {
  const key = await on.twoOfThree()
  const { statement, id, stampedAt, expiresAt, parameters } = await on.stamp(signing(key))
  const { purpose, fields } = readCanonical(statement)
  assert.equal(purpose, "call")
  assert.deepEqual(
    [fields[0], fields[2], fields[3], fields[4]],
    [id, "key.sign", "ECDSA_SHA_256", key],
  )
  assert.deepEqual(fields.slice(10, 12), [stampedAt, expiresAt])
  assert.deepEqual(parameters.flat(), ["key", key, "message", message])
})

// Each changes one thing of a call that would be done.
const attacks: readonly (readonly [
  string,
  (asked: Ready, key: string) => MakeCallCommand | Promise<MakeCallCommand>,
  object,
])[] = [
  [
    "another message",
    (asked, key) => ({ ...asked, asked: signing(key, { message: Buffer.from("pay 900") }) }),
    notThis,
  ],
  [
    "the message as a digest",
    (asked, key) => ({ ...asked, asked: signing(key, { messageType: "digest" }) }),
    notThis,
  ],
  [
    "another algorithm",
    (asked, key) => ({ ...asked, asked: signing(key, { mechanism: "ECDSA_SHA_384" }) }),
    notThis,
  ],
  [
    "another encoding of the signature",
    (asked, key) => ({ ...asked, asked: signing(key, { encoding: "raw" }) }),
    notThis,
  ],
  [
    "another operation",
    (asked, key) => ({
      ...asked,
      asked: { operation: "key.agree", parameters: { key, publicKey: on.anna.publicKey } },
    }),
    notThis,
  ],
  [
    "another key with the same rule",
    async (asked) => ({ ...asked, asked: signing(await on.twoOfThree()) }),
    notThis,
  ],
  ["an altered stamp", (asked) => ({ ...asked, stamp: flipBit(asked.stamp, -1) }), notThis],
  ["a stamp of a later time", (asked) => ({ ...asked, stamp: flipBit(asked.stamp, 23) }), notThis],
  ["a stamp cut short", (asked) => ({ ...asked, stamp: asked.stamp.slice(1) }), notThis],
  [
    "the stamp of another call",
    async (asked) => ({ ...asked, stamp: (await on.stamp(asked.asked)).stamp }),
    { code: "MALFORMED_REQUEST", detail: { field: "/approvals/0/signature" } },
  ],
  [
    "an altered approval",
    (asked) => ({
      ...asked,
      approvals: asked.approvals.map((one) => ({ ...one, signature: flipBit(one.signature, -1) })),
    }),
    { code: "MALFORMED_REQUEST", detail: { field: "/approvals/0/signature" } },
  ],
  [
    "an approver who comes twice",
    (asked) => ({
      ...asked,
      approvals: [approvalOf(asked.stamped, on.anna), approvalOf(asked.stamped, on.anna)],
    }),
    { code: "MALFORMED_REQUEST", detail: { field: "/approvals/1" } },
  ],
  [
    "too few approvals",
    (asked) => ({ ...asked, approvals: asked.approvals.slice(1) }),
    { code: "APPROVAL_REQUIRED" },
  ],
  ["no approval", (asked) => ({ ...asked, approvals: [] }), { code: "APPROVAL_REQUIRED" }],
  [
    "an approver whom the rule does not name",
    (asked) => ({
      ...asked,
      approvals: [approvalOf(asked.stamped, on.anna), approvalOf(asked.stamped, newApprover("Bo"))],
    }),
    { code: "OPERATION_FORBIDDEN", detail: { rule: "approvals" } },
  ],
  [
    "a signature over the statement as a request's",
    (asked) => ({
      ...asked,
      approvals: [on.anna, on.bo].map(({ publicKey: spki, mechanism, sign }) => {
        const text = Buffer.from(asked.stamped.statement).toString("latin1")
        const other = text.replace("keyhold/call/v1", "keyhold/approval/v1")
        const signature = sign(Buffer.from(other, "latin1"))
        return { publicKey: spki, mechanism, signature }
      }),
    }),
    { code: "MALFORMED_REQUEST", detail: { field: "/approvals/0/signature" } },
  ],
]
for (const [what, change, refusal] of attacks) {
  test(`${what}: refused, and the approvals are still good for what they are about`, async () => {
    const key = await on.twoOfThree()
    const asked = await on.ready(signing(key))
    await assert.rejects(on.call(await change(asked, key)), refusal)
    assert.ok(await on.isSigned(key, (await on.call(asked)).result))
  })
}

test("another principal cannot use a stamp", async () => {
  const asked = await on.ready(signing(await on.twoOfThree()))
  const other = { ...on.user, caller: { ...on.user.caller, subject: "somebody-else" } }
  await assert.rejects(on.call(asked, other), notThis)
})

test("approvals of another partition's key are good for nothing here", async () => {
  const elsewhere = await memoryStack()
  try {
    const rules = { use: quorumOf(1, [on.anna]) }
    const template = { name: "same", algorithm: "EC_P256", rules } as const
    const theirs = await createKey(elsewhere.stack.ports, elsewhere.as("manager"), template)
    const mine = await createKey(on.ports, on.made.as("manager"), template)
    const stamped = await stampCall(elsewhere.stack.ports, elsewhere.as("user"), {
      asked: signing(theirs.id),
    })
    const approvals = [approvalOf(stamped, on.anna)]
    const brought = { asked: signing(mine.id), stamp: stamped.stamp, approvals }
    await assert.rejects(on.call(brought), { code: "CONFLICT" }, "its stamp was never given here")
    const { stamp: own } = await on.stamp(signing(mine.id))
    await assert.rejects(on.call({ ...brought, stamp: own }), {
      code: "MALFORMED_REQUEST",
      detail: { field: "/approvals/0/signature" },
    })
  } finally {
    await elsewhere.stack.cluster.remove()
  }
})

test("a request's approvals are none of a call, nor the other way round", async () => {
  const key = await on.twoOfThree()
  const request = await on.askToSign(key)
  const asked = await on.ready(signing(key))
  const signature = on.anna.sign(request.statement ?? new Uint8Array())
  const { publicKey: spki, mechanism } = on.anna
  await assert.rejects(
    on.call({ ...asked, approvals: [{ publicKey: spki, mechanism, signature }] }),
    {
      code: "MALFORMED_REQUEST",
      detail: { field: "/approvals/0/signature" },
    },
  )
})
