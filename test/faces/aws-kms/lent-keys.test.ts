/** A key that its own policy lends to another account: both sides allow it, both logs know. */

import assert from "node:assert/strict"
import { after, test } from "node:test"

import { accountIdOf } from "../../../src/codec/account-id.ts"
import { idOfUuid } from "../../../src/codec/uuid.ts"
import type { Caller, Grant, Role } from "../../../src/domain/principal.ts"
import {
  blockPartition,
  unblockPartition,
  updatePartition,
} from "../../../src/service/partition.ts"
import { encrypt } from "../../../src/service/encrypt.ts"
import { contextOf, newPartition } from "../../support/stack.ts"
import { awsFace, b64, homeRegion, type As, type Body, type Key } from "../../support/aws-face.ts"

const aws = await awsFace()
after(() => aws.stop())
const other = await newPartition(aws.stack, "b")
const account = accountIdOf(other)
const guestArn = `arn:aws:iam::${account}:user/guest`
const owner = contextOf("officer", aws.partition)

/** Of the other account; his grants name everything there, and keys elsewhere by their ids. */
function guest(keyIds: readonly string[], roles: readonly Role[] = ["user", "manager"]): As {
  const grants: Grant[] = [{ keyNames: "*" }, ...(keyIds.length > 0 ? [{ keyIds }] : [])]
  return { partition: other, name: "guest", roles, caller: { subject: "guest-id", grants } }
}
const named = ({ KeyId }: Key, roles?: readonly Role[]): As => guest([idOfUuid(KeyId)], roles)

const home = {
  Effect: "Allow",
  Principal: { AWS: aws.account },
  Action: "kms:*",
  Resource: "*",
}
const lending = (AWS: string, more: Body = {}) => ({ ...home, Principal: { AWS }, ...more })
const policyOf = (...Statement: readonly Body[]) =>
  JSON.stringify({ Version: "2012-10-17", Statement })
const lent = (...statements: readonly Body[]) =>
  aws.createKey({ Policy: policyOf(home, ...statements) })
const input = ({ Arn: KeyId }: Key) => ({ KeyId, Plaintext: b64("x") })

for (const [what, arn] of [
  ["the account", account],
  ["the account's root", `arn:aws:iam::${account}:root`],
  ["one by his name", guestArn],
] as const) {
  test(`a key that is lent to ${what} is used by its ARN, and both logs know`, async () => {
    const key = await lent(lending(arn))
    const as = named(key)
    const { CiphertextBlob, KeyId } = await aws.ok("Encrypt", input(key), as)
    assert.equal(KeyId, key.Arn)
    const opened = await aws.ok("Decrypt", { CiphertextBlob, KeyId: key.Arn }, as)
    assert.equal(opened["Plaintext"], b64("x"))
    const { KeyMetadata } = await aws.ok("DescribeKey", { KeyId: key.Arn }, as)
    assert.equal((KeyMetadata as Key)["AWSAccountId"], aws.account)
    await aws.ok("GenerateDataKey", { KeyId: key.Arn, KeySpec: "AES_256" }, as)
    const own = await aws.createKey({}, { partition: other })
    const moved = { CiphertextBlob, SourceKeyId: key.Arn, DestinationKeyId: own.KeyId }
    await aws.ok("ReEncrypt", moved, as)
    const id = idOfUuid(key.KeyId)
    const told = aws.stack.audit.of("key.encrypt").filter(({ keyId }) => keyId === id)
    assert.deepEqual(
      new Set(told.map(({ partition, subject }) => `${partition} ${subject}`)),
      new Set([`${other} guest-id`, `${aws.partition} ${guestArn}`]),
    )
  })
}

test("his own side has to allow it: a role, and a grant that names the key's id", async () => {
  const key = await lent(lending(account))
  await aws.ok("Encrypt", input(key), named(key))
  const wanting: readonly As[] = [
    guest([]),
    { ...guest([]), caller: { grants: [] } },
    guest([idOfUuid((await aws.createKey()).KeyId)]),
    named(key, ["auditor"]),
  ]
  for (const as of wanting) {
    assert.match(
      await aws.fault("Encrypt", input(key), as),
      /^AccessDeniedException: .* because no identity-based policy allows the action$/,
    )
  }
})

