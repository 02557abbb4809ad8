/** Principals as AWS's dialect names them. */

import { accountIdOf } from "../../codec/account-id.ts"
import type { HsmError } from "../../domain/errors.ts"
import type { PolicyPrincipal } from "../../domain/key-policy.ts"
import { malformed } from "../check-access.ts"
import type { Context, DraftPrincipal } from "../commands.ts"
import type { Ports } from "../ports.ts"

type NamedPrincipal = Extract<PolicyPrincipal, { partition: unknown }>

/**
 * Whom a name stands for now: another one who gets the name later is not meant.
 *
 * @throws HsmError MALFORMED_REQUEST with the field `/principal` when there is no such principal,
 * or he is another account's.
 */
export async function lookUpPrincipal(
  { records }: Pick<Ports, "records">,
  { caller: { partition } }: Context,
  draft: Exclude<DraftPrincipal, { kind: "any" }>,
): Promise<NamedPrincipal> {
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
