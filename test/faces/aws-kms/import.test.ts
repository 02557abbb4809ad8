/** Keys whose owner brings the material along: waiting, importing, expiring, and coming back. */

import assert from "node:assert/strict"
import { createHmac, generateKeyPairSync, randomBytes, verify } from "node:crypto"
import { after, test } from "node:test"

import { maintain } from "../../../src/service/maintain.ts"
import { newPartition } from "../../support/stack.ts"
import { awsFace, b64, bytesOf, type Body, type Key } from "../../support/aws-face.ts"
import { importInput, wrappingAlgorithms, type Wanted } from "../../support/aws-import.ts"

const aws = await awsFace({ keyImport: true })
after(() => aws.stop())

const dayMs = 86_400_000
const hourMs = 3_600_000
const material = Buffer.alloc(32, 7)
const external = (input: Body = {}): Promise<Key> => aws.createKey({ Origin: "EXTERNAL", ...input })
const describe = async (KeyId: string): Promise<Key> =>
  (await aws.ok("DescribeKey", { KeyId }))["KeyMetadata"] as Key
const seconds = (ms: number): number => ms / 1_000
const encrypt = (KeyId: string): Promise<Body> => aws.ok("Encrypt", { KeyId, Plaintext: b64("x") })
const refused = (KeyId: string): Promise<string> =>
  aws.fault("Encrypt", { KeyId, Plaintext: b64("x") })

const origin = (arn: string, name: string): string =>
  `UnsupportedOperationException: ${arn} origin is ${name} which is not valid for this operation.`

async function bring(KeyId: string, bytes: Uint8Array, more: Body & Wanted = {}): Promise<Body> {
  const { algorithm, spec, ...rest } = more
  const wanted = { ...(algorithm && { algorithm }), ...(spec && { spec }) }
  return await aws.ok("ImportKeyMaterial", {
    ...(await importInput(aws, KeyId, bytes, wanted)),
    ...rest,
  })
}

