/** Makes a policy that was read ready to be stored: whom it names, and whether it locks out. */

import { admits, refuses, type KeyPolicy, type PolicyPrincipal } from "../../domain/key-policy.ts"
import { malformed } from "../check-access.ts"
import type { Context, DraftPrincipal, NewKeyPolicy, Told } from "../commands.ts"
import type { Ports } from "../ports.ts"
import { factsOf, type PolicedKey } from "./facts.ts"
import { principalFor } from "./look-up-principal.ts"

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
  { policy, bypass, key }: NewKeyPolicy & { readonly key: PolicedKey },
): Promise<KeyPolicy> {
  const { caller } = context
  const statements: KeyPolicy["statements"][number][] = []
  for (const statement of policy.statements) {
    const principals: PolicyPrincipal[] = []
    for (const draft of statement.principals) {
      principals.push(await principalOf(ports, context, draft))
    }
    statements.push({ ...statement, principals })
  }
  const ready = { text: policy.text, statements }
  if (bypass) return ready
  const moment = { now: ports.clock.now(), timeSure: ports.clock.isSure() }
  const facts = factsOf({ ...context, told: nextPut }, "key.set-policy", key, moment)
  const policed = { policy: ready, facts }
  const parties = { caller, owner: caller.partition }
  if (refuses(policed, parties) || admits(policed, parties) === undefined) {
    throw malformed("/policy", "its sender could not put another one")
  }
  return ready
}

/** The request that must stay possible: another policy, with this very check. */
const nextPut: Told = {
  action: "putkeypolicy",
  encryptionContext: {},
  values: { "kms:bypasspolicylockoutsafetycheck": ["false"] },
}

async function principalOf(
  ports: Ports,
  context: Context,
  draft: DraftPrincipal,
): Promise<PolicyPrincipal> {
  if (draft.kind === "any") return draft
  return await principalFor(ports, context, { owner: context.caller.partition, draft })
}
