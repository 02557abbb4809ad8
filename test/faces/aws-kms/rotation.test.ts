import assert from "node:assert/strict"
import { after, test } from "node:test"

import { maintain } from "../../../src/service/maintain.ts"
import { awsFace, b64, type Body } from "../../support/aws-face.ts"

const aws = await awsFace()
after(() => aws.stop())

const dayMs = 86_400_000
const rotationsOf = async (input: Body) => {
  const { Rotations } = await aws.ok("ListKeyRotations", input)
  return Rotations as readonly Body[]
}

test("rotation by the clock is switched on, shown, and off again", async () => {
  const { KeyId, Arn } = await aws.createKey()
  const off = { KeyId: Arn, KeyRotationEnabled: false }
  assert.deepEqual(await aws.ok("GetKeyRotationStatus", { KeyId }), off)
  await aws.ok("EnableKeyRotation", { KeyId })
  assert.deepEqual(await aws.ok("GetKeyRotationStatus", { KeyId }), {
    KeyId: Arn,
    KeyRotationEnabled: true,
    RotationPeriodInDays: 365,
    NextRotationDate: (aws.stack.clock.now() + 365 * dayMs) / 1_000,
  })
  await aws.ok("EnableKeyRotation", { KeyId, RotationPeriodInDays: 90 })
  const status = await aws.ok("GetKeyRotationStatus", { KeyId })
  assert.equal(status["RotationPeriodInDays"], 90)
  await aws.ok("DisableKeyRotation", { KeyId })
  assert.deepEqual(await aws.ok("GetKeyRotationStatus", { KeyId }), off)
})

for (const days of [89, 2_561]) {
  test(`a period of ${days} days is refused`, async () => {
    const { KeyId } = await aws.createKey()
    const fault = await aws.fault("EnableKeyRotation", { KeyId, RotationPeriodInDays: days })
    assert.match(fault, /^ValidationException: .* at 'rotationPeriodInDays' failed/)
  })
}

test("new ciphertexts use new material, old ones open for ever, ReEncrypt moves them", async () => {
  const { KeyId, CurrentKeyMaterialId: first } = await aws.createKey()
  await aws.ok("EnableKeyRotation", { KeyId, RotationPeriodInDays: 90 })
  const { CiphertextBlob } = await aws.ok("Encrypt", { KeyId, Plaintext: b64("old") })
  aws.stack.clock.advance(90 * dayMs)
  await maintain(aws.stack.ports)
  const opened = await aws.ok("Decrypt", { CiphertextBlob })
  assert.deepEqual([opened["Plaintext"], opened["KeyMaterialId"]], [b64("old"), first])
  const moved = await aws.ok("ReEncrypt", { CiphertextBlob, DestinationKeyId: KeyId })
  const [rotation] = await rotationsOf({ KeyId })
  assert.deepEqual(
    [moved["SourceKeyMaterialId"], moved["DestinationKeyMaterialId"]],
    [first, rotation?.["KeyMaterialId"]],
  )
  assert.equal(rotation?.["RotationType"], "AUTOMATIC")
  assert.notEqual(rotation["KeyMaterialId"], first)
})

test("rotation on demand happens at once, and its history is listed page by page", async () => {
  const { KeyId, Arn, CurrentKeyMaterialId: first } = await aws.createKey()
  assert.deepEqual(await rotationsOf({ KeyId }), [])
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await aws.ok("RotateKeyOnDemand", { KeyId }), { KeyId: Arn })
  }
  const rotations = await rotationsOf({ KeyId })
  const RotationDate = aws.stack.clock.now() / 1_000
  const common = { KeyId: Arn, RotationDate, RotationType: "ON_DEMAND" }
  const states = ["NON_CURRENT", "NON_CURRENT", "CURRENT"]
  assert.deepEqual(
    rotations,
    states.map((KeyMaterialState, at) => ({
      ...common,
      KeyMaterialState,
      KeyMaterialId: rotations[at]?.["KeyMaterialId"],
    })),
  )
  assert.equal(new Set(rotations.map((one) => one["KeyMaterialId"])).size, 3)
  const IncludeKeyMaterial = "ALL_KEY_MATERIAL"
  const all = await rotationsOf({ KeyId, IncludeKeyMaterial })
  const initial = { KeyId: Arn, KeyMaterialId: first, KeyMaterialState: "NON_CURRENT" }
  assert.deepEqual(all, [initial, ...rotations])
  const paged: Body[] = []
  let Marker: unknown
  do {
    const page = await aws.ok("ListKeyRotations", { KeyId, IncludeKeyMaterial, Limit: 3, Marker })
    paged.push(...(page["Rotations"] as Body[]))
    Marker = page["NextMarker"]
    assert.equal(page["Truncated"], Marker !== undefined)
  } while (Marker !== undefined)
  assert.deepEqual(paged, all)
})

test("a key is rotated on demand 25 times at most", async () => {
  const { KeyId } = await aws.createKey()
  for (let round = 0; round < 25; round++) await aws.ok("RotateKeyOnDemand", { KeyId })
  assert.match(await aws.fault("RotateKeyOnDemand", { KeyId }), /^LimitExceededException: /)
})

const rotating = ["EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand"]

test("pairs and keys for MACs do not rotate, and say so of their status", async () => {
  for (const input of [
    { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" },
    { KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" },
  ]) {
    const { KeyId, Arn } = await aws.createKey(input)
    for (const name of [...rotating, "ListKeyRotations"]) {
      assert.equal(
        await aws.fault(name, { KeyId }),
        `UnsupportedOperationException: ${Arn} key spec is ${input.KeySpec} which is not valid ` +
          "for this operation.",
      )
    }
    const status = await aws.ok("GetKeyRotationStatus", { KeyId })
    assert.deepEqual(status, { KeyId: Arn, KeyRotationEnabled: false })
  }
})

test("a key that is off or about to be destroyed does not change its rotation", async () => {
  const { KeyId, Arn } = await aws.createKey()
  await aws.ok("EnableKeyRotation", { KeyId })
  await aws.ok("DisableKey", { KeyId })
  for (const name of rotating) {
    assert.equal(await aws.fault(name, { KeyId }), `DisabledException: ${Arn} is disabled.`)
  }
  await aws.ok("ScheduleKeyDeletion", { KeyId })
  for (const name of rotating) {
    const pending = `KMSInvalidStateException: ${Arn} is pending deletion.`
    assert.equal(await aws.fault(name, { KeyId }), pending)
  }
  const status = await aws.ok("GetKeyRotationStatus", { KeyId })
  assert.equal(status["KeyRotationEnabled"], false)
})

test("who may only use a key neither rotates it nor hears what it is made for", async () => {
  const { KeyId } = await aws.createKey({ KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" })
  const user = { name: "bob", roles: ["user"] as const }
  for (const name of rotating) {
    assert.match(await aws.fault(name, { KeyId }, user), /^AccessDeniedException: /)
  }
})
