/**
 * Other people's clients of AWS KMS, unmodified, against a node over TLS: the Encryption SDK, a
 * signer of Ethereum, the command line, and Python's SDK.
 */

import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, suite, test } from "node:test"

import {
  encryptionSdk,
  ethereumSigner,
  hasAwsCli,
  python,
  runClient,
  type Ran,
} from "../support/aws-clients.ts"
import { kmsClient, type KmsClient } from "../support/aws.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { flipBit } from "../support/flip-bit.ts"

const isStrict = process.env["CI"] !== undefined
if (!hasAwsCli && isStrict) throw new Error("install awscli")
if (python === undefined && isStrict) throw new Error("install python3-boto3")
const noCli = hasAwsCli ? false : "the Debian package awscli is missing"
const noPython = python === undefined ? "the Debian package python3-boto3 is missing" : false

const folder = mkdtempSync(join(tmpdir(), "keyhold-aws-"))
const plaintext = Buffer.from("carried by somebody else's client\n")
let node: DevNode
let kms: KmsClient

async function make(input: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const { KeyMetadata } = await kms.send("CreateKey", input)
  return (KeyMetadata as { readonly Arn: string }).Arn
}

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

const ethereumKey = { KeySpec: "ECC_SECG_P256K1", KeyUsage: "SIGN_VERIFY" }

