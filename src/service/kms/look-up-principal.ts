/** Principals as AWS's dialect names them. */

import { accountIdOf } from "../../codec/account-id.ts"
import { userArn } from "../../codec/user-arn.ts"
import type { HsmError } from "../../domain/errors.ts"
import type { PartitionId } from "../../domain/ids.ts"
import type { PolicyPrincipal } from "../../domain/key-policy.ts"
import { malformed } from "../check-access.ts"
import type { Context, DraftPrincipal } from "../commands.ts"
import type { Ports } from "../ports.ts"

type Draft = Exclude<DraftPrincipal, { kind: "any" }>
type NamedPrincipal = Extract<PolicyPrincipal, { partition: unknown }>
type AbroadPrincipal = Extract<PolicyPrincipal, { kind: "abroad" }>

/**
 * Whom a name stands for now: another one who gets the name later is not meant.
 *
 * @throws HsmError MALFORMED_REQUEST with the field `/principal` when there is no such principal,
 * or he is another account's.
 */
export async function lookUpPrincipal(
  { records }: Pick<Ports, "records">,
  { caller: { partition } }: Context,
  draft: Draft,
): Promise<NamedPrincipal> {
  if (draft.account !== accountIdOf(partition)) throw noPrincipal()
  if (draft.kind === "account") return { kind: "account", partition }
  if (draft.kind === "federated") return { kind: "one", partition, subject: draft.subject }
  const subject = await records.lookup(partition, "principal-name", draft.name)
  const record = subject && (await records.read("principal", partition, subject))
  if (!record || record.name !== draft.name) throw noPrincipal()
  return { kind: "one", partition, subject: record.id }
}

/**
 * Whom something that is kept beside a key means: one of the key's own partition is looked up by
 * those of it alone, and nobody else is, since who is there is each partition's own to know.
 *
 * @throws HsmError as {@link lookUpPrincipal}; for others, whoever they name of that partition.
 */
export async function principalFor(
  ports: Pick<Ports, "records">,
  context: Context,
  { owner, draft }: { readonly owner: PartitionId; readonly draft: Draft },
): Promise<NamedPrincipal | AbroadPrincipal> {
  if (draft.account !== accountIdOf(owner)) return abroad(draft)
  return await lookUpPrincipal(ports, context, draft)
}

/** A principal of another account: the name stands, whoever bears it. */
export function abroad(draft: Draft): AbroadPrincipal {
  const { account } = draft
  switch (draft.kind) {
    case "account":
      return { kind: "abroad", account }
    case "user":
      return { kind: "abroad", account, arn: userArn(account, { name: draft.name, subject: "" }) }
    case "federated":
      return { kind: "abroad", account, arn: userArn(account, { subject: draft.subject }) }
  }
}

function noPrincipal(): HsmError {
  return malformed("/principal", "there is no such principal in this account")
}
