/** Who may use a key, set through the AWS SDK over TLS: policies, grants, lent keys. */

import assert from "node:assert/strict"
import { after, before, suite, test } from "node:test"

import { kmsClient, type KmsClient, type KmsError, type KmsOutput } from "../support/aws.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"

let node: DevNode
let kms: KmsClient
/** Another principal of the same account. */
let shop: KmsClient
let shopArn: string

async function errorOf(asked: Promise<unknown>): Promise<KmsError> {
  return await asked.then(
    (output) => assert.fail(`it succeeded: ${JSON.stringify(output)}`),
    (error: unknown) => error as KmsError, // The SDK throws nothing else.
  )
}

const keyIdOf = ({ KeyMetadata }: KmsOutput) => (KeyMetadata as { KeyId: string }).KeyId
const plaintext = Buffer.from("hello")

function policy(...statements: readonly Readonly<Record<string, unknown>>[]): string {
  const whole = {
    Sid: "Enable IAM User Permissions",
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${node.dev.aws.accountId}:root` },
    Action: "kms:*",
    Resource: "*",
  }
  return JSON.stringify({ Version: "2012-10-17", Statement: [whole, ...statements] })
}

suite("access to keys through the AWS SDK", () => {
  before(async () => {
    node = await startDevNode()
    kms = kmsClient(node.dev)
    const made = await node.client.call(node.token("officer"), "POST /principals", {
      name: "shop",
      roles: ["user"],
      credential: { kind: "access-key" },
    })
    shop = kmsClient(node.dev, made["accessKey"] as { accessKeyId: string })
    shopArn = `arn:aws:iam::${node.dev.aws.accountId}:user/shop`
  })
  after(async () => {
    kms.destroy()
    shop.destroy()
    await node.stop()
  })

  test("a policy is shown, put, and at once refuses whom it names, over /api/v1 too", async () => {
    const KeyId = keyIdOf(await kms.send("CreateKey"))
    const first = await kms.send("GetKeyPolicy", { KeyId })
    // As Terraform compares them: by what they say.
    assert.deepEqual(JSON.parse(String(first["Policy"])), {
      Id: "key-default-1",
      ...(JSON.parse(policy()) as object),
    })
    assert.deepEqual((await kms.send("ListKeyPolicies", { KeyId }))["PolicyNames"], ["default"])
    await shop.send("Encrypt", { KeyId, Plaintext: plaintext })
    const Policy = policy({
      Effect: "Deny",
      Principal: { AWS: shopArn },
      Action: "kms:Encrypt",
      Resource: "*",
    })
    await kms.send("PutKeyPolicy", { KeyId, PolicyName: "default", Policy })
    assert.equal((await kms.send("GetKeyPolicy", { KeyId }))["Policy"], Policy)
    const error = await errorOf(shop.send("Encrypt", { KeyId, Plaintext: plaintext }))
    assert.equal(error.name, "AccessDeniedException")
    assert.match(error.message, /with an explicit deny in a resource-based policy$/)
    await kms.send("Encrypt", { KeyId, Plaintext: plaintext })
    const everybody = policy({
      Effect: "Deny",
      Principal: "*",
      Action: "kms:Encrypt",
      Resource: "*",
    })
    await kms.send("PutKeyPolicy", { KeyId, Policy: everybody })
    const route = `POST /keys/${KeyId}/encrypt`
    const body = { plaintext: plaintext.toString("base64") }
    const asked = node.client.call(node.token("user"), route, body)
    await assert.rejects(asked, /OPERATION_FORBIDDEN/)
  })

  creation()
  grants()
  lending()
  grantsAbroad()
  explaining()
})

function creation(): void {
  test("CreateKey takes a policy; what is not understood or locks out is refused", async () => {
    const KeyId = keyIdOf(await kms.send("CreateKey", { Policy: policy() }))
    assert.equal((await kms.send("GetKeyPolicy", { KeyId }))["Policy"], policy())
    const odd = policy({ Effect: "Allow", NotPrincipal: "*", Action: "kms:*", Resource: "*" })
    const locked = policy({ Effect: "Deny", Principal: "*", Action: "kms:*", Resource: "*" })
    for (const Policy of [odd, locked]) {
      for (const asked of [
        kms.send("CreateKey", { Policy }),
        kms.send("PutKeyPolicy", { KeyId, Policy }),
      ]) {
        assert.equal((await errorOf(asked)).name, "MalformedPolicyDocumentException")
      }
    }
    const denied = await errorOf(shop.send("PutKeyPolicy", { KeyId, Policy: policy() }))
    assert.equal(denied.name, "AccessDeniedException")
    const absent = await errorOf(
      kms.send("GetKeyPolicy", { KeyId: KeyId.replaceAll(/[1-9a-f]/g, "0") }),
    )
    assert.equal(absent.name, "NotFoundException")
  })
}

const toShop = (Operations: readonly string[]) => ({ GranteePrincipal: shopArn, Operations })

function grants(): void {
  test("a grant lets in whom the policy does not admit, until it is revoked", async () => {
    const only = policy().replace(":root", ":user/nobody")
    assert.equal(
      (await errorOf(kms.send("CreateKey", { Policy: only }))).name,
      "MalformedPolicyDocumentException",
    )
    const KeyId = keyIdOf(await kms.send("CreateKey"))
    const refusing = policy().replace(":root", ":user/aws")
    await kms.send("PutKeyPolicy", { KeyId, Policy: refusing })
    const input = { KeyId, Plaintext: plaintext }
    assert.equal((await errorOf(shop.send("Encrypt", input))).name, "AccessDeniedException")
    const { GrantId, GrantToken } = await kms.send("CreateGrant", {
      KeyId,
      ...toShop(["Encrypt"]),
      Name: "shop",
    })
    await shop.send("Encrypt", { ...input, GrantTokens: [GrantToken] })
    await shop.send("Encrypt", input)
    const { Grants } = await kms.send("ListGrants", { KeyId, GrantId })
    const [shown] = Grants as readonly Readonly<Record<string, unknown>>[]
    assert.ok(shown !== undefined)
    assert.equal(shown["GrantId"], GrantId)
    assert.equal(shown["GranteePrincipal"], shopArn)
    assert.ok(shown["CreationDate"] instanceof Date)
    await kms.send("RevokeGrant", { KeyId, GrantId })
    assert.equal((await errorOf(shop.send("Encrypt", input))).name, "AccessDeniedException")
    const gone = await errorOf(kms.send("RevokeGrant", { KeyId, GrantId }))
    assert.equal(gone.name, "NotFoundException")
    const used = await errorOf(kms.send("Encrypt", { ...input, GrantTokens: [GrantToken] }))
    assert.equal(used.name, "InvalidGrantTokenException")
  })

  test("whom a grant names retires it, by its token, and sees it before", async () => {
    const KeyId = keyIdOf(await kms.send("CreateKey"))
    const grant = { KeyId, ...toShop(["Decrypt"]), RetiringPrincipal: shopArn }
    const { GrantId, GrantToken } = await kms.send("CreateGrant", grant)
    const own = { RetiringPrincipal: shopArn }
    const { Grants } = await shop.send("ListRetirableGrants", own)
    assert.deepEqual(
      (Grants as readonly { readonly GrantId: string }[]).map((one) => one.GrantId),
      [GrantId],
    )
    const dry = await errorOf(shop.send("RetireGrant", { GrantToken, DryRun: true }))
    assert.equal(dry.name, "DryRunOperationException")
    await shop.send("RetireGrant", { GrantToken })
    assert.deepEqual((await shop.send("ListRetirableGrants", own))["Grants"], [])
    const invalid = await errorOf(
      kms.send("CreateGrant", { ...grant, GranteePrincipal: `${shopArn}x` }),
    )
    assert.equal(invalid.name, "InvalidArnException")
  })
}

/** A principal of a new partition, whose officer has named a key of elsewhere to him. */
async function neighbourFor(
  name: string,
  arn: string,
): Promise<{ readonly client: KmsClient; readonly arn: string; readonly officer: string }> {
  const { client, token, dev } = node
  const made = await client.call<{ token: string }>(token("operator"), "POST /partitions", { name })
  const { id } = await client.call(token("user"), `GET /keys/${arn.split("/")[1] ?? ""}`)
  const guest = await client.call(made.token, "POST /principals", {
    name: "guest",
    roles: ["user", "manager"],
    grants: [{ keyIds: [id] }],
    credential: { kind: "access-key" },
  })
  const kms = kmsClient(dev, guest["accessKey"] as { accessKeyId: string })
  const told = await errorOf(kms.send("DescribeKey", { KeyId: arn }))
  const [his = ""] = /arn:aws:iam::\d{12}:user\/guest/.exec(told.message) ?? []
  return { client: kms, arn: his, officer: made.token }
}

function lending(): void {
  test("a key of another account is used by its ARN where both sides say so", async () => {
    const { Arn } = (await kms.send("CreateKey"))["KeyMetadata"] as { Arn: string }
    const { client: neighbour } = await neighbourFor("neighbour", Arn)
    const input = { KeyId: Arn, Plaintext: plaintext }
    const absent = await errorOf(neighbour.send("Encrypt", input))
    assert.equal(absent.name, "AccessDeniedException")
    const account = /arn:aws:iam::(\d{12}):user\/guest/.exec(absent.message)?.[1]
    const Policy = policy({
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${account ?? ""}:root` },
      Action: ["kms:Encrypt", "kms:Decrypt"],
      Resource: "*",
    })
    await kms.send("PutKeyPolicy", { KeyId: Arn, Policy })
    const { CiphertextBlob } = await neighbour.send("Encrypt", input)
    const { Plaintext } = await kms.send("Decrypt", { CiphertextBlob })
    assert.deepEqual(Buffer.from(Plaintext as Uint8Array), plaintext)
    const theirs = await errorOf(neighbour.send("DescribeKey", { KeyId: Arn }))
    assert.equal(theirs.name, "AccessDeniedException")
    await kms.send("PutKeyPolicy", { KeyId: Arn, Policy: policy() })
    const after = await errorOf(neighbour.send("Encrypt", input))
    assert.equal(after.message, absent.message)
    neighbour.destroy()
  })
}

