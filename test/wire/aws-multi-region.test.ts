/**
 * Multi-Region keys through unmodified AWS SDK clients of two regions over TLS, with a node of one
 * process and with one of several: what a member gets all of them have before the answer.
 */

import assert from "node:assert/strict"
import { after, before, suite, test } from "node:test"

import { kmsClient, type KmsClient, type KmsError, type KmsOutput } from "../support/aws.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64 } from "../support/rest-client.ts"

const home = "eu-central-1"
const away = "us-west-2"
/** Each on a connection of its own, so that several processes serve them. */
const clientsEach = 6

interface Metadata {
  readonly KeyId: string
  readonly Arn: string
  readonly KeyState: string
  readonly CurrentKeyMaterialId?: string
  readonly MultiRegionConfiguration?: {
    readonly MultiRegionKeyType: string
    readonly ReplicaKeys: readonly { readonly Region: string }[]
  }
}

async function nameOf(asked: Promise<KmsOutput>): Promise<string> {
  return await asked.then(
    (output) => assert.fail(`it succeeded: ${JSON.stringify(output)}`),
    (error: unknown) => (error as KmsError).name, // The SDK throws nothing else.
  )
}

async function describe(client: KmsClient, KeyId: string): Promise<Metadata> {
  return (await client.send("DescribeKey", { KeyId }))["KeyMetadata"] as Metadata
}

let node: DevNode
let atHome: readonly KmsClient[]
let atAway: readonly KmsClient[]

for (const workers of [0, 2]) {
  suite(`clients of two regions, ${workers} workers beside the node`, () => {
    before(() => start(workers))
    after(async () => {
      for (const client of [...atHome, ...atAway]) client.destroy()
      await node.stop()
    })
    test("what is sealed in one region opens in the other, also after a rotation", rotated)
    test("a replica that is disabled is so for all at once, its primary for nobody", disabled)
    test("another primary is known to all before UpdatePrimaryRegion answers", moved)
    test("the SDK gets its own exceptions, and members of a deletion that it knows", refused)
    test("/api/v1 shows which keys are a family, and what a receipt leaves", shownInApi)
    test("a MAC and a signature of one region are verified in the other", otherKinds)
  })
}

async function start(workers: number): Promise<void> {
  node = await startDevNode(workers)
  const clientsOf = (region: string) =>
    Array.from({ length: clientsEach }, () => kmsClient(node.dev, { region }))
  atHome = clientsOf(home)
  atAway = clientsOf(away)
}

function one(clients: readonly KmsClient[]): KmsClient {
  return clients[0] ?? assert.fail()
}

/** As Terraform and others do it: replicate, then ask until the state is no transient one. */
async function family(input: KmsOutput = {}): Promise<string> {
  const made = await one(atHome).send("CreateKey", { MultiRegion: true, ...input })
  const { KeyId } = made["KeyMetadata"] as Metadata
  const answer = await one(atHome).send("ReplicateKey", { KeyId, ReplicaRegion: away })
  const { Arn } = answer["ReplicaKeyMetadata"] as Metadata
  let state = "Creating"
  while (state === "Creating") state = (await describe(one(atAway), Arn)).KeyState
  assert.equal(state, "Enabled")
  return KeyId
}

/** Every client opens what was sealed in the other region. */
async function openEverywhere(KeyId: string): Promise<ReadonlySet<unknown>> {
  const Plaintext = Buffer.from("one key, two regions")
  const materials = new Set<unknown>()
  for (const [from, to] of [
    [atHome, atAway],
    [atAway, atHome],
  ] as const) {
    const { CiphertextBlob } = await one(from).send("Encrypt", { KeyId, Plaintext })
    for (const opened of await Promise.all(
      to.map((client) => client.send("Decrypt", { CiphertextBlob })),
    )) {
      assert.deepEqual(Buffer.from(opened["Plaintext"] as Uint8Array), Plaintext)
      materials.add(opened["KeyMaterialId"])
    }
  }
  return materials
}

async function rotated(): Promise<void> {
  const KeyId = await family()
  const first = await openEverywhere(KeyId)
  await one(atHome).send("RotateKeyOnDemand", { KeyId })
  const second = await openEverywhere(KeyId)
  assert.deepEqual([first.size, second.size], [1, 1])
  assert.notDeepEqual(first, second)
}

async function disabled(): Promise<void> {
  const KeyId = await family()
  const input = { KeyId, Plaintext: Buffer.from("x") }
  await Promise.all(atAway.map((client) => client.send("Encrypt", input)))
  await one(atAway).send("DisableKey", { KeyId })
  const told = await Promise.all(atAway.map((client) => nameOf(client.send("Encrypt", input))))
  assert.deepEqual(new Set(told), new Set(["DisabledException"]))
  await Promise.all(atHome.map((client) => client.send("Encrypt", input)))
}

