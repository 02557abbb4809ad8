/** Keys with rules, as far as no request is needed: what asks nobody, and what is refused. */

import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import { decrypt, encrypt } from "../../src/service/encrypt.ts"
import { exportKey } from "../../src/service/export-key.ts"
import { createKey } from "../../src/service/create-key.ts"
import { setPartitionRules } from "../../src/service/partition.ts"
import { describeKey } from "../../src/service/read-key.ts"
import { rotateKey } from "../../src/service/rotate-key.ts"
import { mac, sign, verify } from "../../src/service/sign.ts"
import { blockKey, protectKey, setKeyRules, unblockKey } from "../../src/service/smart-key.ts"
import { updateKey } from "../../src/service/update-key.ts"
import type { KeyRulesTemplate, RuleTemplate } from "../../src/service/quorum-commands.ts"
import { limits } from "../../src/domain/limits.ts"
import { newApprover, quorumOf } from "../support/approvers.ts"
import { memoryStack } from "../support/stack.ts"

const anna = newApprover("Anna")
const bo = newApprover("Bo")
const two = quorumOf(2, [anna, bo])
const never: RuleTemplate = { tokens: [] }
const message = Buffer.from("message")

let made: Awaited<ReturnType<typeof memoryStack>>
before(async () => {
  made = await memoryStack({ wrappedExport: true })
})
after(() => made.stack.cluster.remove())

let count = 0
async function newKey(
  rules: KeyRulesTemplate | undefined,
  algorithm: "EC_P256" | "AES_256" | "HMAC_SHA_256" = "EC_P256",
) {
  const name = `key-${count++}`
  return await createKey(made.stack.ports, made.as("manager"), { name, algorithm, rules })
}
const needed = { code: "APPROVAL_REQUIRED", detail: { rule: "approvals" } }
const forbidden = (rule: string) => ({ code: "OPERATION_FORBIDDEN", detail: { rule } })

test("a key with rules is used only when its rule for use is met", async () => {
  const { ports } = made.stack
  const { id: key } = await newKey({ use: two })
  await assert.rejects(sign(ports, made.as("user"), { key, message }), {
    ...needed,
    message: "2 of approvers",
  })
  const [event] = made.stack.audit.of("key.sign", "pending")
  assert.equal(event?.rule, "approvals")
  const free = await newKey({ block: two })
  const { signature } = await sign(ports, made.as("user"), { key: free.id, message })
  const command = { key: free.id, message, signature }
  assert.ok((await verify(ports, made.as("user"), command)).valid)
})

test("a pair's public half is everybody's, every use of a secret key is asked for", async () => {
  const { ports } = made.stack
  const pair = await newKey({ use: two })
  const verified = { key: pair.id, message, signature: message }
  assert.equal((await verify(ports, made.as("user"), verified)).valid, false)
  const cipher = await newKey({ use: two }, "AES_256")
  const user = made.as("user")
  await assert.rejects(encrypt(ports, user, { key: cipher.id, plaintext: message }), needed)
  const raw = { key: cipher.id, mechanism: "AES_GCM", iv: new Uint8Array(12) } as const
  await assert.rejects(decrypt(ports, user, { ciphertext: message, raw }), needed)
  const authenticator = await newKey({ use: two }, "HMAC_SHA_256")
  await assert.rejects(mac(ports, user, { key: authenticator.id, message }), needed)
})

test("a rule without tokens never allows anything, an absent one asks nobody", async () => {
  const { ports } = made.stack
  const key = await newKey({ use: never, block: never })
  const user = made.as("user")
  await assert.rejects(sign(ports, user, { key: key.id, message }), forbidden("approvals"))
  await assert.rejects(blockKey(ports, user, { key: key.id }), forbidden("approvals"))
  assert.deepEqual(key.smart?.rules.modify, undefined)
  const after = await setKeyRules(ports, made.as("manager"), { key: key.id, rules: {} })
  assert.deepEqual(after.smart, { rules: {}, blocked: false })
  await sign(ports, user, { key: key.id, message })
})

test("a blocked key is not used until it is unblocked", async () => {
  const { ports } = made.stack
  const { id: key } = await newKey({ unblock: two })
  const user = made.as("user")
  assert.equal((await blockKey(ports, user, { key })).smart?.blocked, true)
  await assert.rejects(sign(ports, user, { key, message }), {
    code: "KEY_STATE",
    detail: { rule: "blocked" },
  })
  await assert.rejects(unblockKey(ports, user, { key }), needed)
  const { id: other } = await newKey({})
  await blockKey(ports, user, { key: other })
  assert.equal((await unblockKey(ports, user, { key: other })).smart?.blocked, false)
  await sign(ports, user, { key: other, message })
})