const grantIds = (output: KmsOutput) =>
  (output["Grants"] as readonly { readonly GrantId: string }[]).map(({ GrantId }) => GrantId)

function grantsAbroad(): void {
  test("a grant lends a key to another account, which hands it on", async () => {
    const { Arn } = (await kms.send("CreateKey"))["KeyMetadata"] as { Arn: string }
    const first = await neighbourFor("first", Arn)
    const second = await neighbourFor("second", Arn)
    const EncryptionContext = { purpose: "orders" }
    const input = { KeyId: Arn, Plaintext: plaintext, EncryptionContext }
    const absent = await errorOf(first.client.send("Encrypt", input))
    const { GrantId, GrantToken } = await kms.send("CreateGrant", {
      KeyId: Arn,
      GranteePrincipal: first.arn,
      RetiringPrincipal: second.arn,
      Operations: ["Encrypt", "CreateGrant"],
      Constraints: { EncryptionContextSubset: EncryptionContext },
    })
    const used = { ...input, GrantTokens: [GrantToken] }
    const { CiphertextBlob } = await first.client.send("Encrypt", used)
    const { Plaintext } = await kms.send("Decrypt", { CiphertextBlob, EncryptionContext })
    assert.deepEqual(Buffer.from(Plaintext as Uint8Array), plaintext)
    const bare = await errorOf(first.client.send("Encrypt", { ...input, EncryptionContext: {} }))
    assert.equal(bare.message, absent.message)
    const handingOn = {
      KeyId: Arn,
      GranteePrincipal: second.arn,
      RetiringPrincipal: first.arn,
      Operations: ["Encrypt"],
      Constraints: { EncryptionContextEquals: EncryptionContext },
    }
    const more = { ...handingOn, Operations: ["Encrypt", "Decrypt"] }
    const tooMuch = await errorOf(first.client.send("CreateGrant", more))
    assert.equal(tooMuch.name, "AccessDeniedException")
    const handedOn = await first.client.send("CreateGrant", handingOn)
    await second.client.send("Encrypt", input)
    const own = { RetiringPrincipal: second.arn }
    assert.deepEqual(grantIds(await second.client.send("ListRetirableGrants", own)), [GrantId])
    await second.client.send("RetireGrant", { GrantToken })
    assert.deepEqual(grantIds(await second.client.send("ListRetirableGrants", own)), [])
    const ended = await errorOf(first.client.send("Encrypt", input))
    assert.equal(ended.message, absent.message)
    await kms.send("RevokeGrant", { KeyId: Arn, GrantId: handedOn["GrantId"] })
    assert.equal((await errorOf(second.client.send("Encrypt", input))).name, absent.name)
    for (const { client } of [first, second]) client.destroy()
    // Both sides' logs have it: the owner's by his ARN, his own by his id there.
    const retirers = async (officer: string) => {
      const route = "GET /audit/records?act=grant.retire&limit=100"
      const { items } = await node.client.call(officer, route)
      return (items as readonly { readonly subject?: string }[]).map(({ subject }) => subject)
    }
    assert.ok((await retirers(node.token("officer"))).includes(second.arn))
    assert.equal((await retirers(second.officer)).length, 2)
    assert.deepEqual(await retirers(first.officer), [])
  })
}

function explaining(): void {
  test("the owner's officer asks whether another account may, and is told his side", async () => {
    const { Arn } = (await kms.send("CreateKey"))["KeyMetadata"] as { Arn: string }
    const { client, arn } = await neighbourFor("asked", Arn)
    const { id } = await node.client.call(
      node.token("user"),
      `GET /keys/${Arn.split("/")[1] ?? ""}`,
    )
    const asked = async () => {
      const body = { operation: "key.encrypt", key: id, principal: arn }
      return await node.client.call(node.token("officer"), "POST /explain", body)
    }
    assert.equal((await asked())["allowed"], false)
    const grant = { KeyId: Arn, GranteePrincipal: arn, Operations: ["Encrypt"] }
    const { GrantId } = await kms.send("CreateGrant", grant)
    const { allowed, said, side } = await asked()
    assert.deepEqual([allowed, side], [true, "owner"])
    assert.deepEqual(said, [{ grant: GrantId, effect: "allow" }])
    await client.send("Encrypt", { KeyId: Arn, Plaintext: plaintext })
    client.destroy()
  })
}
