/** The AWS SDK, unmodified, against a node over TLS: its commands, its errors, its signatures. */

import assert from "node:assert/strict"
import { after, before, suite, test } from "node:test"

import { kmsClient, type KmsClient, type KmsError, type KmsOutput } from "../support/aws.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { wrapMaterial } from "../support/aws-import.ts"
import { base64, fields } from "../support/rest-client.ts"

let node: DevNode
let kms: KmsClient

/** The error of a command that has to fail. */
async function errorOf(asked: Promise<unknown>): Promise<KmsError> {
  return await asked.then(
    (output) => assert.fail(`it succeeded: ${JSON.stringify(output)}`),
    (error: unknown) => error as KmsError, // The SDK throws nothing else.
  )
}

const metadata = ({ KeyMetadata }: KmsOutput) => KmsMetadata(KeyMetadata)
function KmsMetadata(value: unknown) {
  return value as { readonly KeyId: string; readonly Arn: string; readonly KeyState: string }
}

suite("the AWS SDK", () => {
  before(async () => {
    node = await startDevNode()
    kms = kmsClient(node.dev)
  })
  after(async () => {
    kms.destroy()
    await node.stop()
  })

  test("encrypts and decrypts with what dev.json says, and nothing else", async () => {
    const { KeyId } = metadata(await kms.send("CreateKey"))
    await kms.send("CreateAlias", { AliasName: "alias/orders", TargetKeyId: KeyId })
    const context = { EncryptionContext: { order: "17" } }
    const input = { KeyId: "alias/orders", Plaintext: Buffer.from("hello"), ...context }
    const { CiphertextBlob } = await kms.send("Encrypt", input)
    const opened = await kms.send("Decrypt", { CiphertextBlob, ...context })
    assert.equal(Buffer.from(opened["Plaintext"] as Uint8Array).toString(), "hello")
    const error = await errorOf(kms.send("Decrypt", { CiphertextBlob }))
    assert.equal(error.name, "InvalidCiphertextException")
    assert.match(error.$metadata.requestId ?? "", /^[0-9a-f-]{36}$/)
  })

  test("names keys as Terraform's provider wants them, whoever made them", async () => {
    const strict = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[ab89][0-9a-f]{3}-[0-9a-f]{12}$/
    const { client } = node
    const call = { path: "POST /keys", body: { name: "for-terraform", algorithm: "AES_256" } }
    const { id } = await client.call(node.token("manager"), call.path, call.body)
    for (const { KeyMetadata } of [
      await kms.send("CreateKey"),
      await kms.send("DescribeKey", { KeyId: id }),
    ]) {
      assert.match(KmsMetadata(KeyMetadata).KeyId, strict)
    }
  })

  test("uses a key that /api/v1 made, and the other way round", async () => {
    const { client } = node
    const body = { name: "shared", algorithm: "AES_256" }
    const made = await client.call(node.token("manager"), "POST /keys", body)
    const input = { KeyId: made["id"], Plaintext: Buffer.from("hello") }
    const { CiphertextBlob } = await kms.send("Encrypt", input)
    const ciphertext = base64(CiphertextBlob as Uint8Array)
    const opened = await client.call(node.token("user"), "POST /decrypt", { ciphertext })
    assert.equal(opened["plaintext"], base64("hello"))
    const path = "POST /keys/shared/encrypt"
    const sealed = await client.call(node.token("user"), path, {
      plaintext: base64("back"),
    })
    const blob = Uint8Array.fromBase64(String(sealed["ciphertext"]))
    const back = await kms.send("Decrypt", { CiphertextBlob: blob })
    assert.equal(Buffer.from(back["Plaintext"] as Uint8Array).toString(), "back")
  })

  test("gets its own exception classes, with AWS's status", async () => {
    const { KeyId, Arn } = metadata(await kms.send("CreateKey"))
    await kms.send("DisableKey", { KeyId })
    const input = { KeyId, Plaintext: Buffer.from("x") }
    const error = await errorOf(kms.send("Encrypt", input))
    assert.deepEqual([error.name, error.message], ["DisabledException", `${Arn} is disabled.`])
    assert.equal(error.$metadata.httpStatusCode, 400)
    const missing = await errorOf(kms.send("DescribeKey", { KeyId: "alias/nothing" }))
    assert.equal(missing.name, "NotFoundException")
  })
  awaiting()
  refusals()
})

