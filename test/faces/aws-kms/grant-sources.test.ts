/** Grants and policies that speak of what AWS's services ask for: nobody here asks for such. */

import assert from "node:assert/strict"
import { after, test } from "node:test"

import { awsFace, b64, type As, type Body, type Key } from "../../support/aws-face.ts"

const aws = await awsFace()
after(() => aws.stop())

const narrow = [{ keyNames: "other-*" }]
const anna = await aws.person("anna", ["user"], narrow)
const bo = await aws.person("bo", ["user"], narrow)
const mia = await aws.person("mia", ["manager"], narrow)
const root = `arn:aws:iam::${aws.account}:root`
const source = "arn:aws:s3:::bucket"
const toEncrypt = { GranteePrincipal: anna.arn, Operations: ["Encrypt"] }
const input = (KeyId: string) => ({ KeyId, Plaintext: b64("x") })
async function grant(KeyId: string, input: Body, as: As = {}) {
  const made = await aws.ok("CreateGrant", { KeyId, ...input }, as)
  return made as { readonly GrantId: string }
}
const list = async (KeyId: string) =>
  (await aws.ok("ListGrants", { KeyId }))["Grants"] as readonly Key[]

test("a grant for a source admits no direct caller, and is retired by whom it names", async () => {
  const { KeyId } = await aws.createKey()
  const SourceArn = source
  const all = ["Encrypt", "DescribeKey", "CreateGrant"]
  const to = { GranteePrincipal: mia.arn, Operations: all, RetiringPrincipal: bo.arn }
  const { GrantId } = await grant(KeyId, { ...to, Constraints: { SourceArn } })
  const [shown] = await list(KeyId)
  assert.deepEqual(shown?.["Constraints"], { SourceArn })
  assert.match(await aws.fault("CreateGrant", { KeyId, ...toEncrypt }, mia.as), /^AccessDenied/)
  await aws.ok("RetireGrant", { KeyId, GrantId }, bo.as)
  await grant(KeyId, { ...to })
  await aws.ok("CreateGrant", { KeyId, ...toEncrypt }, mia.as)
  const own = { ...toEncrypt, Constraints: { SourceArn } }
  await grant(KeyId, own)
  assert.match(await aws.fault("Encrypt", input(KeyId), bo.as), /^AccessDeniedException/)
})

test("a policy's conditions on sources have no value: no service asks here", async () => {
  const allow = { Effect: "Allow", Principal: { AWS: root }, Action: "kms:*", Resource: "*" }
  const only = (Condition: Body) =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [allow, { ...allow, Effect: "Deny", Action: "kms:Encrypt", Condition }],
    })
  const { KeyId } = await aws.createKey({
    Policy: only({ ArnEquals: { "aws:SourceArn": source } }),
  })
  await aws.ok("Encrypt", input(KeyId))
  for (const Condition of [
    { ArnNotEquals: { "aws:SourceArn": source } },
    { StringNotEquals: { "aws:SourceAccount": aws.account } },
  ]) {
    await aws.ok("PutKeyPolicy", { KeyId, Policy: only(Condition) })
    assert.match(await aws.fault("Encrypt", input(KeyId)), /explicit deny/)
  }
  const noSource = { Null: { "kms:GrantConstraintSourceArn": "true" } }
  const Policy = only(noSource).replace("kms:Encrypt", "kms:CreateGrant")
  await aws.ok("PutKeyPolicy", { KeyId, Policy })
  assert.match(await aws.fault("CreateGrant", { KeyId, ...toEncrypt }), /explicit deny/)
  await grant(KeyId, { ...toEncrypt, Constraints: { SourceArn: source } })
})
