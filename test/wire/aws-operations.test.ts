/**
 * Every operation that the AWS SDK's model has, sent by the SDK to a node over TLS: each answers
 * the output that the model describes, and refuses by an exception that its documentation names.
 */

import assert from "node:assert/strict"
import { after, before, suite, test } from "node:test"

import { operationOf } from "../../src/faces/aws-kms/operations.ts"
import { wrapMaterial } from "../support/aws-import.ts"
import { kmsClient, type KmsClient, type KmsError, type KmsOutput } from "../support/aws.ts"
import {
  checkAnswer,
  documentedExceptions,
  inputMembers,
  modelOperations,
} from "../support/aws-schemas.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"

type Input = Readonly<Record<string, unknown>>

let node: DevNode
let kms: KmsClient
let lastBody = ""

async function make(KeySpec?: string, KeyUsage?: string, more: Input = {}): Promise<string> {
  const { KeyMetadata } = await kms.send("CreateKey", { KeySpec, KeyUsage, ...more })
  return String((KeyMetadata as Input)["KeyId"])
}

/** One key of each kind, made when it is first asked for. */
const keys = {
  symmetric: () => make(),
  signer: () => make("ECC_NIST_P256", "SIGN_VERIFY"),
  mac: () => make("HMAC_256", "GENERATE_VERIFY_MAC"),
  agreement: () => make("ECC_NIST_P256", "KEY_AGREEMENT"),
  kem: () => make("ML_KEM_768", "ENCAPSULATE_DECAPSULATE"),
  external: () => make(undefined, undefined, { Origin: "EXTERNAL" }),
} as const
const made = new Map<string, Promise<string>>()
function keyOf(kind: keyof typeof keys): Promise<string> {
  const found = made.get(kind) ?? keys[kind]()
  made.set(kind, found)
  return found
}

const on =
  (kind: keyof typeof keys, more: Input = {}) =>
  async (): Promise<Input> => ({ KeyId: await keyOf(kind), ...more })
/** On a key of its own: the operation changes it. */
const onFresh =
  (more: Input = {}) =>
  async (): Promise<Input> => ({ KeyId: await make(), ...more })
/** On a key with something done before. */
const afterDoing =
  (name: string, before: Input = {}, more: Input = {}) =>
  async (): Promise<Input> => {
    const KeyId = await make()
    await kms.send(name, { KeyId, ...before })
    return { KeyId, ...more }
  }

const text = Buffer.from("text")
const store = { CustomKeyStoreId: "cks-1234567890abcdef0" }
const member = async (name: string, input: Input, of: string): Promise<unknown> =>
  (await kms.send(name, input))[of]

interface Row {
  readonly input: () => Input | Promise<Input>
  /** Members that the answer has to have; none for one without a body. */
  readonly has?: readonly string[]
  /** Instead of an answer, the exception that it always ends with here. */
  readonly always?: string
}

