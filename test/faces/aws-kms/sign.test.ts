import assert from "node:assert/strict"
import { constants, createHash, createPublicKey, verify as verifyWith } from "node:crypto"
import { after, test } from "node:test"

import { ed25519ph } from "@noble/curves/ed25519.js"
import { shake256 } from "@noble/hashes/sha3.js"

import { awsFace, b64, bytesOf, type Key } from "../../support/aws-face.ts"

const aws = await awsFace()
after(() => aws.stop())

const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: -1 }
const pkcs1 = { padding: constants.RSA_PKCS1_PADDING }
const algorithms = [
  ["RSA_2048", "RSASSA_PSS_SHA_256", "sha256", pss],
  ["RSA_2048", "RSASSA_PSS_SHA_384", "sha384", pss],
  ["RSA_3072", "RSASSA_PSS_SHA_512", "sha512", pss],
  ["RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256", "sha256", pkcs1],
  ["RSA_2048", "RSASSA_PKCS1_V1_5_SHA_384", "sha384", pkcs1],
  ["RSA_4096", "RSASSA_PKCS1_V1_5_SHA_512", "sha512", pkcs1],
  ["ECC_NIST_P256", "ECDSA_SHA_256", "sha256", {}],
  ["ECC_NIST_P384", "ECDSA_SHA_384", "sha384", {}],
  ["ECC_NIST_P521", "ECDSA_SHA_512", "sha512", {}],
  ["ECC_SECG_P256K1", "ECDSA_SHA_256", "sha256", {}],
  ["ECC_NIST_EDWARDS25519", "ED25519_SHA_512", undefined, {}],
  ["ML_DSA_44", "ML_DSA_SHAKE_256", undefined, {}],
  ["ML_DSA_65", "ML_DSA_SHAKE_256", undefined, {}],
  ["ML_DSA_87", "ML_DSA_SHAKE_256", undefined, {}],
] as const
for (const [spec, name, hash, options] of algorithms) {
  test(`${spec} signs by ${name}, and OpenSSL verifies it`, async () => {
    const { KeyId, Arn } = await aws.createKey({ KeySpec: spec, KeyUsage: "SIGN_VERIFY" })
    const { PublicKey } = await aws.ok("GetPublicKey", { KeyId })
    const spki = createPublicKey({ key: bytesOf(PublicKey), format: "der", type: "spki" })
    const input = { KeyId, Message: b64("message"), SigningAlgorithm: name }
    const signed = await aws.ok("Sign", input)
    const signature = bytesOf(signed["Signature"])
    const message = Buffer.from("message")
    assert.ok(verifyWith(hash ?? null, message, { key: spki, ...options }, signature))
    assert.deepEqual(await aws.ok("Verify", { ...input, Signature: signed["Signature"] }), {
      KeyId: Arn,
      SignatureValid: true,
      SigningAlgorithm: name,
    })
    const other = { ...input, Message: b64("other"), Signature: signed["Signature"] }
    assert.equal(await aws.fault("Verify", other), "KMSInvalidSignatureException")
    const bad = { ...input, Signature: b64("no signature") }
    assert.equal(await aws.fault("Verify", bad), "KMSInvalidSignatureException")
    if (hash === undefined) return
    await signsDigest({ ...input, KeyId }, { hash, signed: signed["Signature"] })
  })
}

async function signsDigest(
  input: { readonly KeyId: string; readonly SigningAlgorithm: string },
  { hash, signed }: { readonly hash: string; readonly signed: unknown },
): Promise<void> {
  const Message = b64(createHash(hash).update("message").digest())
  const digest = { ...input, Message, MessageType: "DIGEST" }
  const made = await aws.ok("Sign", digest)
  const whole = { ...input, Message: b64("message") }
  await aws.ok("Verify", { ...whole, Signature: made["Signature"] })
  await aws.ok("Verify", { ...digest, Signature: signed })
  const short = { ...digest, Message: b64("too short") }
  const text = `Digest is invalid length for algorithm ${input.SigningAlgorithm}.`
  assert.equal(await aws.fault("Sign", short), `ValidationException: ${text}`)
}