suite("clients of AWS KMS", () => {
  before(async () => {
    node = await startDevNode()
    kms = kmsClient(node.dev)
  })
  after(async () => {
    rmSync(folder, { recursive: true })
    kms.destroy()
    await node.stop()
  })

  test("the Encryption SDK seals under a context, and opens with the key it names", async () => {
    const sdk = await encryptionSdk(node.dev, await make())
    const message = await sdk.encrypt(plaintext, { order: "17" })
    const opened = await sdk.decrypt(message)
    assert.deepEqual(Buffer.from(opened.plaintext), plaintext)
    assert.equal(opened.context["order"], "17")
    // The context stands in the message: changing it changes what KMS is asked to open.
    const changed = Buffer.from(message.toHex().replace(hex("order"), hex("ordes")), "hex")
    await assert.rejects(sdk.decrypt(changed), /InvalidCiphertextException/)
    const other = await encryptionSdk(node.dev, await make())
    await assert.rejects(other.decrypt(message), /unencryptedDataKey has not been set/)
    await assert.rejects(sdk.decrypt(flipBit(message, -200)))
  })

  test("the Encryption SDK opens with a replica what the primary has sealed", async () => {
    const arn = await make({ MultiRegion: true })
    const [here, region] = [node.dev.aws.region, "us-west-2"]
    await kms.send("ReplicateKey", { KeyId: arn, ReplicaRegion: region })
    const sdk = await encryptionSdk(node.dev, arn, here)
    const message = await sdk.encrypt(plaintext, { order: "17" })
    const there = await encryptionSdk(node.dev, arn.replace(here, region), region)
    assert.deepEqual(Buffer.from((await there.decrypt(message)).plaintext), plaintext)
    await assert.rejects(there.decrypt(flipBit(message, -200)))
    const single = await encryptionSdk(node.dev, arn.replace(here, region))
    await assert.rejects(single.decrypt(message), /unencryptedDataKey has not been set/)
  })

  test("an Ethereum signer signs messages and transactions for its key's address", async () => {
    const { signer, ethers } = await ethereumSigner(node.dev, await make(ethereumKey))
    const address = (await signer.getAddress()).toLowerCase()
    for (let round = 0; round < 8; round++) {
      const text = `message ${round}`
      const signature = await signer.signMessage(text)
      assert.equal(ethers.verifyMessage(text, signature).toLowerCase(), address)
      assert.notEqual(ethers.verifyMessage(`${text}.`, signature).toLowerCase(), address)
    }
    const sent = { to: `0x${"11".repeat(20)}`, value: 5n, chainId: 1n, nonce: 0, from: null }
    const more = { type: 2, gasLimit: 21_000n, maxFeePerGas: 1n, maxPriorityFeePerGas: 1n }
    const read = ethers.Transaction.from(await signer.signTransaction({ ...sent, ...more }))
    assert.deepEqual([read.from.toLowerCase(), read.value], [address, 5n])
  })

  test("the command line seals and opens, and hears why not", { skip: noCli }, seal)

  test("Python's SDK seals, opens, signs and pages", { skip: noPython }, async () => {
    const script = file("client.py", Buffer.from(pythonClient))
    const { code, stdout, stderr } = await runClient(node.dev, python ?? "", [script])
    assert.equal(code, 0, stderr)
    const said = JSON.parse(stdout) as Readonly<Record<string, unknown>>
    assert.equal(said["opened"], "hello")
    assert.equal(said["refused"], "InvalidCiphertextException")
    assert.equal(said["valid"], true)
    assert.equal(said["invalid"], "KMSInvalidSignatureException")
    assert.ok(Number(said["keys"]) >= 3)
    assert.match(String(said["arn"]), /^arn:aws:iam::\d{12}:user\//)
  })
})

/** The command line, told where the node is. */
function aws(...args: readonly string[]): Promise<Ran> {
  const { endpoint } = node.dev.aws
  return runClient(node.dev, "aws", ["--endpoint-url", endpoint, "--output", "json", ...args])
}

async function seal(): Promise<void> {
  const arn = await make()
  const input = [
    "--encryption-context",
    "order=17",
    "--plaintext",
    `fileb://${file("in", plaintext)}`,
  ]
  const sealed = await aws("kms", "encrypt", "--key-id", arn, ...input)
  assert.equal(sealed.code, 0, sealed.stderr)
  const { CiphertextBlob } = JSON.parse(sealed.stdout) as { readonly CiphertextBlob: string }
  const blob = `fileb://${file("out", Uint8Array.fromBase64(CiphertextBlob))}`
  const open = ["kms", "decrypt", "--ciphertext-blob", blob, "--encryption-context"]
  const opened = await aws(...open, "order=17")
  assert.equal(opened.code, 0, opened.stderr)
  const { Plaintext } = JSON.parse(opened.stdout) as { readonly Plaintext: string }
  assert.deepEqual(Buffer.from(Plaintext, "base64"), plaintext)
  const wrong = await aws(...open, "order=18")
  assert.notEqual(wrong.code, 0)
  assert.match(wrong.stderr, /InvalidCiphertextException.* Decrypt operation/)
  const who = await aws("sts", "get-caller-identity")
  assert.match(who.stdout, /"Arn": "arn:aws:iam::\d{12}:user\//, who.stderr)
}

function hex(text: string): string {
  return Buffer.from(text).toString("hex")
}

const pythonClient = `
import base64, json, os
import boto3
from botocore.exceptions import ClientError

at = {"endpoint_url": os.environ["ENDPOINT"]}
kms = boto3.client("kms", **at)

def refusal(call, **kwargs):
    try:
        call(**kwargs)
    except ClientError as error:
        return error.response["Error"]["Code"]

key = kms.create_key()["KeyMetadata"]["KeyId"]
context = {"order": "17"}
blob = kms.encrypt(KeyId=key, Plaintext=b"hello", EncryptionContext=context)["CiphertextBlob"]
opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"]
refused = refusal(kms.decrypt, CiphertextBlob=blob, EncryptionContext={"Order": "17"})
pair = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
how = {"KeyId": pair, "Message": b"m", "SigningAlgorithm": "RSASSA_PSS_SHA_256"}
signature = kms.sign(**how)["Signature"]
valid = kms.verify(Signature=signature, **how)["SignatureValid"]
invalid = refusal(kms.verify, Signature=signature, **{**how, "Message": b"n"})
kms.create_key()
pages = kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 1})
keys = sum(len(page["Keys"]) for page in pages)
arn = boto3.client("sts", **at).get_caller_identity()["Arn"]
print(json.dumps({"opened": opened.decode(), "refused": refused, "valid": valid,
                  "invalid": invalid, "keys": keys, "arn": arn}))
`
