/** Policies of keys over AWS's dialect, and over every other way to a key. */

import assert from "node:assert/strict"
import { after, test } from "node:test"

import type { PrincipalId } from "../../../src/domain/ids.ts"
import { encodeEncryptionContext } from "../../../src/codec/encryption-context.ts"
import { idOfUuid } from "../../../src/codec/uuid.ts"
import { createKey } from "../../../src/service/create-key.ts"
import { deleteKey } from "../../../src/service/delete-key.ts"
import { decrypt, encrypt } from "../../../src/service/encrypt.ts"
import { explainDecision } from "../../../src/service/explain.ts"
import { deletePrincipal } from "../../../src/service/principals.ts"
import { contextOf, newPartition } from "../../support/stack.ts"
import { awsFace, b64, bytesOf, type As } from "../../support/aws-face.ts"

const aws = await awsFace()
after(() => aws.stop())
const { ports } = aws.stack

const root = `arn:aws:iam::${aws.account}:root`
type Statement = Readonly<Record<string, unknown>>
const toRoot = { Effect: "Allow", Principal: { AWS: root }, Action: "kms:*", Resource: "*" }
const policyOf = (...Statement: readonly Statement[]) =>
  JSON.stringify({ Version: "2012-10-17", Statement })
const refusing = (Action: string, more: Statement = {}) => ({
  Effect: "Deny",
  Principal: "*",
  Action,
  Resource: "*",
  ...more,
})
const put = (KeyId: string, Policy: string, as: As = {}) =>
  aws.ok("PutKeyPolicy", { KeyId, PolicyName: "default", Policy }, as)
const denied = (KeyId: string) => ({ KeyId, Plaintext: b64("x") })

const anna = await aws.person("anna")
const bo = await aws.person("bo", ["user"], [{ keyNames: "other-*" }])

test("a key has AWS's default policy until it gets another, shown as it was put", async () => {
  const { KeyId } = await aws.createKey()
  const { Policy, PolicyName } = await aws.ok("GetKeyPolicy", { KeyId })
  assert.equal(PolicyName, "default")
  assert.deepEqual(JSON.parse(String(Policy)), {
    Version: "2012-10-17",
    Id: "key-default-1",
    Statement: [{ Sid: "Enable IAM User Permissions", ...toRoot }],
  })
  await put(KeyId, String(Policy))
  const text = ` ${policyOf(toRoot)}\n`
  await put(KeyId, text)
  assert.equal((await aws.ok("GetKeyPolicy", { KeyId, PolicyName: "default" }))["Policy"], text)
  assert.deepEqual(await aws.ok("ListKeyPolicies", { KeyId }), {
    PolicyNames: ["default"],
    Truncated: false,
  })
  await aws.ok("Encrypt", denied(KeyId))
  const other = await aws.fault("GetKeyPolicy", { KeyId, PolicyName: "other" })
  assert.equal(other, "NotFoundException: No such policy exists: other")
  const missing = await aws.fault("PutKeyPolicy", { KeyId, PolicyName: "other", Policy: text })
  assert.equal(missing, "NotFoundException: No such policy exists: other")
})

