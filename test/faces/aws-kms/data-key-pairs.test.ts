import assert from "node:assert/strict"
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto"
import { after, test } from "node:test"

import { dataKeyPairSpecs } from "../../../src/faces/aws-kms/vocabulary.ts"
import { awsFace, b64, bytesOf } from "../../support/aws-face.ts"

const aws = await awsFace()
const key = await aws.createKey()
after(() => aws.stop())

const EncryptionContext = { purpose: "pairs" }

/** What OpenSSL calls a pair of a spec. */
const typeBySpec: Readonly<Record<(typeof dataKeyPairSpecs)[number], readonly [string, unknown]>> =
  {
    RSA_2048: ["rsa", 2_048],
    RSA_3072: ["rsa", 3_072],
    RSA_4096: ["rsa", 4_096],
    ECC_NIST_P256: ["ec", "prime256v1"],
    ECC_NIST_P384: ["ec", "secp384r1"],
    ECC_NIST_P521: ["ec", "secp521r1"],
    ECC_NIST_EDWARDS25519: ["ed25519", undefined],
    ECC_SECG_P256K1: ["ec", "secp256k1"],
    ML_KEM_512: ["ml-kem-512", undefined],
    ML_KEM_768: ["ml-kem-768", undefined],
    ML_KEM_1024: ["ml-kem-1024", undefined],
  }

function spkiOf(half: KeyObject): string {
  const pub = half.type === "private" ? createPublicKey(half) : half
  return b64(pub.export({ format: "der", type: "spki" }))
}

for (const spec of dataKeyPairSpecs) {
  test(`a data key pair of ${spec} is one that OpenSSL reads, and opens by Decrypt`, async () => {
    const input = { KeyId: key.KeyId, KeyPairSpec: spec, EncryptionContext }
    const made = await aws.ok("GenerateDataKeyPair", input)
    const { PrivateKeyCiphertextBlob: CiphertextBlob, PrivateKeyPlaintext, ...rest } = made
    const der = bytesOf(PrivateKeyPlaintext)
    const secret = createPrivateKey({ key: der, format: "der", type: "pkcs8" })
    const { asymmetricKeyType, asymmetricKeyDetails } = secret
    const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {}
    assert.deepEqual([asymmetricKeyType, modulusLength ?? namedCurve], typeBySpec[spec])
    assert.deepEqual(rest, {
      PublicKey: spkiOf(secret),
      KeyId: key.Arn,
      KeyPairSpec: spec,
      KeyMaterialId: key["CurrentKeyMaterialId"],
    })
    const opened = await aws.ok("Decrypt", { CiphertextBlob, EncryptionContext })
    assert.equal(opened["Plaintext"], PrivateKeyPlaintext)
    assert.equal(await aws.fault("Decrypt", { CiphertextBlob }), "InvalidCiphertextException")
  })
}

test("without plaintext, only the sealed form of a private half leaves", async () => {
  const input = { KeyId: key.KeyId, KeyPairSpec: "ECC_NIST_P256" }
  const made = await aws.ok("GenerateDataKeyPairWithoutPlaintext", input)
  assert.ok(!("PrivateKeyPlaintext" in made))
  const opened = await aws.ok("Decrypt", { CiphertextBlob: made["PrivateKeyCiphertextBlob"] })
  const der = bytesOf(opened["Plaintext"])
  const secret = createPrivateKey({ key: der, format: "der", type: "pkcs8" })
  assert.equal(spkiOf(secret), made["PublicKey"])
  const again = await aws.ok("GenerateDataKeyPairWithoutPlaintext", input)
  assert.notEqual(again["PublicKey"], made["PublicKey"])
})

const refusals: readonly (readonly [string, Readonly<Record<string, unknown>>, RegExp])[] = [
  ["of SM2", { KeyPairSpec: "SM2" }, /^UnsupportedOperationException: /],
  ["of a symmetric spec", { KeyPairSpec: "AES_256" }, /^ValidationException: .*'keyPairSpec'/],
  ["of no spec", {}, /'keyPairSpec' failed to satisfy constraint: Member must not be null$/],
  ["for an enclave", { KeyPairSpec: "RSA_2048", Recipient: {} }, /^UnsupportedOperationExc/],
  ["in a dry run", { KeyPairSpec: "RSA_2048", DryRun: true }, /^DryRunOperationException: /],
]
for (const [what, input, expected] of refusals) {
  test(`a data key pair ${what} is not made`, async () => {
    const fault = await aws.fault("GenerateDataKeyPair", { KeyId: key.KeyId, ...input })
    assert.match(fault, expected)
  })
}

test("a pair is sealed only for who may encrypt, under a key that does", async () => {
  const input = { KeyPairSpec: "ECC_NIST_P256" }
  const auditor = { name: "eve", roles: ["auditor"] as const }
  const name = "GenerateDataKeyPairWithoutPlaintext"
  const denied = await aws.fault(name, { KeyId: key.KeyId, ...input }, auditor)
  assert.match(denied, /^AccessDeniedException: .* kms:GenerateDataKeyPairWithoutPlaintext on /)
  const signer = await aws.createKey({ KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" })
  assert.equal(
    await aws.fault(name, { KeyId: signer.KeyId, ...input }),
    `InvalidKeyUsageException: ${signer.Arn} key usage is SIGN_VERIFY which is not valid for ` +
      `${name}.`,
  )
  await aws.ok("DisableKey", { KeyId: signer.KeyId })
  const off = await aws.fault(name, { KeyId: signer.KeyId, ...input })
  assert.equal(off, `DisabledException: ${signer.Arn} is disabled.`)
})
