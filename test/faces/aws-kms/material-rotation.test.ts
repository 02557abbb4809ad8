/** Imported material that rotates, as AWS's dialect has it: import, list, rotate, delete. */

import assert from "node:assert/strict"
import { after, test } from "node:test"

import { maintain } from "../../../src/service/maintain.ts"
import { awsFace, b64, type As, type Body, type Key } from "../../support/aws-face.ts"
import { away, familiesOf, home, notPrimary, there } from "../../support/aws-family.ts"
import { importInput } from "../../support/aws-import.ts"

const aws = await awsFace({ keyImport: true })
after(() => aws.stop())

const hourMs = 3_600_000
const { arnIn, describe, replicate } = familiesOf(aws)
const far: As = { region: "ap-south-1" }
const isNew = { ImportType: "NEW_KEY_MATERIAL" }
const isOld = { ImportType: "EXISTING_KEY_MATERIAL" }
const bytesOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)

const external = (input: Body = {}): Promise<Key> => aws.createKey({ Origin: "EXTERNAL", ...input })
const seal = (KeyId: string, as: As = {}): Promise<Body> =>
  aws.ok("Encrypt", { KeyId, Plaintext: b64("x") }, as)

async function bring(KeyId: string, fill: number, more: Body = {}, as: As = {}): Promise<string> {
  const input = { ...(await importInput(aws, KeyId, bytesOf(fill), { as })), ...more }
  return String((await aws.ok("ImportKeyMaterial", input, as))["KeyMaterialId"])
}

async function refused(KeyId: string, fill: number, more: Body, as: As = {}): Promise<string> {
  const input = { ...(await importInput(aws, KeyId, bytesOf(fill), { as })), ...more }
  return await aws.fault("ImportKeyMaterial", input, as)
}

/** Every material of a key, oldest first. */
async function materials(KeyId: string, as: As = {}): Promise<readonly Body[]> {
  const input = { KeyId, IncludeKeyMaterial: "ALL_KEY_MATERIAL" }
  return (await aws.ok("ListKeyRotations", input, as))["Rotations"] as readonly Body[]
}

const statesOf = async (KeyId: string, as: As = {}) =>
  (await materials(KeyId, as)).map((one) => [one["KeyMaterialState"], one["ImportState"]])

const here = "IMPORTED"
const gone = "PENDING_IMPORT"
const waiting = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"

test("new material waits, becomes the current one, and old ciphertexts open for ever", async () => {
  const { KeyId, Arn } = await external()
  const first = await bring(KeyId, 1)
  const { CiphertextBlob: old } = await seal(KeyId)
  const second = await bring(KeyId, 2, isNew)
  assert.notEqual(second, first)
  assert.equal((await describe(KeyId))["CurrentKeyMaterialId"], first)
  assert.deepEqual(await aws.ok("RotateKeyOnDemand", { KeyId }), { KeyId: Arn })
  assert.equal((await describe(KeyId))["CurrentKeyMaterialId"], second)
  const made = await aws.ok("GenerateDataKey", { KeyId, KeySpec: "AES_256" })
  assert.equal(made["KeyMaterialId"], second)
  const idOf = async (CiphertextBlob: unknown) =>
    (await aws.ok("Decrypt", { CiphertextBlob }))["KeyMaterialId"]
  assert.deepEqual([await idOf(old), await idOf(made["CiphertextBlob"])], [first, second])
  const moved = await aws.ok("ReEncrypt", { CiphertextBlob: old, DestinationKeyId: KeyId })
  assert.deepEqual(
    [moved["SourceKeyMaterialId"], moved["DestinationKeyMaterialId"]],
    [first, second],
  )
})

