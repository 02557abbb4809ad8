import assert from "node:assert/strict"
import { constants, createPublicKey, publicEncrypt } from "node:crypto"
import { after, test } from "node:test"

import { encodeEncryptionContext } from "../../../src/codec/encryption-context.ts"
import { decrypt } from "../../../src/service/encrypt.ts"
import { rotateKey } from "../../../src/service/rotate-key.ts"
import { contextOf, newPartition } from "../../support/stack.ts"
import { awsFace, b64, bytesOf, type Body, type Key } from "../../support/aws-face.ts"

const aws = await awsFace()
const key = await aws.createKey()
after(() => aws.stop())

const noLeak =
  "AccessDeniedException: The ciphertext refers to a customer master key that does not exist, " +
  "does not exist in this region, or you are not allowed to access."

const seal = async (input: Body = {}): Promise<string> => {
  const all = { KeyId: key.KeyId, Plaintext: b64("hello"), ...input }
  return String((await aws.ok("Encrypt", all))["CiphertextBlob"])
}

test("what Encrypt sealed, Decrypt opens without being told the key", async () => {
  const sealed = await aws.ok("Encrypt", { KeyId: key.KeyId, Plaintext: b64("hello") })
  assert.equal(sealed["KeyId"], key.Arn)
  assert.deepEqual(await aws.ok("Decrypt", { CiphertextBlob: sealed["CiphertextBlob"] }), {
    KeyId: key.Arn,
    Plaintext: b64("hello"),
    EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
    KeyMaterialId: key["CurrentKeyMaterialId"],
  })
})

test("the longest plaintext with any context stays below AWS's 6,144 bytes", async () => {
  const Plaintext = b64(new Uint8Array(4_096))
  const blob = await seal({ Plaintext, EncryptionContext: { a: "x".repeat(8_000) } })
  assert.ok(bytesOf(blob).length <= 6_144)
  const long = { KeyId: key.KeyId, Plaintext, EncryptionContext: { a: "x".repeat(8_192) } }
  assert.match(await aws.fault("Encrypt", long), /^ValidationException: .*too long/)
  assert.equal(
    await aws.fault("Encrypt", { KeyId: key.KeyId, Plaintext: b64(new Uint8Array(4_097)) }),
    "ValidationException: 1 validation error detected: Value at 'plaintext' failed to satisfy " +
      "constraint: Member must have length less than or equal to 4096",
  )
})

test("the encryption context has to be the very same, in whatever order", async () => {
  const CiphertextBlob = await seal({ EncryptionContext: { a: "1", B: "2" } })
  await aws.ok("Decrypt", { CiphertextBlob, EncryptionContext: { B: "2", a: "1" } })
  for (const EncryptionContext of [
    undefined,
    {},
    { a: "1" },
    { a: "1", b: "2" },
    { a: "1", B: "3" },
    { a: "1", B: "2", c: "" },
  ]) {
    const input = { CiphertextBlob, EncryptionContext }
    assert.equal(await aws.fault("Decrypt", input), "InvalidCiphertextException")
  }
})

test("a ciphertext with any bit changed does not open, and says nothing of why", async () => {
  const good = bytesOf(await seal())
  for (const at of [0, 3, 4, 24, 25, 36, 37, good.length - 1]) {
    const bad = Buffer.from(good)
    bad[at] = (bad[at] ?? 0) ^ 1
    const fault = await aws.fault("Decrypt", { CiphertextBlob: b64(bad) })
    assert.equal(fault, "InvalidCiphertextException", `byte ${at}`)
  }
})

test("of another account, of another region and of no key are told alike", async () => {
  const CiphertextBlob = await seal()
  const other = await newPartition(aws.stack, "other")
  const forged = bytesOf(CiphertextBlob)
  forged.fill(7, 5, 21)
  for (const [input, as] of [
    [{ CiphertextBlob }, { partition: other }],
    [{ CiphertextBlob }, { region: "us-east-1" }],
    [{ CiphertextBlob: b64(forged) }, {}],
    [{ CiphertextBlob }, { roles: ["auditor"] }],
  ] as const) {
    assert.equal(await aws.fault("Decrypt", input, as), noLeak)
  }
})

