/** Multi-Region keys: one id and one material in several regions, and all else each one's own. */

import assert from "node:assert/strict"
import { after, test } from "node:test"

import { limits } from "../../../src/domain/limits.ts"
import { awsFace, b64, type As, type Body, type Key } from "../../support/aws-face.ts"
import { away, familiesOf, home, notPrimary, there } from "../../support/aws-family.ts"

const aws = await awsFace({ keyImport: true })
after(() => aws.stop())

const farther = "ap-south-1"
const plain = { Plaintext: b64("x") }
const { arnIn, describe, family, replicate } = familiesOf(aws)

test("a primary is made with an id of its own form, and says what it is", async () => {
  const key = await aws.createKey({ MultiRegion: true })
  assert.match(key.KeyId, /^mrk-[0-9a-f]{32}$/)
  assert.equal(key.Arn, arnIn(home, key.KeyId))
  assert.deepEqual([key["MultiRegion"], key.KeyState], [true, "Enabled"])
  assert.deepEqual(key["MultiRegionConfiguration"], {
    MultiRegionKeyType: "PRIMARY",
    PrimaryKey: { Arn: key.Arn, Region: home },
    ReplicaKeys: [],
  })
  assert.deepEqual(await describe(key.KeyId), key)
  const single = await aws.createKey({ MultiRegion: false })
  assert.deepEqual([single["MultiRegion"], single["MultiRegionConfiguration"]], [false, undefined])
})

test("a replica has the id in another region, and nothing else of the primary's own", async () => {
  const Tags = [{ TagKey: "a", TagValue: "b" }]
  const primary = await aws.createKey({ MultiRegion: true, Description: "first", Tags })
  const { KeyId } = primary
  await aws.ok("CreateAlias", { AliasName: "alias/of-primary", TargetKeyId: KeyId })
  const answer = await aws.ok("ReplicateKey", {
    KeyId,
    ReplicaRegion: away,
    Tags: [{ TagKey: "c", TagValue: "d" }],
  })
  const replica = answer["ReplicaKeyMetadata"] as Key
  assert.deepEqual(
    [replica.KeyId, replica.Arn, replica.KeyState, replica["Enabled"], replica["Description"]],
    [KeyId, arnIn(away, KeyId), "Enabled", true, ""],
  )
  assert.deepEqual(answer["ReplicaTags"], [{ TagKey: "c", TagValue: "d" }])
  assert.match(String(answer["ReplicaPolicy"]), /"Action" : "kms:\*"/)
  assert.equal(replica["CurrentKeyMaterialId"], primary["CurrentKeyMaterialId"])
  const PrimaryKey = { Arn: primary.Arn, Region: home }
  const ReplicaKeys = [{ Arn: replica.Arn, Region: away }]
  assert.deepEqual(replica["MultiRegionConfiguration"], {
    MultiRegionKeyType: "REPLICA",
    PrimaryKey,
    ReplicaKeys,
  })
  assert.deepEqual(await describe(KeyId, there), replica)
  const shown = await describe(KeyId)
  assert.deepEqual(shown["MultiRegionConfiguration"], {
    MultiRegionKeyType: "PRIMARY",
    PrimaryKey,
    ReplicaKeys,
  })
  assert.equal(shown["Description"], "first")
  assert.deepEqual((await aws.ok("ListResourceTags", { KeyId }))["Tags"], Tags)
  const aliases = async (as: As) => (await aws.ok("ListAliases", { KeyId }, as))["Aliases"]
  assert.equal(((await aliases({})) as readonly Body[])[0]?.["TargetKeyId"], KeyId)
  assert.deepEqual(await aliases(there), [])
  // One alias in each region, each for its own member.
  await aws.ok("CreateAlias", { AliasName: "alias/of-primary", TargetKeyId: KeyId }, there)
  assert.equal((await describe("alias/of-primary", there)).Arn, replica.Arn)
  assert.equal((await describe("alias/of-primary")).Arn, primary.Arn)
})

test("a region sees its own members alone, each of them once", async () => {
  const { KeyId, primary, replica } = await family()
  const single = await aws.createKey()
  const idsIn = async (as: As): Promise<readonly string[]> => {
    const { Keys } = await aws.ok("ListKeys", { Limit: 1_000 }, as)
    return (Keys as readonly Key[]).map((key) => String(key["KeyArn"]))
  }
  const [atHome, atAway] = [await idsIn({}), await idsIn(there)]
  assert.equal(atHome.filter((arn) => arn === primary.Arn).length, 1)
  assert.equal(atAway.filter((arn) => arn === replica.Arn).length, 1)
  assert.equal(atAway.includes(single.Arn), false)
  assert.equal(atAway.includes(primary.Arn), false)
  const absent = `NotFoundException: Key '${arnIn(farther, KeyId)}' does not exist`
  assert.equal(await aws.fault("DescribeKey", { KeyId }, { region: farther }), absent)
  assert.match(await aws.fault("DescribeKey", { KeyId: primary.Arn }, there), /^NotFoundException/)
})

