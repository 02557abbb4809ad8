/** Grants on other accounts' keys: retired by whom they name, and listed for him. */

import assert from "node:assert/strict"
import { test } from "node:test"

import { accountIdOf } from "../../../src/codec/account-id.ts"
import { idOfUuid } from "../../../src/codec/uuid.ts"
import { clusterPartition, type KeyId } from "../../../src/domain/ids.ts"
import { limits } from "../../../src/domain/limits.ts"
import {
  forgetRetirable,
  noteRetirable,
  retirableLeft,
} from "../../../src/service/kms/retirable.ts"
import { maintain } from "../../../src/service/maintain.ts"
import { createPrincipal } from "../../../src/service/principals.ts"
import { contextOf } from "../../support/stack.ts"
import { b64, type As, type Key } from "../../support/aws-face.ts"
import {
  absent,
  aws,
  grant,
  guest,
  guestArn,
  guests,
  input,
  of,
  officer,
  retirable,
  rootOf,
  third,
  thirdArn,
  thirds,
  toGuest,
  told,
  userOf,
} from "./lent-fixture.ts"

test("whom a grant names retires it across accounts; nobody else does", async () => {
  const key = await aws.createKey()
  const named = { ...toGuest, RetiringPrincipal: thirdArn }
  const first = await grant(key, named)
  const byId = { KeyId: key.Arn, GrantId: first.GrantId }
  const others = [
    guest(key),
    of(thirds, "another", key),
    { ...third(), roles: ["auditor"] as const },
  ]
  for (const as of [...others, of(guests, "olga", key, ["officer"])]) {
    for (const body of [byId, { GrantToken: first.GrantToken }]) {
      assert.match(await aws.fault("RetireGrant", body, as), /^AccessDeniedException/)
    }
  }
  const dry = await aws.fault("RetireGrant", { ...byId, DryRun: true }, third())
  assert.match(dry, /^DryRunOperationException/)
  await aws.ok("RetireGrant", { GrantToken: first.GrantToken }, third())
  assert.match(await aws.fault("Encrypt", input(key), guest(key)), absent)
  assert.match(await aws.fault("RetireGrant", byId, third()), absent)
  const second = await grant(key, { ...toGuest, Operations: ["Encrypt", "RetireGrant"] })
  await aws.ok("RetireGrant", { KeyId: key.Arn, GrantId: second.GrantId }, guest())
  const done = told("grant.retire", key)
  assert.deepEqual(
    done.map(({ partition, subject, target }) => [partition, subject, target].join(" ")).toSorted(),
    [
      `${aws.partition} ${guestArn} ${guestArn}`,
      `${aws.partition} ${thirdArn} ${guestArn}`,
      `${guests} guest-id `,
      `${thirds} third-id `,
    ].toSorted(),
  )
})

test("where a whole account may retire, its own officers say who", async () => {
  const key = await aws.createKey()
  const named = { ...toGuest, RetiringPrincipal: rootOf(thirds) }
  const { GrantId } = await grant(key, named)
  const asked = { KeyId: key.Arn, GrantId }
  const fault = await aws.fault("RetireGrant", asked, third())
  assert.match(fault, /no identity-based policy/)
  await aws.ok("RetireGrant", asked, third(key))
  const { GrantId: other } = await grant(key, named)
  await aws.ok(
    "RetireGrant",
    { KeyId: key.Arn, GrantId: other },
    of(thirds, "o", undefined, ["officer"]),
  )
  const own = await grant(key, named)
  await aws.ok("RetireGrant", { KeyId: key.KeyId, GrantId: own.GrantId }, officer)
})

test("ListRetirableGrants tells of other accounts' keys, and their logs know", async () => {
  const keys = [await aws.createKey(), await aws.createKey(), await aws.createKey({}, third())]
  const RetiringPrincipal = userOf(guests, "lister")
  const lister = of(guests, "lister")
  const theirs = await aws.createKey({}, { partition: guests })
  await aws.person("lister")
  const made: string[] = []
  for (const [at, key] of [...keys, ...keys].entries()) {
    const as = at % 3 === 2 ? third() : {}
    made.push((await grant(key, { ...toGuest, RetiringPrincipal }, as)).GrantId)
    await grant(key, { ...toGuest, RetiringPrincipal: userOf(guests, "other") }, as)
    await grant(key, { ...toGuest }, as)
  }
  assert.match(
    await aws.fault(
      "ListRetirableGrants",
      { RetiringPrincipal },
      of(guests, "lister", undefined, ["user"]),
    ),
    /^InvalidArnException/,
  )
  // He has to be there: his own account says so.
  const { principal } = await createPrincipal(aws.stack.ports, contextOf("officer", guests), {
    name: "lister",
    roles: ["manager"],
    grants: [],
    credential: { kind: "token" },
  })
  const as = { ...lister, caller: { subject: principal.id, grants: [] } }
  const own = await grant(
    theirs,
    { ...toGuest, GranteePrincipal: rootOf(guests), RetiringPrincipal },
    { partition: guests },
  )
  const found: string[] = []
  const arns = new Set<unknown>()
  const issuers = new Set<unknown>()
  let Marker: unknown
  do {
    const page = await aws.ok("ListRetirableGrants", { RetiringPrincipal, Limit: 2, Marker }, as)
    const grants = page["Grants"] as readonly Key[]
    assert.ok(grants.length <= 2)
    for (const one of grants) {
      found.push(String(one["GrantId"]))
      arns.add(one.KeyId)
      issuers.add(one["IssuingAccount"])
    }
    Marker = page["NextMarker"]
  } while (Marker !== undefined)
  assert.equal(new Set(found).size, found.length)
  assert.deepEqual(found.toSorted(), [...made, own.GrantId].toSorted())
  assert.deepEqual(arns, new Set([...keys, theirs].map(({ Arn }) => Arn)))
  assert.deepEqual(issuers, new Set([rootOf(aws.partition), rootOf(thirds), rootOf(guests)]))
  const logged = aws.stack.audit
    .of("grant.list-retirable")
    .filter(({ subject }) => subject === RetiringPrincipal)
  assert.deepEqual(
    new Set(logged.map(({ partition, keyId }) => `${partition} ${keyId}`)),
    new Set(keys.map(({ KeyId }, at) => `${at === 2 ? thirds : aws.partition} ${idOfUuid(KeyId)}`)),
  )
  // Another account's principal is asked about by nobody here, and the same name there is another.
  const abroad = await aws.fault("ListRetirableGrants", { RetiringPrincipal }, {})
  assert.match(abroad, /^InvalidArnException/)
  assert.deepEqual(await retirable(userOf(aws.partition, "lister"), {}), [])
  for (const GrantId of made.slice(0, 2)) {
    const key = keys[made.indexOf(GrantId)]
    await aws.ok("RetireGrant", { KeyId: key?.Arn, GrantId }, as)
  }
  assert.equal((await retirable(RetiringPrincipal, as)).length, 5)
})

