/** What an officer is told of his key and of somebody of another account: his own side, no more. */

import assert from "node:assert/strict"
import { after, test } from "node:test"

import { accountIdOf } from "../../../src/codec/account-id.ts"
import { idOfUuid } from "../../../src/codec/uuid.ts"
import type { OperationId } from "../../../src/domain/operation.ts"
import type { Role } from "../../../src/domain/principal.ts"
import { explainDecision } from "../../../src/service/explain.ts"
import { blockPartition, unblockPartition } from "../../../src/service/partition.ts"
import { createPrincipal } from "../../../src/service/principals.ts"
import { contextOf, newPartition } from "../../support/stack.ts"
import { awsFace, b64, type Body, type Key } from "../../support/aws-face.ts"

const aws = await awsFace()
after(() => aws.stop())
const guests = await newPartition(aws.stack, "guests")
const account = accountIdOf(guests)
const arnOf = (name: string) => `arn:aws:iam::${account}:user/${name}`
const officerThere = contextOf("officer", guests)
await createPrincipal(aws.stack.ports, officerThere, {
  name: "guest",
  roles: ["user"],
  grants: [],
  credential: { kind: "token" },
})

function asked(
  { KeyId }: Key,
  principal: string,
  { as = "officer", operation = "key.encrypt" }: { as?: Role; operation?: OperationId } = {},
) {
  const command = { operation, key: idOfUuid(KeyId), principal }
  return explainDecision(aws.stack.ports, contextOf(as, aws.partition), command)
}
async function denying(key: Key, principal: string): Promise<readonly string[]> {
  const { rules } = await asked(key, principal)
  return rules.filter(({ allows }) => !allows).map(({ rule }) => rule)
}
async function grant(key: Key, more: Body = {}): Promise<string> {
  const to = { GranteePrincipal: arnOf("guest"), Operations: ["Encrypt"], ...more }
  return String((await aws.ok("CreateGrant", { KeyId: key.KeyId, ...to }))["GrantId"])
}
const home = { Effect: "Allow", Principal: { AWS: aws.account }, Action: "kms:*", Resource: "*" }
const lending = { ...home, Principal: { AWS: arnOf("guest") }, Action: "kms:Encrypt" }
const policyOf = (...Statement: readonly Body[]) =>
  JSON.stringify({ Version: "2012-10-17", Statement })

test("a grant is named that lets him, and nothing is said of his own side", async () => {
  const key = await aws.createKey()
  const before = await asked(key, arnOf("guest"))
  assert.equal(before.allowed, false)
  assert.equal(before.said, undefined)
  assert.equal(
    before.rules.find(({ rule }) => rule === "key-exists")?.reason,
    "neither the key's policy nor a grant on it lends it to him for this",
  )
  const id = await grant(key)
  const { allowed, said, side, rules } = await asked(key, arnOf("guest"))
  assert.equal(allowed, true)
  assert.deepEqual(said, [{ grant: id, effect: "allow" }])
  assert.equal(side, "owner")
  // He has no grant at home that names the key: that is told to nobody here.
  assert.ok(rules.every(({ rule }) => !["role", "grant", "rate", "key-store"].includes(rule)))
  const asHe = { partition: guests, name: "guest", roles: ["user"] as const }
  const input = { KeyId: key.Arn, Plaintext: b64("x") }
  assert.match(await aws.fault("Encrypt", input, asHe), /no identity-based policy/)
  assert.equal((await asked(key, arnOf("guest"), { operation: "key.decrypt" })).allowed, false)
  await aws.ok("RevokeGrant", { KeyId: key.KeyId, GrantId: id })
  assert.deepEqual(await asked(key, arnOf("guest")), before)
})

test("the statement is named that lets him, or refuses him", async () => {
  const key = await aws.createKey({ Policy: policyOf(home, lending) })
  assert.deepEqual((await asked(key, arnOf("guest"))).said, [{ statement: 2, effect: "allow" }])
  assert.equal((await asked(key, arnOf("another"))).allowed, false)
  const deny = { ...lending, Effect: "Deny", Principal: "*" }
  await aws.ok("PutKeyPolicy", { KeyId: key.KeyId, Policy: policyOf(home, lending, deny) })
  const id = await grant(key)
  const { allowed, said } = await asked(key, arnOf("guest"))
  assert.equal(allowed, false)
  assert.deepEqual(said, [
    { statement: 2, effect: "allow" },
    { statement: 3, effect: "deny" },
    { grant: id, effect: "allow" },
  ])
  assert.deepEqual(await denying(key, arnOf("guest")), ["key-exists", "policy-deny"])
})

