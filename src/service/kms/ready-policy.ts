/** Makes a policy that was read ready to be stored: whom it names, and whether it locks out. */

import { accountIdOf } from "../../codec/account-id.ts"
import type { HsmError } from "../../domain/errors.ts"
import type { KeyRecord } from "../../domain/key.ts"
import { admits, refuses, type KeyPolicy, type PolicyPrincipal } from "../../domain/key-policy.ts"
import { malformed } from "../check-access.ts"
import type { Context, DraftPrincipal, NewKeyPolicy } from "../commands.ts"
import type { Ports } from "../ports.ts"
import { factsOf } from "./facts.ts"

/**
 * A policy with its principals looked up. Names mean who bears them now: another one who gets the
 * name later is not meant.
 *
 * @throws HsmError MALFORMED_REQUEST with the field `/principal` for one that there is not, with
 * `/policy` where the caller could not put another policy then.
 */
export async function readyPolicy(
  ports: Ports,
  context: Context,
  { policy, bypass, tags }: NewKeyPolicy & { readonly tags: KeyRecord["tags"] },
): Promise<KeyPolicy> {
  const { caller } = context
  const statements: KeyPolicy["statements"][number][] = []
  for (const statement of policy.statements) {
    const principals: PolicyPrincipal[] = []
    for (const draft of statement.principals) principals.push(await lookUp(ports, context, draft))
    statements.push({ ...statement, principals })
  }
  const ready = { text: policy.text, statements }
  if (bypass) return ready
  const next = { ...factsOf(context, "key.set-policy", tags), actions: ["putkeypolicy"] }
  const policed = { policy: ready, facts: next }
  const parties = { caller, owner: caller.partition }
  if (refuses(policed, parties) || admits(policed, parties) === undefined) {
    throw malformed("/policy", "its sender could not put another one")
  }
  return ready
}

async function lookUp(
  { records }: Ports,
  { caller: { partition } }: Context,
  draft: DraftPrincipal,
): Promise<PolicyPrincipal> {
  if (draft.kind === "any") return draft
  if (draft.account !== accountIdOf(partition)) throw noPrincipal()
  if (draft.kind === "account") return { kind: "account", partition }
  if (draft.kind === "federated") return { kind: "one", partition, subject: draft.subject }
  const subject = await records.lookup(partition, "principal-name", draft.name)
  const record = subject && (await records.read("principal", partition, subject))
  if (!record || record.name !== draft.name) throw noPrincipal()
  return { kind: "one", partition, subject: record.id }
}

function noPrincipal(): HsmError {
  return malformed("/principal", "there is no such principal in this account")
}