test("Decrypt with another key than the ciphertext's is an incorrect key", async () => {
  const other = await aws.createKey()
  const CiphertextBlob = await seal()
  assert.equal(
    await aws.fault("Decrypt", { CiphertextBlob, KeyId: other.KeyId }),
    "IncorrectKeyException: The key ID in the request does not identify a CMK that can " +
      "perform this operation.",
  )
  await aws.ok("Decrypt", { CiphertextBlob, KeyId: key.KeyId })
})

test("a ciphertext opens in Keyhold's own API with the encoded context", async () => {
  const EncryptionContext = { order: "17" }
  const ciphertext = bytesOf(await seal({ EncryptionContext }))
  const user = contextOf("user", aws.partition)
  const aad = encodeEncryptionContext(EncryptionContext)
  const { plaintext } = await decrypt(aws.stack.ports, user, { ciphertext, aad })
  assert.equal(Buffer.from(plaintext).toString(), "hello")
})

test("after a rotation old ciphertexts open, and ReEncrypt moves them on", async () => {
  const rotated = await aws.createKey()
  const { KeyId } = rotated
  const CiphertextBlob = await seal({ KeyId })
  const manager = contextOf("manager", aws.partition)
  const target = (await aws.ok("DescribeKey", { KeyId }))["KeyMetadata"] as Key
  await rotateKey(aws.stack.ports, manager, { key: target.KeyId })
  const { KeyMetadata } = await aws.ok("DescribeKey", { KeyId })
  const { CurrentKeyMaterialId: now } = KeyMetadata as Key
  assert.notEqual(now, rotated["CurrentKeyMaterialId"])
  const opened = await aws.ok("Decrypt", { CiphertextBlob })
  assert.equal(opened["KeyMaterialId"], rotated["CurrentKeyMaterialId"])
  const moved = await aws.ok("ReEncrypt", {
    CiphertextBlob,
    DestinationKeyId: KeyId,
    DestinationEncryptionContext: { a: "b" },
  })
  assert.deepEqual(
    [moved["SourceKeyMaterialId"], moved["DestinationKeyMaterialId"]],
    [rotated["CurrentKeyMaterialId"], now],
  )
  const input = { CiphertextBlob: moved["CiphertextBlob"], EncryptionContext: { a: "b" } }
  const again = await aws.ok("Decrypt", input)
  assert.deepEqual([again["Plaintext"], again["KeyMaterialId"]], [b64("hello"), now])
})