test("an algorithm, a use or a kind of message that does not fit is refused", async () => {
  const ec = await aws.createKey({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" })
  const symmetric = await aws.createKey()
  const input = { KeyId: ec.KeyId, Message: b64("m"), SigningAlgorithm: "ECDSA_SHA_256" }
  assert.equal(
    await aws.fault("Sign", { ...input, SigningAlgorithm: "ECDSA_SHA_384" }),
    "InvalidKeyUsageException: Algorithm ECDSA_SHA_384 is incompatible with key spec " +
      "ECC_NIST_P256.",
  )
  assert.equal(
    await aws.fault("Verify", { ...input, KeyId: symmetric.KeyId, Signature: b64("s") }),
    `InvalidKeyUsageException: ${symmetric.Arn} key usage is ENCRYPT_DECRYPT which is not ` +
      "valid for Verify.",
  )
  const mu = await aws.fault("Sign", { ...input, MessageType: "EXTERNAL_MU" })
  assert.match(mu, /^ValidationException: MessageType EXTERNAL_MU is not valid/)
})

for (const [spec, publicBytes] of [
  ["ML_DSA_44", 1_312],
  ["ML_DSA_65", 1_952],
  ["ML_DSA_87", 2_592],
] as const) {
  test(`${spec} signs the mu that its caller computed, as if it were the message`, async () => {
    const { KeyId } = await aws.createKey({ KeySpec: spec, KeyUsage: "SIGN_VERIFY" })
    const { PublicKey } = await aws.ok("GetPublicKey", { KeyId })
    const spki = createPublicKey({ key: bytesOf(PublicKey), format: "der", type: "spki" })
    const raw = bytesOf(PublicKey).subarray(-publicBytes)
    const tr = shake256(raw, { dkLen: 64 })
    const framed = Buffer.concat([tr, Buffer.from([0, 0]), Buffer.from("message")])
    const Message = b64(shake256(framed, { dkLen: 64 }))
    const SigningAlgorithm = "ML_DSA_SHAKE_256"
    const input = { KeyId, Message, MessageType: "EXTERNAL_MU", SigningAlgorithm }
    const { Signature } = await aws.ok("Sign", input)
    assert.ok(verifyWith(null, Buffer.from("message"), spki, bytesOf(Signature)))
    await aws.ok("Verify", { ...input, Signature })
    const short = await aws.fault("Sign", { ...input, Message: b64("no mu") })
    assert.match(short, /^ValidationException: Digest is invalid length/)
    const digest = await aws.fault("Sign", { ...input, MessageType: "DIGEST" })
    assert.match(digest, /^ValidationException: MessageType DIGEST is not valid/)
  })
}

test("Ed25519ph takes digests alone, and another implementation verifies it", async () => {
  const spec = { KeySpec: "ECC_NIST_EDWARDS25519", KeyUsage: "SIGN_VERIFY" }
  const { KeyId } = await aws.createKey(spec)
  const { PublicKey } = await aws.ok("GetPublicKey", { KeyId })
  const Message = b64(createHash("sha512").update("message").digest())
  const input = { KeyId, Message, MessageType: "DIGEST", SigningAlgorithm: "ED25519_PH_SHA_512" }
  const { Signature } = await aws.ok("Sign", input)
  const message = Buffer.from("message")
  assert.ok(ed25519ph.verify(bytesOf(Signature), message, bytesOf(PublicKey).subarray(-32)))
  await aws.ok("Verify", { ...input, Signature })
  const raw = await aws.fault("Sign", { ...input, MessageType: "RAW" })
  assert.match(raw, /^ValidationException: MessageType RAW is not valid/)
  const plain = await aws.fault("Sign", { ...input, SigningAlgorithm: "ED25519_SHA_512" })
  assert.match(plain, /^ValidationException: MessageType DIGEST is not valid/)
})

for (const bits of [224, 256, 384, 512]) {
  test(`HMAC_${bits} makes MACs that verify, and no other hash serves it`, async () => {
    const spec = { KeySpec: `HMAC_${bits}`, KeyUsage: "GENERATE_VERIFY_MAC" }
    const { KeyId, Arn } = await aws.createKey(spec)
    const MacAlgorithm = `HMAC_SHA_${bits}`
    const input = { KeyId, Message: b64("message"), MacAlgorithm }
    const made = await aws.ok("GenerateMac", input)
    assert.equal(bytesOf(made["Mac"]).length, bits / 8)
    const valid = { MacValid: true, MacAlgorithm, KeyId: Arn }
    assert.deepEqual(await aws.ok("VerifyMac", { ...input, Mac: made["Mac"] }), valid)
    const other = { ...input, Message: b64("other"), Mac: made["Mac"] }
    assert.equal(await aws.fault("VerifyMac", other), "KMSInvalidMacException")
    const wrong = bits === 256 ? "HMAC_SHA_512" : "HMAC_SHA_256"
    assert.equal(
      await aws.fault("GenerateMac", { ...input, MacAlgorithm: wrong }),
      `InvalidKeyUsageException: Algorithm ${wrong} is incompatible with key spec HMAC_${bits}.`,
    )
  })
}

for (const spec of ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"]) {
  test(`two keys of ${spec} derive the same secret`, async () => {
    const make = () => aws.createKey({ KeySpec: spec, KeyUsage: "KEY_AGREEMENT" })
    const [left, right] = [await make(), await make()]
    const derive = async (own: Key, other: Key) => {
      const { PublicKey } = await aws.ok("GetPublicKey", { KeyId: other.KeyId })
      const input = { KeyId: own.KeyId, KeyAgreementAlgorithm: "ECDH", PublicKey }
      return await aws.ok("DeriveSharedSecret", input)
    }
    const [one, two] = [await derive(left, right), await derive(right, left)]
    assert.equal(one["SharedSecret"], two["SharedSecret"])
    assert.deepEqual([one["KeyId"], one["KeyOrigin"]], [left.Arn, "AWS_KMS"])
    const input = { KeyId: left.KeyId, KeyAgreementAlgorithm: "ECDH", PublicKey: b64("no key") }
    assert.match(await aws.fault("DeriveSharedSecret", input), /^ValidationException: /)
  })
}

for (const [spec, length] of [
  ["ML_KEM_512", 768],
  ["ML_KEM_768", 1_088],
  ["ML_KEM_1024", 1_568],
] as const) {
  test(`${spec} gives back what it encapsulated, and refuses by length alone`, async () => {
    const input = { KeySpec: spec, KeyUsage: "ENCAPSULATE_DECAPSULATE" }
    const { KeyId, Arn } = await aws.createKey(input)
    const kem = { KeyId, EncapsulationAlgorithm: "ML_KEM" }
    const made = await aws.ok("Encapsulate", kem)
    const { SharedSecretCiphertextBlob: sealed, SharedSecret } = made
    assert.equal(made["KeyId"], Arn)
    assert.equal(bytesOf(sealed).length, length)
    const opened = await aws.ok("Decapsulate", { ...kem, SharedSecretCiphertextBlob: sealed })
    assert.equal(opened["SharedSecret"], SharedSecret)
    const forged = bytesOf(sealed)
    forged[0] = (forged[0] ?? 0) ^ 1
    const blob = { ...kem, SharedSecretCiphertextBlob: b64(forged) }
    const rejected = await aws.ok("Decapsulate", blob)
    assert.equal(bytesOf(rejected["SharedSecret"]).length, 32)
    assert.notEqual(rejected["SharedSecret"], SharedSecret)
    const short = { ...kem, SharedSecretCiphertextBlob: b64("short") }
    assert.equal(await aws.fault("Decapsulate", short), "InvalidCiphertextException")
  })
}
