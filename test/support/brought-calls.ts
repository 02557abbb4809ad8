/** Calls that bring their approvals, over HTTP: one key whose rule asks Anna and Bo. */

import type { DevFile } from "../../src/daemon/dev.ts"
import { newApprover, type TestApprover } from "./approvers.ts"
import { base64, type Fields, type RestClient } from "./rest-client.ts"

const approvers = [newApprover("Anna"), newApprover("Bo")]
const message = base64("pay 100 to Dora")

export async function guardedKey(
  client: RestClient,
  { tokens }: Pick<DevFile, "tokens">,
  name: string,
): Promise<string> {
  const named = approvers.map(({ name: who, publicKey }) => {
    return { kind: "public-key", name: who, publicKey: base64(publicKey) }
  })
  const groups = [{ name: "both", quorum: 2, approvers: named }]
  const rules = { use: { tokens: [{ name: "day", groups }] } }
  const body = { name, algorithm: "EC_P256", rules }
  const { id } = await client.call<{ id: string }>(tokens.manager, "POST /keys", body)
  return id
}

/** The body of a call that both have approved. */
export async function approvedCall(
  client: RestClient,
  { tokens }: Pick<DevFile, "tokens">,
  key: string,
): Promise<Fields> {
  const asked = { operation: "sign", key, message }
  const { stamp, statement } = await client.call<{ stamp: string; statement: string }>(
    tokens.user,
    "POST /calls/stamp",
    { asked },
  )
  const bytes = Uint8Array.fromBase64(statement)
  return { asked, stamp, approvals: approvers.map((one) => approvalOf(one, bytes)) }
}

function approvalOf({ publicKey, mechanism, sign }: TestApprover, statement: Uint8Array): Fields {
  return { publicKey: base64(publicKey), mechanism, signature: base64(sign(statement)) }
}
