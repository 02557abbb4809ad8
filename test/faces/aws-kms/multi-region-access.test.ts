/** Who may use which member: policies and grants of one are not the other's. */

import assert from "node:assert/strict"
import { after, test } from "node:test"

import { accountIdOf } from "../../../src/codec/account-id.ts"
import { idOfHex } from "../../../src/codec/uuid.ts"
import type { KeyId } from "../../../src/domain/ids.ts"
import { newPartition } from "../../support/stack.ts"
import { awsFace, b64, type As, type Body } from "../../support/aws-face.ts"
import { away, familiesOf, home, there } from "../../support/aws-family.ts"

const aws = await awsFace()
after(() => aws.stop())
const { describe, family, replicate } = familiesOf(aws)

const root = `arn:aws:iam::${aws.account}:root`
const toRoot = { Effect: "Allow", Principal: { AWS: root }, Action: "kms:*", Resource: "*" }
const policyOf = (...Statement: readonly Body[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement })
const deny = (Action: string, Condition?: Body): Body => ({
  Effect: "Deny",
  Principal: "*",
  Action,
  Resource: "*",
  ...(Condition && { Condition }),
})
const put = (KeyId: string, Policy: string, as: As = {}): Promise<Body> =>
  aws.ok("PutKeyPolicy", { KeyId, Policy }, as)
const plain = (KeyId: string): Body => ({ KeyId, Plaintext: b64("x") })
const denied = /^AccessDeniedException: .* with an explicit deny in a resource-based policy$/

const anna = await aws.person("anna", ["user"], [{ keyNames: "other-*" }])
const annaThere: As = { ...anna.as, ...there }

test("a replica's policy is its own: what one refuses the other does not", async () => {
  const { KeyId } = await family()
  await put(KeyId, policyOf(toRoot, deny("kms:Encrypt")))
  assert.match(await aws.fault("Encrypt", plain(KeyId)), denied)
  const { CiphertextBlob } = await aws.ok("Encrypt", plain(KeyId), there)
  await aws.ok("Decrypt", { CiphertextBlob })
  await put(KeyId, policyOf(toRoot, deny("kms:Decrypt")), there)
  assert.match(await aws.fault("Decrypt", { CiphertextBlob }, there), /^AccessDeniedException/)
  await aws.ok("Decrypt", { CiphertextBlob })
})

test("ReplicateKey takes a policy; without one, the primary's does not come along", async () => {
  const Policy = policyOf(toRoot, deny("kms:Encrypt"))
  const primary = await aws.createKey({ MultiRegion: true, Policy })
  const { KeyId } = primary
  await replicate(KeyId)
  await aws.ok("Encrypt", plain(KeyId), there)
  const input = { KeyId, ReplicaRegion: "ap-south-1", Policy }
  const answer = await aws.ok("ReplicateKey", input)
  assert.equal(answer["ReplicaPolicy"], Policy)
  const farther = { region: "ap-south-1" }
  assert.equal((await aws.ok("GetKeyPolicy", { KeyId }, farther))["Policy"], Policy)
  assert.match(await aws.fault("Encrypt", plain(KeyId), farther), denied)
  // One that locks its sender out is refused, unless he says that he wants it.
  const alone = { ...toRoot, Principal: { AWS: anna.arn } }
  const locking = { KeyId, ReplicaRegion: "sa-east-1", Policy: policyOf(alone) }
  assert.match(await aws.fault("ReplicateKey", locking), /^MalformedPolicyDocumentException: /)
  await aws.ok("ReplicateKey", { ...locking, BypassPolicyLockoutSafetyCheck: true })
})

test("a grant is on one member, and its token opens no other", async () => {
  const { KeyId, replica } = await family()
  const input = { KeyId, GranteePrincipal: anna.arn, Operations: ["Encrypt", "Decrypt"] }
  const { GrantId, GrantToken } = await aws.ok("CreateGrant", input, there)
  const sealed = await aws.ok("Encrypt", plain(KeyId), annaThere)
  const { CiphertextBlob } = sealed
  assert.equal((await aws.ok("Decrypt", { CiphertextBlob }, annaThere))["KeyId"], replica.Arn)
  const used = { ...plain(KeyId), GrantTokens: [GrantToken] }
  assert.match(await aws.fault("Encrypt", used, anna.as), /^AccessDeniedException/)
  assert.match(await aws.fault("Decrypt", { CiphertextBlob }, anna.as), /^AccessDeniedException/)
  assert.deepEqual((await aws.ok("ListGrants", { KeyId }))["Grants"], [])
  const [listed] = (await aws.ok("ListGrants", { KeyId }, there))["Grants"] as readonly Body[]
  assert.equal(listed?.["KeyId"], replica.Arn)
  assert.match(await aws.fault("RevokeGrant", { KeyId, GrantId }), /^NotFoundException/)
  await aws.ok("RevokeGrant", { KeyId, GrantId }, there)
  assert.match(await aws.fault("Encrypt", plain(KeyId), annaThere), /^AccessDeniedException/)
})