const ciphertext = async (): Promise<Input> => ({
  CiphertextBlob: await member(
    "Encrypt",
    await on("symmetric", { Plaintext: text })(),
    "CiphertextBlob",
  ),
})
const signing = { Message: text, SigningAlgorithm: "ECDSA_SHA_256" }
const macking = { Message: text, MacAlgorithm: "HMAC_SHA_256" }
const wrapping = { WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048" }
const dataKey = { KeySpec: "AES_256" }
const pair = { KeyPairSpec: "ECC_NIST_P256" }
const alias = async (AliasName: string): Promise<Input> => ({
  AliasName,
  TargetKeyId: await make(),
})
let aliases = 0
const aliased = async (AliasName = `alias/name-${aliases++}`): Promise<Input> => {
  await kms.send("CreateAlias", await alias(AliasName))
  return { AliasName }
}
/** Of the account itself: grants go to no other. */
const grantee = (): string => `arn:aws:iam::${node.dev.aws.accountId}:user/aws`
const granting = (): Input => ({ GranteePrincipal: grantee(), Operations: ["Encrypt"] })
const noStore = "CustomKeyStoreNotFoundException"

const table: Readonly<Record<string, Row>> = {
  CancelKeyDeletion: { input: afterDoing("ScheduleKeyDeletion"), has: ["KeyId"] },
  ConnectCustomKeyStore: { input: () => store, always: noStore },
  CreateAlias: { input: () => alias(`alias/one-${aliases++}`) },
  CreateCustomKeyStore: {
    input: () => ({
      CustomKeyStoreName: "vault",
      CloudHsmClusterId: "cluster-2a23b4cdefg",
      KeyStorePassword: "kmsPswd-1",
      TrustAnchorCertificate: "x",
    }),
    always: "CloudHsmClusterNotFoundException",
  },
  CreateGrant: {
    input: async () => ({ KeyId: await make(), ...granting() }),
    has: ["GrantId", "GrantToken"],
  },
  CreateKey: { input: () => ({ Tags: [{ TagKey: "a", TagValue: "b" }] }), has: ["KeyMetadata"] },
  Decapsulate: { input: decapsulate, has: ["KeyId", "SharedSecret", "EncapsulationAlgorithm"] },
  Decrypt: {
    input: ciphertext,
    has: ["KeyId", "Plaintext", "EncryptionAlgorithm", "KeyMaterialId"],
  },
  DeleteAlias: { input: () => aliased() },
  DeleteCustomKeyStore: { input: () => store, always: noStore },
  DeleteImportedKeyMaterial: { input: () => imported(), has: ["KeyId", "KeyMaterialId"] },
  DeriveSharedSecret: {
    input: async () => ({
      KeyId: await keyOf("agreement"),
      KeyAgreementAlgorithm: "ECDH",
      PublicKey: await member("GetPublicKey", await on("signer")(), "PublicKey"),
    }),
    has: ["KeyId", "SharedSecret", "KeyAgreementAlgorithm", "KeyOrigin"],
  },
  DescribeCustomKeyStores: { input: () => ({}), has: ["CustomKeyStores", "Truncated"] },
  DescribeKey: { input: on("symmetric"), has: ["KeyMetadata"] },
  DisableKey: { input: onFresh() },
  DisableKeyRotation: { input: onFresh() },
  DisconnectCustomKeyStore: { input: () => store, always: noStore },
  EnableKey: { input: afterDoing("DisableKey") },
  EnableKeyRotation: { input: onFresh({ RotationPeriodInDays: 90 }) },
  Encapsulate: {
    input: on("kem", { EncapsulationAlgorithm: "ML_KEM" }),
    has: ["KeyId", "SharedSecret", "SharedSecretCiphertextBlob", "EncapsulationAlgorithm"],
  },
  Encrypt: {
    input: on("symmetric", { Plaintext: text, EncryptionContext: { a: "b" } }),
    has: ["CiphertextBlob", "KeyId", "EncryptionAlgorithm"],
  },
  GenerateDataKey: {
    input: on("symmetric", dataKey),
    has: ["CiphertextBlob", "Plaintext", "KeyId", "KeyMaterialId"],
  },
  GenerateDataKeyPair: {
    input: on("symmetric", pair),
    has: ["PrivateKeyCiphertextBlob", "PrivateKeyPlaintext", "PublicKey", "KeyId", "KeyPairSpec"],
  },
  GenerateDataKeyPairWithoutPlaintext: {
    input: on("symmetric", pair),
    has: ["PrivateKeyCiphertextBlob", "PublicKey", "KeyId", "KeyPairSpec"],
  },
  GenerateDataKeyWithoutPlaintext: {
    input: on("symmetric", dataKey),
    has: ["CiphertextBlob", "KeyId", "KeyMaterialId"],
  },
  GenerateMac: { input: on("mac", macking), has: ["Mac", "MacAlgorithm", "KeyId"] },
  GenerateRandom: { input: () => ({ NumberOfBytes: 16 }), has: ["Plaintext"] },
  GetKeyLastUsage: { input: on("symmetric"), has: ["KeyId"] },
  GetKeyPolicy: { input: on("symmetric"), has: ["Policy", "PolicyName"] },
  GetKeyRotationStatus: {
    input: afterDoing("EnableKeyRotation"),
    has: ["KeyRotationEnabled", "KeyId", "RotationPeriodInDays", "NextRotationDate"],
  },
  GetParametersForImport: {
    input: on("external", wrapping),
    has: ["KeyId", "ImportToken", "PublicKey", "ParametersValidTo"],
  },
  GetPublicKey: {
    input: on("signer"),
    has: ["KeyId", "PublicKey", "KeySpec", "KeyUsage", "SigningAlgorithms"],
  },
  ImportKeyMaterial: { input: () => parameters(), has: ["KeyId", "KeyMaterialId"] },
  ListAliases: { input: () => ({}), has: ["Aliases", "Truncated"] },
  ListGrants: { input: on("symmetric"), has: ["Grants", "Truncated"] },
  ListKeyPolicies: { input: on("symmetric"), has: ["PolicyNames", "Truncated"] },
  ListKeyRotations: { input: afterDoing("RotateKeyOnDemand"), has: ["Rotations", "Truncated"] },
  ListKeys: { input: () => ({ Limit: 1 }), has: ["Keys", "NextMarker", "Truncated"] },
  ListResourceTags: {
    input: afterDoing("TagResource", { Tags: [{ TagKey: "a", TagValue: "b" }] }),
    has: ["Tags", "Truncated"],
  },
  ListRetirableGrants: {
    input: () => ({ RetiringPrincipal: grantee() }),
    has: ["Grants", "Truncated"],
  },
  PutKeyPolicy: {
    input: async () => {
      const KeyId = await make()
      return { KeyId, Policy: await member("GetKeyPolicy", { KeyId }, "Policy") }
    },
  },
  ReEncrypt: {
    input: async () => ({ ...(await ciphertext()), DestinationKeyId: await make() }),
    has: [
      "CiphertextBlob",
      "SourceKeyId",
      "KeyId",
      "SourceKeyMaterialId",
      "DestinationKeyMaterialId",
    ],
  },
  ReplicateKey: {
    input: async () => ({
      KeyId: await make(undefined, undefined, { MultiRegion: true }),
      ReplicaRegion: "us-west-2",
    }),
    has: ["ReplicaKeyMetadata", "ReplicaPolicy", "ReplicaTags"],
  },
  RetireGrant: { input: granted },
  RevokeGrant: { input: granted },
  RotateKeyOnDemand: { input: onFresh(), has: ["KeyId"] },
  ScheduleKeyDeletion: {
    input: onFresh({ PendingWindowInDays: 7 }),
    has: ["KeyId", "DeletionDate", "KeyState", "PendingWindowInDays"],
  },
  Sign: { input: on("signer", signing), has: ["KeyId", "Signature", "SigningAlgorithm"] },
  TagResource: { input: onFresh({ Tags: [{ TagKey: "a", TagValue: "b" }] }) },
  UntagResource: { input: onFresh({ TagKeys: ["a"] }) },
  UpdateAlias: {
    input: async () => ({ ...(await aliased()), TargetKeyId: await make() }),
  },
  UpdateCustomKeyStore: { input: () => store, always: noStore },
  UpdateKeyDescription: { input: onFresh({ Description: "other" }) },
  UpdatePrimaryRegion: {
    input: async () => {
      const KeyId = await make(undefined, undefined, { MultiRegion: true })
      await kms.send("ReplicateKey", { KeyId, ReplicaRegion: "us-west-2" })
      return { KeyId, PrimaryRegion: "us-west-2" }
    },
  },
  Verify: {
    input: async () => {
      const input = await on("signer", signing)()
      return { ...input, Signature: await member("Sign", input, "Signature") }
    },
    has: ["KeyId", "SignatureValid", "SigningAlgorithm"],
  },
  VerifyMac: {
    input: async () => {
      const input = await on("mac", macking)()
      return { ...input, Mac: await member("GenerateMac", input, "Mac") }
    },
    has: ["KeyId", "MacValid", "MacAlgorithm"],
  },
}

async function decapsulate(): Promise<Input> {
  const input = await on("kem", { EncapsulationAlgorithm: "ML_KEM" })()
  const { SharedSecretCiphertextBlob } = await kms.send("Encapsulate", input)
  return { ...input, SharedSecretCiphertextBlob }
}

async function parameters(): Promise<Input> {
  const KeyId = await keys.external()
  const { ImportToken, PublicKey } = await kms.send("GetParametersForImport", {
    KeyId,
    ...wrapping,
  })
  const material = Buffer.alloc(32, 7)
  return {
    KeyId,
    ImportToken,
    EncryptedKeyMaterial: wrapMaterial(PublicKey as Uint8Array, material, "RSAES_OAEP_SHA_256"),
    ValidTo: new Date(Date.now() + 3_600_000),
  }
}

async function imported(): Promise<Input> {
  const input = await parameters()
  await kms.send("ImportKeyMaterial", input)
  return { KeyId: input["KeyId"] }
}

async function granted(): Promise<Input> {
  const KeyId = await make()
  const { GrantId } = await kms.send("CreateGrant", { KeyId, ...granting() })
  return { KeyId, GrantId }
}

/** The error of a command that has to fail. */
async function errorOf(asked: Promise<KmsOutput>): Promise<KmsError> {
  return await asked.then(
    (output) => assert.fail(`it succeeded: ${JSON.stringify(output)}`),
    (error: unknown) => error as KmsError, // The SDK throws nothing else.
  )
}

/** What names a key in an operation's input. */
const keyMembers = ["KeyId", "TargetKeyId", "DestinationKeyId"]

suite("every operation of the AWS SDK", () => {
  before(async () => {
    node = await startDevNode()
    kms = kmsClient(node.dev, { onBody: (body) => (lastBody = body) })
  })
  after(async () => {
    kms.destroy()
    await node.stop()
  })

  test("has a row in the table, and the table no other", () => {
    assert.deepEqual(Object.keys(table).toSorted(), modelOperations.toSorted())
    assert.equal(modelOperations.length, 56)
  })

  for (const [name, { input, has = [], always }] of Object.entries(table)) {
    if (operationOf(name) === undefined) {
      test(`${name} is not served yet, and says so`, async () => {
        const error = await errorOf(kms.send(name, {}))
        assert.equal(error.name, "UnknownOperationException")
      })
      continue
    }
    test(`${name} answers as the model has it`, async () => {
      if (always === undefined) {
        await kms.send(name, await input())
        checkAnswer(name, lastBody, has)
        return
      }
      const error = await errorOf(kms.send(name, await input()))
      assert.equal(error.name, always)
      assert.ok(documentedExceptions(name).includes(always))
    })
    const member = keyMembers.find((one) => inputMembers(name).includes(one))
    if (member === undefined) continue
    test(`${name} refuses a key that is not there by an exception that it documents`, async () => {
      const nowhere = "12345678-1234-1234-1234-123456789012"
      const error = await errorOf(kms.send(name, { ...(await input()), [member]: nowhere }))
      assert.equal(error.name, "NotFoundException")
      assert.ok(documentedExceptions(name).includes(error.name))
    })
  }
})
