import assert from "node:assert/strict"
import { after, test } from "node:test"

import { awsFace, b64 } from "../../support/aws-face.ts"

const aws = await awsFace()
after(() => aws.stop())

test("a key that was not used has an empty last usage, tracked from its creation", async () => {
  const { KeyId, Arn, CreationDate } = await aws.createKey()
  const expected = {
    KeyId,
    KeyLastUsage: {},
    TrackingStartDate: CreationDate,
    KeyCreationDate: CreationDate,
  }
  assert.deepEqual(await aws.ok("GetKeyLastUsage", { KeyId }), expected)
  assert.deepEqual(await aws.ok("GetKeyLastUsage", { KeyId: Arn }), expected)
})

test("a multi-Region key is told by the id that it has", async () => {
  const { KeyId } = await aws.createKey({ MultiRegion: true })
  assert.match(KeyId, /^mrk-/)
  assert.equal((await aws.ok("GetKeyLastUsage", { KeyId }))["KeyId"], KeyId)
})

const used = {
  Encrypt: [{}, { Plaintext: b64("x") }],
  GenerateDataKey: [{}, { KeySpec: "AES_256" }],
  Sign: [
    { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" },
    { Message: b64("x"), SigningAlgorithm: "ECDSA_SHA_256" },
  ],
  GenerateMac: [
    { KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" },
    { Message: b64("x"), MacAlgorithm: "HMAC_SHA_256" },
  ],
  Encapsulate: [
    { KeySpec: "ML_KEM_768", KeyUsage: "ENCAPSULATE_DECAPSULATE" },
    { EncapsulationAlgorithm: "ML_KEM" },
  ],
} as const

for (const [name, [spec, input]] of Object.entries(used)) {
  test(`${name} is told as a key's last use; a call that changes nothing is not`, async () => {
    const { KeyId } = await aws.createKey(spec)
    aws.stack.clock.advance(1_000)
    await aws.ok(name, { KeyId, ...input })
    const { KeyLastUsage } = await aws.ok("GetKeyLastUsage", { KeyId })
    const { Operation, Timestamp } = KeyLastUsage as Record<string, unknown>
    assert.deepEqual([Operation, Timestamp], [name, aws.stack.clock.now() / 1_000])
    aws.stack.clock.advance(1_000)
    await aws.ok("DescribeKey", { KeyId })
    await aws.fault(name, { KeyId, ...input, DryRun: true })
    assert.deepEqual((await aws.ok("GetKeyLastUsage", { KeyId }))["KeyLastUsage"], KeyLastUsage)
  })
}

test("who may only use keys does not hear of it, nor who a policy keeps out", async () => {
  const { KeyId } = await aws.createKey()
  const user = { name: "bob", roles: ["user"] as const }
  assert.match(await aws.fault("GetKeyLastUsage", { KeyId }, user), /^AccessDeniedException: /)
  const account = { AWS: aws.account }
  const all = { Effect: "Allow", Principal: account, Action: "kms:*", Resource: "*" }
  const no = { ...all, Effect: "Deny", Action: "kms:GetKeyLastUsage" }
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [all, no] })
  await aws.ok("PutKeyPolicy", { KeyId, Policy })
  assert.match(await aws.fault("GetKeyLastUsage", { KeyId }), /with an explicit deny/)
})

test("ListKeys shows a key whose policy hides it, as at AWS", async () => {
  const { KeyId } = await aws.createKey()
  const bob = await aws.person("bob-lists")
  const only = { Effect: "Allow", Principal: { AWS: bob.arn }, Action: "kms:*", Resource: "*" }
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [only] })
  await aws.ok("PutKeyPolicy", { KeyId, Policy }, bob.as)
  assert.match(await aws.fault("DescribeKey", { KeyId }), /^AccessDeniedException: /)
  const { Keys } = await aws.ok("ListKeys", { Limit: 1_000 })
  assert.ok((Keys as { KeyId: string }[]).some((key) => key.KeyId === KeyId))
})