function awaiting(): void {
  test("a key that waits for its material shows that in /api/v1, and serves nobody", async () => {
    const { KeyId, Arn } = metadata(await kms.send("CreateKey", { Origin: "EXTERNAL" }))
    const { client } = node
    const [manager, user] = [node.token("manager"), node.token("user")]
    const { state, versions } = await client.call(manager, `GET /keys/${KeyId}`)
    assert.deepEqual([state, versions], ["awaiting-material", []])
    const plaintext = base64("x")
    const path = `/keys/${KeyId}/encrypt`
    const refused = await client.send("POST", `/api/v1${path}`, {
      token: user,
      body: { plaintext },
    })
    assert.deepEqual([refused.status, fields(refused)["code"]], [409, "KEY_STATE"])
    const input = { KeyId, Plaintext: Buffer.from("x") }
    const waits = await errorOf(kms.send("Encrypt", input))
    assert.equal(waits.message, `${Arn} is pending import.`)
    const asked = { KeyId, WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048" }
    const { ImportToken, PublicKey } = await kms.send("GetParametersForImport", asked)
    const material = Buffer.alloc(32, 7)
    const wrapped = wrapMaterial(PublicKey as Uint8Array, material, "RSAES_OAEP_SHA_256")
    const ValidTo = new Date(Date.now() + 3_600_000)
    const bring = { KeyId, ImportToken, EncryptedKeyMaterial: wrapped, ValidTo }
    await kms.send("ImportKeyMaterial", bring)
    const shown = await client.call(manager, `GET /keys/${KeyId}`)
    assert.deepEqual(
      [shown["state"], shown["materialExpiresAt"]],
      ["active", ValidTo.toISOString()],
    )
    const { CiphertextBlob } = await kms.send("Encrypt", input)
    const ciphertext = base64(CiphertextBlob as Uint8Array)
    const opened = await client.call(user, "POST /decrypt", { ciphertext })
    assert.equal(opened["plaintext"], base64("x"))
    await kms.send("DeleteImportedKeyMaterial", { KeyId })
    const gone = await client.send("POST", "/api/v1/decrypt", { token: user, body: { ciphertext } })
    assert.deepEqual([gone.status, fields(gone)["code"]], [409, "KEY_STATE"])
  })
}

function refusals(): void {
  test("is refused with another secret, another key id, and a revoked key", async () => {
    const { aws } = node.dev
    const wrong = kmsClient(node.dev, { secretAccessKey: `${aws.secretAccessKey}x` })
    assert.equal((await errorOf(wrong.send("ListKeys"))).name, "InvalidSignatureException")
    const unknown = kmsClient(node.dev, { accessKeyId: "AKIAIOSFODNN7EXAMPLE" })
    assert.equal((await errorOf(unknown.send("ListKeys"))).name, "UnrecognizedClientException")
    const officer = node.token("officer")
    const made = await node.client.call(officer, "POST /principals", {
      name: "shop",
      roles: ["user"],
      credential: { kind: "access-key" },
    })
    const access = made["accessKey"] as { accessKeyId: string; secretAccessKey: string }
    const principal = made["principal"] as { id: string; credentials: readonly { id: string }[] }
    const shop = kmsClient(node.dev, access)
    await shop.send("ListKeys")
    const [credential] = principal.credentials
    const path = `/principals/${principal.id}/credentials/${credential?.id ?? ""}`
    await node.client.call(officer, `DELETE ${path}`)
    assert.equal((await errorOf(shop.send("ListKeys"))).name, "UnrecognizedClientException")
    for (const client of [wrong, unknown, shop]) client.destroy()
  })

  test("signs for the region that the key answers in", async () => {
    const far = kmsClient(node.dev, { region: "us-west-2" })
    const { KeyId, Arn } = metadata(await far.send("CreateKey"))
    assert.match(Arn, /^arn:aws:kms:us-west-2:/)
    const error = await errorOf(kms.send("DescribeKey", { KeyId }))
    assert.equal(error.name, "NotFoundException")
    far.destroy()
  })

  test("a sealed node answers that it cannot now, and the SDK tries again", async () => {
    const { gate } = node.running.node
    await gate.seal()
    assert.equal((await errorOf(kms.send("ListKeys"))).name, "KMSInternalException")
    const patient = kmsClient(node.dev, { maxAttempts: 5 })
    const asked = patient.send("ListKeys")
    await gate.start()
    assert.ok(Array.isArray((await asked)["Keys"]))
    patient.destroy()
  })
}
