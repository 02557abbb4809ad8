/** Conditions on a key's aliases: what a key is called, and when that changes. */

import assert from "node:assert/strict"
import { after, test } from "node:test"

import { idOfUuid } from "../../../src/codec/uuid.ts"
import { encrypt } from "../../../src/service/encrypt.ts"
import { awsFace, b64, type Body } from "../../support/aws-face.ts"
import { contextOf } from "../../support/stack.ts"

const aws = await awsFace()
after(() => aws.stop())
const { ports } = aws.stack

const root = `arn:aws:iam::${aws.account}:root`
const toRoot = { Effect: "Allow", Principal: { AWS: root }, Action: "kms:*", Resource: "*" }
const toManage = { ...toRoot, Action: ["kms:PutKeyPolicy", "kms:*Alias"] }
const plain = { Plaintext: b64("x") }

/** A policy that lets the account encrypt where a condition holds, and manage the key. */
function admitting(Condition: Body): string {
  const Statement = [{ ...toRoot, Action: "kms:Encrypt", Condition }, toManage]
  return JSON.stringify({ Version: "2012-10-17", Statement })
}
const put = (KeyId: string, Policy: string) => aws.ok("PutKeyPolicy", { KeyId, Policy })

test("a condition on a key's aliases holds from the answer to their change on", async () => {
  const { KeyId } = await aws.createKey()
  const other = await aws.createKey()
  const asked = { KeyId, ...plain }
  const named = { "ForAnyValue:StringLike": { "kms:ResourceAliases": "alias/shop-*" } }
  await put(KeyId, admitting(named))
  assert.match(await aws.fault("Encrypt", asked), /no resource-based policy/)
  await aws.ok("CreateAlias", { AliasName: "alias/other", TargetKeyId: KeyId })
  assert.match(await aws.fault("Encrypt", asked), /no resource-based policy/)
  await aws.ok("CreateAlias", { AliasName: "alias/shop-1", TargetKeyId: KeyId })
  await aws.ok("Encrypt", asked)
  const context = contextOf("user", aws.partition)
  await encrypt(ports, context, { key: idOfUuid(KeyId), plaintext: Buffer.from("x") })
  await aws.ok("UpdateAlias", { AliasName: "alias/shop-1", TargetKeyId: other.KeyId })
  assert.match(await aws.fault("Encrypt", asked), /no resource-based policy/)
  await aws.ok("UpdateAlias", { AliasName: "alias/shop-1", TargetKeyId: KeyId })
  await aws.ok("Encrypt", asked)
  await aws.ok("DeleteAlias", { AliasName: "alias/shop-1" })
  assert.match(await aws.fault("Encrypt", asked), /no resource-based policy/)
  assert.match(await aws.fault("Encrypt", { ...asked, KeyId: "alias/other" }), /no resource-based/)
})

test("aliases that are made at once are all kept", async () => {
  const { KeyId } = await aws.createKey()
  const names = ["a", "b", "c", "d", "e", "f"].map((one) => `alias/at-once-${one}`)
  await Promise.all(
    names.map((AliasName) => aws.ok("CreateAlias", { AliasName, TargetKeyId: KeyId })),
  )
  for (const name of names) {
    const condition = { "ForAnyValue:StringEquals": { "kms:ResourceAliases": name } }
    await put(KeyId, admitting(condition))
    await aws.ok("Encrypt", { KeyId, ...plain })
  }
})

test("aliases that were made before they were kept count when they are next changed", async () => {
  const { KeyId } = await aws.createKey()
  await aws.ok("CreateAlias", { AliasName: "alias/old", TargetKeyId: KeyId })
  const condition = { "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/old" } }
  await put(KeyId, admitting(condition))
  const id = idOfUuid(KeyId)
  const kms = (await ports.records.read("kms-key", aws.partition, id)) ?? assert.fail()
  const { aliases: _none, ...before } = kms
  const record = { ...before, revision: kms.revision + 1 }
  await ports.records.commit(aws.partition, { changes: [{ kind: "kms-key", record }] })
  assert.match(await aws.fault("Encrypt", { KeyId, ...plain }), /no resource-based policy/)
  await aws.ok("CreateAlias", { AliasName: "alias/new", TargetKeyId: KeyId })
  await aws.ok("Encrypt", { KeyId, ...plain })
})