test("a key of /api/v1 has the default policy, and takes another", async () => {
  const manager = contextOf("manager", aws.partition)
  const made = await createKey(ports, manager, { name: "ours", algorithm: "AES_256" })
  assert.match(String((await aws.ok("GetKeyPolicy", { KeyId: made.id }))["Policy"]), /:root"/)
  await put(made.id, policyOf(toRoot, refusing("kms:Encrypt")))
  assert.match(await aws.fault("Encrypt", denied(made.id)), /^AccessDeniedException/)
})

test("CreateKey takes a policy, and what it refuses is refused from the start", async () => {
  const Policy = policyOf(toRoot, refusing("kms:Encrypt", { Principal: { AWS: anna.arn } }))
  const { KeyId, Arn } = await aws.createKey({ Policy }, anna.as)
  assert.equal((await aws.ok("GetKeyPolicy", { KeyId }))["Policy"], Policy)
  assert.equal(
    await aws.fault("Encrypt", denied(KeyId), anna.as),
    `AccessDeniedException: User: ${anna.arn} is not authorized to perform: kms:Encrypt on ` +
      `resource: ${Arn} with an explicit deny in a resource-based policy`,
  )
  await aws.ok("Encrypt", denied(KeyId))
  await aws.ok("GenerateDataKey", { KeyId, KeySpec: "AES_256" }, anna.as)
})

test("a policy without the account admits whom it names, and nobody else", async () => {
  const { KeyId, Arn } = await aws.createKey()
  const Policy = policyOf({ ...toRoot, Principal: { AWS: [anna.arn] } })
  await aws.ok("PutKeyPolicy", { KeyId, Policy, BypassPolicyLockoutSafetyCheck: true })
  await aws.ok("Encrypt", denied(KeyId), anna.as)
  const alice = `arn:aws:iam::${aws.account}:user/alice`
  assert.equal(
    await aws.fault("Encrypt", denied(KeyId)),
    `AccessDeniedException: User: ${alice} is not authorized to perform: kms:Encrypt on ` +
      `resource: ${Arn} because no resource-based policy allows the action`,
  )
  await put(KeyId, policyOf(toRoot), anna.as)
  await aws.ok("Encrypt", denied(KeyId))
})

test("whom a policy names may use the key, as far as his grants' operations go", async () => {
  const { KeyId } = await aws.createKey()
  assert.match(await aws.fault("Encrypt", denied(KeyId), bo.as), /no identity-based policy/)
  const names = {
    ...toRoot,
    Principal: { AWS: bo.arn },
    Action: ["kms:Encrypt", "kms:PutKeyPolicy"],
  }
  await put(KeyId, policyOf(toRoot, names))
  await aws.ok("Encrypt", denied(KeyId), bo.as)
  assert.match(
    await aws.fault("GenerateDataKey", { KeyId, KeySpec: "AES_256" }, bo.as),
    /no identity-based policy/,
  )
  const Policy = policyOf(toRoot)
  const asUser = await aws.fault("PutKeyPolicy", { KeyId, Policy }, bo.as)
  assert.match(asUser, /^AccessDeniedException: .*no identity-based policy/)
})

test("who gets a name later is not whom a policy meant", async () => {
  const first = await aws.person("casey")
  const { KeyId } = await aws.createKey()
  const names = { ...toRoot, Principal: { AWS: first.arn } }
  await aws.ok("PutKeyPolicy", {
    KeyId,
    Policy: policyOf(names),
    BypassPolicyLockoutSafetyCheck: true,
  })
  await aws.ok("Encrypt", denied(KeyId), first.as)
  const officer = contextOf("officer", aws.partition)
  await deletePrincipal(ports, officer, first.caller.subject as PrincipalId)
  const second = await aws.person("casey")
  assert.match(await aws.fault("Encrypt", denied(KeyId), second.as), /^AccessDeniedException/)
})

test("who locks himself out has to say so, and an officer brings the key back", async () => {
  const { KeyId } = await aws.createKey()
  const locked = [
    policyOf(toRoot, refusing("kms:PutKeyPolicy")),
    policyOf(toRoot, refusing("kms:*")),
    policyOf({ ...toRoot, Action: "kms:Encrypt" }),
    policyOf({ ...toRoot, Principal: { AWS: anna.arn } }),
  ]
  const fault =
    "MalformedPolicyDocumentException: The new key policy will not allow you to update the key " +
    "policy in the future."
  for (const Policy of locked) {
    assert.equal(await aws.fault("PutKeyPolicy", { KeyId, Policy }), fault)
    assert.equal(await aws.fault("CreateKey", { Policy }), fault)
  }
  const Policy = locked[1] ?? ""
  await aws.ok("PutKeyPolicy", { KeyId, Policy, BypassPolicyLockoutSafetyCheck: true })
  for (const operation of ["GetKeyPolicy", "DescribeKey", "DisableKey", "ScheduleKeyDeletion"]) {
    assert.match(await aws.fault(operation, { KeyId }), /explicit deny/)
  }
  const officer: As = { name: "olga", roles: ["officer"] }
  assert.equal((await aws.ok("GetKeyPolicy", { KeyId }, officer))["Policy"], Policy)
  await put(KeyId, policyOf(toRoot), officer)
  await aws.ok("DescribeKey", { KeyId })
})

const orders = { "kms:EncryptionContext:dept": "orders" }

test("a condition on the encryption context holds for exactly that context", async () => {
  const { KeyId } = await aws.createKey()
  await put(
    KeyId,
    policyOf(toRoot, refusing("kms:*crypt", { Condition: { StringNotEquals: orders } })),
  )
  const input = { KeyId, Plaintext: b64("x") }
  const EncryptionContext = { dept: "orders" }
  const sealed = await aws.ok("Encrypt", { ...input, EncryptionContext })
  const { CiphertextBlob } = sealed
  await aws.ok("Decrypt", { CiphertextBlob, EncryptionContext })
  for (const wrong of [{}, { dept: "other" }, { dept: "orders", Dept: "other" }]) {
    const asked = { ...input, EncryptionContext: wrong }
    assert.match(await aws.fault("Encrypt", asked), /explicit deny/, JSON.stringify(wrong))
  }
  const keys = { "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": ["dept"] } }
  await put(KeyId, policyOf({ ...toRoot, Condition: keys }, toManage))
  await aws.ok("Encrypt", { ...input, EncryptionContext })
  const more = { ...EncryptionContext, place: "here" }
  assert.match(
    await aws.fault("Encrypt", { ...input, EncryptionContext: more }),
    /no resource-based/,
  )
})
const toManage = { ...toRoot, Action: "kms:PutKeyPolicy" }