test("a key of origin EXTERNAL waits for its material, and does nothing before", async () => {
  const key = await external()
  assert.deepEqual(
    [key["Origin"], key.KeyState, key["Enabled"], key["CurrentKeyMaterialId"]],
    ["EXTERNAL", "PendingImport", false, undefined],
  )
  assert.equal("ExpirationModel" in key, false)
  const { KeyId, Arn } = key
  const waits = `KMSInvalidStateException: ${Arn} is pending import.`
  assert.equal(await refused(KeyId), waits)
  assert.equal(await aws.fault("GenerateDataKey", { KeyId, KeySpec: "AES_256" }), waits)
  assert.equal(await aws.fault("EnableKey", { KeyId }), waits)
  assert.equal(await aws.fault("DisableKey", { KeyId }), waits)
  const pair = await external({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" })
  const waitsToo = `KMSInvalidStateException: ${pair.Arn} is pending import.`
  assert.equal(await aws.fault("GetPublicKey", { KeyId: pair.KeyId }), waitsToo)
  const SigningAlgorithm = "ECDSA_SHA_256"
  const sign = { KeyId: pair.KeyId, Message: b64("m"), SigningAlgorithm }
  assert.equal(await aws.fault("Sign", sign), waitsToo)
  await aws.ok("CreateAlias", { AliasName: "alias/waiting", TargetKeyId: KeyId })
  await aws.ok("UpdateKeyDescription", { KeyId, Description: "still waiting" })
})

for (const algorithm of wrappingAlgorithms) {
  for (const spec of ["RSA_2048", "RSA_3072"] as const) {
    test(`material comes in by ${algorithm} under ${spec}`, async () => {
      const { KeyId, Arn } = await external()
      const done = await bring(KeyId, material, { algorithm, spec })
      assert.equal(done["KeyId"], Arn)
      assert.match(String(done["KeyMaterialId"]), /^[0-9a-f]{64}$/)
      const key = await describe(KeyId)
      assert.deepEqual(
        [key.KeyState, key["ExpirationModel"], key["ValidTo"], key["CurrentKeyMaterialId"]],
        ["Enabled", "KEY_MATERIAL_DOES_NOT_EXPIRE", undefined, done["KeyMaterialId"]],
      )
      const { CiphertextBlob } = await encrypt(KeyId)
      assert.equal((await aws.ok("Decrypt", { CiphertextBlob }))["Plaintext"], b64("x"))
    })
  }
}

test("RSA-4096 wraps as well, and what was imported is what its owner has", async () => {
  const { KeyId } = await external({ KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" })
  const secret = randomBytes(32)
  await bring(KeyId, secret, { spec: "RSA_4096" })
  const MacAlgorithm = "HMAC_SHA_256"
  const { Mac } = await aws.ok("GenerateMac", { KeyId, Message: b64("m"), MacAlgorithm })
  assert.equal(Mac, createHmac("sha256", secret).update("m").digest("base64"))
})

for (const [KeySpec, make, algorithm] of [
  ["RSA_2048", () => generateKeyPairSync("rsa", { modulusLength: 2_048 }), "RSASSA_PSS_SHA_256"],
  ["ECC_NIST_P256", () => generateKeyPairSync("ec", { namedCurve: "P-256" }), "ECDSA_SHA_256"],
  [
    "ECC_SECG_P256K1",
    () => generateKeyPairSync("ec", { namedCurve: "secp256k1" }),
    "ECDSA_SHA_256",
  ],
  ["ECC_NIST_EDWARDS25519", () => generateKeyPairSync("ed25519"), "ED25519_SHA_512"],
] as const) {
  test(`a private key of ${KeySpec} comes in, and signs for its owner's public key`, async () => {
    const { KeyId } = await external({ KeySpec, KeyUsage: "SIGN_VERIFY" })
    const { privateKey, publicKey } = make()
    const pkcs8 = privateKey.export({ format: "der", type: "pkcs8" })
    await bring(KeyId, pkcs8, { algorithm: "RSA_AES_KEY_WRAP_SHA_256" })
    const shown = await aws.ok("GetPublicKey", { KeyId })
    assert.deepEqual(bytesOf(shown["PublicKey"]), publicKey.export({ format: "der", type: "spki" }))
    const input = { KeyId, Message: b64("m"), SigningAlgorithm: algorithm }
    const { Signature } = await aws.ok("Sign", input)
    const pss = KeySpec === "RSA_2048" ? { padding: 6, saltLength: 32 } : {}
    const hash = KeySpec === "ECC_NIST_EDWARDS25519" ? null : "sha256"
    const key = { key: publicKey, ...pss }
    assert.ok(verify(hash, Buffer.from("m"), key, bytesOf(Signature)))
    assert.ok(!verify(hash, Buffer.from("n"), key, bytesOf(Signature)))
  })
}

test("a key that the material does not fit is refused like what does not unwrap", async () => {
  const { KeyId } = await external()
  const fitting = await importInput(aws, KeyId, material)
  const { EncryptedKeyMaterial: wrapped } = fitting
  const flipped = bytesOf(wrapped)
  flipped[9] = (flipped[9] ?? 0) ^ 1
  const broken = { ...fitting, EncryptedKeyMaterial: b64(flipped) }
  assert.equal(await aws.fault("ImportKeyMaterial", broken), "InvalidCiphertextException")
  const short = await importInput(aws, KeyId, material.subarray(1))
  assert.equal(await aws.fault("ImportKeyMaterial", short), "InvalidCiphertextException")
  assert.equal((await describe(KeyId)).KeyState, "PendingImport")
  await aws.ok("ImportKeyMaterial", fitting) // Nothing was used up.
})

test("a token counts once, for its key, its account and its public key alone", async () => {
  const { KeyId } = await external()
  const other = await external()
  const input = await importInput(aws, KeyId, material)
  const notThis = "InvalidImportTokenException: the import token does not serve this key"
  const token = bytesOf(input.ImportToken)
  for (let at = 0; at < token.length; at += 7) {
    const flipped = Buffer.from(token)
    flipped[at] = (flipped[at] ?? 0) ^ 1
    const ImportToken = b64(flipped)
    assert.equal(await aws.fault("ImportKeyMaterial", { ...input, ImportToken }), notThis)
  }
  const cut = b64(token.subarray(0, -1))
  assert.equal(await aws.fault("ImportKeyMaterial", { ...input, ImportToken: cut }), notThis)
  const misplaced = { ...input, KeyId: other.KeyId }
  assert.equal(await aws.fault("ImportKeyMaterial", misplaced), notThis)
  const again = await importInput(aws, KeyId, material)
  const crossed = { ...input, EncryptedKeyMaterial: again.EncryptedKeyMaterial }
  assert.equal(await aws.fault("ImportKeyMaterial", crossed), "InvalidCiphertextException")
  await aws.ok("ImportKeyMaterial", input)
  assert.equal(await aws.fault("ImportKeyMaterial", input), notThis)
  await aws.ok("ImportKeyMaterial", again)
  const partition = await newPartition(aws.stack, "elsewhere", { flags: { keyImport: true } })
  const foreign = await aws.fault("ImportKeyMaterial", again, { partition })
  assert.match(foreign, /^NotFoundException: /)
})

test("a token is good for 24 hours", async () => {
  const { KeyId } = await external()
  const asked = { KeyId, WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048" }
  const { ParametersValidTo } = await aws.ok("GetParametersForImport", asked)
  assert.equal(ParametersValidTo, seconds(aws.stack.clock.now() + dayMs))
  const [early, late] = [
    await importInput(aws, KeyId, material),
    await importInput(aws, KeyId, material),
  ]
  aws.stack.clock.advance(dayMs - 1)
  await aws.ok("ImportKeyMaterial", early)
  aws.stack.clock.advance(1)
  const expired = "ExpiredImportTokenException: the import token has expired"
  assert.equal(await aws.fault("ImportKeyMaterial", late), expired)
  await maintain(aws.stack.ports)
  assert.equal(await aws.fault("ImportKeyMaterial", late), expired, "also when its pair is gone")
})

test("of many imports at once with one token, one comes in", async () => {
  const { KeyId } = await external()
  const input = await importInput(aws, KeyId, material)
  const rev = await aws.stack.store.barrier()
  const calls = Array.from({ length: 4 }, () =>
    aws.ok("ImportKeyMaterial", input).then(
      () => "done",
      () => "refused",
    ),
  )
  const outcomes = await Promise.all(calls)
  assert.equal(outcomes.filter((one) => one === "done").length, 1)
  assert.equal(await aws.stack.store.barrier(), rev + 1, "one commit for all of it")
})

test("only the same bytes come back, and what they sealed opens again", async () => {
  const { KeyId, Arn } = await external()
  const { KeyMaterialId } = await bring(KeyId, material)
  const { CiphertextBlob } = await encrypt(KeyId)
  const gone = await aws.ok("DeleteImportedKeyMaterial", { KeyId })
  assert.deepEqual(gone, { KeyId: Arn, KeyMaterialId })
  const waiting = await describe(KeyId)
  assert.deepEqual([waiting.KeyState, waiting["Enabled"]], ["PendingImport", false])
  const waits = `KMSInvalidStateException: ${Arn} is pending import.`
  assert.equal(await aws.fault("Decrypt", { CiphertextBlob, KeyId }), waits)
  assert.deepEqual(await aws.ok("DeleteImportedKeyMaterial", { KeyId }), gone, "again: no effect")
  const wrong = await importInput(aws, KeyId, Buffer.alloc(32, 8))
  assert.match(await aws.fault("ImportKeyMaterial", wrong), /^IncorrectKeyMaterialException: /)
  assert.equal((await describe(KeyId)).KeyState, "PendingImport")
  const ImportType = "EXISTING_KEY_MATERIAL"
  const back = await bring(KeyId, material, { ImportType, KeyMaterialId })
  assert.equal(back["KeyMaterialId"], KeyMaterialId)
  assert.equal((await aws.ok("Decrypt", { CiphertextBlob }))["Plaintext"], b64("x"))
  assert.match(
    await aws.fault("ImportKeyMaterial", await importInput(aws, KeyId, Buffer.alloc(32, 8))),
    /^IncorrectKeyMaterialException: /,
    "also while the right one is here",
  )
  await encrypt(KeyId)
})

test("material expires at its instant, however late the scheduler, and can come back", async () => {
  const { KeyId, Arn } = await external()
  const ExpirationModel = "KEY_MATERIAL_EXPIRES"
  const ValidTo = seconds(aws.stack.clock.now() + hourMs)
  await bring(KeyId, material, { ExpirationModel, ValidTo })
  const key = await describe(KeyId)
  assert.deepEqual([key["ExpirationModel"], key["ValidTo"]], [ExpirationModel, ValidTo])
  const { CiphertextBlob } = await encrypt(KeyId)
  aws.stack.clock.advance(hourMs - 1)
  await maintain(aws.stack.ports)
  await encrypt(KeyId)
  aws.stack.clock.advance(1)
  const waits = `KMSInvalidStateException: ${Arn} is pending import.`
  assert.equal(await refused(KeyId), waits)
  assert.equal((await describe(KeyId)).KeyState, "PendingImport")
  await maintain(aws.stack.ports)
  assert.equal(await refused(KeyId), waits)
  const after = await describe(KeyId)
  assert.deepEqual([after["ExpirationModel"], after["ValidTo"]], [undefined, undefined])
  assert.equal(aws.stack.audit.of("system.material-expired", "done").length, 1)
  assert.equal(await maintain(aws.stack.ports), 0, "its appointment has gone")
  await bring(KeyId, material)
  assert.equal((await aws.ok("Decrypt", { CiphertextBlob }))["Plaintext"], b64("x"))
})

test("bringing it again moves the end, and a later one keeps the key from expiring", async () => {
  const { KeyId } = await external()
  const ExpirationModel = "KEY_MATERIAL_EXPIRES"
  const until = (ms: number) => ({ ExpirationModel, ValidTo: seconds(aws.stack.clock.now() + ms) })
  await bring(KeyId, material, until(hourMs))
  await bring(KeyId, material, until(2 * hourMs))
  aws.stack.clock.advance(hourMs)
  await maintain(aws.stack.ports)
  await encrypt(KeyId)
  aws.stack.clock.advance(hourMs)
  assert.match(await refused(KeyId), /is pending import/)
})

test("an end lies ahead, within a year, and only where there is to be one", async () => {
  const { KeyId } = await external()
  const input = await importInput(aws, KeyId, material)
  const now = aws.stack.clock.now()
  const ExpirationModel = "KEY_MATERIAL_EXPIRES"
  for (const ValidTo of [seconds(now), seconds(now + 365 * dayMs + 1)]) {
    const fault = await aws.fault("ImportKeyMaterial", { ...input, ExpirationModel, ValidTo })
    assert.equal(fault, "ValidationException: material expires within 365 days from now")
  }
  const { ExpirationModel: _, ...silent } = input
  const must = "ValidationException: A validTo date must"
  const expires = `${must} be set if the ExpirationModel is KEY_MATERIAL_EXPIRES`
  assert.equal(await aws.fault("ImportKeyMaterial", silent), expires)
  const both = { ...input, ValidTo: seconds(now + hourMs) }
  const stays = `${must} not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE`
  assert.equal(await aws.fault("ImportKeyMaterial", both), stays)
  await aws.ok("ImportKeyMaterial", {
    ...input,
    ExpirationModel,
    ValidTo: seconds(now + 365 * dayMs),
  })
})

test("a key about to be destroyed loses its material, and comes back without", async () => {
  const { KeyId, Arn } = await external()
  await bring(KeyId, material)
  await aws.ok("ScheduleKeyDeletion", { KeyId })
  const pending = `KMSInvalidStateException: ${Arn} is pending deletion.`
  const asked = { KeyId, WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048" }
  assert.equal(await aws.fault("GetParametersForImport", asked), pending)
  await aws.ok("DeleteImportedKeyMaterial", { KeyId })
  assert.equal((await describe(KeyId)).KeyState, "PendingDeletion")
  await aws.ok("CancelKeyDeletion", { KeyId })
  assert.equal((await describe(KeyId)).KeyState, "PendingImport")
  await bring(KeyId, material)
  await encrypt(KeyId)
  await aws.ok("ScheduleKeyDeletion", { KeyId })
  await aws.ok("CancelKeyDeletion", { KeyId })
  assert.equal((await describe(KeyId)).KeyState, "Disabled", "its twin with material")
})

test("a key that waits can be destroyed, and nothing of it stays due", async () => {
  const { KeyId } = await external()
  await aws.ok("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 })
  aws.stack.clock.advance(7 * dayMs)
  await maintain(aws.stack.ports)
  assert.match(await aws.fault("DescribeKey", { KeyId }), /^NotFoundException: /)
  assert.equal(await maintain(aws.stack.ports), 0)
})

test("what was made here takes nothing in, and no clock rotates what was brought", async () => {
  const made = await aws.createKey()
  const asked = { WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048" }
  const { KeyId } = made
  const here = origin(made.Arn, "AWS_KMS")
  assert.equal(await aws.fault("GetParametersForImport", { KeyId, ...asked }), here)
  assert.equal(await aws.fault("DeleteImportedKeyMaterial", { KeyId }), here)
  const bytes = { ImportToken: b64("t"), EncryptedKeyMaterial: b64("m") }
  const ExpirationModel = "KEY_MATERIAL_DOES_NOT_EXPIRE"
  const input = { KeyId, ...bytes, ExpirationModel }
  assert.equal(await aws.fault("ImportKeyMaterial", input), here)
  const brought = await external()
  await bring(brought.KeyId, material)
  for (const name of ["EnableKeyRotation", "DisableKeyRotation"]) {
    const fault = await aws.fault(name, { KeyId: brought.KeyId })
    assert.equal(fault, origin(brought.Arn, "EXTERNAL"))
  }
  const status = await aws.ok("GetKeyRotationStatus", { KeyId: brought.KeyId })
  assert.equal(status["KeyRotationEnabled"], false)
})

test("what was never there is no existing material, and old wrappings are refused", async () => {
  const { KeyId } = await external()
  const input = await importInput(aws, KeyId, material)
  const none = await aws.fault("ImportKeyMaterial", {
    ...input,
    ImportType: "EXISTING_KEY_MATERIAL",
  })
  assert.equal(none, "ValidationException: the key never had any material")
  const odd = await aws.fault("ImportKeyMaterial", { ...input, KeyMaterialId: "0".repeat(64) })
  assert.equal(odd, "ValidationException: new material has no id before it is here")
  await aws.ok("ImportKeyMaterial", { ...input, ImportType: "NEW_KEY_MATERIAL" })
  for (const [WrappingAlgorithm, WrappingKeySpec] of [
    ["RSAES_PKCS1_V1_5", "RSA_2048"],
    ["SM2PKE", "SM2"],
  ]) {
    const asked = { KeyId, WrappingAlgorithm, WrappingKeySpec }
    const fault = await aws.fault("GetParametersForImport", asked)
    assert.match(fault, /^UnsupportedOperationException: /)
  }
})

test("a key's policy says who may bring its material, and who may take it away", async () => {
  const { KeyId } = await external()
  const root = { AWS: `arn:aws:iam::${aws.account}:root` }
  const allow = { Effect: "Allow", Principal: root, Action: "kms:*", Resource: "*" }
  const deny = (Action: string): Body => ({ ...allow, Effect: "Deny", Principal: "*", Action })
  const put = (...Statement: readonly Body[]): Promise<Body> =>
    aws.ok("PutKeyPolicy", {
      KeyId,
      Policy: JSON.stringify({ Version: "2012-10-17", Statement: [allow, ...Statement] }),
    })
  await put(deny("kms:DeleteImportedKeyMaterial"))
  await bring(KeyId, material)
  const kept = await aws.fault("DeleteImportedKeyMaterial", { KeyId })
  assert.match(kept, /^AccessDeniedException: .* kms:DeleteImportedKeyMaterial on resource: /)
  const input = await importInput(aws, KeyId, material)
  await put(deny("kms:ImportKeyMaterial"))
  await aws.ok("DeleteImportedKeyMaterial", { KeyId })
  assert.match(await aws.fault("ImportKeyMaterial", input), /^AccessDeniedException: /)
  await put()
  await aws.ok("ImportKeyMaterial", input)
})
