/** Multi-Region keys over time: rotation, import, deletion, another primary, who may. */

import assert from "node:assert/strict"
import { generateKeyPairSync, randomBytes } from "node:crypto"
import { after, test } from "node:test"

import { maintain } from "../../../src/service/maintain.ts"
import { awsFace, b64, type As, type Body } from "../../support/aws-face.ts"
import { away, familiesOf, home, notPrimary, there } from "../../support/aws-family.ts"
import { importInput } from "../../support/aws-import.ts"

const aws = await awsFace({ keyImport: true })
after(() => aws.stop())

const dayMs = 86_400_000
const plain = { Plaintext: b64("x") }
const { arnIn, describe, family, replicate } = familiesOf(aws)
const encrypt = async (KeyId: string, as: As = {}): Promise<string> =>
  String((await aws.ok("Encrypt", { KeyId, ...plain }, as))["CiphertextBlob"])
const decrypt = async (CiphertextBlob: string, as: As = {}): Promise<Body> =>
  await aws.ok("Decrypt", { CiphertextBlob }, as)
const pass = async (days: number): Promise<void> => {
  aws.stack.clock.advance(days * dayMs)
  await maintain(aws.stack.ports)
}
const remove = (KeyId: string, as: As = {}): Promise<Body> =>
  aws.ok("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 }, as)
const idsOf = async (KeyId: string, as: As = {}) => {
  const input = { KeyId, IncludeKeyMaterial: "ALL_KEY_MATERIAL" }
  const { Rotations } = await aws.ok("ListKeyRotations", input, as)
  return (Rotations as readonly Body[]).map((one) => one["KeyMaterialId"])
}

test("a rotation on demand is the primary's, and every member has the new material", async () => {
  const { KeyId, primary, replica } = await family()
  const old = await encrypt(KeyId, there)
  await aws.ok("RotateKeyOnDemand", { KeyId })
  const [one, two] = [await describe(KeyId), await describe(KeyId, there)]
  assert.notEqual(one["CurrentKeyMaterialId"], primary["CurrentKeyMaterialId"])
  assert.equal(two["CurrentKeyMaterialId"], one["CurrentKeyMaterialId"])
  for (const [from, to] of [
    [{}, there],
    [there, {}],
  ] as const) {
    const opened = await decrypt(await encrypt(KeyId, from), to)
    assert.equal(opened["KeyMaterialId"], one["CurrentKeyMaterialId"])
    assert.equal((await decrypt(old, to))["KeyMaterialId"], primary["CurrentKeyMaterialId"])
  }
  assert.deepEqual(await idsOf(KeyId, there), await idsOf(KeyId))
  // A member that comes later has what came before.
  await replicate(KeyId, "ap-south-1")
  assert.equal((await decrypt(old, { region: "ap-south-1" }))["Plaintext"], b64("x"))
  for (const name of ["RotateKeyOnDemand", "EnableKeyRotation", "DisableKeyRotation"]) {
    assert.equal(await aws.fault(name, { KeyId }, there), notPrimary(replica.Arn))
  }
  assert.equal((await idsOf(KeyId)).length, 2, "what was refused rotated nothing")
})

test("rotation by the clock is set on the primary, and happens once for all", async () => {
  const { KeyId } = await family()
  await aws.ok("EnableKeyRotation", { KeyId, RotationPeriodInDays: 90 })
  const status = (as: As = {}) => aws.ok("GetKeyRotationStatus", { KeyId }, as)
  const { KeyId: atHome, ...shared } = await status()
  assert.equal(atHome, arnIn(home, KeyId))
  assert.deepEqual(await status(there), { KeyId: arnIn(away, KeyId), ...shared })
  await replicate(KeyId, "ap-south-1")
  assert.equal((await status({ region: "ap-south-1" }))["KeyRotationEnabled"], true)
  await pass(90)
  assert.equal((await idsOf(KeyId)).length, 2)
  assert.deepEqual(await idsOf(KeyId, there), await idsOf(KeyId))
  assert.equal((await decrypt(await encrypt(KeyId), there))["Plaintext"], b64("x"))
  // A disabled primary does not rotate, whatever state its replicas are in.
  await aws.ok("DisableKey", { KeyId })
  await pass(90)
  assert.equal((await idsOf(KeyId)).length, 2)
  await aws.ok("EnableKey", { KeyId })
  await aws.ok("DisableKeyRotation", { KeyId })
  assert.equal((await status(there))["KeyRotationEnabled"], false)
  await pass(90)
  assert.equal((await idsOf(KeyId, there)).length, 2)
})

test("a replica of imported material waits for the same bytes, and takes no others", async () => {
  const primary = await aws.createKey({ MultiRegion: true, Origin: "EXTERNAL" })
  const { KeyId } = primary
  const waits = await aws.fault("ReplicateKey", { KeyId, ReplicaRegion: away })
  assert.equal(waits, `KMSInvalidStateException: ${primary.Arn} is pending import.`)
  const material = randomBytes(32)
  const bring = async (bytes: Uint8Array, as: As = {}) =>
    await importInput(aws, KeyId, bytes, { as })
  await aws.ok("ImportKeyMaterial", await bring(material))
  const sealed = await encrypt(KeyId)
  const replica = await replicate(KeyId)
  assert.deepEqual([replica.KeyState, replica["Enabled"]], ["PendingImport", false])
  const pending = `KMSInvalidStateException: ${replica.Arn} is pending import.`
  assert.equal(await aws.fault("Encrypt", { KeyId, ...plain }, there), pending)
  assert.match(await aws.fault("Decrypt", { CiphertextBlob: sealed }, there), /is pending import/)
  const other = Buffer.from(material)
  other[31] = (other[31] ?? 0) ^ 1
  const wrong = await aws.fault("ImportKeyMaterial", await bring(other, there), there)
  assert.match(wrong, /^IncorrectKeyMaterialException/)
  // A token of the primary does not serve the replica.
  const foreign = await aws.fault("ImportKeyMaterial", await bring(material), there)
  assert.match(foreign, /^InvalidImportTokenException/)
  const done = await aws.ok("ImportKeyMaterial", await bring(material, there), there)
  assert.equal(done["KeyMaterialId"], (await describe(KeyId))["CurrentKeyMaterialId"])
  assert.equal((await decrypt(sealed, there))["Plaintext"], b64("x"))
  // Each takes its own away.
  await aws.ok("DeleteImportedKeyMaterial", { KeyId })
  assert.equal((await describe(KeyId)).KeyState, "PendingImport")
  assert.equal((await decrypt(sealed, there))["Plaintext"], b64("x"))
  assert.match(await aws.fault("Decrypt", { CiphertextBlob: sealed }), /is pending import/)
})

test("a pair whose private half comes from outside signs in each region that has it", async () => {
  const pair = { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" }
  const { KeyId } = await aws.createKey({ MultiRegion: true, Origin: "EXTERNAL", ...pair })
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const pkcs8 = privateKey.export({ format: "der", type: "pkcs8" })
  const algorithm = "RSA_AES_KEY_WRAP_SHA_256"
  await aws.ok("ImportKeyMaterial", await importInput(aws, KeyId, pkcs8, { algorithm }))
  await replicate(KeyId)
  const waits = /^KMSInvalidStateException: .* is pending import\.$/
  assert.match(await aws.fault("GetPublicKey", { KeyId }, there), waits)
  const input = await importInput(aws, KeyId, pkcs8, { algorithm, as: there })
  await aws.ok("ImportKeyMaterial", input, there)
  const signing = { KeyId, Message: b64("m"), SigningAlgorithm: "ECDSA_SHA_256" }
  const { Signature } = await aws.ok("Sign", signing, there)
  assert.equal((await aws.ok("Verify", { ...signing, Signature }))["SignatureValid"], true)
})

test("material that expires in one region stays in the other", async () => {
  const { KeyId } = await aws.createKey({ MultiRegion: true, Origin: "EXTERNAL" })
  const material = randomBytes(32)
  await aws.ok("ImportKeyMaterial", await importInput(aws, KeyId, material))
  await replicate(KeyId)
  const ValidTo = (aws.stack.clock.now() + dayMs) / 1_000
  const input = await importInput(aws, KeyId, material, { as: there })
  const expires = { ...input, ValidTo, ExpirationModel: "KEY_MATERIAL_EXPIRES" }
  await aws.ok("ImportKeyMaterial", expires, there)
  const sealed = await encrypt(KeyId, there)
  await pass(1)
  assert.equal((await describe(KeyId, there)).KeyState, "PendingImport")
  assert.equal((await decrypt(sealed))["Plaintext"], b64("x"))
})

test("a primary with replicas waits for their end, and its own window begins then", async () => {
  const { KeyId, primary, replica } = await family()
  await replicate(KeyId, "ap-south-1")
  const last: As = { region: "ap-south-1" }
  assert.deepEqual(await remove(KeyId), {
    KeyId: primary.Arn,
    KeyState: "PendingReplicaDeletion",
    PendingWindowInDays: 7,
  })
  const waiting = await describe(KeyId)
  assert.deepEqual(
    [waiting.KeyState, waiting["PendingDeletionWindowInDays"], waiting["DeletionDate"]],
    ["PendingReplicaDeletion", 7, undefined],
  )
  const pending = `KMSInvalidStateException: ${primary.Arn} is pending replica deletion.`
  assert.equal(await aws.fault("Encrypt", { KeyId, ...plain }), pending)
  assert.equal(await aws.fault("ReplicateKey", { KeyId, ReplicaRegion: "sa-east-1" }), pending)
  await pass(30)
  assert.equal((await describe(KeyId)).KeyState, "PendingReplicaDeletion")
  const sealed = await encrypt(KeyId, there)
  const gone = await remove(KeyId, there)
  assert.equal(gone["KeyState"], "PendingDeletion")
  assert.equal((await describe(KeyId, there)).Arn, replica.Arn)
  await pass(7)
  assert.match(await aws.fault("DescribeKey", { KeyId }, there), /^NotFoundException/)
  assert.equal((await describe(KeyId)).KeyState, "PendingReplicaDeletion")
  assert.equal((await decrypt(sealed, last))["Plaintext"], b64("x"))
  await remove(KeyId, last)
  await pass(7)
  const begun = await describe(KeyId)
  assert.deepEqual(
    [begun.KeyState, begun["DeletionDate"], begun["PendingDeletionWindowInDays"]],
    ["PendingDeletion", (aws.stack.clock.now() + 7 * dayMs) / 1_000, undefined],
  )
  await pass(6)
  await describe(KeyId)
  await pass(1)
  assert.match(await aws.fault("DescribeKey", { KeyId }), /^NotFoundException/)
})

test("a primary that waited comes back, with its replicas as they were", async () => {
  const { KeyId } = await family()
  const sealed = await encrypt(KeyId)
  await remove(KeyId)
  await aws.ok("CancelKeyDeletion", { KeyId })
  assert.equal((await describe(KeyId)).KeyState, "Disabled")
  await remove(KeyId, there)
  await pass(7)
  assert.equal((await describe(KeyId)).KeyState, "Disabled", "it waits no more")
  await aws.ok("EnableKey", { KeyId })
  assert.equal((await decrypt(sealed))["Plaintext"], b64("x"))
})

test("a region whose replica was destroyed gets another one, of the same material", async () => {
  const { KeyId, replica } = await family()
  const sealed = await encrypt(KeyId, there)
  await remove(KeyId, there)
  const exists = await aws.fault("ReplicateKey", { KeyId, ReplicaRegion: away })
  assert.equal(exists, `AlreadyExistsException: Key ${replica.Arn} already exists.`)
  await pass(7)
  assert.match(await aws.fault("Decrypt", { CiphertextBlob: sealed }, there), /^AccessDenied/)
  assert.equal((await decrypt(sealed))["Plaintext"], b64("x"))
  const { ReplicaKeys } = (await describe(KeyId))["MultiRegionConfiguration"] as Body
  assert.deepEqual(ReplicaKeys, [])
  const again = await replicate(KeyId)
  assert.equal(again.Arn, replica.Arn)
  assert.equal((await decrypt(sealed, there))["Plaintext"], b64("x"))
})

test("another member becomes the primary, and the first one a replica like any", async () => {
  const { KeyId, primary, replica } = await family()
  const sealed = await encrypt(KeyId)
  assert.deepEqual(await aws.ok("UpdatePrimaryRegion", { KeyId, PrimaryRegion: away }), {})
  const configuration = {
    PrimaryKey: { Arn: replica.Arn, Region: away },
    ReplicaKeys: [{ Arn: primary.Arn, Region: home }],
  }
  for (const [as, MultiRegionKeyType] of [
    [{}, "REPLICA"],
    [there, "PRIMARY"],
  ] as const) {
    const shown = (await describe(KeyId, as))["MultiRegionConfiguration"]
    assert.deepEqual(shown, { MultiRegionKeyType, ...configuration })
  }
  const wanted = { KeyId, ReplicaRegion: "ap-south-1" }
  assert.equal(await aws.fault("ReplicateKey", wanted), notPrimary(primary.Arn))
  assert.equal(await aws.fault("RotateKeyOnDemand", { KeyId }), notPrimary(primary.Arn))
  await aws.ok("ReplicateKey", wanted, there)
  await aws.ok("RotateKeyOnDemand", { KeyId }, there)
  assert.equal((await decrypt(await encrypt(KeyId), there))["Plaintext"], b64("x"))
  // The one whose id all of them bear goes, and they are found by it all the same.
  await remove(KeyId)
  await pass(7)
  const newer = await encrypt(KeyId, there)
  const last = { region: "ap-south-1" }
  assert.equal((await decrypt(sealed, last))["Plaintext"], b64("x"))
  assert.equal((await decrypt(newer, last))["Plaintext"], b64("x"))
  await aws.ok("ReplicateKey", { KeyId, ReplicaRegion: home }, there)
  assert.equal((await decrypt(newer))["Plaintext"], b64("x"))
})

test("a primary is moved by itself alone, to a replica that can be one", async () => {
  const { KeyId, primary, replica } = await family()
  const move = (PrimaryRegion: string, as: As = {}) =>
    aws.fault("UpdatePrimaryRegion", { KeyId, PrimaryRegion }, as)
  assert.equal(await move(home, there), notPrimary(replica.Arn))
  const nowhere = `NotFoundException: Key '${arnIn("ap-south-1", KeyId)}' does not exist`
  assert.equal(await move("ap-south-1"), nowhere)
  const single = await aws.createKey()
  const input = { KeyId: single.KeyId, PrimaryRegion: away }
  assert.equal(await aws.fault("UpdatePrimaryRegion", input), notPrimary(single.Arn))
  await aws.ok("DisableKey", { KeyId }, there)
  assert.equal(await move(away), `DisabledException: ${replica.Arn} is disabled.`)
  await aws.ok("EnableKey", { KeyId }, there)
  await aws.ok("DisableKey", { KeyId })
  assert.equal(await move(away), `DisabledException: ${primary.Arn} is disabled.`)
})
