/** Grants on keys over AWS's dialect. */

import assert from "node:assert/strict"
import { after, test } from "node:test"

import { idOfUuid } from "../../../src/codec/uuid.ts"
import { limits } from "../../../src/domain/limits.ts"
import { encrypt } from "../../../src/service/encrypt.ts"
import { maintain } from "../../../src/service/maintain.ts"
import { newPartition } from "../../support/stack.ts"
import { awsFace, b64, type As, type Body, type Key } from "../../support/aws-face.ts"

const aws = await awsFace()
after(() => aws.stop())

// He may use keys, but none that is here: what he does with one, a grant on it has given.
const narrow = [{ keyNames: "other-*" }]
const anna = await aws.person("anna", ["user"], narrow)
const bo = await aws.person("bo", ["user"], narrow)
const mia = await aws.person("mia", ["manager"], narrow)
const root = `arn:aws:iam::${aws.account}:root`

const grantee = { GranteePrincipal: anna.arn }
const toEncrypt = { ...grantee, Operations: ["Encrypt"] }
async function grant(KeyId: string, input: Body = toEncrypt, as: As = {}) {
  const made = await aws.ok("CreateGrant", { KeyId, ...input }, as)
  return made as { readonly GrantId: string; readonly GrantToken: string }
}
const list = async (KeyId: string, input: Body = {}, as: As = {}) =>
  (await aws.ok("ListGrants", { KeyId, ...input }, as))["Grants"] as readonly Key[]
const input = (KeyId: string, more: Body = {}) => ({ KeyId, Plaintext: b64("x"), ...more })

test("a grant lets its grantee do what it names, until it is revoked, and is shown", async () => {
  const { KeyId, Arn } = await aws.createKey()
  assert.match(await aws.fault("Encrypt", input(KeyId), anna.as), /^AccessDeniedException/)
  const { GrantId, GrantToken } = await grant(KeyId, { ...toEncrypt, Name: "shop" })
  assert.match(GrantId, /^[0-9a-f]{64}$/)
  await aws.ok("Encrypt", input(KeyId), anna.as)
  await aws.ok("Encrypt", input(KeyId, { GrantTokens: [GrantToken] }), anna.as)
  assert.match(await aws.fault("Encrypt", input(KeyId), bo.as), /^AccessDeniedException/)
  const dataKey = { KeyId, KeySpec: "AES_256" }
  assert.match(await aws.fault("GenerateDataKey", dataKey, anna.as), /^AccessDeniedException/)
  assert.deepEqual(await list(KeyId), [
    {
      KeyId: Arn,
      GrantId,
      Name: "shop",
      CreationDate: aws.stack.clock.now() / 1_000,
      GranteePrincipal: anna.arn,
      IssuingAccount: root,
      Operations: ["Encrypt"],
    },
  ])
  await aws.ok("RevokeGrant", { KeyId, GrantId })
  assert.match(await aws.fault("Encrypt", input(KeyId), anna.as), /^AccessDeniedException/)
  assert.deepEqual(await list(KeyId), [])
  const again = await aws.fault("RevokeGrant", { KeyId, GrantId })
  assert.equal(again, `NotFoundException: Grant ID ${GrantId} not found`)
})

test("a grant counts over every face, and the log names its grantee", async () => {
  const { KeyId } = await aws.createKey()
  const context = { requestId: "request", caller: anna.caller }
  const command = { key: idOfUuid(KeyId), plaintext: Buffer.from("x") }
  await assert.rejects(encrypt(aws.stack.ports, context, command), { code: "OPERATION_FORBIDDEN" })
  const { GrantId } = await grant(KeyId)
  assert.equal(aws.stack.audit.of("grant.create", "done").at(-1)?.target, anna.caller.subject)
  await encrypt(aws.stack.ports, context, command)
  await aws.ok("RevokeGrant", { KeyId, GrantId })
  assert.equal(aws.stack.audit.of("grant.revoke", "done").at(-1)?.target, anna.caller.subject)
  await assert.rejects(encrypt(aws.stack.ports, context, command), { code: "OPERATION_FORBIDDEN" })
})

