/** Grants to principals of other accounts: both sides allow it, both logs know, nobody else may. */

import assert from "node:assert/strict"
import { test } from "node:test"

import { idOfUuid } from "../../../src/codec/uuid.ts"
import { limits } from "../../../src/domain/limits.ts"
import {
  blockPartition,
  unblockPartition,
  updatePartition,
} from "../../../src/service/partition.ts"
import { contextOf } from "../../support/stack.ts"
import type { Key } from "../../support/aws-face.ts"
import {
  absent,
  aws,
  grant,
  guest,
  guestArn,
  guests,
  input,
  of,
  rootOf,
  third,
  thirdArn,
  thirds,
  toGuest,
  told,
  userOf,
} from "./lent-fixture.ts"

for (const [what, GranteePrincipal] of [
  ["one by his name", guestArn],
  ["a whole account", rootOf(guests)],
] as const) {
  test(`a grant to ${what} of another account is used by ARN, and both logs know`, async () => {
    const key = await aws.createKey()
    const before = await aws.fault("Encrypt", input(key), guest(key))
    assert.match(before, absent)
    const { GrantId, GrantToken } = await grant(key, { ...toGuest, GranteePrincipal })
    const { KeyId } = await aws.ok("Encrypt", input(key), guest(key))
    assert.equal(KeyId, key.Arn)
    await aws.ok("Encrypt", input(key, { GrantTokens: [GrantToken] }), guest(key))
    await aws.ok("DescribeKey", { KeyId: key.Arn }, guest(key))
    assert.deepEqual(
      new Set(
        told("key.encrypt", key, "allowed").map(
          ({ partition, subject }) => `${partition} ${subject}`,
        ),
      ),
      new Set([`${guests} guest-id`, `${aws.partition} ${guestArn}`]),
    )
    const dataKey = { KeyId: key.Arn, KeySpec: "AES_256" }
    assert.match(await aws.fault("GenerateDataKey", dataKey, guest(key)), absent)
    await aws.ok("RevokeGrant", { KeyId: key.KeyId, GrantId })
    assert.equal(await aws.fault("Encrypt", input(key), guest(key)), before)
    const late = await aws.fault("Encrypt", input(key, { GrantTokens: [GrantToken] }), guest(key))
    assert.match(late, /^InvalidGrantTokenException/)
  })
}

test("nobody else of either account, and no third one, is let in by it", async () => {
  const key = await aws.createKey()
  const { GrantToken } = await grant(key, toGuest)
  await aws.ok("Encrypt", input(key), guest(key))
  const others = [of(guests, "another", key), third(key), of(thirds, "guest", key)]
  for (const as of others) {
    assert.match(await aws.fault("Encrypt", input(key), as), absent)
    // The token is a name and no right.
    const asked = input(key, { GrantTokens: [GrantToken] })
    assert.match(await aws.fault("Encrypt", asked, as), absent)
  }
})

test("a forged token names no grant, whichever of its parts is changed", async () => {
  const key = await aws.createKey()
  const { GrantToken } = await grant(key, toGuest)
  const bytes = Buffer.from(GrantToken, "base64url")
  for (const at of [0, 8, 12, 30, bytes.length]) {
    const forged = Buffer.concat([bytes, at === bytes.length ? Buffer.from([0]) : Buffer.alloc(0)])
    if (at < bytes.length) forged.writeUInt8(forged.readUInt8(at) ^ 1, at)
    const asked = input(key, { GrantTokens: [forged.toString("base64url")] })
    const fault = await aws.fault("Encrypt", asked, guest(key))
    assert.match(fault, /^InvalidGrantTokenException/)
  }
})

test("his own side has to allow it: a role, and a grant that names the key's id", async () => {
  const key = await aws.createKey()
  await grant(key, toGuest)
  const all = { ...guest(), caller: { subject: "guest-id", grants: [{ keyNames: "*" }] } }
  for (const as of [guest(), all, guest(await aws.createKey()), guest(key, ["auditor"])]) {
    const fault = await aws.fault("Encrypt", input(key), as)
    assert.match(fault, /because no identity-based policy allows the action$/)
  }
  await aws.ok("Encrypt", input(key), guest(key))
})