test("an id is found in its own form alone", async () => {
  const { KeyId } = await family()
  const single = await aws.createKey()
  const asSingle = KeyId.slice(4).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
  const asMulti = `mrk-${single.KeyId.replaceAll("-", "")}`
  for (const odd of [asSingle, asMulti]) {
    assert.match(await aws.fault("DescribeKey", { KeyId: odd }), /^NotFoundException: Key '/)
    assert.match(await aws.fault("Encrypt", { KeyId: odd, ...plain }), /^NotFoundException: Key '/)
  }
})

test("what one member seals the other opens, and no other key does", async () => {
  const { KeyId, primary, replica } = await family()
  const EncryptionContext = { purpose: "test" }
  for (const [from, to, arn] of [
    [{}, there, replica.Arn],
    [there, {}, primary.Arn],
  ] as const) {
    const sealed = await aws.ok("Encrypt", { KeyId, ...plain, EncryptionContext }, from)
    const { CiphertextBlob } = sealed
    for (const named of [{}, { KeyId }]) {
      const input = { CiphertextBlob, EncryptionContext, ...named }
      const opened = await aws.ok("Decrypt", input, to)
      assert.deepEqual(
        [opened["Plaintext"], opened["KeyId"], opened["KeyMaterialId"]],
        [b64("x"), arn, primary["CurrentKeyMaterialId"]],
      )
      const other = { ...input, EncryptionContext: { purpose: "tesu" } }
      assert.match(await aws.fault("Decrypt", other, to), /^InvalidCiphertextException/)
    }
    const data = await aws.ok("GenerateDataKey", { KeyId, KeySpec: "AES_256" }, from)
    assert.equal(data["KeyMaterialId"], primary["CurrentKeyMaterialId"])
    const opened = await aws.ok("Decrypt", { CiphertextBlob: data["CiphertextBlob"] }, to)
    assert.equal(opened["Plaintext"], data["Plaintext"])
    const nowhere = await aws.fault("Decrypt", { CiphertextBlob }, { region: farther })
    assert.match(nowhere, /^AccessDeniedException: The ciphertext refers to a customer master key/)
    const another = await aws.createKey({ MultiRegion: true }, to)
    const wrong = { CiphertextBlob, EncryptionContext, KeyId: another.KeyId }
    assert.match(await aws.fault("Decrypt", wrong, to), /^IncorrectKeyException/)
  }
})

test("ReEncrypt moves between members' regions as between any keys", async () => {
  const { KeyId, replica } = await family()
  const single = await aws.createKey({}, there)
  const { CiphertextBlob } = await aws.ok("Encrypt", { KeyId, ...plain })
  const moved = await aws.ok("ReEncrypt", { CiphertextBlob, DestinationKeyId: single.KeyId }, there)
  assert.deepEqual([moved["SourceKeyId"], moved["KeyId"]], [replica.Arn, single.Arn])
  // Under the same key, as in AWS, where both are one in a region.
  const same = await aws.ok("ReEncrypt", { CiphertextBlob, DestinationKeyId: KeyId }, there)
  assert.equal(same["KeyId"], replica.Arn)
  const opened = await aws.ok("Decrypt", { CiphertextBlob: same["CiphertextBlob"] })
  assert.equal(opened["Plaintext"], b64("x"))
})

test("MACs, signatures, agreements and KEMs of one region hold in the other", async () => {
  const mac = await family({ KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" })
  const macking = { KeyId: mac.KeyId, Message: b64("m"), MacAlgorithm: "HMAC_SHA_256" }
  const { Mac } = await aws.ok("GenerateMac", macking)
  assert.equal((await aws.ok("VerifyMac", { ...macking, Mac }, there))["MacValid"], true)
  const odd = { ...macking, Message: b64("n"), Mac }
  assert.match(await aws.fault("VerifyMac", odd, there), /^KMSInvalidMacException/)
  for (const [KeySpec, SigningAlgorithm] of [
    ["ECC_NIST_P256", "ECDSA_SHA_256"],
    ["RSA_2048", "RSASSA_PSS_SHA_256"],
    ["ML_DSA_44", "ML_DSA_SHAKE_256"],
    ["ECC_NIST_EDWARDS25519", "ED25519_SHA_512"],
  ] as const) {
    const { KeyId } = await family({ KeySpec, KeyUsage: "SIGN_VERIFY" })
    const signing = { KeyId, Message: b64("m"), SigningAlgorithm }
    const { Signature } = await aws.ok("Sign", signing, there)
    assert.equal((await aws.ok("Verify", { ...signing, Signature }))["SignatureValid"], true)
    const other = { ...signing, Message: b64("n"), Signature }
    assert.match(await aws.fault("Verify", other), /^KMSInvalidSignatureException/)
    const [one, two] = [
      await aws.ok("GetPublicKey", { KeyId }),
      await aws.ok("GetPublicKey", { KeyId }, there),
    ]
    assert.equal(one["PublicKey"], two["PublicKey"])
  }
  const curve = await family({ KeySpec: "ECC_NIST_P256", KeyUsage: "KEY_AGREEMENT" })
  const peer = await family({ KeySpec: "ECC_NIST_P256", KeyUsage: "KEY_AGREEMENT" })
  const { PublicKey } = await aws.ok("GetPublicKey", { KeyId: peer.KeyId })
  const agree = { KeyId: curve.KeyId, KeyAgreementAlgorithm: "ECDH", PublicKey }
  const shared = await aws.ok("DeriveSharedSecret", agree)
  assert.equal(
    (await aws.ok("DeriveSharedSecret", agree, there))["SharedSecret"],
    shared["SharedSecret"],
  )
  const kem = await family({ KeySpec: "ML_KEM_768", KeyUsage: "ENCAPSULATE_DECAPSULATE" })
  const by = { KeyId: kem.KeyId, EncapsulationAlgorithm: "ML_KEM" }
  const sent = await aws.ok("Encapsulate", by)
  const { SharedSecretCiphertextBlob } = sent
  const got = await aws.ok("Decapsulate", { ...by, SharedSecretCiphertextBlob }, there)
  assert.equal(got["SharedSecret"], sent["SharedSecret"])
})

test("what is no primary is not replicated, and no region has two members", async () => {
  const single = await aws.createKey()
  const wanted = { ReplicaRegion: farther }
  assert.equal(
    await aws.fault("ReplicateKey", { KeyId: single.KeyId, ...wanted }),
    notPrimary(single.Arn),
  )
  const { KeyId, primary, replica } = await family()
  assert.equal(
    await aws.fault("ReplicateKey", { KeyId, ...wanted }, there),
    notPrimary(replica.Arn),
  )
  for (const [region, arn] of [
    [home, primary.Arn],
    [away, replica.Arn],
  ] as const) {
    const fault = await aws.fault("ReplicateKey", { KeyId, ReplicaRegion: region })
    assert.equal(fault, `AlreadyExistsException: Key ${arn} already exists.`)
  }
  const bad = await aws.fault("ReplicateKey", { KeyId, ReplicaRegion: "No Region" })
  assert.match(bad, /^ValidationException: .* at 'replicaRegion' failed/)
  const tags = [1, 2].map(() => ({ TagKey: "a", TagValue: "b" }))
  const twice = await aws.fault("ReplicateKey", { KeyId, ...wanted, Tags: tags })
  assert.equal(twice, "TagException: Duplicate tag keys")
  const policy = await aws.fault("ReplicateKey", { KeyId, ...wanted, Policy: "{}" })
  assert.match(policy, /^MalformedPolicyDocumentException/)
  await aws.ok("DisableKey", { KeyId })
  const disabled = await aws.fault("ReplicateKey", { KeyId, ...wanted })
  assert.equal(disabled, `DisabledException: ${primary.Arn} is disabled.`)
  const missing = await aws.fault("ReplicateKey", { KeyId: `mrk-${"0".repeat(32)}`, ...wanted })
  assert.match(missing, /^NotFoundException: Key '/)
  await aws.ok("EnableKey", { KeyId })
  await replicate(KeyId, farther)
})

test("a key has members in as many regions as the bound says, and no more", async () => {
  const { KeyId } = await aws.createKey({ MultiRegion: true })
  for (let n = 1; n < limits.familyMembersMax; n++) await replicate(KeyId, `region-${n}`)
  const fault = await aws.fault("ReplicateKey", { KeyId, ReplicaRegion: "region-0" })
  assert.match(fault, /^LimitExceededException/)
})

test("two replications into one region at once make one replica", async () => {
  const { KeyId } = await aws.createKey({ MultiRegion: true })
  const context = { KeyId, ReplicaRegion: away }
  const both = await Promise.allSettled([
    aws.ok("ReplicateKey", context),
    aws.ok("ReplicateKey", context),
  ])
  assert.equal(both.filter(({ status }) => status === "fulfilled").length, 1)
  const { ReplicaKeys } = (await describe(KeyId))["MultiRegionConfiguration"] as Body
  assert.equal((ReplicaKeys as readonly unknown[]).length, 1)
})

test("a member is disabled, and used, by itself", async () => {
  const { KeyId, primary } = await family()
  const { CiphertextBlob } = await aws.ok("Encrypt", { KeyId, ...plain })
  await aws.ok("DisableKey", { KeyId })
  const disabled = `DisabledException: ${primary.Arn} is disabled.`
  assert.equal(await aws.fault("Decrypt", { CiphertextBlob }), disabled)
  assert.equal((await aws.ok("Decrypt", { CiphertextBlob }, there))["Plaintext"], b64("x"))
  await aws.ok("EnableKey", { KeyId })
  await aws.ok("DisableKey", { KeyId }, there)
  await aws.ok("Encrypt", { KeyId, ...plain })
  assert.match(await aws.fault("Encrypt", { KeyId, ...plain }, there), /^DisabledException/)
})