test("a grant does not stand against a refusal, nor for a role", async () => {
  const { KeyId } = await aws.createKey()
  await grant(KeyId)
  const allow = { Effect: "Allow", Principal: { AWS: root }, Action: "kms:*", Resource: "*" }
  const deny = { ...allow, Effect: "Deny", Principal: { AWS: anna.arn } }
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [allow, deny] })
  await aws.ok("PutKeyPolicy", { KeyId, Policy })
  assert.match(await aws.fault("Encrypt", input(KeyId), anna.as), /explicit deny/)
  const carl = await aws.person("carl", ["auditor"])
  await grant(KeyId, { ...toEncrypt, GranteePrincipal: carl.arn })
  assert.match(await aws.fault("Encrypt", input(KeyId), carl.as), /no identity-based policy/)
})

test("a policy's conditions on grants hold for what CreateGrant says", async () => {
  const allow = { Effect: "Allow", Principal: { AWS: root }, Action: "kms:*", Resource: "*" }
  const only = { "ForAnyValue:StringNotEquals": { "kms:GrantOperations": ["Encrypt"] } }
  const service = { Bool: { "kms:GrantIsForAWSResource": "true" } }
  const statements = (Condition: Body) => [
    allow,
    { ...allow, Effect: "Deny", Action: "kms:CreateGrant", Condition },
  ]
  const policy = (Condition: Body) =>
    JSON.stringify({ Version: "2012-10-17", Statement: statements(Condition) })
  const { KeyId } = await aws.createKey({ Policy: policy(only) })
  await grant(KeyId)
  const more = { ...toEncrypt, KeyId, Operations: ["Encrypt", "Decrypt"] }
  assert.match(await aws.fault("CreateGrant", more), /explicit deny/)
  await aws.ok("PutKeyPolicy", { KeyId, Policy: policy(service) })
  await grant(KeyId, { ...more, KeyId })
})

const constraints: readonly (readonly [string, Body, Body, boolean])[] = [
  ["EncryptionContextEquals", { a: "1" }, { a: "1" }, true],
  ["EncryptionContextEquals", { a: "1" }, { a: "1", b: "2" }, false],
  ["EncryptionContextEquals", { a: "1" }, {}, false],
  ["EncryptionContextSubset", { a: "1" }, { a: "1", b: "2" }, true],
  ["EncryptionContextSubset", { a: "1" }, { b: "2" }, false],
]
for (const [kind, wanted, EncryptionContext, isAllowed] of constraints) {
  const said = JSON.stringify([wanted, EncryptionContext])
  test(`${kind} ${isAllowed ? "holds" : "fails"}: ${said}`, async () => {
    const { KeyId } = await aws.createKey()
    await grant(KeyId, { ...toEncrypt, Constraints: { [kind]: wanted } })
    const [shown] = await list(KeyId)
    assert.deepEqual(shown?.["Constraints"], { [kind]: wanted })
    const asked = input(KeyId, { EncryptionContext })
    if (isAllowed) await aws.ok("Encrypt", asked, anna.as)
    else assert.match(await aws.fault("Encrypt", asked, anna.as), /^AccessDeniedException/)
  })
}

test("of two constraints, the one that is not meant may be there, empty", async () => {
  const { KeyId } = await aws.createKey()
  const [EncryptionContextEquals, EncryptionContextSubset] = [{ a: "1" }, {}]
  await grant(KeyId, {
    ...toEncrypt,
    Constraints: { EncryptionContextEquals, EncryptionContextSubset },
  })
  const [shown] = await list(KeyId)
  assert.deepEqual(shown?.["Constraints"], { EncryptionContextEquals })
  const more = input(KeyId, { EncryptionContext: { a: "1", b: "2" } })
  assert.match(await aws.fault("Encrypt", more, anna.as), /^AccessDeniedException/)
})