test("material is listed with what its owner said of it, and what became of it", async () => {
  const { KeyId, Arn } = await external()
  const ids = [await bring(KeyId, 1, { KeyMaterialDescription: "of 2026" })]
  const ValidTo = (aws.stack.clock.now() + hourMs) / 1_000
  const expires = { ExpirationModel: "KEY_MATERIAL_EXPIRES", ValidTo }
  ids.push(await bring(KeyId, 2, { ...isNew, ...expires }))
  const stays = { ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE" }
  const about = { KeyId: Arn, ImportState: here }
  const one = { ...about, KeyMaterialId: ids[0], KeyMaterialDescription: "of 2026", ...stays }
  const two = { ...about, KeyMaterialId: ids[1], ...expires }
  assert.deepEqual(await materials(KeyId), [
    { ...one, KeyMaterialState: "CURRENT" },
    { ...two, KeyMaterialState: "PENDING_ROTATION" },
  ])
  const rotations = async (input: Body = {}) =>
    (await aws.ok("ListKeyRotations", { KeyId, ...input }))["Rotations"]
  assert.deepEqual(await rotations(), [], "nothing has rotated")
  await aws.ok("RotateKeyOnDemand", { KeyId })
  const RotationDate = aws.stack.clock.now() / 1_000
  const done = { KeyMaterialState: "CURRENT", RotationDate, RotationType: "ON_DEMAND" }
  assert.deepEqual(await rotations({ IncludeKeyMaterial: "ROTATIONS_ONLY" }), [{ ...two, ...done }])
  assert.deepEqual(await materials(KeyId), [
    { ...one, KeyMaterialState: "NON_CURRENT" },
    { ...two, ...done },
  ])
  // The end of the first that ends is the key's.
  const key = await describe(KeyId)
  assert.deepEqual([key["ExpirationModel"], key["ValidTo"]], Object.values(expires))
  // A description outlives its material, and follows whoever says another one.
  await aws.ok("DeleteImportedKeyMaterial", { KeyId, KeyMaterialId: ids[0] })
  const { ExpirationModel: _, ...away_ } = one
  assert.deepEqual((await materials(KeyId))[0], {
    ...away_,
    ImportState: gone,
    KeyMaterialState: "NON_CURRENT",
  })
  const descriptionAfter = async (more: Body) => {
    await bring(KeyId, 1, more)
    return (await materials(KeyId))[0]?.["KeyMaterialDescription"]
  }
  assert.equal(await descriptionAfter({}), "of 2026")
  assert.equal(await descriptionAfter({ KeyMaterialDescription: "renamed" }), "renamed")
})

test("pages of materials go on where the last one ended, with what waits at the end", async () => {
  const { KeyId } = await external()
  await bring(KeyId, 1)
  await bring(KeyId, 2, isNew)
  await aws.ok("RotateKeyOnDemand", { KeyId })
  await bring(KeyId, 3, isNew)
  const seen: unknown[] = []
  const input = { KeyId, IncludeKeyMaterial: "ALL_KEY_MATERIAL", Limit: 1 }
  let page = await aws.ok("ListKeyRotations", input)
  for (;;) {
    const [only] = page["Rotations"] as readonly Body[]
    seen.push(only?.["KeyMaterialState"])
    if (page["Truncated"] !== true) break
    page = await aws.ok("ListKeyRotations", { ...input, Marker: page["NextMarker"] })
  }
  assert.deepEqual(seen, ["NON_CURRENT", "CURRENT", "PENDING_ROTATION"])
})

test("an import is of new or existing material, and says so by its name", async () => {
  const { KeyId, Arn } = await external()
  const first = await bring(KeyId, 1, isNew)
  const incorrect = /^IncorrectKeyMaterialException: /
  assert.match(await refused(KeyId, 2, {}), incorrect, "existing is what is left unsaid")
  assert.match(await refused(KeyId, 2, isOld), incorrect)
  assert.match(await refused(KeyId, 1, isNew), incorrect, "it is not new")
  const both = await refused(KeyId, 2, { ...isNew, KeyMaterialId: first })
  assert.equal(both, "ValidationException: KeyMaterialId is not for NEW_KEY_MATERIAL.")
  const second = await bring(KeyId, 2, isNew)
  const third = await refused(KeyId, 3, isNew)
  assert.match(third, /^KMSInvalidStateException: the key has material that waits/)
  assert.match(await refused(KeyId, 2, { ...isOld, KeyMaterialId: first }), incorrect)
  assert.equal(await bring(KeyId, 2, { ...isOld, KeyMaterialId: second }), second)
  assert.match(await refused(KeyId, 2, { ...isOld, KeyMaterialId: "0".repeat(64) }), incorrect)
  const none = { KeyId, KeyMaterialId: "0".repeat(64) }
  assert.match(await aws.fault("DeleteImportedKeyMaterial", none), /^NotFoundException: /)
  assert.deepEqual(await aws.ok("DeleteImportedKeyMaterial", { KeyId, KeyMaterialId: second }), {
    KeyId: Arn,
    KeyMaterialId: second,
  })
  assert.equal((await describe(KeyId)).KeyState, "Enabled")
  await bring(KeyId, 3, isNew)
})

test("all material has to be here, or nothing works", async () => {
  const { KeyId, Arn } = await external()
  const first = await bring(KeyId, 1)
  await bring(KeyId, 2, isNew)
  await aws.ok("RotateKeyOnDemand", { KeyId })
  const { CiphertextBlob } = await seal(KeyId)
  await aws.ok("DeleteImportedKeyMaterial", { KeyId, KeyMaterialId: first })
  const waits = `KMSInvalidStateException: ${Arn} is pending import.`
  assert.equal((await describe(KeyId)).KeyState, "PendingImport")
  assert.equal(await aws.fault("Decrypt", { CiphertextBlob, KeyId }), waits)
  assert.equal(await aws.fault("Encrypt", { KeyId, Plaintext: b64("x") }), waits)
  assert.equal(await aws.fault("RotateKeyOnDemand", { KeyId }), waits)
  await aws.ok("DeleteImportedKeyMaterial", { KeyId })
  assert.deepEqual(await statesOf(KeyId), [
    ["NON_CURRENT", gone],
    ["CURRENT", gone],
  ])
  assert.equal("ExpirationModel" in (await describe(KeyId)), false)
  await bring(KeyId, 2)
  assert.equal(await aws.fault("Decrypt", { CiphertextBlob, KeyId }), waits)
  await bring(KeyId, 1)
  assert.equal((await aws.ok("Decrypt", { CiphertextBlob }))["Plaintext"], b64("x"))
})

test("one of several that expires takes the key with it, by the clock", async () => {
  const { KeyId } = await external()
  await bring(KeyId, 1)
  const ValidTo = (aws.stack.clock.now() + hourMs) / 1_000
  await bring(KeyId, 2, { ...isNew, ExpirationModel: "KEY_MATERIAL_EXPIRES", ValidTo })
  await aws.ok("RotateKeyOnDemand", { KeyId })
  aws.stack.clock.advance(hourMs)
  assert.equal((await describe(KeyId)).KeyState, "PendingImport")
  assert.deepEqual((await statesOf(KeyId))[1], ["CURRENT", gone], "before it is erased as well")
  await maintain(aws.stack.ports)
  assert.equal((await describe(KeyId)).KeyState, "PendingImport")
  await bring(KeyId, 2)
  assert.equal((await describe(KeyId)).KeyState, "Enabled")
})

test("nothing rotates that does not wait, and no other kind of key takes part", async () => {
  const { KeyId } = await external()
  await bring(KeyId, 1)
  const none = await aws.fault("RotateKeyOnDemand", { KeyId })
  assert.match(none, /^KMSInvalidStateException: no material was brought/)
  const mac = await external({ KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" })
  const spec = " key spec is HMAC_256 which is not valid for this operation."
  const not = `UnsupportedOperationException: ${mac.Arn}${spec}`
  const id = await bring(mac.KeyId, 1)
  for (const more of [isNew, isOld, { KeyMaterialDescription: "d" }, { KeyMaterialId: id }]) {
    assert.equal(await refused(mac.KeyId, 2, more), not)
  }
  for (const name of ["RotateKeyOnDemand", "ListKeyRotations"]) {
    assert.equal(await aws.fault(name, { KeyId: mac.KeyId }), not)
  }
  await bring(mac.KeyId, 1)
})

test("imported material rotates on demand as often as other material, and no more", async () => {
  const { KeyId } = await external()
  await bring(KeyId, 1)
  for (let round = 0; round < 25; round++) {
    await bring(KeyId, 2 + round, isNew)
    await aws.ok("RotateKeyOnDemand", { KeyId })
  }
  await bring(KeyId, 100, isNew)
  assert.match(await aws.fault("RotateKeyOnDemand", { KeyId }), /^LimitExceededException: /)
  await seal(KeyId)
})

test("the material of a family is brought to each member before it rotates", async () => {
  const { KeyId } = await external({ MultiRegion: true })
  const first = await bring(KeyId, 1)
  await replicate(KeyId)
  await replicate(KeyId, far.region)
  for (const as of [there, far]) await bring(KeyId, 1, isOld, as)
  const { CiphertextBlob: old } = await seal(KeyId, there)
  assert.equal(await refused(KeyId, 2, isNew, there), notPrimary(arnIn(away, KeyId)))
  assert.match(await refused(KeyId, 2, isOld, there), /^IncorrectKeyMaterialException/)
  const second = await bring(KeyId, 2, isNew)
  const current = ["CURRENT", here]
  assert.deepEqual(await statesOf(KeyId), [current, [waiting, here]])
  assert.deepEqual(await statesOf(KeyId, there), [current, [waiting, gone]])
  const early = await aws.fault("RotateKeyOnDemand", { KeyId })
  assert.match(early, /^KMSInvalidStateException: .* not in every member/)
  assert.equal(await bring(KeyId, 2, { ...isOld, KeyMaterialId: second }, there), second)
  assert.deepEqual(await statesOf(KeyId, there), [current, [waiting, here]])
  await bring(KeyId, 2, {}, far)
  for (const as of [{}, there, far]) {
    assert.deepEqual(await statesOf(KeyId, as), [current, ["PENDING_ROTATION", here]])
    assert.equal((await describe(KeyId, as)).KeyState, "Enabled")
  }
  const replica = await aws.fault("RotateKeyOnDemand", { KeyId }, there)
  assert.equal(replica, notPrimary(arnIn(away, KeyId)))
  await aws.ok("RotateKeyOnDemand", { KeyId })
  for (const as of [{}, there, far]) {
    const { CiphertextBlob } = await seal(KeyId, as)
    const opened = await aws.ok("Decrypt", { CiphertextBlob }, far)
    assert.equal(opened["KeyMaterialId"], second)
    assert.equal((await aws.ok("Decrypt", { CiphertextBlob: old }, as))["KeyMaterialId"], first)
  }
})

test("a replica's copy of what waits is its own; the primary's deletion is for all", async () => {
  const { KeyId } = await external({ MultiRegion: true })
  await bring(KeyId, 1)
  await replicate(KeyId)
  await bring(KeyId, 1, {}, there)
  const second = await bring(KeyId, 2, { ...isNew, KeyMaterialDescription: "ours" })
  await bring(KeyId, 2, {}, there)
  const { CiphertextBlob } = await seal(KeyId)
  await aws.ok("DeleteImportedKeyMaterial", { KeyId, KeyMaterialId: second }, there)
  assert.deepEqual((await statesOf(KeyId))[1], [waiting, here])
  assert.deepEqual((await statesOf(KeyId, there))[1], [waiting, gone])
  assert.equal((await materials(KeyId, there))[1]?.["KeyMaterialDescription"], undefined)
  assert.match(await aws.fault("RotateKeyOnDemand", { KeyId }), /not in every member/)
  await bring(KeyId, 2, {}, there)
  await aws.ok("DeleteImportedKeyMaterial", { KeyId, KeyMaterialId: second })
  for (const as of [{}, there]) {
    assert.deepEqual(await statesOf(KeyId, as), [["CURRENT", here]])
    assert.equal((await aws.ok("Decrypt", { CiphertextBlob }, as))["Plaintext"], b64("x"))
  }
  assert.match(await refused(KeyId, 2, {}, there), /^IncorrectKeyMaterialException/)
  const third = await bring(KeyId, 3, isNew)
  await bring(KeyId, 3, {}, there)
  await aws.ok("RotateKeyOnDemand", { KeyId })
  assert.equal((await describe(KeyId, there))["CurrentKeyMaterialId"], third)
})

test("what waits expires at a replica and comes back there, at the primary for all", async () => {
  const { KeyId } = await external({ MultiRegion: true })
  await bring(KeyId, 1)
  await replicate(KeyId)
  await bring(KeyId, 1, {}, there)
  const until = (ms: number): Body => ({
    ExpirationModel: "KEY_MATERIAL_EXPIRES",
    ValidTo: (aws.stack.clock.now() + ms) / 1_000,
  })
  await bring(KeyId, 2, { ...isNew, ...until(2 * hourMs) })
  await bring(KeyId, 2, until(hourMs), there)
  aws.stack.clock.advance(hourMs)
  const half = ["CURRENT", here]
  assert.deepEqual(await statesOf(KeyId), [half, [waiting, here]], "at its instant")
  await maintain(aws.stack.ports)
  assert.deepEqual(await statesOf(KeyId, there), [half, [waiting, gone]])
  assert.equal((await describe(KeyId, there)).KeyState, "Enabled")
  await bring(KeyId, 2, {}, there)
  aws.stack.clock.advance(hourMs)
  await maintain(aws.stack.ports)
  for (const as of [{}, there]) {
    assert.deepEqual(await statesOf(KeyId, as), [half])
    await seal(KeyId, as)
  }
})

test("a member that joins, or becomes the primary, waits for the same material", async () => {
  const { KeyId } = await external({ MultiRegion: true })
  await bring(KeyId, 1)
  const second = await bring(KeyId, 2, isNew)
  assert.deepEqual((await statesOf(KeyId))[1], ["PENDING_ROTATION", here], "it is alone")
  await replicate(KeyId)
  assert.deepEqual(await statesOf(KeyId, there), [
    ["CURRENT", gone],
    [waiting, gone],
  ])
  await bring(KeyId, 1, {}, there)
  assert.equal((await describe(KeyId, there)).KeyState, "Enabled")
  await aws.ok("UpdatePrimaryRegion", { KeyId, PrimaryRegion: away })
  assert.match(await aws.fault("RotateKeyOnDemand", { KeyId }, there), /not in every member/)
  await bring(KeyId, 2, {}, there)
  await aws.ok("RotateKeyOnDemand", { KeyId }, there)
  assert.equal((await describe(KeyId))["CurrentKeyMaterialId"], second)
  assert.equal((await describe(KeyId, { region: home }))["CurrentKeyMaterialId"], second)
})
