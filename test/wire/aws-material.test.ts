/**
 * Imported material that rotates, through the unmodified AWS SDK over TLS, with a node of one
 * process and with one of several: no process seals under the old one once the answer is out.
 */

import assert from "node:assert/strict"
import { after, before, suite, test } from "node:test"

import { wrapMaterial } from "../support/aws-import.ts"
import { kmsClient, type KmsClient, type KmsError, type KmsOutput } from "../support/aws.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64 } from "../support/rest-client.ts"

/** Each on a connection of its own, so that several processes serve them. */
const clientsMany = 6
const wrapping = { WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048" }

let node: DevNode
let clients: readonly KmsClient[]
let kms: KmsClient

for (const workers of [0, 2]) {
  suite(`the owner of a key's material, ${workers} workers beside the node`, () => {
    before(async () => {
      node = await startDevNode(workers)
      clients = Array.from({ length: clientsMany }, () => kmsClient(node.dev))
      kms = clients[0] ?? assert.fail()
    })
    after(async () => {
      for (const client of clients) client.destroy()
      await node.stop()
    })
    test("brings another one, which everybody seals under once it is rotated", rotated)
    test("takes one of several away, which stops everybody, and brings it back", deleted)
    test("replaces what waits, which nobody notices", replaced)
  })
}

async function bring(KeyId: string, fill: number, more: KmsOutput = {}): Promise<string> {
  const { ImportToken, PublicKey } = await kms.send("GetParametersForImport", {
    KeyId,
    ...wrapping,
  })
  const material = Buffer.alloc(32, fill)
  const done = await kms.send("ImportKeyMaterial", {
    KeyId,
    ImportToken,
    EncryptedKeyMaterial: wrapMaterial(PublicKey as Uint8Array, material, "RSAES_OAEP_SHA_256"),
    ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE",
    ...more,
  })
  return String(done["KeyMaterialId"])
}

async function create(): Promise<string> {
  const { KeyMetadata } = await kms.send("CreateKey", { Origin: "EXTERNAL" })
  return String((KeyMetadata as KmsOutput)["KeyId"])
}

const Plaintext = Buffer.from("x")
const isNew = { ImportType: "NEW_KEY_MATERIAL" }

async function everybody<T>(work: (client: KmsClient) => Promise<T>): Promise<readonly T[]> {
  return await Promise.all(clients.map(work))
}

/** Under which material every client seals, as any other one that opens it is told. */
async function sealsUnder(KeyId: string): Promise<ReadonlySet<unknown>> {
  const used = await everybody(async (client) => {
    const { CiphertextBlob } = await client.send("Encrypt", { KeyId, Plaintext })
    const opened = await kms.send("Decrypt", { CiphertextBlob })
    assert.deepEqual(Buffer.from(opened["Plaintext"] as Uint8Array), Plaintext)
    return opened["KeyMaterialId"]
  })
  return new Set(used)
}

async function states(KeyId: string): Promise<readonly unknown[]> {
  const input = { KeyId, IncludeKeyMaterial: "ALL_KEY_MATERIAL" }
  const { Rotations } = await kms.send("ListKeyRotations", input)
  return (Rotations as readonly KmsOutput[]).map((one) => one["KeyMaterialState"])
}

async function nameOf(asked: Promise<unknown>): Promise<string> {
  return await asked.then(
    (output) => assert.fail(`it succeeded: ${JSON.stringify(output)}`),
    (error: unknown) => (error as KmsError).name, // The SDK throws nothing else.
  )
}

async function rotated(): Promise<void> {
  const KeyId = await create()
  const first = await bring(KeyId, 1, { KeyMaterialDescription: "first" })
  const { CiphertextBlob } = await kms.send("Encrypt", { KeyId, Plaintext })
  assert.deepEqual(await sealsUnder(KeyId), new Set([first]))
  const second = await bring(KeyId, 2, isNew)
  assert.deepEqual(await states(KeyId), ["CURRENT", "PENDING_ROTATION"])
  const { client } = node
  const show = () => client.call(node.token("manager"), `GET /keys/${KeyId}`)
  const waits = (await show())["pendingVersion"] as { readonly version: number }
  assert.equal(waits.version, 2)
  assert.deepEqual(await sealsUnder(KeyId), new Set([first]))
  await kms.send("RotateKeyOnDemand", { KeyId })
  assert.deepEqual(await sealsUnder(KeyId), new Set([second]))
  assert.deepEqual(await states(KeyId), ["NON_CURRENT", "CURRENT"])
  const { KeyMetadata } = await kms.send("DescribeKey", { KeyId })
  assert.equal((KeyMetadata as KmsOutput)["CurrentKeyMaterialId"], second)
  for (const opened of await everybody((one) => one.send("Decrypt", { CiphertextBlob }))) {
    assert.deepEqual(Buffer.from(opened["Plaintext"] as Uint8Array), Plaintext)
    assert.equal(opened["KeyMaterialId"], first)
  }
  assert.equal(await nameOf(kms.send("RotateKeyOnDemand", { KeyId })), "KMSInvalidStateException")
  // The other face shows the same versions.
  const shown = await show()
  assert.equal("pendingVersion" in shown, false)
  const versions = shown["versions"] as readonly { readonly origin: string }[]
  assert.deepEqual(
    [shown["currentVersion"], versions.length, versions[1]?.origin],
    [2, 2, "imported"],
  )
  const ciphertext = base64(CiphertextBlob as Uint8Array)
  const opened = await client.call(node.token("user"), "POST /decrypt", { ciphertext })
  assert.equal(opened["plaintext"], base64("x"))
}

async function deleted(): Promise<void> {
  const KeyId = await create()
  const KeyMaterialId = await bring(KeyId, 1)
  const { CiphertextBlob } = await kms.send("Encrypt", { KeyId, Plaintext })
  const second = await bring(KeyId, 2, isNew)
  await kms.send("RotateKeyOnDemand", { KeyId })
  await sealsUnder(KeyId)
  await kms.send("DeleteImportedKeyMaterial", { KeyId, KeyMaterialId })
  const refused = await everybody(async (one) => [
    await nameOf(one.send("Encrypt", { KeyId, Plaintext })),
    await nameOf(one.send("Decrypt", { CiphertextBlob, KeyId })),
  ])
  assert.deepEqual(new Set(refused.flat()), new Set(["KMSInvalidStateException"]))
  assert.equal(await nameOf(bring(KeyId, 3)), "IncorrectKeyMaterialException")
  assert.equal(await bring(KeyId, 1, { KeyMaterialId }), KeyMaterialId)
  assert.deepEqual(await sealsUnder(KeyId), new Set([second]))
  await everybody((one) => one.send("Decrypt", { CiphertextBlob }))
}

async function replaced(): Promise<void> {
  const KeyId = await create()
  const first = await bring(KeyId, 1)
  const { CiphertextBlob } = await kms.send("Encrypt", { KeyId, Plaintext })
  const end = new AbortController()
  const users = everybody(async (client) => {
    while (!end.signal.aborted) await client.send("Decrypt", { CiphertextBlob })
  })
  try {
    for (let fill = 2; fill < 5; fill++) {
      const KeyMaterialId = await bring(KeyId, fill, isNew)
      await kms.send("DeleteImportedKeyMaterial", { KeyId, KeyMaterialId })
      assert.deepEqual(await sealsUnder(KeyId), new Set([first]))
    }
  } finally {
    end.abort()
  }
  await users
  const last = await bring(KeyId, 9, isNew)
  await kms.send("RotateKeyOnDemand", { KeyId })
  assert.deepEqual(await sealsUnder(KeyId), new Set([last]))
}
