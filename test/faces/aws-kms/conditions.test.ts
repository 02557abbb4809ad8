/** Each condition key of a policy: where it holds, and where it does not. */

import assert from "node:assert/strict"
import { after, test } from "node:test"

import { idOfUuid } from "../../../src/codec/uuid.ts"
import { encrypt } from "../../../src/service/encrypt.ts"
import { sign } from "../../../src/service/sign.ts"
import { awsFace, b64, type As, type Body } from "../../support/aws-face.ts"
import { contextOf } from "../../support/stack.ts"

const aws = await awsFace({ keyImport: true })
after(() => aws.stop())
const { ports } = aws.stack

const root = `arn:aws:iam::${aws.account}:root`
const toRoot = { Effect: "Allow", Principal: { AWS: root }, Action: "kms:*", Resource: "*" }
const toManage = { ...toRoot, Action: ["kms:PutKeyPolicy", "kms:CreateAlias", "kms:*Alias"] }
const policyOf = (...Statement: readonly Body[]) =>
  JSON.stringify({ Version: "2012-10-17", Statement })
const put = (KeyId: string, Policy: string, as: As = {}) =>
  aws.ok("PutKeyPolicy", { KeyId, Policy, BypassPolicyLockoutSafetyCheck: true }, as)
const refusing = (Action: string | readonly string[], Condition: Body) =>
  policyOf(toRoot, { ...toRoot, Principal: "*", Effect: "Deny", Action, Condition })
const admitting = (Action: string, Condition: Body) =>
  policyOf({ ...toRoot, Action, Condition }, toManage)

const is = (key: string, value: unknown): Body => ({ StringEquals: { [key]: value } })
const message = { Message: b64("x"), MessageType: "RAW" }
const digest = { Message: Buffer.alloc(32).toString("base64"), MessageType: "DIGEST" }
const pss = { SigningAlgorithm: "RSASSA_PSS_SHA_256" }
const pkcs1 = { SigningAlgorithm: "RSASSA_PKCS1_V1_5_SHA_256" }
const plain = { Plaintext: b64("x") }

interface Case {
  /** What CreateKey is asked for. */
  readonly of?: Body
  readonly action: string
  readonly condition: Body
  readonly met: Body
  readonly unmet: Body
}