test("who may not change the rules may not go round them", async () => {
  const { ports } = made.stack
  const { id: key } = await newKey({ modify: two }, "AES_256")
  const manager = made.as("manager")
  await assert.rejects(setKeyRules(ports, manager, { key, rules: {} }), needed)
  await assert.rejects(updateKey(ports, manager, { key, tags: { a: "b" } }), needed)
  await assert.rejects(rotateKey(ports, manager, { key }), needed)
})

test("a key with rules never leaves, and is never made extractable", async () => {
  const { ports } = made.stack
  const manager = made.as("manager")
  const template = { name: "out", algorithm: "AES_256", rules: {}, extractable: true } as const
  await assert.rejects(createKey(ports, manager, template), {
    code: "MALFORMED_REQUEST",
    detail: { field: "/extractable" },
  })
  const { id: key } = await newKey({}, "AES_256")
  await assert.rejects(exportKey(ports, manager, { key, wrappingKey: key }), forbidden("attribute"))
})

test("an ordinary key is neither blocked nor given rules, but by officers together", async () => {
  const { ports } = made.stack
  const { id: key } = await newKey(undefined)
  await assert.rejects(blockKey(ports, made.as("user"), { key }), forbidden("smart"))
  const officer = made.as("officer")
  await assert.rejects(protectKey(ports, officer, { key, rules: {} }), forbidden("ruled"))
  await setPartitionRules(ports, officer, {
    administration: { tokens: [{ name: "free", timelockMs: 0, timeoutMs: 0, groups: [] }] },
  })
  const after = await protectKey(ports, officer, { key, rules: { use: two } })
  assert.equal(after.attributes.extractable, false)
  await assert.rejects(sign(ports, made.as("user"), { key, message }), needed)
  await assert.rejects(protectKey(ports, officer, { key, rules: {} }), { code: "CONFLICT" })
  const rule = quorumOf(1, [anna])
  await setPartitionRules(ports, officer, { administration: rule })
  await assert.rejects(setPartitionRules(ports, officer, { administration: undefined }), needed)
  const { id: other } = await newKey(undefined)
  await assert.rejects(protectKey(ports, officer, { key: other, rules: {} }), needed)
})

const approver = { kind: "public-key", name: "Anna", publicKey: anna.publicKey } as const
const group = { name: "g", quorum: 1, approvers: [approver] }
const token = { name: "t", timelockMs: 0, timeoutMs: 0, groups: [group] }
const hours = { days: ["Mon"], from: 0, to: 1_440, timeZone: "Europe/Zurich" } as const

// Where it is wrong, and the token that is.
const wrong: readonly (readonly [string, RuleTemplate["tokens"][number]])[] = [
  ["/timelockSeconds", { ...token, timelockMs: 500 }],
  ["/timeoutSeconds", { ...token, timeoutMs: limits.ruleTimeMaxMs + limits.ruleStepMs }],
  ["/groups/0/quorum", { ...token, groups: [{ ...group, quorum: 2 }] }],
  ["/groups/0/quorum", { ...token, groups: [{ ...group, quorum: 0 }] }],
  ["/groups/0/approvers", { ...token, groups: [{ ...group, approvers: [approver, approver] }] }],
  [
    "/groups/0/approvers/0",
    { ...token, groups: [{ ...group, approvers: [{ ...approver, publicKey: message }] }] },
  ],
  ["/groups", { ...token, groups: Array.from({ length: 17 }, () => group) }],
  ["/hours", { ...token, hours: [] }],
  ["/hours/0/to", { ...token, hours: [{ ...hours, from: 60, to: 60 }] }],
  ["/hours/0/timeZone", { ...token, hours: [{ ...hours, timeZone: "Mars/Base" }] }],
]

for (const [field, one] of wrong) {
  test(`a rule that is wrong at ${field} is refused there`, async () => {
    await assert.rejects(newKey({ use: { tokens: [one] } }), {
      code: "MALFORMED_REQUEST",
      detail: { field: `/rules/use/tokens/0${field}` },
    })
  })
}

test("what a rule holds comes back, keys with their fingerprints", async () => {
  const { ports } = made.stack
  const { id: key } = await newKey({ use: { tokens: [{ ...token, hours: [hours] }] } })
  const { smart } = await describeKey(ports, made.as("auditor"), { key })
  assert.deepEqual(smart?.rules.use, {
    tokens: [
      {
        ...token,
        hours: [hours],
        groups: [{ ...group, approvers: [{ ...approver, fingerprint: anna.fingerprint }] }],
      },
    ],
  })
})