test("ReEncrypt of what does not open, or to what may not encrypt, does nothing", async () => {
  const signer = await aws.createKey({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" })
  const CiphertextBlob = await seal({ EncryptionContext: { a: "b" } })
  const to = { DestinationKeyId: key.KeyId }
  const bad = await aws.fault("ReEncrypt", { CiphertextBlob, ...to })
  assert.equal(bad, "InvalidCiphertextException")
  const source = { CiphertextBlob, SourceEncryptionContext: { a: "b" } }
  const odd = await aws.fault("ReEncrypt", { ...source, DestinationKeyId: signer.KeyId })
  const usage = "key usage is SIGN_VERIFY which is not valid for ReEncrypt."
  assert.equal(odd, `InvalidKeyUsageException: ${signer.Arn} ${usage}`)
})

test("ReEncrypt tells which of its keys is at fault, and nothing of a foreign one", async () => {
  const { CiphertextBlob } = await aws.ok("Encrypt", { KeyId: key.KeyId, Plaintext: b64("x") })
  const nowhere = "12345678-1234-1234-1234-123456789012"
  const to = await aws.fault("ReEncrypt", { CiphertextBlob, DestinationKeyId: nowhere })
  assert.match(to, /^NotFoundException: Key 'arn:.*123456789012' does not exist$/)
  const partition = await newPartition(aws.stack, "another")
  const foreign = await aws.createKey({}, { partition })
  const sealed = await aws.ok(
    "Encrypt",
    { KeyId: foreign.KeyId, Plaintext: b64("x") },
    { partition },
  )
  const from = { CiphertextBlob: sealed["CiphertextBlob"], DestinationKeyId: key.KeyId }
  assert.equal(await aws.fault("ReEncrypt", from), noLeak)
  const [source, target] = [await aws.createKey(), await aws.createKey()]
  const own = await aws.ok("Encrypt", { KeyId: source.KeyId, Plaintext: b64("x") })
  const move = { CiphertextBlob: own["CiphertextBlob"], DestinationKeyId: target.KeyId }
  await aws.ok("DisableKey", { KeyId: target.KeyId })
  assert.equal(await aws.fault("ReEncrypt", move), `DisabledException: ${target.Arn} is disabled.`)
  await aws.ok("EnableKey", { KeyId: target.KeyId })
  await aws.ok("DisableKey", { KeyId: source.KeyId })
  assert.equal(await aws.fault("ReEncrypt", move), `DisabledException: ${source.Arn} is disabled.`)
})

test("data keys open again, in every length, with and without the plaintext", async () => {
  const EncryptionContext = { a: "b" }
  for (const [size, length] of [
    [{ KeySpec: "AES_256" }, 32],
    [{ KeySpec: "AES_128" }, 16],
    [{ NumberOfBytes: 1 }, 1],
    [{ NumberOfBytes: 1_024 }, 1_024],
  ] as const) {
    const input = { KeyId: key.KeyId, EncryptionContext, ...size }
    const made = await aws.ok("GenerateDataKey", input)
    assert.equal(bytesOf(made["Plaintext"]).length, length)
    const { CiphertextBlob } = made
    const opened = await aws.ok("Decrypt", { CiphertextBlob, EncryptionContext })
    assert.equal(opened["Plaintext"], made["Plaintext"])
    const wrapped = await aws.ok("GenerateDataKeyWithoutPlaintext", input)
    assert.equal(wrapped["Plaintext"], undefined)
    const blob = { CiphertextBlob: wrapped["CiphertextBlob"], EncryptionContext }
    assert.equal(bytesOf((await aws.ok("Decrypt", blob))["Plaintext"]).length, length)
  }
  for (const size of [{}, { KeySpec: "AES_256", NumberOfBytes: 32 }]) {
    const fault = await aws.fault("GenerateDataKey", { KeyId: key.KeyId, ...size })
    assert.match(fault, /^ValidationException: Please specify either number of bytes or key spec/)
  }
})

for (const [spec, sha1, sha256] of [
  ["RSA_2048", 214, 190],
  ["RSA_3072", 342, 318],
  ["RSA_4096", 470, 446],
] as const) {
  test(`${spec} takes bare OAEP, also from outside, and no more than fits`, async () => {
    const { KeyId } = await aws.createKey({ KeySpec: spec, KeyUsage: "ENCRYPT_DECRYPT" })
    const { PublicKey } = await aws.ok("GetPublicKey", { KeyId })
    const spki = createPublicKey({ key: bytesOf(PublicKey), format: "der", type: "spki" })
    for (const [name, hash, most] of [
      ["RSAES_OAEP_SHA_1", "sha1", sha1],
      ["RSAES_OAEP_SHA_256", "sha256", sha256],
    ] as const) {
      const common = { KeyId, EncryptionAlgorithm: name }
      const largest = b64(new Uint8Array(most))
      const { CiphertextBlob } = await aws.ok("Encrypt", { ...common, Plaintext: largest })
      const opened = await aws.ok("Decrypt", { ...common, CiphertextBlob })
      assert.equal(opened["Plaintext"], largest)
      const outside = publicEncrypt(
        { key: spki, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash },
        Buffer.from("from outside"),
      )
      const read = await aws.ok("Decrypt", { ...common, CiphertextBlob: b64(outside) })
      assert.equal(read["Plaintext"], b64("from outside"))
      outside[9] = (outside[9] ?? 0) ^ 1
      const bad = await aws.fault("Decrypt", { ...common, CiphertextBlob: b64(outside) })
      assert.equal(bad, "InvalidCiphertextException")
      const long = { ...common, Plaintext: b64(new Uint8Array(most + 1)) }
      assert.equal(
        await aws.fault("Encrypt", long),
        `ValidationException: Algorithm ${name} and key spec ${spec} cannot encrypt data ` +
          `larger than ${most} bytes.`,
      )
    }
  })
}

test("an algorithm of another spec, and a context where none counts, are refused", async () => {
  const rsa = await aws.createKey({ KeySpec: "RSA_2048", KeyUsage: "ENCRYPT_DECRYPT" })
  const input = { KeyId: rsa.KeyId, Plaintext: b64("x") }
  assert.equal(
    await aws.fault("Encrypt", input),
    "InvalidKeyUsageException: Algorithm SYMMETRIC_DEFAULT is incompatible with key spec " +
      "RSA_2048.",
  )
  const EncryptionAlgorithm = "RSAES_OAEP_SHA_256"
  assert.match(
    await aws.fault("Encrypt", { ...input, EncryptionAlgorithm, EncryptionContext: { a: "b" } }),
    /^ValidationException: An encryption context is only valid for symmetric/,
  )
  const blob = { CiphertextBlob: b64("x"), EncryptionAlgorithm }
  assert.match(await aws.fault("Decrypt", blob), /^ValidationException: KeyId is required/)
})

test("random bytes are as many as asked for, and different every time", async () => {
  const draw = async (NumberOfBytes: number) =>
    String((await aws.ok("GenerateRandom", { NumberOfBytes }))["Plaintext"])
  for (const count of [1, 44, 1_024]) assert.equal(bytesOf(await draw(count)).length, count)
  assert.notEqual(await draw(32), await draw(32))
  assert.equal(await aws.fault("GenerateRandom"), "ValidationException: NumberOfBytes is required.")
  const store = { NumberOfBytes: 1, CustomKeyStoreId: "cks-1" }
  assert.match(await aws.fault("GenerateRandom", store), /^CustomKeyStoreNotFoundException/)
})

test("a dry run decides and does nothing", async () => {
  const EncryptionContext = { a: "b" }
  const CiphertextBlob = await seal({ EncryptionContext })
  const KeyId = key.KeyId
  const dry =
    "DryRunOperationException: The request would have succeeded, but the DryRun option is set."
  for (const [name, input] of [
    ["Encrypt", { KeyId, Plaintext: b64("x") }],
    ["Decrypt", { CiphertextBlob, EncryptionContext }],
    ["Decrypt", { KeyId, DryRunModifiers: ["IGNORE_CIPHERTEXT"] }],
    ["GenerateDataKey", { KeyId, KeySpec: "AES_256" }],
    ["ReEncrypt", { CiphertextBlob, DestinationKeyId: KeyId }],
  ] as const) {
    assert.equal(await aws.fault(name, { ...input, DryRun: true }), dry, name)
    const auditor = await aws.fault(name, { ...input, DryRun: true }, { roles: ["auditor"] })
    assert.match(auditor, /^AccessDeniedException: /)
  }
  const missing = await aws.fault("Decrypt", { KeyId, DryRun: true })
  assert.match(missing, /Value null at 'ciphertextBlob' failed/)
  const notes = aws.stack.audit.of("key.encrypt").map(({ note }) => note)
  assert.ok(notes.includes("dry-run"))
})

test("what is meant for an enclave is not given to anybody else", async () => {
  const Recipient = {
    KeyEncryptionAlgorithm: "RSAES_OAEP_SHA_256",
    AttestationDocument: b64("x"),
  }
  const CiphertextBlob = await seal()
  for (const [name, input] of [
    ["Decrypt", { CiphertextBlob }],
    ["GenerateDataKey", { KeyId: key.KeyId, KeySpec: "AES_256" }],
    ["GenerateRandom", { NumberOfBytes: 1 }],
  ] as const) {
    const fault = await aws.fault(name, { ...input, Recipient })
    assert.match(fault, /^UnsupportedOperationException: /)
  }
})