test("the key's own side has to allow it: neither blocked nor switched off", async () => {
  const key = await lent(lending(account))
  const as = named(key)
  await blockPartition(aws.stack.ports, owner)
  assert.match(await aws.fault("Encrypt", input(key), as), /the account is suspended$/)
  await unblockPartition(aws.stack.ports, owner)
  await aws.ok("Encrypt", input(key), as)
  await updatePartition(aws.stack.ports, owner, { flags: { keyUse: false } })
  assert.match(await aws.fault("Encrypt", input(key), as), /settings do not allow it$/)
  await updatePartition(aws.stack.ports, owner, { flags: { keyUse: true } })
  await aws.ok("DisableKey", { KeyId: key.KeyId })
  assert.equal(
    await aws.fault("Encrypt", input(key), as),
    `DisabledException: ${key.Arn} is disabled.`,
  )
})

test("it is lent no longer from the answer of PutKeyPolicy on", async () => {
  const key = await lent(lending(account))
  const as = named(key)
  await aws.ok("Encrypt", input(key), as)
  const { KeyId } = key
  await aws.ok("PutKeyPolicy", { KeyId, Policy: policyOf(home) })
  assert.match(await aws.fault("Encrypt", input(key), as), /resource does not exist/)
})

const own = await aws.createKey({}, { partition: other })
const { CiphertextBlob } = await aws.ok(
  "Encrypt",
  { KeyId: own.KeyId, Plaintext: b64("x") },
  { partition: other },
)
const absentUuid = "1234abcd-12ab-34cd-56ef-1234567890ab"
/** Every operation that takes a key, as far as its input can be right for one that is not there. */
const asked: Readonly<Record<string, (KeyId: string) => Body>> = {
  CancelKeyDeletion: (KeyId) => ({ KeyId }),
  CreateAlias: (TargetKeyId) => ({ TargetKeyId, AliasName: "alias/mine" }),
  CreateGrant: (KeyId) => ({ KeyId, GranteePrincipal: guestArn, Operations: ["Encrypt"] }),
  Decapsulate: (KeyId) => ({
    KeyId,
    EncapsulationAlgorithm: "ML_KEM",
    SharedSecretCiphertextBlob: b64("x"),
  }),
  Decrypt: (KeyId) => ({ KeyId, CiphertextBlob }),
  DescribeKey: (KeyId) => ({ KeyId }),
  DisableKey: (KeyId) => ({ KeyId }),
  DisableKeyRotation: (KeyId) => ({ KeyId }),
  EnableKey: (KeyId) => ({ KeyId }),
  EnableKeyRotation: (KeyId) => ({ KeyId }),
  Encrypt: (KeyId) => ({ KeyId, Plaintext: b64("x") }),
  GenerateDataKey: (KeyId) => ({ KeyId, KeySpec: "AES_256" }),
  GenerateDataKeyPair: (KeyId) => ({ KeyId, KeyPairSpec: "ECC_NIST_P256" }),
  GenerateMac: (KeyId) => ({ KeyId, Message: b64("x"), MacAlgorithm: "HMAC_SHA_256" }),
  GetKeyPolicy: (KeyId) => ({ KeyId }),
  GetKeyRotationStatus: (KeyId) => ({ KeyId }),
  GetPublicKey: (KeyId) => ({ KeyId }),
  ListAliases: (KeyId) => ({ KeyId }),
  ListGrants: (KeyId) => ({ KeyId }),
  ListKeyPolicies: (KeyId) => ({ KeyId }),
  ListKeyRotations: (KeyId) => ({ KeyId }),
  ListResourceTags: (KeyId) => ({ KeyId }),
  PutKeyPolicy: (KeyId) => ({ KeyId, Policy: policyOf(home) }),
  ReEncrypt: (DestinationKeyId) => ({ CiphertextBlob, DestinationKeyId, SourceKeyId: own.KeyId }),
  RetireGrant: (KeyId) => ({ KeyId, GrantId: "0".repeat(64) }),
  RevokeGrant: (KeyId) => ({ KeyId, GrantId: "0".repeat(64) }),
  RotateKeyOnDemand: (KeyId) => ({ KeyId }),
  ScheduleKeyDeletion: (KeyId) => ({ KeyId }),
  Sign: (KeyId) => ({ KeyId, Message: b64("x"), SigningAlgorithm: "ECDSA_SHA_256" }),
  TagResource: (KeyId) => ({ KeyId, Tags: [{ TagKey: "a", TagValue: "b" }] }),
  UntagResource: (KeyId) => ({ KeyId, TagKeys: ["a"] }),
  UpdateKeyDescription: (KeyId) => ({ KeyId, Description: "mine" }),
  Verify: (KeyId) => ({
    KeyId,
    Message: b64("x"),
    Signature: b64("x"),
    SigningAlgorithm: "ECDSA_SHA_256",
  }),
  VerifyMac: (KeyId) => ({ KeyId, Message: b64("x"), Mac: b64("x"), MacAlgorithm: "HMAC_SHA_256" }),
}
const lentOut = [
  "Decrypt",
  "ReEncrypt",
  "Decapsulate",
  "DescribeKey",
  "Encrypt",
  "GenerateDataKey",
  "GenerateDataKeyPair",
  "GenerateMac",
  "GetPublicKey",
  "Sign",
  "Verify",
  "VerifyMac",
]
const plain = await aws.createKey()
const refusing = await lent(
  lending(account),
  lending(account, {
    Effect: "Deny",
    Principal: "*",
    Condition: { StringEquals: { "kms:CallerAccount": account } },
  }),
)
const elsewhere = await lent(lending(`arn:aws:iam::${account}:user/another`))
const byAnybody = await lent({ ...home, Principal: "*" })
const lentKey = await lent(lending(account))