test("retirable grants are named by their key's own ARN in the region", async () => {
  const { KeyId, primary } = await family()
  const input = { KeyId, GranteePrincipal: anna.arn, Operations: ["Encrypt"] }
  const { GrantToken } = await aws.ok("CreateGrant", { ...input, RetiringPrincipal: anna.arn })
  const asked = { RetiringPrincipal: anna.arn }
  const { Grants } = await aws.ok("ListRetirableGrants", asked, anna.as)
  assert.deepEqual(
    (Grants as readonly Body[]).map((grant) => grant["KeyId"]),
    [primary.Arn],
  )
  assert.deepEqual((await aws.ok("ListRetirableGrants", asked, annaThere))["Grants"], [])
  assert.match(await aws.fault("RetireGrant", { GrantToken }, annaThere), /^AccessDenied/)
  await aws.ok("RetireGrant", { GrantToken }, anna.as)
})

test("conditions on what kind of key it is hold for each member by itself", async () => {
  const { KeyId } = await family()
  const replicas = { StringEquals: { "kms:MultiRegionKeyType": "REPLICA" } }
  const type = policyOf(toRoot, deny("kms:Encrypt", replicas))
  for (const as of [{}, there]) await put(KeyId, type, as)
  await aws.ok("Encrypt", plain(KeyId))
  assert.match(await aws.fault("Encrypt", plain(KeyId), there), denied)
  await aws.ok("UpdatePrimaryRegion", { KeyId, PrimaryRegion: away })
  assert.match(await aws.fault("Encrypt", plain(KeyId)), denied)
  await aws.ok("Encrypt", plain(KeyId), there)
  const multi = policyOf(toRoot, deny("kms:Encrypt", { Bool: { "kms:MultiRegion": "true" } }))
  await put(KeyId, multi)
  assert.match(await aws.fault("Encrypt", plain(KeyId)), denied)
  const single = await aws.createKey({ Policy: multi })
  await aws.ok("Encrypt", plain(single.KeyId))
})

test("where a key is replicated, and who becomes primary, is for its policy to say", async () => {
  const only = (action: string, key: string): Body =>
    deny(action, { StringNotEquals: { [key]: away } })
  const Policy = policyOf(
    toRoot,
    only("kms:ReplicateKey", "kms:ReplicaRegion"),
    only("kms:UpdatePrimaryRegion", "kms:PrimaryRegion"),
  )
  const { KeyId } = await aws.createKey({ MultiRegion: true, Policy })
  const elsewhere = { KeyId, ReplicaRegion: "ap-south-1" }
  assert.match(await aws.fault("ReplicateKey", elsewhere), denied)
  await replicate(KeyId)
  await put(KeyId, policyOf(toRoot, deny("kms:UpdatePrimaryRegion")), there)
  const move = { KeyId, PrimaryRegion: away }
  assert.match(await aws.fault("UpdatePrimaryRegion", move), denied, "the replica refuses")
  await put(KeyId, policyOf(toRoot), there)
  await aws.ok("UpdatePrimaryRegion", move)
  const back = { KeyId, PrimaryRegion: home }
  const refused = await aws.fault("UpdatePrimaryRegion", back, there)
  assert.match(refused, denied, "so does the one that was primary")
  const { MultiRegionKeyType } = (await describe(KeyId))["MultiRegionConfiguration"] as Body
  assert.equal(MultiRegionKeyType, "REPLICA")
})

test("a member is lent by its own policy, to whom his officer names it", async () => {
  const { KeyId, primary, replica } = await family()
  const partition = await newPartition(aws.stack, "guests")
  const account = accountIdOf(partition)
  const lend = policyOf(toRoot, { ...toRoot, Principal: { AWS: account } })
  await put(KeyId, lend, there)
  const first = idOfHex(KeyId.slice("mrk-".length)) as KeyId
  const found = await aws.stack.ports.records.read("family", aws.partition, first)
  const ids = found?.members.map(({ id }) => id) ?? assert.fail()
  const guest = (keyIds: readonly string[], region: string): As => {
    const grants = [{ keyNames: "*" }, { keyIds }]
    return { partition, name: "guest", region, caller: { subject: "guest-id", grants } }
  }
  const { CiphertextBlob } = await aws.ok("Encrypt", plain(replica.Arn), guest(ids, away))
  await aws.ok("Decrypt", { CiphertextBlob })
  // Nobody lends the primary, and naming it is not naming the replica.
  const refused = /^AccessDeniedException/
  assert.match(await aws.fault("Encrypt", plain(primary.Arn), guest(ids, home)), refused)
  const other = guest([first], away)
  assert.match(await aws.fault("Encrypt", plain(replica.Arn), other), refused)
})

test("another account's key is neither replicated nor moved by who may use it", async () => {
  const { KeyId, primary } = await family()
  const partition = await newPartition(aws.stack, "elsewhere")
  const stranger: As = { partition }
  for (const [name, input] of [
    ["ReplicateKey", { KeyId: primary.Arn, ReplicaRegion: "ap-south-1" }],
    ["UpdatePrimaryRegion", { KeyId: primary.Arn, PrimaryRegion: away }],
    ["DescribeKey", { KeyId: primary.Arn }],
  ] as const) {
    assert.match(await aws.fault(name, input, stranger), /^AccessDeniedException/)
  }
  assert.match(await aws.fault("DescribeKey", { KeyId }, stranger), /^NotFoundException/)
})
