/** A child of a seed with rules: as guarded as its seed, and no second way around. */

import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import { HsmError } from "../../src/domain/errors.ts"
import type { PartitionId } from "../../src/domain/ids.ts"
import { createKey } from "../../src/service/create-key.ts"
import { deriveChild } from "../../src/service/derived.ts"
import type { KeyRulesTemplate } from "../../src/service/quorum-commands.ts"
import { makeRequest } from "../../src/service/make-request.ts"
import { sign } from "../../src/service/sign.ts"
import { blockKey } from "../../src/service/smart-key.ts"
import { speakOnRequest } from "../../src/service/speak-request.ts"
import { newApprover, quorumOf } from "../support/approvers.ts"
import { contextOf, memoryStack, type Stack } from "../support/stack.ts"
import { wordOf } from "./request-fixture.ts"

let stack: Stack
let partition: PartitionId
let count = 0
before(async () => {
  ;({ stack, partition } = await memoryStack())
})
after(async () => {
  await stack.stop()
  await stack.cluster.remove()
})

const anna = newApprover("Anna")
const path = "m/44'/0'"

async function newSeed(rules: KeyRulesTemplate): Promise<string> {
  const template = { name: `seed-${count++}`, algorithm: "BIP32_SECP256K1", rules } as const
  return (await createKey(stack.ports, contextOf("manager", partition), template)).id
}

const child = (key: string) =>
  deriveChild(stack.ports, contextOf("manager", partition), { key, path, name: `child-${count++}` })

const code =
  (wanted: string, rule?: string) =>
  (error: unknown): boolean =>
    error instanceof HsmError && error.code === wanted && error.detail.rule === rule

test("a child has the rules of its seed, and does not sign without them", async () => {
  const always = { tokens: [{ name: "any", timelockMs: 0, timeoutMs: 0, groups: [] }] }
  const made = await child(await newSeed({ use: always, modify: quorumOf(1, [anna]) }))
  assert.equal(made.smart?.rules.modify?.tokens[0]?.groups[0]?.approvers[0]?.name, "Anna")
  const plain = await child(await newSeed({}))
  assert.deepEqual(plain.smart, { rules: {}, blocked: false })
  const command = { key: made.id, message: Buffer.from("a") }
  await sign(stack.ports, contextOf("user", partition), command)
})

test("to keep a child is a use: whom the rule names is asked, and a block stops it", async () => {
  const asking = await newSeed({ use: quorumOf(1, [anna]) })
  await assert.rejects(child(asking), code("APPROVAL_REQUIRED", "approvals"))
  const never = await newSeed({ use: { tokens: [] } })
  await assert.rejects(child(never), code("OPERATION_FORBIDDEN", "approvals"))
  const blocked = await newSeed({})
  await blockKey(stack.ports, contextOf("manager", partition), { key: blocked })
  await assert.rejects(child(blocked), HsmError)
})

test("a seed whose uses are counted has no children that would count anew", async () => {
  const budget = { operations: 1, periodMs: 3_600_000 }
  const token = { name: "few", timelockMs: 0, timeoutMs: 0, groups: [], budget }
  const counted = await newSeed({ use: { tokens: [token] } })
  await assert.rejects(child(counted), code("OPERATION_FORBIDDEN", "path"))
})

test("whom a seed's rule names can agree to a child, which then asks him again", async () => {
  const seed = await newSeed({ use: quorumOf(1, [anna]) })
  const parameters = { key: seed, path, name: `child-${count++}` }
  const asked = { operation: "key.derive-child", parameters } as const
  const view = await makeRequest(stack.ports, contextOf("manager", partition), { asked })
  const user = contextOf("user", partition)
  const command = { key: parameters.name, message: Buffer.from("a") }
  await assert.rejects(sign(stack.ports, user, command), code("KEY_NOT_FOUND"))
  const approver = contextOf("approver", partition)
  const { request } = await speakOnRequest(stack.ports, approver, wordOf(view, anna))
  assert.equal(request.state, "executed")
  await assert.rejects(sign(stack.ports, user, command), code("APPROVAL_REQUIRED", "approvals"))
})