test("a named grant that is asked for again is the same one, with another token", async () => {
  const { KeyId } = await aws.createKey()
  const named = { ...toEncrypt, Operations: ["Encrypt", "Decrypt"], Name: "shop" }
  const first = await grant(KeyId, named)
  const second = await grant(KeyId, { ...named, Operations: ["Decrypt", "Encrypt"] })
  assert.equal(first.GrantId, second.GrantId)
  assert.notEqual(first.GrantToken, second.GrantToken)
  const { GrantId: other } = await grant(KeyId, { ...named, RetiringPrincipal: bo.arn })
  const { GrantId: nameless } = await grant(KeyId)
  const { GrantId: another } = await grant(KeyId)
  assert.equal(new Set([first.GrantId, other, nameless, another]).size, 4)
})

test("a grant is retired by whom it names, a grantee who may, and an officer", async () => {
  const { KeyId, Arn } = await aws.createKey()
  const { GrantToken } = await grant(KeyId, { ...toEncrypt, RetiringPrincipal: bo.arn })
  for (const as of [anna.as, {}]) {
    assert.match(await aws.fault("RetireGrant", { GrantToken }, as), /^AccessDeniedException/)
  }
  await aws.ok("RetireGrant", { GrantToken }, bo.as)
  assert.deepEqual(await list(KeyId), [])
  const gone = await aws.fault("RetireGrant", { GrantToken }, bo.as)
  assert.match(gone, /^InvalidGrantTokenException/)
  const own = { ...grantee, Operations: ["Encrypt", "RetireGrant"] }
  const { GrantId } = await grant(KeyId, own)
  await aws.ok("RetireGrant", { KeyId: Arn, GrantId }, anna.as)
  assert.match(await aws.fault("RetireGrant", { KeyId: Arn, GrantId }, anna.as), /^AccessDenied/)
  const { GrantId: third } = await grant(KeyId)
  await aws.ok("RetireGrant", { KeyId, GrantId: third }, { name: "olga", roles: ["officer"] })
  assert.deepEqual(await list(KeyId), [])
})

test("ListRetirableGrants tells each about himself, and overseers about everybody", async () => {
  const made: string[] = []
  for (let count = 0; count < 3; count++) {
    const { KeyId } = await aws.createKey()
    for (const RetiringPrincipal of [mia.arn, mia.arn, bo.arn]) {
      const { GrantId } = await grant(KeyId, { ...toEncrypt, RetiringPrincipal })
      if (RetiringPrincipal === mia.arn) made.push(GrantId)
    }
    await grant(KeyId)
  }
  const RetiringPrincipal = mia.arn
  const found: string[] = []
  let Marker: unknown
  do {
    const page = await aws.ok(
      "ListRetirableGrants",
      { RetiringPrincipal, Limit: 2, Marker },
      mia.as,
    )
    const grants = page["Grants"] as readonly Key[]
    assert.ok(grants.length <= 2)
    found.push(...grants.map(({ GrantId }) => String(GrantId)))
    Marker = page["NextMarker"]
    assert.equal(page["Truncated"], Marker !== undefined)
  } while (Marker !== undefined)
  assert.equal(found.length, 6)
  assert.deepEqual(found.toSorted(), made.toSorted())
  const far = { region: "us-west-2", ...mia.as }
  const elsewhere = await aws.ok("ListRetirableGrants", { RetiringPrincipal }, far)
  assert.deepEqual(elsewhere["Grants"], [])
  const others = await aws.fault("ListRetirableGrants", { RetiringPrincipal }, anna.as)
  assert.match(others, /^AccessDeniedException/)
  assert.equal(
    ((await aws.ok("ListRetirableGrants", { RetiringPrincipal }))["Grants"] as []).length,
    6,
  )
})

test("ListGrants filters and pages", async () => {
  const { KeyId } = await aws.createKey()
  const ids: string[] = []
  for (const { arn } of [anna, bo, anna]) {
    ids.push((await grant(KeyId, { ...toEncrypt, GranteePrincipal: arn })).GrantId)
  }
  assert.equal((await list(KeyId, { GranteePrincipal: anna.arn })).length, 2)
  assert.deepEqual(
    (await list(KeyId, { GrantId: ids[1] })).map(({ GrantId }) => GrantId),
    [ids[1]],
  )
  const first = await aws.ok("ListGrants", { KeyId, Limit: 2 })
  assert.equal(first["Truncated"], true)
  const rest = await aws.ok("ListGrants", { KeyId, Marker: first["NextMarker"] })
  const all = [first, rest].flatMap((page) => page["Grants"] as readonly Key[])
  assert.deepEqual(
    all.map(({ GrantId }) => GrantId),
    ids.toSorted(),
  )
  assert.match(await aws.fault("ListGrants", { KeyId, Marker: "x" }), /^InvalidMarkerException/)
  assert.match(await aws.fault("ListGrants", { KeyId }, anna.as), /^AccessDeniedException/)
})