/** What the request says: one that meets the condition, and one that does not. */
const ofRequests: readonly Case[] = [
  {
    of: { KeySpec: "RSA_2048", KeyUsage: "ENCRYPT_DECRYPT" },
    action: "Encrypt",
    condition: is("kms:EncryptionAlgorithm", "RSAES_OAEP_SHA_1"),
    met: { ...plain, EncryptionAlgorithm: "RSAES_OAEP_SHA_1" },
    unmet: { ...plain, EncryptionAlgorithm: "RSAES_OAEP_SHA_256" },
  },
  {
    action: "GenerateDataKeyPairWithoutPlaintext",
    condition: is("kms:DataKeyPairSpec", ["ECC_NIST_P256", "ECC_NIST_P384"]),
    met: { KeyPairSpec: "ECC_NIST_P256" },
    unmet: { KeyPairSpec: "ECC_NIST_EDWARDS25519" },
  },
  {
    of: { KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" },
    action: "Sign",
    condition: is("kms:SigningAlgorithm", "RSASSA_PSS_SHA_256"),
    met: { ...message, ...pss },
    unmet: { ...message, ...pkcs1 },
  },
  {
    of: { KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" },
    action: "Sign",
    condition: is("kms:MessageType", "RAW"),
    // It is the usual one.
    met: { Message: b64("x"), ...pss },
    unmet: { ...digest, ...pss },
  },
  {
    action: "EnableKeyRotation",
    condition: { NumericGreaterThan: { "kms:RotationPeriodInDays": "364" } },
    met: {},
    unmet: { RotationPeriodInDays: 90 },
  },
  {
    of: { Origin: "EXTERNAL" },
    action: "GetParametersForImport",
    condition: is("kms:WrappingAlgorithm", "RSAES_OAEP_SHA_1"),
    met: { WrappingAlgorithm: "RSAES_OAEP_SHA_1", WrappingKeySpec: "RSA_3072" },
    unmet: { WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_3072" },
  },
  {
    of: { Origin: "EXTERNAL" },
    action: "GetParametersForImport",
    condition: { StringNotEquals: { "kms:WrappingKeySpec": "RSA_4096" } },
    met: { WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_3072" },
    unmet: { WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_4096" },
  },
  {
    action: "TagResource",
    condition: is("aws:RequestTag/team", "red"),
    met: { Tags: [{ TagKey: "team", TagValue: "red" }] },
    unmet: { Tags: [{ TagKey: "team", TagValue: "blue" }] },
  },
  {
    action: "TagResource",
    condition: { "ForAnyValue:StringLike": { "aws:TagKeys": "cost-*" } },
    met: { Tags: [{ TagKey: "cost-center", TagValue: "1" }] },
    unmet: { Tags: [{ TagKey: "team", TagValue: "1" }] },
  },
  {
    action: "UntagResource",
    condition: { "ForAnyValue:StringEquals": { "aws:TagKeys": "keep" } },
    met: { TagKeys: ["keep", "other"] },
    unmet: { TagKeys: ["other"] },
  },
]
for (const { of = {}, action, condition, met, unmet } of ofRequests) {
  test(`${JSON.stringify(condition)} of ${action} holds for what the request says`, async () => {
    const { KeyId } = await aws.createKey(of)
    await put(KeyId, refusing(`kms:${action}`, condition))
    assert.match(await aws.fault(action, { KeyId, ...met }), /explicit deny/)
    await aws.ok(action, { KeyId, ...unmet })
    await put(KeyId, admitting(`kms:${action}`, condition))
    await aws.ok(action, { KeyId, ...met })
    assert.match(await aws.fault(action, { KeyId, ...unmet }), /no resource-based policy/)
  })
}

test("a condition on the region holds for where the request was sent", async () => {
  const { KeyId } = await aws.createKey({ MultiRegion: true })
  const region = "us-east-1"
  await aws.ok("ReplicateKey", { KeyId, ReplicaRegion: region })
  const there: As = { region }
  for (const as of [{}, there]) {
    await put(KeyId, refusing("kms:Encrypt", is("aws:RequestedRegion", region)), as)
  }
  assert.match(await aws.fault("Encrypt", { KeyId, ...plain }, there), /explicit deny/)
  await aws.ok("Encrypt", { KeyId, ...plain })
  const own = await aws.createKey()
  await put(own.KeyId, refusing("kms:Encrypt", is("aws:RequestedRegion", region)))
  const use = encrypt(ports, contextOf("user", aws.partition), {
    key: idOfUuid(own.KeyId),
    plaintext: Buffer.from("x"),
  })
  await assert.rejects(use, { detail: { rule: "policy-deny" } }, "which region nobody says")
})

test("a condition on ReEncrypt's keys holds for whether they are the same", async () => {
  const { KeyId } = await aws.createKey()
  const other = await aws.createKey()
  const { CiphertextBlob } = await aws.ok("Encrypt", { KeyId, ...plain })
  const condition = { Bool: { "kms:ReEncryptOnSameKey": "true" } }
  await put(KeyId, refusing("kms:ReEncrypt*", condition))
  const same = { CiphertextBlob, DestinationKeyId: KeyId }
  assert.match(await aws.fault("ReEncrypt", same), /^AccessDenied/)
  await aws.ok("ReEncrypt", { CiphertextBlob, DestinationKeyId: other.KeyId })
})

test("conditions on importing hold before the token is looked at", async () => {
  const { KeyId } = await aws.createKey({ Origin: "EXTERNAL" })
  const junk = { KeyId, ImportToken: b64("x"), EncryptedKeyMaterial: b64("x") }
  const forever = { ...junk, ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE" }
  await put(
    KeyId,
    refusing("kms:ImportKeyMaterial", is("kms:ExpirationModel", ["KEY_MATERIAL_DOES_NOT_EXPIRE"])),
  )
  assert.match(await aws.fault("ImportKeyMaterial", forever), /explicit deny/)
  const until = { DateGreaterThan: { "kms:ValidTo": "2100-01-01T00:00:00Z" } }
  await put(KeyId, refusing("kms:ImportKeyMaterial", until))
  const at = (year: number) => ({ ...junk, ValidTo: Date.UTC(year, 1) / 1_000 })
  assert.match(await aws.fault("ImportKeyMaterial", at(2101)), /explicit deny/)
  for (const other of [at(2099), forever]) {
    assert.doesNotMatch(await aws.fault("ImportKeyMaterial", other), /AccessDenied/)
  }
})

test("conditions on MACs and agreements hold for the algorithm", async () => {
  const hmac = await aws.createKey({ KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" })
  const input = { KeyId: hmac.KeyId, Message: b64("x"), MacAlgorithm: "HMAC_SHA_256" }
  await put(hmac.KeyId, refusing("kms:GenerateMac", is("kms:MacAlgorithm", "HMAC_SHA_512")))
  await aws.ok("GenerateMac", input)
  await put(hmac.KeyId, refusing("kms:GenerateMac", is("kms:MacAlgorithm", "HMAC_SHA_256")))
  assert.match(await aws.fault("GenerateMac", input), /explicit deny/)
  const pair = await aws.createKey({ KeySpec: "ECC_NIST_P256", KeyUsage: "KEY_AGREEMENT" })
  const { KeyId } = pair
  const { PublicKey } = await aws.ok("GetPublicKey", { KeyId })
  const agreed = { KeyId, PublicKey, KeyAgreementAlgorithm: "ECDH" }
  await aws.ok("DeriveSharedSecret", agreed)
  await put(KeyId, refusing("kms:DeriveSharedSecret", is("kms:KeyAgreementAlgorithm", "ECDH")))
  assert.match(await aws.fault("DeriveSharedSecret", agreed), /explicit deny/)
})

/** What a key is, with one that is and one that is not. */
const ofKeys: readonly (readonly [Body, met: Body, unmet: Body])[] = [
  [is("kms:KeySpec", "RSA_2048"), { KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" }, {}],
  [
    { StringLike: { "kms:KeySpec": "SYM*" } },
    {},
    { KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" },
  ],
  [
    is("kms:CustomerMasterKeySpec", "SYMMETRIC_DEFAULT"),
    {},
    { KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" },
  ],
  [
    is("kms:KeyUsage", "SIGN_VERIFY"),
    { KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" },
    { KeySpec: "RSA_2048", KeyUsage: "ENCRYPT_DECRYPT" },
  ],
  [
    is("kms:CustomerMasterKeyUsage", "ENCRYPT_DECRYPT"),
    {},
    { KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" },
  ],
  [is("kms:KeyOrigin", "EXTERNAL"), { Origin: "EXTERNAL" }, {}],
  [is("kms:KeyOrigin", "AWS_KMS"), {}, { Origin: "EXTERNAL" }],
  [{ Bool: { "kms:MultiRegion": "true" } }, { MultiRegion: true }, {}],
  [is("kms:MultiRegionKeyType", "PRIMARY"), { MultiRegion: true }, {}],
]
for (const [condition, met, unmet] of ofKeys) {
  test(`${JSON.stringify(condition)} holds for what the key is`, async () => {
    for (const [of, holds] of [
      [met, true],
      [unmet, false],
    ] as const) {
      const { KeyId } = await aws.createKey(of)
      await put(KeyId, refusing("kms:DescribeKey", condition))
      if (holds) assert.match(await aws.fault("DescribeKey", { KeyId }), /explicit deny/)
      else await aws.ok("DescribeKey", { KeyId })
      await put(KeyId, admitting("kms:DescribeKey", condition))
      if (holds) await aws.ok("DescribeKey", { KeyId })
      else assert.match(await aws.fault("DescribeKey", { KeyId }), /no resource-based policy/)
    }
  })
}

test("what a key is and whose it is holds over every way to it", async () => {
  const { KeyId } = await aws.createKey()
  const context = contextOf("user", aws.partition)
  const use = () => encrypt(ports, context, { key: idOfUuid(KeyId), plaintext: Buffer.from("x") })
  for (const condition of [
    is("kms:KeySpec", "SYMMETRIC_DEFAULT"),
    is("aws:ResourceAccount", aws.account),
    { Bool: { "aws:SecureTransport": "true" } },
  ]) {
    await put(KeyId, refusing("kms:Encrypt", condition))
    await assert.rejects(use(), { code: "OPERATION_FORBIDDEN", detail: { rule: "policy-deny" } })
  }
  await put(KeyId, refusing("kms:Encrypt", is("kms:KeySpec", "RSA_2048")))
  await use()
})

test("what another way to a key does not tell refuses, and admits nobody", async () => {
  const { KeyId } = await aws.createKey({ KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" })
  const context = contextOf("user", aws.partition)
  const use = () => sign(ports, context, { key: idOfUuid(KeyId), message: Buffer.from("x") })
  for (const key of ["kms:SigningAlgorithm", "kms:MessageType"]) {
    await put(KeyId, refusing("kms:Sign", is(key, "nothing")))
    await assert.rejects(use(), { code: "OPERATION_FORBIDDEN", detail: { rule: "policy-deny" } })
  }
  await put(KeyId, admitting("kms:Sign", { StringNotEquals: { "kms:MessageType": "nothing" } }))
  await assert.rejects(use(), { code: "OPERATION_FORBIDDEN", detail: { rule: "policy" } })
  // Signing has no encryption context anywhere: that is known.
  await put(KeyId, refusing("kms:*", is("kms:EncryptionContext:a", "b")))
  await use()
})

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
function seconds(ms: number): string {
  return String(Math.floor(ms / 1_000))
}

test("conditions on the time hold for the node's time, while it is sure of it", async () => {
  const { KeyId } = await aws.createKey()
  const asked = { KeyId, ...plain }
  const now = ports.clock.now()
  const [soon, gone] = [now + 60_000, now - 60_000]
  const cases: readonly (readonly [Body, boolean])[] = [
    [{ DateLessThan: { "aws:CurrentTime": iso(soon) } }, true],
    [{ DateLessThan: { "aws:CurrentTime": iso(gone) } }, false],
    [{ DateGreaterThan: { "aws:CurrentTime": iso(gone) } }, true],
    [{ DateGreaterThanEquals: { "aws:CurrentTime": iso(soon) } }, false],
    [{ DateLessThanEquals: { "aws:EpochTime": seconds(soon) } }, true],
    [{ DateNotEquals: { "aws:CurrentTime": "2001-02-03" } }, true],
    [{ DateEquals: { "aws:CurrentTime": "2001-02-03" } }, false],
    [{ NumericLessThan: { "aws:EpochTime": seconds(soon) } }, true],
    [{ NumericGreaterThan: { "aws:EpochTime": seconds(soon) } }, false],
  ]
  for (const [condition, holds] of cases) {
    await put(KeyId, refusing("kms:Encrypt", condition))
    if (holds) assert.match(await aws.fault("Encrypt", asked), /explicit deny/)
    else await aws.ok("Encrypt", asked)
    await put(KeyId, admitting("kms:Encrypt", condition))
    if (holds) await aws.ok("Encrypt", asked)
    else assert.match(await aws.fault("Encrypt", asked), /no resource-based policy/)
  }
})

test("what there is none of here has no value", async () => {
  const { KeyId } = await aws.createKey()
  const asked = { KeyId, ...plain }
  for (const key of [
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalOrgID",
    "aws:PrincipalTag/team",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "kms:ViaService",
  ]) {
    await put(KeyId, admitting("kms:Encrypt", is(key, "x")))
    assert.match(await aws.fault("Encrypt", asked), /no resource-based policy/, key)
    await put(KeyId, refusing("kms:Encrypt", { StringNotEquals: { [key]: "x" } }))
    assert.match(await aws.fault("Encrypt", asked), /explicit deny/, key)
    await put(KeyId, admitting("kms:Encrypt", { Null: { [key]: "true" } }))
    await aws.ok("Encrypt", asked)
  }
  await put(KeyId, admitting("kms:Encrypt", { Bool: { "aws:PrincipalIsAWSService": "false" } }))
  await aws.ok("Encrypt", asked)
  await put(KeyId, refusing("kms:Encrypt", is("aws:PrincipalType", "User")))
  assert.match(await aws.fault("Encrypt", asked), /explicit deny/)
  await put(KeyId, admitting("kms:Encrypt", { Bool: { "aws:ViaAWSService": "false" } }))
  await aws.ok("Encrypt", asked)
  await put(KeyId, refusing("kms:Encrypt", is("aws:username", "alice")))
  assert.match(await aws.fault("Encrypt", asked), /explicit deny/)
  await put(KeyId, refusing("kms:Encrypt", is("aws:username", "bob")))
  await aws.ok("Encrypt", asked)
})

test("who locks himself out by what the key is has to say so as well", async () => {
  const fault = /^MalformedPolicyDocumentException: The new key policy will not allow you/
  const keys = [{}, { MultiRegion: true }, { Origin: "EXTERNAL" }]
  const conditions = [
    { Bool: { "kms:MultiRegion": "false" } },
    is("kms:MultiRegionKeyType", "PRIMARY"),
    is("kms:KeyOrigin", "EXTERNAL"),
  ]
  for (const [at, of] of keys.entries()) {
    for (const [which, condition] of conditions.entries()) {
      const Policy = refusing("kms:PutKeyPolicy", condition)
      // An external key is of one region, too.
      const locks = at === which || (at === 2 && which === 0)
      const { KeyId } = await aws.createKey(of)
      const name = JSON.stringify([of, condition])
      if (locks) {
        assert.match(await aws.fault("CreateKey", { ...of, Policy }), fault, name)
        assert.match(await aws.fault("PutKeyPolicy", { KeyId, Policy }), fault, name)
      } else {
        await aws.ok("CreateKey", { ...of, Policy })
        await aws.ok("PutKeyPolicy", { KeyId, Policy })
      }
    }
  }
  const { KeyId } = await aws.createKey()
  const Policy = refusing("kms:PutKeyPolicy", {
    DateGreaterThan: { "aws:CurrentTime": "2001-01-01" },
  })
  assert.match(await aws.fault("PutKeyPolicy", { KeyId, Policy }), fault)
  const skipping = { Bool: { "kms:BypassPolicyLockoutSafetyCheck": "false" } }
  const next = refusing("kms:PutKeyPolicy", skipping)
  // This one says that it skips the check; the next one, which does not, would be refused.
  assert.match(await aws.fault("PutKeyPolicy", { KeyId, Policy: next }), fault)
})