for (const [operation, body] of Object.entries(asked)) {
  test(`${operation} of another account's key answers as of none, byte for byte`, async () => {
    const keys = [plain, refusing, elsewhere, byAnybody]
    const all = lentOut.includes(operation) ? keys : [...keys, lentKey]
    const absentArn = `arn:aws:kms:${homeRegion}:${aws.account}:key/${absentUuid}`
    const absent = await aws.fault(operation, body(absentArn), guest([idOfUuid(absentUuid)]))
    assert.match(absent, /^AccessDeniedException: .*the resource does not exist in this Region/)
    for (const key of all) {
      const told = await aws.fault(operation, body(key.Arn), named(key))
      assert.equal(told.replaceAll(key.Arn, absentArn), absent)
      const byId = await aws.fault(operation, body(key.KeyId), named(key))
      const noId = await aws.fault(operation, body(absentUuid), named(key))
      assert.equal(byId.replaceAll(key.KeyId, absentUuid), noId)
    }
  })
}

test("only AWS's dialect names another account's key: elsewhere it is not there", async () => {
  const as = named(lentKey)
  const caller: Caller = {
    ...owner.caller,
    partition: other,
    roles: ["user"],
    name: "guest",
    subject: "guest-id",
    grants: as.caller?.grants ?? [],
  }
  const asking = encrypt(
    aws.stack.ports,
    { requestId: "request", caller },
    { key: idOfUuid(lentKey.KeyId), plaintext: Buffer.from("x") },
  )
  await assert.rejects(asking, { code: "KEY_NOT_FOUND" })
})

test("conditions are about the borrower, and no account's number is asked for", async () => {
  const only = { StringLike: { "aws:PrincipalArn": `arn:aws:iam::${account}:user/g*` } }
  const key = await lent(lending(account, { Condition: only }))
  await aws.ok("Encrypt", input(key), named(key))
  const another: As = { ...named(key), name: "another" }
  assert.match(await aws.fault("Encrypt", input(key), another), /resource does not exist/)
  await lent(lending("000000000000"), lending("arn:aws:iam::000000000000:user/nobody"))
})

test("no work is begun that the key's own log cannot take", async () => {
  const { audit } = aws.stack
  const key = await lent(lending(account))
  const before = audit.of("key.encrypt").length
  audit.refuse = new Error("full")
  try {
    await assert.rejects(aws.ok("Encrypt", input(key), named(key)))
  } finally {
    audit.refuse = undefined
  }
  assert.equal(audit.of("key.encrypt").length, before)
})