test("who was let in by a grant alone hands on no more than that", async () => {
  const { KeyId } = await aws.createKey()
  const asked = { ...toEncrypt, KeyId }
  assert.match(await aws.fault("CreateGrant", asked, mia.as), /^AccessDeniedException/)
  await grant(KeyId, { GranteePrincipal: mia.arn, Operations: ["CreateGrant", "Encrypt"] })
  await aws.ok("CreateGrant", asked, mia.as)
  const more = { ...asked, Operations: ["Encrypt", "Decrypt"] }
  assert.match(await aws.fault("CreateGrant", more, mia.as), /^AccessDeniedException/)
  // A grant makes no manager.
  await grant(KeyId, { ...grantee, Operations: ["CreateGrant", "Encrypt"] })
  assert.match(await aws.fault("CreateGrant", asked, anna.as), /no identity-based policy/)
})

test("grants end with their key, and are made for no key that is on its way out", async () => {
  const { KeyId, Arn } = await aws.createKey()
  const { GrantToken } = await grant(KeyId)
  await aws.ok("DisableKey", { KeyId })
  assert.equal(
    await aws.fault("CreateGrant", { KeyId, ...toEncrypt }),
    `DisabledException: ${Arn} is disabled.`,
  )
  await aws.ok("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 })
  assert.equal((await list(KeyId)).length, 1)
  aws.stack.clock.advance(8 * 86_400_000)
  await maintain(aws.stack.ports)
  const other = await aws.createKey()
  const used = input(other.KeyId, { GrantTokens: [GrantToken] })
  assert.match(await aws.fault("Encrypt", used), /^InvalidGrantTokenException/)
})

test("a key has a bounded number of grants", async () => {
  const { KeyId } = await aws.createKey()
  for (let count = 0; count < limits.kmsGrantsPerKeyMax; count++) await grant(KeyId)
  const fault = await aws.fault("CreateGrant", { KeyId, ...toEncrypt })
  assert.match(fault, /^LimitExceededException/)
})

test("a dry run tells whether it would do, and does nothing", async () => {
  const { KeyId } = await aws.createKey()
  const dry = { KeyId, ...toEncrypt, DryRun: true }
  assert.match(await aws.fault("CreateGrant", dry), /^DryRunOperationException/)
  assert.match(await aws.fault("CreateGrant", dry, anna.as), /^AccessDeniedException/)
  const { GrantId } = await grant(KeyId)
  for (const operation of ["RevokeGrant", "RetireGrant"]) {
    const as = { name: "olga", roles: ["officer"] } as const
    const asked = { KeyId, GrantId, DryRun: true }
    assert.match(await aws.fault(operation, asked, as), /^DryRunOperationException/)
  }
  assert.equal((await list(KeyId)).length, 1)
})

const key = await aws.createKey()
const signing = await aws.createKey({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" })
const elsewhere = await newPartition(aws.stack, "b")
const make = { KeyId: key.KeyId, ...toEncrypt }
const pairs = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`k${at}`, "v"]))
const refused: readonly (readonly [string, string, Body, RegExp, As?])[] = [
  ["an operation of another use", "CreateGrant", { ...make, Operations: ["Sign"] }, /^Validation/],
  ["an operation that none is", "CreateGrant", { ...make, Operations: ["PutKeyPolicy"] }, /^Valid/],
  ["no operation", "CreateGrant", { ...make, Operations: [] }, /^Validation/],
  ["no grantee", "CreateGrant", { ...make, GranteePrincipal: undefined }, /^Validation/],
  ["nobody's name", "CreateGrant", { ...make, GranteePrincipal: `${anna.arn}x` }, /^InvalidArn/],
  [
    "everybody",
    "CreateGrant",
    { ...make, GranteePrincipal: "arn:aws:iam::1:user/*" },
    /^Validation/,
  ],
  [
    "a role",
    "CreateGrant",
    { ...make, RetiringPrincipal: root.replace("root", "role/x") },
    /^InvalidArn/,
  ],
  ["an alias", "CreateGrant", { ...make, KeyId: "alias/none" }, /^ValidationException/],
  ["a service", "CreateGrant", { ...make, GranteeServicePrincipal: "s3.amazonaws.com" }, /^Valid/],
  [
    "two constraints",
    "CreateGrant",
    {
      ...make,
      Constraints: { EncryptionContextEquals: { a: "1" }, EncryptionContextSubset: { a: "1" } },
    },
    /^Validation/,
  ],
  [
    "too many pairs",
    "CreateGrant",
    { ...make, Constraints: { EncryptionContextEquals: pairs } },
    /^Valid/,
  ],
  [
    "a long pair",
    "CreateGrant",
    { ...make, Constraints: { EncryptionContextSubset: { a: "x".repeat(384) } } },
    /^Valid/,
  ],
  ["no pair", "CreateGrant", { ...make, Constraints: { EncryptionContextSubset: {} } }, /^Valid/],
  [
    "a source that none is",
    "CreateGrant",
    { ...make, Constraints: { SourceArn: "x" } },
    /^InvalidArn/,
  ],
  [
    "no pair in either",
    "CreateGrant",
    { ...make, Constraints: { EncryptionContextEquals: {}, EncryptionContextSubset: {} } },
    /^Valid/,
  ],
  [
    "a context for a pair",
    "CreateGrant",
    {
      ...make,
      KeyId: signing.KeyId,
      Operations: ["Sign"],
      Constraints: { EncryptionContextEquals: { a: "1" } },
    },
    /symmetric/,
  ],
  [
    "another account's key",
    "ListGrants",
    { KeyId: key.KeyId },
    /^NotFound/,
    { partition: elsewhere },
  ],
  ["no grant's id", "RevokeGrant", { KeyId: key.KeyId, GrantId: "x" }, /^InvalidGrantIdException/],
  ["a key alone", "RetireGrant", { KeyId: key.KeyId }, /^ValidationException/],
  [
    "a token beside a key",
    "RetireGrant",
    { KeyId: key.KeyId, GrantToken: "x" },
    /^InvalidGrantToken/,
  ],
  ["no token of ours", "Encrypt", input(key.KeyId, { GrantTokens: ["eA"] }), /^InvalidGrantToken/],
  ["no base64", "RetireGrant", { GrantToken: "?" }, /^InvalidGrantTokenException/],
  ["nobody's retirable grants", "ListRetirableGrants", {}, /^ValidationException/],
]
for (const [what, operation, asked, expected, as] of refused) {
  test(`${operation} refuses ${what}`, async () => {
    assert.match(await aws.fault(operation, asked, as ?? {}), expected)
  })
}

test("a token of a key's past, or with a byte changed, is none", async () => {
  const { KeyId } = await aws.createKey()
  const { GrantToken, GrantId } = await grant(KeyId)
  const bytes = Buffer.from(GrantToken, "base64url")
  bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20)
  const flipped = bytes.toString("base64url")
  const used = (token: string) => input(KeyId, { GrantTokens: [token] })
  assert.match(await aws.fault("Encrypt", used(flipped)), /^InvalidGrantTokenException/)
  await aws.ok("Encrypt", used(GrantToken))
  await aws.ok("RevokeGrant", { KeyId, GrantId })
  assert.match(await aws.fault("Encrypt", used(GrantToken)), /^InvalidGrantTokenException/)
})

test("grants that are made and revoked at once all count", async () => {
  const { KeyId } = await aws.createKey()
  const made = await Promise.all(Array.from({ length: 8 }, () => grant(KeyId)))
  assert.equal((await list(KeyId)).length, 8)
  await Promise.all(made.slice(1).map(({ GrantId }) => aws.ok("RevokeGrant", { KeyId, GrantId })))
  assert.equal((await list(KeyId)).length, 1)
})