test("an account has one entry for a key while a grant names it", async () => {
  const key = await aws.createKey()
  const entries = async () => {
    const { items } = await aws.stack.ports.records.list("retirable", clusterPartition, {
      limit: limits.pageSizeMax,
    })
    return items.filter(({ keyId }) => keyId === idOfUuid(key.KeyId)).map(({ id }) => id)
  }
  const made: string[] = []
  const named = ["000000000000", "000000000001", "000000000002", rootOf(thirds), thirdArn]
  for (const RetiringPrincipal of named) {
    made.push((await grant(key, { ...toGuest, RetiringPrincipal })).GrantId)
  }
  const keyId = idOfUuid(key.KeyId)
  const [his, nobodys] = [`${accountIdOf(thirds)}.${keyId}`, `nobody.${keyId}`]
  assert.deepEqual(await entries(), [his, nobodys])
  const end = (GrantId: string | undefined) => aws.ok("RevokeGrant", { KeyId: key.KeyId, GrantId })
  for (const GrantId of made.slice(0, 4)) await end(GrantId)
  assert.deepEqual(await entries(), [his, nobodys])
  await end(made[4])
  assert.deepEqual(await entries(), [nobodys])
  await grant(key, { ...toGuest, RetiringPrincipal: thirdArn })
  await grant(key, { ...toGuest, RetiringPrincipal: "000000000000" })
  assert.equal((await retirable(rootOf(thirds), third())).length, 0)
  assert.deepEqual(await entries(), [his, nobodys])
  await aws.ok("ScheduleKeyDeletion", { KeyId: key.KeyId, PendingWindowInDays: 7 })
  aws.stack.clock.advance(8 * 86_400_000)
  await maintain(aws.stack.ports)
  assert.deepEqual(await entries(), [])
})

test("an entry that another grant has written meanwhile is not removed", async () => {
  const lent = await aws.createKey()
  const { ports } = aws.stack
  const { GrantId } = await grant(lent, { ...toGuest, RetiringPrincipal: thirdArn })
  const keyId = idOfUuid(lent.KeyId) as KeyId // An id of a key that there is.
  const [key, kms] = [
    await ports.records.read("key", aws.partition, keyId),
    await ports.records.read("kms-key", aws.partition, keyId),
  ]
  const [made] = kms?.grants?.filter(({ id }) => id === GrantId) ?? []
  assert.ok(key !== undefined && made !== undefined)
  const left = await retirableLeft(ports, key, [])
  assert.equal(left.length, 1)
  await noteRetirable(ports, { key, grant: made })
  await forgetRetirable(ports, left, { isKeyGone: false })
  const found = await retirable(thirdArn, await thirdAsListed())
  assert.ok(found.some((one) => one["GrantId"] === GrantId))
  await forgetRetirable(ports, await retirableLeft(ports, key, []), { isKeyGone: false })
  assert.deepEqual(await retirableLeft(ports, key, []), [])
})

/** `third` as somebody whom his own account knows. */
async function thirdAsListed(): Promise<As> {
  const officer = contextOf("officer", thirds)
  const { principal } = await createPrincipal(aws.stack.ports, officer, {
    name: "third",
    roles: ["manager"],
    grants: [],
    credential: { kind: "token" },
  })
  return { ...third(), caller: { subject: principal.id, grants: [] } }
}

test("no signature that waited in the queue leaves after the grant was retired", async () => {
  const key = await aws.createKey({ KeySpec: "RSA_4096", KeyUsage: "SIGN_VERIFY" })
  const named = { GranteePrincipal: guestArn, Operations: ["Sign"], RetiringPrincipal: thirdArn }
  const { GrantToken } = await grant(key, named)
  const input = { KeyId: key.Arn, Message: b64("x"), SigningAlgorithm: "RSASSA_PSS_SHA_512" }
  await aws.ok("Sign", input, guest(key))
  let isRetired = false
  const signing = Array.from({ length: 30 }, async () => {
    try {
      await aws.ok("Sign", input, guest(key))
      return isRetired ? "late" : "signed"
    } catch {
      return "refused"
    }
  })
  await aws.ok("RetireGrant", { GrantToken }, third())
  isRetired = true
  const outcomes = new Set(await Promise.all(signing))
  assert.ok(outcomes.has("refused"))
  assert.ok(!outcomes.has("late"))
})