test("the owner's side has to go on allowing it: not blocked, not refused by policy", async () => {
  const key = await aws.createKey()
  await grant(key, toGuest)
  const owner = contextOf("officer", aws.partition)
  await blockPartition(aws.stack.ports, owner)
  assert.match(await aws.fault("Encrypt", input(key), guest(key)), /the account is suspended$/)
  await unblockPartition(aws.stack.ports, owner)
  await updatePartition(aws.stack.ports, owner, { flags: { keyUse: false } })
  assert.match(await aws.fault("Encrypt", input(key), guest(key)), /settings do not allow it$/)
  await updatePartition(aws.stack.ports, owner, { flags: { keyUse: true } })
  await aws.ok("Encrypt", input(key), guest(key))
  const allow = { Effect: "Allow", Principal: { AWS: aws.account }, Action: "kms:*", Resource: "*" }
  const deny = { ...allow, Effect: "Deny", Principal: { AWS: guestArn }, Action: "kms:Encrypt" }
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [allow, deny] })
  await aws.ok("PutKeyPolicy", { KeyId: key.KeyId, Policy })
  assert.match(await aws.fault("Encrypt", input(key), guest(key)), absent)
})

for (const [kind, EncryptionContext, isAllowed] of [
  ["EncryptionContextEquals", { a: "1" }, true],
  ["EncryptionContextEquals", { a: "1", b: "2" }, false],
  ["EncryptionContextSubset", { a: "1", b: "2" }, true],
  ["EncryptionContextSubset", { b: "2" }, false],
] as const) {
  const said = `${kind} ${JSON.stringify(EncryptionContext)}`
  test(`across accounts ${said} ${isAllowed ? "holds" : "fails"}`, async () => {
    const key = await aws.createKey()
    await grant(key, { ...toGuest, Constraints: { [kind]: { a: "1" } } })
    const asked = input(key, { EncryptionContext })
    if (isAllowed) await aws.ok("Encrypt", asked, guest(key))
    else assert.match(await aws.fault("Encrypt", asked, guest(key)), absent)
  })
}

test("a grantee hands on what he has, under his constraint, and both logs know", async () => {
  const key = await aws.createKey()
  const Constraints = { EncryptionContextSubset: { a: "1" } }
  const toThird = { GranteePrincipal: thirdArn, Operations: ["Encrypt"] }
  const asked = { KeyId: key.Arn, ...toThird, Constraints }
  assert.match(await aws.fault("CreateGrant", asked, guest(key)), absent)
  await grant(key, { ...toGuest, Operations: ["Encrypt", "CreateGrant"], Constraints })
  for (const more of [
    { ...asked, Operations: ["Encrypt", "Decrypt"] },
    { ...asked, Constraints: undefined },
    { ...asked, Constraints: { EncryptionContextSubset: { a: "2" } } },
  ]) {
    assert.match(await aws.fault("CreateGrant", more, guest(key)), /^AccessDeniedException/)
    const dry = await aws.fault("CreateGrant", { ...more, DryRun: true }, guest(key))
    assert.match(dry, /^AccessDeniedException/)
  }
  const dry = await aws.fault("CreateGrant", { ...asked, DryRun: true }, guest(key))
  assert.match(dry, /^DryRunOperationException/)
  // His role bounds it: a grant makes no manager.
  const user = await aws.fault("CreateGrant", asked, guest(key, ["user"]))
  assert.match(user, /no identity-based policy/)
  await aws.ok("CreateGrant", asked, guest(key))
  await aws.ok("Encrypt", input(key, { EncryptionContext: { a: "1" } }), third(key))
  assert.match(await aws.fault("Encrypt", input(key), third(key)), absent)
  const { Grants } = await aws.ok("ListGrants", { KeyId: key.KeyId })
  const issuers = (Grants as readonly Key[]).map((one) => one["IssuingAccount"])
  assert.deepEqual(new Set(issuers), new Set([rootOf(aws.partition), rootOf(guests)]))
  const done = told("grant.create", key).slice(-2)
  assert.deepEqual(
    new Set(done.map(({ partition, subject, target }) => [partition, subject, target].join(" "))),
    new Set([`${aws.partition} ${guestArn} ${thirdArn}`, `${guests} guest-id `]),
  )
  // What was written is the owner's to know.
  assert.ok(
    done.every(({ partition, writes }) => (writes === undefined) === (partition === guests)),
  )
})

test("who was lent the key by its policy alone makes no grants on it", async () => {
  const allow = { Effect: "Allow", Principal: { AWS: aws.account }, Action: "kms:*", Resource: "*" }
  const lending = { ...allow, Principal: { AWS: guestArn } }
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [allow, lending] })
  const key = await aws.createKey({ Policy })
  await aws.ok("Encrypt", input(key), guest(key))
  const asked = { KeyId: key.Arn, GranteePrincipal: thirdArn, Operations: ["Encrypt"] }
  for (const [operation, body] of [
    ["CreateGrant", asked],
    ["ListGrants", { KeyId: key.Arn }],
    ["RevokeGrant", { KeyId: key.Arn, GrantId: "0".repeat(64) }],
  ] as const) {
    assert.match(await aws.fault(operation, body, guest(key)), absent)
  }
})