async function moved(): Promise<void> {
  const KeyId = await family()
  await openEverywhere(KeyId)
  await one(atHome).send("UpdatePrimaryRegion", { KeyId, PrimaryRegion: away })
  const typesIn = async (clients: readonly KmsClient[]) =>
    new Set(
      await Promise.all(
        clients.map(async (client) => {
          const { MultiRegionConfiguration: shown } = await describe(client, KeyId)
          return `${shown?.MultiRegionKeyType} ${shown?.ReplicaKeys[0]?.Region}`
        }),
      ),
    )
  assert.deepEqual(await typesIn(atHome), new Set([`REPLICA ${home}`]))
  assert.deepEqual(await typesIn(atAway), new Set([`PRIMARY ${home}`]))
  const again = { KeyId, ReplicaRegion: "ap-south-1" }
  assert.equal(
    await nameOf(one(atHome).send("ReplicateKey", again)),
    "UnsupportedOperationException",
  )
  await one(atAway).send("ReplicateKey", again)
}

async function refused(): Promise<void> {
  const KeyId = await family()
  const twice = one(atHome).send("ReplicateKey", { KeyId, ReplicaRegion: away })
  assert.equal(await nameOf(twice), "AlreadyExistsException")
  const waits = await one(atHome).send("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 })
  assert.equal(waits["KeyState"], "PendingReplicaDeletion")
  const shown = await describe(one(atHome), KeyId)
  assert.equal((shown as unknown as KmsOutput)["PendingDeletionWindowInDays"], 7)
  const { CiphertextBlob } = await one(atAway).send("Encrypt", {
    KeyId,
    Plaintext: Buffer.from("x"),
  })
  const refused = atHome.map((client) => nameOf(client.send("Decrypt", { CiphertextBlob })))
  assert.deepEqual(new Set(await Promise.all(refused)), new Set(["KMSInvalidStateException"]))
  await one(atHome).send("CancelKeyDeletion", { KeyId })
  await one(atHome).send("EnableKey", { KeyId })
  await openEverywhere(KeyId)
}

/** A key of its own for each member, and one ciphertext for all of them. */
async function shownInApi(): Promise<void> {
  const { client } = node
  const [manager, user] = [node.token("manager"), node.token("user")]
  const KeyId = await family()
  const name = KeyId.slice(4).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
  const first = await client.call(manager, `GET /keys/${name}`)
  const { items } = await client.call<{ items: readonly KmsOutput[] }>(
    manager,
    "GET /keys?limit=200",
  )
  const members = items.filter((key) => key["family"] === first["id"])
  const replica = members.find((key) => key["id"] !== first["id"])
  assert.ok(members.length === 2 && replica !== undefined)
  const plaintext = base64("one key, two regions")
  const path = `POST /keys/${String(replica["id"])}`
  const { ciphertext } = await client.call(user, `${path}/encrypt`, { plaintext })
  const opened = await client.call(user, "POST /decrypt", { ciphertext })
  assert.deepEqual([opened["plaintext"], opened["keyId"]], [plaintext, first["id"]])
  const CiphertextBlob = Uint8Array.fromBase64(String(ciphertext))
  await Promise.all(atAway.map((client) => client.send("Decrypt", { CiphertextBlob })))
  await one(atAway).send("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 0 })
  // Whoever had it open has dropped it: nobody there opens with it again.
  const told = atAway.map((client) => nameOf(client.send("Decrypt", { CiphertextBlob })))
  assert.deepEqual(new Set(await Promise.all(told)), new Set(["AccessDeniedException"]))
  const receipt = await client.call(manager, `GET /keys/${String(replica["id"])}/receipt`)
  assert.deepEqual([receipt["keyId"], receipt["membersLeft"]], [replica["id"], 1])
  await one(atHome).send("Decrypt", { CiphertextBlob })
}

async function otherKinds(): Promise<void> {
  const mac = await family({ KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" })
  const macking = { KeyId: mac, Message: Buffer.from("m"), MacAlgorithm: "HMAC_SHA_256" }
  const { Mac } = await one(atHome).send("GenerateMac", macking)
  assert.equal((await one(atAway).send("VerifyMac", { ...macking, Mac }))["MacValid"], true)
  const pair = await family({ KeySpec: "ECC_NIST_P384", KeyUsage: "SIGN_VERIFY" })
  const signing = {
    KeyId: pair,
    Message: Buffer.from("m"),
    SigningAlgorithm: "ECDSA_SHA_384",
  }
  const { Signature } = await one(atAway).send("Sign", signing)
  const verified = await one(atHome).send("Verify", { ...signing, Signature })
  assert.equal(verified["SignatureValid"], true)
  const other = { ...signing, Message: Buffer.from("n"), Signature }
  assert.equal(await nameOf(one(atHome).send("Verify", other)), "KMSInvalidSignatureException")
}
