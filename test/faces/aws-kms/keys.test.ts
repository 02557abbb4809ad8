import assert from "node:assert/strict"
import { after, test } from "node:test"

import { abilities } from "../../../src/faces/aws-kms/vocabulary.ts"
import { createKey } from "../../../src/service/create-key.ts"
import { keySpecNames, keySpecs } from "../../../src/service/kms/key-specs.ts"
import { maintain } from "../../../src/service/maintain.ts"
import { contextOf, newPartition } from "../../support/stack.ts"
import { awsFace, b64, homeRegion, type Key } from "../../support/aws-face.ts"

const aws = await awsFace()
after(() => aws.stop())

const dayMs = 86_400_000
const absent = "1234abcd-12ab-34cd-56ef-1234567890ab"

test("a new key is shown as AWS shows it, and answers to id, ARN and alias", async () => {
  const made = await aws.createKey({ Description: "orders" })
  assert.match(made.KeyId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  const arn = `arn:aws:kms:${homeRegion}:${aws.account}:key/${made.KeyId}`
  const { CreationDate, CurrentKeyMaterialId, ...rest } = made
  assert.equal(CreationDate, aws.stack.clock.now() / 1_000)
  assert.match(String(CurrentKeyMaterialId), /^[0-9a-f]{64}$/)
  assert.deepEqual(rest, {
    AWSAccountId: aws.account,
    KeyId: made.KeyId,
    Arn: arn,
    Enabled: true,
    Description: "orders",
    KeyUsage: "ENCRYPT_DECRYPT",
    KeyState: "Enabled",
    Origin: "AWS_KMS",
    KeyManager: "CUSTOMER",
    KeySpec: "SYMMETRIC_DEFAULT",
    CustomerMasterKeySpec: "SYMMETRIC_DEFAULT",
    EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
    MultiRegion: false,
  })
  await aws.ok("CreateAlias", { AliasName: "alias/orders", TargetKeyId: made.KeyId })
  const aliasArn = `arn:aws:kms:${homeRegion}:${aws.account}:alias/orders`
  for (const KeyId of [made.KeyId, arn, "alias/orders", aliasArn]) {
    assert.deepEqual((await aws.ok("DescribeKey", { KeyId }))["KeyMetadata"], made)
  }
})

test("the same key answers in Keyhold's own API, and one made there answers here", async () => {
  const manager = contextOf("manager", aws.partition)
  const ours = await createKey(aws.stack.ports, manager, { name: "ours", algorithm: "AES_256" })
  const shown = (await aws.ok("DescribeKey", { KeyId: ours.id }))["KeyMetadata"] as Key
  for (const region of [homeRegion, "us-east-1"]) {
    const found = await aws.ok("DescribeKey", { KeyId: shown.KeyId }, { region })
    assert.ok((found["KeyMetadata"] as Key).Arn.includes(`:${region}:`))
  }
  const odd = { name: "odd", algorithm: "CAMELLIA_256" } as const
  const { id } = await createKey(aws.stack.ports, manager, odd)
  assert.match(await aws.fault("DescribeKey", { KeyId: id }), /^NotFoundException: Key '/)
})

for (const spec of keySpecNames) {
  test(`a key of ${spec} is made for each of its uses, and shows what it can do`, async () => {
    for (const usage of keySpecs[spec].usages) {
      const made = await aws.createKey({ KeySpec: spec, KeyUsage: usage })
      assert.equal(made["KeySpec"], spec)
      assert.equal(made["KeyUsage"], usage)
      const lists = Object.entries(made).filter(([name]) => name.endsWith("Algorithms"))
      const { encryption, signing, mac, agreement, encapsulation } = abilities[spec]
      const expected = {
        ENCRYPT_DECRYPT: ["EncryptionAlgorithms", encryption],
        SIGN_VERIFY: ["SigningAlgorithms", signing],
        GENERATE_VERIFY_MAC: ["MacAlgorithms", mac],
        KEY_AGREEMENT: ["KeyAgreementAlgorithms", agreement],
        ENCAPSULATE_DECAPSULATE: ["EncapsulationAlgorithms", encapsulation],
      }
      assert.deepEqual(lists, [expected[usage]])
    }
  })
}

const refusedCreations: readonly (readonly [string, Readonly<Record<string, unknown>>, RegExp])[] =
  [
    ["without a use", { KeySpec: "RSA_2048" }, /must specify a KeyUsage value for all KMS keys/],
    [
      "of a use that its spec has not",
      { KeySpec: "RSA_2048", KeyUsage: "KEY_AGREEMENT" },
      /^ValidationException: KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048$/,
    ],
    ["of two specs", { KeySpec: "RSA_2048", CustomerMasterKeySpec: "RSA_4096" }, /the same/],
    ["of an unknown spec", { KeySpec: "RSA_1024" }, /at 'keySpec' failed.*enum value set/],
    ["of SM2", { KeySpec: "SM2", KeyUsage: "SIGN_VERIFY" }, /^UnsupportedOperationException/],
    ["in a key store", { CustomKeyStoreId: "cks-1" }, /^CustomKeyStoreNotFoundException/],
    ["of a key store", { Origin: "AWS_CLOUDHSM" }, /^ValidationException: .*CustomKeyStoreId/],
    ["with tags of AWS", { Tags: [{ TagKey: "aws:x", TagValue: "" }] }, /beginning with aws:/],
    [
      "with a tag twice",
      { Tags: [1, 2].map((TagValue) => ({ TagKey: "x", TagValue: `${TagValue}` })) },
      /^TagException: Duplicate tag keys$/,
    ],
    [
      "with too many tags",
      { Tags: Array.from({ length: 51 }, (_, at) => ({ TagKey: `t${at}`, TagValue: "" })) },
      /^TagException: Too many tags$/,
    ],
  ]
for (const [what, input, expected] of refusedCreations) {
  test(`a key ${what} is not made`, async () => {
    assert.match(await aws.fault("CreateKey", input), expected)
  })
}

test("names that are none, and names of nothing, are not found in AWS's words", async () => {
  const arn = (id: string, region = homeRegion, account = aws.account) =>
    `arn:aws:kms:${region}:${account}:key/${id}`
  for (const KeyId of ["fake-key-id", "134f2428cec14b25a1ae9048164dba47", "mrk-fake-key-id"]) {
    assert.equal(
      await aws.fault("DescribeKey", { KeyId }),
      `NotFoundException: Invalid keyId '${KeyId}'`,
    )
  }
  for (const KeyId of [absent, arn(absent), absent.toUpperCase()]) {
    assert.match(await aws.fault("DescribeKey", { KeyId }), /^NotFoundException: (Key|Invalid)/)
  }
  assert.equal(
    await aws.fault("DescribeKey", { KeyId: absent }),
    `NotFoundException: Key '${arn(absent)}' does not exist`,
  )
  assert.equal(
    await aws.fault("DescribeKey", { KeyId: "alias/nothing" }),
    `NotFoundException: Alias ${arn(absent).replace(/key.*/, "alias/nothing")} is not found.`,
  )
  assert.equal(
    await aws.fault("DescribeKey", { KeyId: arn(absent, "us-east-1") }),
    `NotFoundException: Invalid arn ${homeRegion}`,
  )
  for (const bad of ["arn:aws:kms", arn("x"), arn(absent).replace("kms", "s3")]) {
    assert.match(await aws.fault("DescribeKey", { KeyId: bad }), /^NotFoundException: Invalid arn/)
  }
})

test("a key answers in its own region alone", async () => {
  const { KeyId } = await aws.createKey()
  const elsewhere = { region: "us-east-1" }
  const fault = await aws.fault("DescribeKey", { KeyId }, elsewhere)
  assert.equal(
    fault,
    `NotFoundException: Key 'arn:aws:kms:us-east-1:${aws.account}:key/${KeyId}' does not exist`,
  )
  const { Keys } = await aws.ok("ListKeys", {}, elsewhere)
  assert.ok(!(Keys as Key[]).some((one) => one.KeyId === KeyId))
  assert.ok(((await aws.ok("ListKeys"))["Keys"] as Key[]).some((one) => one.KeyId === KeyId))
})

test("another account's key and one that does not exist are refused alike", async () => {
  const other = await newPartition(aws.stack, "other")
  const as = { partition: other }
  const { Arn, KeyId } = await aws.createKey({}, as)
  await aws.ok("CreateAlias", { AliasName: "alias/there", TargetKeyId: KeyId }, as)
  const answers = []
  for (const one of [Arn, Arn.replace(KeyId, absent), Arn.replace(/key\/.*/, "alias/there")]) {
    const fault = await aws.fault("Encrypt", { KeyId: one, Plaintext: b64("x") })
    answers.push(fault.replace(one, "<resource>"))
  }
  assert.match(answers[0] ?? "", /^AccessDeniedException: User: .* is not authorized to perform: /)
  assert.equal(new Set(answers).size, 1, answers.join("\n"))
  const nobody = Arn.replace(/:[0-9]{12}:/, ":000000000001:")
  const unknown = await aws.fault("Encrypt", { KeyId: nobody, Plaintext: b64("x") })
  assert.equal(unknown.replace(nobody, "<resource>"), answers[0])
})

test("a disabled key refuses use by name, and works again when it is enabled", async () => {
  const { KeyId, Arn } = await aws.createKey()
  const encrypt = { KeyId, Plaintext: b64("x") }
  await aws.ok("DisableKey", { KeyId })
  const disabled = `DisabledException: ${Arn} is disabled.`
  assert.equal(await aws.fault("Encrypt", encrypt), disabled)
  assert.equal(await aws.fault("GenerateDataKey", { KeyId, KeySpec: "AES_256" }), disabled)
  await aws.ok("UpdateKeyDescription", { KeyId, Description: "off" })
  await aws.ok("EnableKey", { KeyId })
  await aws.ok("Encrypt", encrypt)
})

test("deletion waits for its window, blocks use at once, and can be cancelled", async () => {
  const { KeyId, Arn } = await aws.createKey()
  const { CiphertextBlob } = await aws.ok("Encrypt", { KeyId, Plaintext: b64("x") })
  const scheduled = await aws.ok("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 })
  assert.deepEqual(scheduled, {
    KeyId: Arn,
    DeletionDate: (aws.stack.clock.now() + 7 * dayMs) / 1_000,
    KeyState: "PendingDeletion",
    PendingWindowInDays: 7,
  })
  const pending = `KMSInvalidStateException: ${Arn} is pending deletion.`
  for (const [name, input] of [
    ["Encrypt", { KeyId, Plaintext: b64("x") }],
    ["Decrypt", { CiphertextBlob }],
    ["EnableKey", { KeyId }],
    ["DisableKey", { KeyId }],
    ["ScheduleKeyDeletion", { KeyId }],
    ["TagResource", { KeyId, Tags: [{ TagKey: "a", TagValue: "b" }] }],
    ["UpdateKeyDescription", { KeyId, Description: "x" }],
    ["CreateAlias", { AliasName: "alias/late", TargetKeyId: KeyId }],
  ] as const) {
    assert.equal(await aws.fault(name, input), pending, name)
  }
  await aws.ok("CancelKeyDeletion", { KeyId })
  const { KeyMetadata } = await aws.ok("DescribeKey", { KeyId })
  assert.equal((KeyMetadata as Key).KeyState, "Disabled")
  const again = await aws.fault("CancelKeyDeletion", { KeyId })
  assert.equal(again, `KMSInvalidStateException: ${Arn} is not pending deletion.`)
  await aws.ok("EnableKey", { KeyId })
  await aws.ok("Decrypt", { CiphertextBlob })
})

test("a key dies with its aliases when its window has passed", async () => {
  const { KeyId } = await aws.createKey()
  await aws.ok("CreateAlias", { AliasName: "alias/mortal", TargetKeyId: KeyId })
  await aws.ok("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 })
  aws.stack.clock.advance(7 * dayMs)
  await maintain(aws.stack.ports)
  assert.match(await aws.fault("DescribeKey", { KeyId }), /^NotFoundException: Key/)
  assert.match(await aws.fault("DescribeKey", { KeyId: "alias/mortal" }), /^NotFoundException: Al/)
  const next = await aws.createKey()
  await aws.ok("CreateAlias", { AliasName: "alias/mortal", TargetKeyId: next.KeyId })
})

for (const days of [-1, 1, 6, 31, 365, 366]) {
  test(`a window of ${days} days is refused`, async () => {
    const { KeyId } = await aws.createKey()
    const input = { KeyId, PendingWindowInDays: days }
    assert.match(await aws.fault("ScheduleKeyDeletion", input), /^ValidationException: /)
  })
}

test("a window of zero destroys at once, but only where the partition allows it", async () => {
  const { KeyId } = await aws.createKey()
  const strict = await newPartition(aws.stack, "strict", {
    flags: { immediateDestruction: false },
  })
  const kept = await aws.createKey({}, { partition: strict })
  const input = { KeyId: kept.KeyId, PendingWindowInDays: 0 }
  const refused = await aws.fault("ScheduleKeyDeletion", input, { partition: strict })
  assert.match(refused, /^AccessDeniedException: /)
  await aws.ok("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 0 })
  assert.match(await aws.fault("DescribeKey", { KeyId }), /^NotFoundException: /)
})

test("public halves are given of enabled pairs, and secret keys have none", async () => {
  const { KeyId, Arn } = await aws.createKey({
    KeySpec: "ECC_NIST_P256",
    KeyUsage: "SIGN_VERIFY",
  })
  const shown = await aws.ok("GetPublicKey", { KeyId })
  assert.match(String(shown["PublicKey"]), /^MFkwEwYHKoZIzj0CAQ/)
  assert.deepEqual([shown["KeyId"], shown["SigningAlgorithms"]], [Arn, ["ECDSA_SHA_256"]])
  await aws.ok("DisableKey", { KeyId })
  const disabled = `DisabledException: ${Arn} is disabled.`
  assert.equal(await aws.fault("GetPublicKey", { KeyId }), disabled)
  const secret = await aws.createKey()
  const none = await aws.fault("GetPublicKey", { KeyId: secret.KeyId })
  assert.match(none, /^UnsupportedOperationException: /)
})

test("who may not manage keys is told so, and who may not use them", async () => {
  const { KeyId, Arn } = await aws.createKey()
  const auditor = { name: "eve", roles: ["auditor"] as const }
  const user = `User: arn:aws:iam::${aws.account}:user/eve is not authorized to perform: kms:`
  const why = "because no identity-based policy allows the action"
  assert.equal(
    await aws.fault("Encrypt", { KeyId, Plaintext: b64("x") }, auditor),
    `AccessDeniedException: ${user}Encrypt on resource: ${Arn} ${why}`,
  )
  assert.match(await aws.fault("DisableKey", { KeyId }, auditor), /^AccessDeniedException: /)
  assert.equal(
    await aws.fault("CreateKey", {}, auditor),
    `AccessDeniedException: ${user}CreateKey on resource: * ${why}`,
  )
  await aws.ok("DescribeKey", { KeyId }, auditor)
})