test("ReEncrypt asks each key for its own part, with its own context", async () => {
  const { KeyId } = await aws.createKey()
  const other = await aws.createKey()
  const to = { Condition: { StringEquals: orders } }
  await put(KeyId, policyOf(toRoot, refusing("kms:ReEncryptFrom")))
  await put(other.KeyId, policyOf(toRoot, refusing("kms:ReEncryptTo", to)))
  const { CiphertextBlob } = await aws.ok("Encrypt", { KeyId, Plaintext: b64("x") })
  const from = { CiphertextBlob, DestinationKeyId: other.KeyId }
  assert.match(await aws.fault("ReEncrypt", from), /^AccessDeniedException/)
  await put(KeyId, policyOf(toRoot))
  await aws.ok("ReEncrypt", from)
  const bound = { ...from, DestinationEncryptionContext: { dept: "orders" } }
  assert.match(await aws.fault("ReEncrypt", bound), /^AccessDeniedException/)
})

test("conditions on alias and waiting window hold for what the request says", async () => {
  const { KeyId } = await aws.createKey()
  await aws.ok("CreateAlias", { AliasName: "alias/front", TargetKeyId: KeyId })
  const byAlias = { StringNotEquals: { "kms:RequestAlias": "alias/front" } }
  const short = { NumericLessThan: { "kms:ScheduleKeyDeletionPendingWindowInDays": 14 } }
  await put(
    KeyId,
    policyOf(
      toRoot,
      refusing("kms:Encrypt", { Condition: byAlias }),
      refusing("kms:ScheduleKeyDeletion", { Condition: short }),
    ),
  )
  await aws.ok("Encrypt", { KeyId: "alias/front", Plaintext: b64("x") })
  assert.match(await aws.fault("Encrypt", denied(KeyId)), /explicit deny/)
  const soon = { KeyId, PendingWindowInDays: 7 }
  assert.match(await aws.fault("ScheduleKeyDeletion", soon), /explicit deny/)
  // Another way to the key does not tell days: it is refused.
  const manager = contextOf("manager", aws.partition)
  const ref = keyRef(KeyId)
  await assert.rejects(deleteKey(ports, manager, { key: ref, windowMs: 30 * 86_400_000 }), {
    code: "OPERATION_FORBIDDEN",
  })
  await aws.ok("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 14 })
})

/** As `/api/v1` names it: the id's own spelling. */
function keyRef(uuid: string): string {
  return idOfUuid(uuid)
}

test("a policy holds over every way to the key, whatever that tells", async () => {
  const { KeyId } = await aws.createKey()
  const key = keyRef(KeyId)
  const user = contextOf("user", aws.partition)
  const plaintext = Buffer.from("x")
  const sealed = await aws.ok("Encrypt", {
    KeyId,
    Plaintext: b64("x"),
    EncryptionContext: { dept: "secret" },
  })
  const ciphertext = bytesOf(sealed["CiphertextBlob"])
  const aad = encodeEncryptionContext({ dept: "secret" })
  const opened = await decrypt(ports, user, { ciphertext, aad })
  assert.deepEqual(Buffer.from(opened.plaintext), plaintext)
  const secret = { StringEquals: { "kms:EncryptionContext:dept": "secret" } }
  await put(KeyId, policyOf(toRoot, refusing("kms:Decrypt", { Condition: secret })))
  await assert.rejects(decrypt(ports, user, { ciphertext, aad }), {
    code: "OPERATION_FORBIDDEN",
    detail: { rule: "policy-deny" },
  })
  await encrypt(ports, user, { key, plaintext })
  await put(KeyId, policyOf({ ...toRoot, Principal: { AWS: anna.arn } }, toManage))
  await assert.rejects(encrypt(ports, user, { key, plaintext }), {
    code: "OPERATION_FORBIDDEN",
    detail: { rule: "policy" },
  })
  await encrypt(ports, { ...user, caller: anna.caller }, { key, plaintext })
  const about = { operation: "key.encrypt", key } as const
  const asked = (principal: string) =>
    explainDecision(ports, contextOf("officer", aws.partition), { ...about, principal })
  assert.equal((await asked("anna")).allowed, true)
  const { rules } = await asked("bo")
  assert.equal(rules.find(({ rule }) => rule === "policy")?.allows, false)
})

test("a condition on the address holds for where the caller is", async () => {
  const { KeyId } = await aws.createKey()
  const outside = { NotIpAddress: { "aws:SourceIp": ["192.0.2.0/24", "2001:db8::/32"] } }
  await put(KeyId, policyOf(toRoot, refusing("kms:Encrypt", { Condition: outside })))
  for (const address of ["192.0.2.7", "2001:db8::1"]) {
    await aws.ok("Encrypt", denied(KeyId), { caller: { address } })
  }
  for (const address of ["192.0.3.7", "2001:db9::1", "nowhere"]) {
    assert.match(
      await aws.fault("Encrypt", denied(KeyId), { caller: { address } }),
      /explicit deny/,
    )
  }
})

const withStatement = (more: Statement) => policyOf(toRoot, { ...refusing("kms:Encrypt"), ...more })
const condition = (Condition: Statement) => withStatement({ Condition })
const malformed: readonly (readonly [string, string, RegExp])[] = [
  ["no JSON", "{", /is not JSON/],
  ["a name twice", '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}', /twice/],
  ["no statement", policyOf(), /has no statement/],
  ["another version", '{"Version":"2020-01-01","Statement":[]}', /Version is/],
  ["an unknown member", JSON.stringify({ Statement: [toRoot], Extra: 1 }), /Extra/],
  ["NotPrincipal", policyOf({ ...toRoot, NotPrincipal: "*" }), /NotPrincipal/],
  ["NotAction", withStatement({ NotAction: "kms:*" }), /NotAction/],
  ["NotResource", withStatement({ NotResource: "*" }), /NotResource/],
  ["no effect", withStatement({ Effect: "Maybe" }), /Effect is/],
  ["one key as resource", withStatement({ Resource: "arn:aws:kms:x:1:key/y" }), /Resource is/],
  ["no resource", withStatement({ Resource: undefined }), /Resource is missing/],
  ["no principal", withStatement({ Principal: undefined }), /Principal is an object/],
  ["a service", withStatement({ Principal: { Service: "s3.amazonaws.com" } }), /Service/],
  ["a role", withStatement({ Principal: { AWS: root.replace(":root", ":role/x") } }), /invalid/],
  [
    "nobody's name",
    withStatement({ Principal: { AWS: root.replace("root", "user/nobody") } }),
    /invalid/,
  ],
  ["an unknown action", withStatement({ Action: "kms:Encypt" }), /kms:Encypt/],
  ["another service's action", withStatement({ Action: "s3:GetObject" }), /s3:GetObject/],
  ["an unknown operator", condition({ BinaryEquals: { "kms:KeySpec": "eA==" } }), /BinaryEquals/],
  ["an unknown key", condition({ StringEquals: { "aws:UserAgent": "x" } }), /aws:useragent/],
  ["no date", condition({ DateLessThan: { "aws:CurrentTime": "tomorrow" } }), /no date/],
  ["no such day", condition({ DateLessThan: { "aws:CurrentTime": "2026-13-01" } }), /no date/],
  [
    "a time of no zone",
    condition({ DateLessThan: { "aws:CurrentTime": "2026-01-01T00:00:00" } }),
    /no date/,
  ],
  ["a year or seconds", condition({ DateLessThan: { "aws:CurrentTime": "2026" } }), /no date/],
  ["a text for a date", condition({ StringLike: { "aws:CurrentTime": "2026*" } }), /does not go/],
  ["a date for a text", condition({ DateEquals: { "kms:KeySpec": "2026-01-01" } }), /does not go/],
  [
    "a name of nothing",
    condition({ StringEquals: { "aws:ResourceTag/": "x" } }),
    /aws:resourcetag/,
  ],
  [
    "a variable",
    condition({ StringEquals: { "kms:RequestAlias": "${aws:username}" } }),
    /variables/,
  ],
  ["a question mark", condition({ StringLike: { "kms:RequestAlias": "a?" } }), /stands for/],
  [
    "no number",
    condition({ NumericEquals: { "kms:ScheduleKeyDeletionPendingWindowInDays": "x" } }),
    /no number/,
  ],
  ["no range", condition({ IpAddress: { "aws:SourceIp": "x" } }), /no address range/],
  ["a range of texts", condition({ IpAddress: { "kms:RequestAlias": "::/0" } }), /does not go/],
  ["a text for a range", condition({ StringEquals: { "aws:SourceIp": "::1" } }), /does not go/],
  ["no truth", condition({ Bool: { "kms:BypassPolicyLockoutSafetyCheck": "x" } }), /true or false/],
  ["no ARN", condition({ ArnLike: { "aws:PrincipalArn": "anna" } }), /no ARN/],
  ["a set for one value", condition({ "ForAnyValue:StringEquals": orders }), /many values/],
  [
    "no set for many",
    condition({ StringEquals: { "kms:EncryptionContextKeys": "x" } }),
    /many values/,
  ],
  ["no values", condition({ StringEquals: { "kms:RequestAlias": [] } }), /no value/],
]
for (const [what, Policy, expected] of malformed) {
  test(`a policy is refused, not half understood: ${what}`, async () => {
    const fault = await aws.fault("CreateKey", { Policy })
    assert.match(fault, /^MalformedPolicyDocumentException: /)
    assert.match(fault, expected)
  })
}

test("a policy has at most 32 kilobytes", async () => {
  const { KeyId } = await aws.createKey()
  const text = policyOf(toRoot)
  await put(KeyId, text.padEnd(32 * 1_024))
  const Policy = text.padEnd(32 * 1_024 + 1)
  assert.match(await aws.fault("PutKeyPolicy", { KeyId, Policy }), /^LimitExceededException/)
})

test("the policy of another account's key is not there, and a dying key has its own", async () => {
  const made = await aws.createKey()
  await put(made.KeyId, policyOf(toRoot, refusing("kms:Encrypt")))
  const stranger: As = { partition: await newPartition(aws.stack, "c") }
  const absent = await aws.fault("GetKeyPolicy", { KeyId: made.KeyId }, stranger)
  assert.match(absent, /^NotFoundException/)
  assert.match(await aws.fault("GetKeyPolicy", { KeyId: made.Arn }, stranger), /^AccessDenied/)
  await aws.ok("ScheduleKeyDeletion", { KeyId: made.KeyId, PendingWindowInDays: 7 })
  await aws.ok("GetKeyPolicy", { KeyId: made.KeyId })
})