test("what depends on more than is told lets nobody, and is shown", async () => {
  const from = { IpAddress: { "aws:SourceIp": "127.0.0.1/32" } }
  const key = await aws.createKey({ Policy: policyOf(home, { ...lending, Condition: from }) })
  const Constraints = { EncryptionContextSubset: { a: "1" } }
  const id = await grant(key, { Constraints })
  const { allowed, said } = await asked(key, arnOf("guest"))
  assert.equal(allowed, false)
  assert.deepEqual(said, [
    { statement: 2, effect: "conditional" },
    { grant: id, effect: "conditional" },
  ])
})

test("a whole account, and a principal by his conditions", async () => {
  const only = { StringLike: { "aws:PrincipalArn": arnOf("g*") } }
  const whole = { ...lending, Principal: { AWS: account }, Condition: only }
  const key = await aws.createKey({ Policy: policyOf(home, whole) })
  assert.equal((await asked(key, arnOf("guest"))).allowed, true)
  assert.equal((await asked(key, arnOf("another"))).allowed, false)
  assert.equal((await asked(key, `arn:aws:iam::${account}:root`)).allowed, false)
})

test("the answer does not tell whether there is such a principal or account", async () => {
  const key = await aws.createKey({ Policy: policyOf(home) })
  const answer = await asked(key, arnOf("guest"))
  const others = [arnOf("nobody"), "arn:aws:iam::000000000000:user/guest"]
  others.push(`arn:aws:sts::${account}:federated-user/x:y`)
  for (const principal of others) assert.deepEqual(await asked(key, principal), answer)
  await blockPartition(aws.stack.ports, officerThere)
  assert.deepEqual(await asked(key, arnOf("guest")), answer)
  await unblockPartition(aws.stack.ports, officerThere)
  // Nor does the other account's log learn that somebody asked.
  const logged = aws.stack.audit.of("key.explain").map(({ partition }) => partition)
  assert.deepEqual(new Set(logged), new Set([aws.partition]))
})

test("the owner's own side stands in the way as it does of the use", async () => {
  const key = await aws.createKey({ Policy: policyOf(home, lending) })
  await aws.ok("DisableKey", { KeyId: key.KeyId })
  assert.deepEqual(await denying(key, arnOf("guest")), ["key-state"])
})

test("users ask about nobody else, and officers about keys of their own alone", async () => {
  const key = await aws.createKey({ Policy: policyOf(home, lending) })
  await assert.rejects(asked(key, arnOf("guest"), { as: "user" }), { code: "OPERATION_FORBIDDEN" })
  const about = { operation: "key.encrypt", key: idOfUuid(key.KeyId) } as const
  const anna = await aws.person("anna")
  for (const principal of [anna.arn, arnOf("guest")]) {
    const there = explainDecision(aws.stack.ports, officerThere, { ...about, principal })
    await assert.rejects(there, { code: "KEY_NOT_FOUND" })
  }
  const making = { operation: "key.create", principal: arnOf("guest") } as const
  const officer = contextOf("officer", aws.partition)
  await assert.rejects(explainDecision(aws.stack.ports, officer, making), {
    code: "MALFORMED_REQUEST",
  })
})

test("a principal of the own account is found by his ARN", async () => {
  const anna = await aws.person("bea")
  const toAnna = { ...lending, Principal: { AWS: anna.arn } }
  const key = await aws.createKey({ Policy: policyOf(home, toAnna) })
  const { allowed, said, side } = await asked(key, anna.arn)
  assert.equal(allowed, true)
  assert.equal(side, undefined)
  assert.deepEqual(said, [
    { statement: 1, effect: "allow" },
    { statement: 2, effect: "allow" },
  ])
  await assert.rejects(asked(key, `${anna.arn}x`), { code: "NOT_FOUND" })
  // Who asks about himself is not told who else is named, nor by what.
  const own = { operation: "key.encrypt", key: idOfUuid(key.KeyId) } as const
  const context = { requestId: "request", caller: { ...anna.caller, roles: ["user"] as const } }
  assert.equal((await explainDecision(aws.stack.ports, context, own)).said, undefined)
})