test("what was handed on counts only while the account that did so is active", async () => {
  const key = await aws.createKey()
  await grant(key, { ...toGuest, Operations: ["Encrypt", "CreateGrant"] })
  const toThird = {
    GranteePrincipal: thirdArn,
    Operations: ["Encrypt"],
    RetiringPrincipal: thirdArn,
  }
  const { GrantId } = await grant(key, toThird, guest(key))
  await aws.ok("Encrypt", input(key), third(key))
  const theirs = contextOf("officer", guests)
  await blockPartition(aws.stack.ports, theirs)
  assert.match(await aws.fault("Encrypt", input(key), guest(key)), /the account is suspended$/)
  assert.match(await aws.fault("Encrypt", input(key), third(key)), absent)
  // What ends it is not in the way.
  await aws.ok("RetireGrant", { KeyId: key.Arn, GrantId, DryRun: undefined }, third(key))
  await unblockPartition(aws.stack.ports, theirs)
  assert.match(await aws.fault("Encrypt", input(key), third(key)), absent)
})

test("a grantee of another account learns nothing of the owner's principals", async () => {
  const key = await aws.createKey()
  await grant(key, { ...toGuest, Operations: ["Encrypt", "CreateGrant"] })
  await aws.person("anna")
  for (const name of ["anna", "nobody"]) {
    const GranteePrincipal = userOf(aws.partition, name)
    const asked = { KeyId: key.Arn, GranteePrincipal, Operations: ["Encrypt"] }
    const fault = await aws.fault("CreateGrant", asked, guest(key))
    assert.match(fault, /^InvalidArnException/)
  }
  // Nor does the owner of another account's: whoever he names there, there is no telling.
  await grant(key, { ...toGuest, GranteePrincipal: userOf(guests, "nobody") })
  await grant(key, { ...toGuest, GranteePrincipal: "arn:aws:iam::000000000000:root" })
})

test("other accounts hand on so many grants that room is left for the key's own", async () => {
  const key = await aws.createKey()
  await grant(key, { ...toGuest, Operations: ["Encrypt", "CreateGrant"] })
  const toThird = { GranteePrincipal: thirdArn, Operations: ["Encrypt"] }
  for (let count = 0; count < limits.kmsGrantsHandedOnMax; count++) {
    await grant(key, toThird, guest(key))
  }
  const fault = await aws.fault("CreateGrant", { KeyId: key.Arn, ...toThird }, guest(key))
  assert.match(fault, /^LimitExceededException/)
  await grant(key, toThird)
})

test("a grant that is revoked lets nothing go on that it alone admitted", async () => {
  const key = await aws.createKey()
  const { GrantId } = await grant(key, toGuest)
  const using = Array.from({ length: 20 }, async () => {
    const outcomes: string[] = []
    for (let count = 0; count < 20; count++) {
      const at = await aws.ok("Encrypt", input(key), guest(key)).then(
        () => "used",
        () => "refused",
      )
      outcomes.push(at)
    }
    return outcomes
  })
  await aws.ok("RevokeGrant", { KeyId: key.KeyId, GrantId })
  const count = told("key.encrypt", key, "allowed").length
  const all = await Promise.all(using)
  assert.ok(all.flat().includes("refused"))
  const after = told("key.encrypt", key, "allowed").length
  assert.equal(after, count)
})

test("strangers do not wait for the owner's changes, grantees do", async () => {
  const key = await aws.createKey()
  await grant(key, { ...toGuest, Operations: ["Encrypt", "CreateGrant"] })
  const toThird = { GranteePrincipal: thirdArn, Operations: ["Encrypt"] }
  const turn = `beside ${aws.partition} ${idOfUuid(key.KeyId)}`
  let isOver = false
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const changing = aws.stack.ports.inFlight.alone(turn, () => promise)
  const stranger = await aws.fault("CreateGrant", { KeyId: key.Arn, ...toThird }, third(key))
  assert.match(stranger, absent)
  const granting = grant(key, toThird, guest(key)).then(() => assert.ok(isOver))
  await new Promise((soon) => setTimeout(soon, 50))
  isOver = true
  resolve(undefined)
  await Promise.all([changing, granting])
})
