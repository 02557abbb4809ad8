/**
 * The error table: every exception that the AWS SDK's model has is produced here, or stands in a
 * list with the reason why nothing can produce it.
 */

import assert from "node:assert/strict"
import { after, test } from "node:test"

import { HsmError } from "../../../src/domain/errors.ts"
import { limits } from "../../../src/domain/limits.ts"
import type { KeyRecord } from "../../../src/domain/key.ts"
import { awsFace, b64, type Body } from "../../support/aws-face.ts"
import { importInput } from "../../support/aws-import.ts"
import { modelExceptions } from "../../support/aws-schemas.ts"

const aws = await awsFace({ keyImport: true })
after(() => aws.stop())

const store = { CustomKeyStoreId: "cks-1234567890abcdef0" }
const signer = { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" }
const signing = { Message: b64("m"), SigningAlgorithm: "ECDSA_SHA_256" }
const plain = { Plaintext: b64("x") }
const material = Buffer.alloc(32, 7)

/** A fault of an operation on a new key. */
const onKey =
  (name: string, input: Body = {}, key: Body = {}) =>
  async (): Promise<string> =>
    aws.fault(name, { ...input, KeyId: (await aws.createKey(key)).KeyId })

/** What produces an exception; each of them in the simplest way that a caller can. */
const produced: Readonly<Record<string, () => Promise<string>>> = {
  AlreadyExistsException: async () => {
    const input = { AliasName: "alias/taken", TargetKeyId: (await aws.createKey()).KeyId }
    await aws.ok("CreateAlias", input)
    return await aws.fault("CreateAlias", input)
  },
  CloudHsmClusterNotFoundException: () =>
    aws.fault("CreateCustomKeyStore", {
      CustomKeyStoreName: "vault",
      CloudHsmClusterId: "cluster-2a23b4cdefg",
    }),
  CustomKeyStoreNotFoundException: () => aws.fault("DeleteCustomKeyStore", store),
  DependencyTimeoutException: async () => {
    const { audit } = aws.stack
    audit.refuse = new HsmError("AUDIT_UNAVAILABLE", "the log cannot be written")
    try {
      return await aws.fault("ListKeys")
    } finally {
      audit.refuse = undefined
    }
  },
  DisabledException: async () => {
    const { KeyId } = await aws.createKey()
    await aws.ok("DisableKey", { KeyId })
    return await aws.fault("Encrypt", { KeyId, ...plain })
  },
  DryRunOperationException: onKey("Encrypt", { ...plain, DryRun: true }),
  ExpiredImportTokenException: async () => {
    const { KeyId } = await aws.createKey({ Origin: "EXTERNAL" })
    const input = await importInput(aws, KeyId, material)
    aws.stack.clock.advance(limits.importTokenMs)
    return await aws.fault("ImportKeyMaterial", input)
  },
  IncorrectKeyException: async () => {
    const [one, two] = [await aws.createKey(), await aws.createKey()]
    const { CiphertextBlob } = await aws.ok("Encrypt", { KeyId: one.KeyId, ...plain })
    return await aws.fault("Decrypt", { CiphertextBlob, KeyId: two.KeyId })
  },
  IncorrectKeyMaterialException: async () => {
    const { KeyId } = await aws.createKey({ Origin: "EXTERNAL" })
    await aws.ok("ImportKeyMaterial", await importInput(aws, KeyId, material))
    const other = await importInput(aws, KeyId, Buffer.alloc(32, 8))
    return await aws.fault("ImportKeyMaterial", other)
  },
  InvalidAliasNameException: async () =>
    aws.fault("CreateAlias", {
      AliasName: "alias/aws/ours",
      TargetKeyId: (await aws.createKey()).KeyId,
    }),
  // Of a principal alone: an ARN that names no key here is NotFoundException, as AWS answers it.
  InvalidArnException: onKey("CreateGrant", { GranteePrincipal: "arn:x", Operations: ["Encrypt"] }),
  InvalidCiphertextException: async () => {
    const { KeyId } = await aws.createKey()
    return await aws.fault("Decrypt", { KeyId, CiphertextBlob: b64("nothing of ours") })
  },
  InvalidGrantIdException: onKey("RevokeGrant", { GrantId: "x" }),
  InvalidGrantTokenException: onKey("Encrypt", { ...plain, GrantTokens: ["eA"] }),
  InvalidImportTokenException: async () => {
    const { KeyId } = await aws.createKey({ Origin: "EXTERNAL" })
    const input = await importInput(aws, KeyId, material)
    return await aws.fault("ImportKeyMaterial", { ...input, ImportToken: b64("a token") })
  },
  InvalidKeyUsageException: onKey("Encrypt", plain, signer),
  InvalidMarkerException: () => aws.fault("ListKeys", { Marker: "another" }),
  KeyUnavailableException: async () => {
    // All seals of a key that takes no second material are made: its record says so.
    const { KeyId } = await aws.createKey({ Origin: "EXTERNAL" })
    await aws.ok("ImportKeyMaterial", await importInput(aws, KeyId, material))
    const { records } = aws.stack.ports
    const { items } = await records.list("key", aws.partition, { limit: 1_000 })
    const key = items.find(({ name }) => name === KeyId)
    assert.ok(key !== undefined)
    const sealsLeased = limits.sealsPerVersionMax
    const record: KeyRecord = {
      ...key,
      versions: key.versions.map((version) => ({ ...version, sealsLeased })),
      revision: key.revision + 1,
    }
    await records.commit(aws.partition, { changes: [{ kind: "key", record }] })
    return await aws.fault("Encrypt", { KeyId, ...plain })
  },
  KMSInternalException: async () => {
    const { audit } = aws.stack
    audit.refuse = new HsmError("TAMPERED", "a record is not what was stored")
    try {
      return await aws.fault("ListKeys")
    } finally {
      audit.refuse = undefined
    }
  },
  KMSInvalidMacException: onKey(
    "VerifyMac",
    { Message: b64("m"), MacAlgorithm: "HMAC_SHA_256", Mac: b64(new Uint8Array(32)) },
    { KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" },
  ),
  KMSInvalidSignatureException: onKey("Verify", { ...signing, Signature: b64("none") }, signer),
  KMSInvalidStateException: onKey("Encrypt", plain, { Origin: "EXTERNAL" }),
  LimitExceededException: async () => {
    const { KeyId } = await aws.createKey()
    for (let round = 0; round < limits.rotationsOnDemandMax; round++) {
      await aws.ok("RotateKeyOnDemand", { KeyId })
    }
    return await aws.fault("RotateKeyOnDemand", { KeyId })
  },
  MalformedPolicyDocumentException: onKey("PutKeyPolicy", { Policy: "{}" }),
  NotFoundException: () => aws.fault("DescribeKey", { KeyId: "alias/nothing" }),
  TagException: onKey("TagResource", { Tags: [{ TagKey: "aws:a", TagValue: "b" }] }),
  UnsupportedOperationException: onKey("EnableKeyRotation", {}, signer),
  XksProxyUriUnreachableException: () =>
    aws.fault("CreateCustomKeyStore", {
      CustomKeyStoreName: "vault",
      CustomKeyStoreType: "EXTERNAL_KEY_STORE",
      XksProxyUriEndpoint: "https://proxy.example",
    }),
}

const noStores = "there are no custom key stores: the keys are here"

/** What nothing here can produce, and why. */
const unreachable: Readonly<Record<string, string>> = {
  CloudHsmClusterInUseException: noStores,
  CloudHsmClusterInvalidConfigurationException: noStores,
  CloudHsmClusterNotActiveException: noStores,
  CloudHsmClusterNotRelatedException: noStores,
  ConflictException: "RotateKeyOnDemand waits for no other rotation: commits order them",
  CustomKeyStoreHasCMKsException: noStores,
  CustomKeyStoreInvalidStateException: noStores,
  CustomKeyStoreNameInUseException: noStores,
  IncorrectTrustAnchorException: noStores,
  XksKeyAlreadyInUseException: noStores,
  XksKeyInvalidConfigurationException: noStores,
  XksKeyNotFoundException: noStores,
  XksProxyIncorrectAuthenticationCredentialException: noStores,
  XksProxyInvalidConfigurationException: noStores,
  XksProxyInvalidResponseException: noStores,
  XksProxyUriEndpointInUseException: noStores,
  XksProxyUriInUseException: noStores,
  XksProxyVpcEndpointServiceInUseException: noStores,
  XksProxyVpcEndpointServiceInvalidConfigurationException: noStores,
  XksProxyVpcEndpointServiceNotFoundException: noStores,
}

test("every exception of the model is produced or explained, and none is twice", () => {
  const told = [...Object.keys(produced), ...Object.keys(unreachable)]
  assert.deepEqual(told.toSorted(), modelExceptions.toSorted())
})

for (const [name, produce] of Object.entries(produced)) {
  test(`${name} is produced`, async () => {
    const fault = await produce()
    assert.equal(fault.split(":")[0], name)
  })
}
