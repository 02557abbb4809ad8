/** Grants across accounts on a node of several processes: their ends hold in all of them. */

import assert from "node:assert/strict"
import { after, before, suite, test } from "node:test"

import { kmsClient, type KmsClient, type KmsError } from "../support/aws.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"

/** Each has connections of its own: the kernel deals them out to the workers. */
const connections = 10
const plaintext = Buffer.from("hello")

interface Neighbour {
  readonly arn: string
  readonly officer: string
  readonly clients: readonly KmsClient[]
}

let node: DevNode
let kms: KmsClient
let arn: string
let first: Neighbour
let second: Neighbour

/** A principal of a new partition, whose officer has named the key to him. */
async function neighbour(name: string, keyId: unknown): Promise<Neighbour> {
  const { client, token, dev } = node
  const made = await client.call<{ token: string }>(token("operator"), "POST /partitions", { name })
  const guest = await client.call(made.token, "POST /principals", {
    name: "guest",
    roles: ["user", "manager"],
    grants: [{ keyIds: [keyId] }],
    credential: { kind: "access-key" },
  })
  const access = guest["accessKey"] as { accessKeyId: string }
  const clients = Array.from({ length: connections }, () => kmsClient(dev, access))
  const denied = await outcome(clients[0], "DescribeKey", { KeyId: arn })
  const [his = ""] = /arn:aws:iam::\d{12}:user\/guest/.exec(denied) ?? []
  return { arn: his, officer: made.token, clients }
}

async function outcome(client: KmsClient | undefined, name: string, input: object) {
  assert.ok(client !== undefined)
  return await client.send(name, { ...input }).then(
    () => "used",
    (error: unknown) => (error as KmsError).message, // The SDK throws nothing else.
  )
}

/** What an encryption answers on every connection at once. */
async function everywhere({ clients }: Neighbour): Promise<ReadonlySet<string>> {
  const input = { KeyId: arn, Plaintext: plaintext }
  return new Set(await Promise.all(clients.map((client) => outcome(client, "Encrypt", input))))
}
const used = new Set(["used"])

suite("grants across accounts on a node of several processes", () => {
  before(async () => {
    node = await startDevNode(2)
    kms = kmsClient(node.dev)
    arn = ((await kms.send("CreateKey"))["KeyMetadata"] as { Arn: string }).Arn
    const path = `GET /keys/${arn.split("/")[1] ?? ""}`
    const { id } = await node.client.call(node.token("user"), path)
    first = await neighbour("first", id)
    second = await neighbour("second", id)
  })
  after(async () => {
    for (const client of [kms, ...first.clients, ...second.clients]) client.destroy()
    await node.stop()
  })

  test("what is granted, blocked and revoked holds in all before the answer", async () => {
    const [absent = "", ...others] = await everywhere(second)
    assert.match(absent, /the resource does not exist in this Region/)
    assert.deepEqual(others, [])
    const refused = new Set([absent])
    const grant = { KeyId: arn, GranteePrincipal: first.arn }
    const given = await kms.send("CreateGrant", {
      ...grant,
      Operations: ["Encrypt", "CreateGrant"],
    })
    assert.deepEqual(await everywhere(first), used)
    const handingOn = { KeyId: arn, GranteePrincipal: second.arn, Operations: ["Encrypt"] }
    const handedOn = await first.clients[1]?.send("CreateGrant", handingOn)
    assert.deepEqual(await everywhere(second), used)
    await node.client.call(first.officer, "POST /partition/block")
    assert.deepEqual(await everywhere(second), refused)
    await node.client.call(first.officer, "POST /partition/unblock")
    assert.deepEqual(await everywhere(second), used)
    await kms.send("RevokeGrant", { KeyId: arn, GrantId: given["GrantId"] })
    assert.ok(![...(await everywhere(first))].includes("used"))
    assert.deepEqual(await everywhere(second), used)
    await kms.send("RevokeGrant", { KeyId: arn, GrantId: handedOn?.["GrantId"] })
    assert.deepEqual(await everywhere(second), refused)
  })
})
