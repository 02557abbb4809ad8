/** What a key's policy is asked about: a request in the words of its conditions. */

import { accountIdOf } from "../../codec/account-id.ts"
import { userArn } from "../../codec/user-arn.ts"
import type { KeyRecord } from "../../domain/key.ts"
import type { Policed, PolicyFacts } from "../../domain/key-policy.ts"
import type { KmsKeyRecord } from "../../domain/kms-key.ts"
import { operation, type OperationId } from "../../domain/operation.ts"
import type { Context, Told } from "../commands.ts"
import { actionsOf } from "./actions.ts"

const contextStart = "kms:encryptioncontext"
const tagStart = "aws:resourcetag/"
const windowKey = "kms:schedulekeydeletionpendingwindowindays"

/** Condition keys of one value each; in lower case. */
export const singleKeys = [
  "aws:principalaccount",
  "aws:principalarn",
  "kms:bypasspolicylockoutsafetycheck",
  "kms:calleraccount",
  "kms:requestalias",
  // Of requests that AWS's own services make: nobody makes any here, so that it has no value.
  "kms:viaservice",
  windowKey,
]
/** Beginnings of such keys. */
export const singleKeyStarts = [`${contextStart}:`, tagStart]
/** Condition keys of many values. */
export const multipleKeys = [`${contextStart}keys`]

/** The policy of a key, if it has one, and what it is asked about. */
export function policedOf(
  context: Context,
  id: OperationId,
  found: { readonly key: KeyRecord; readonly kms: KmsKeyRecord | undefined } | undefined,
): Policed | undefined {
  const policy = found?.kms?.policy
  if (found === undefined || policy === undefined) return undefined
  return { policy, facts: factsOf(context, id, found.key.tags) }
}

/** @param tags - of the key. */
export function factsOf(
  { caller, told: toldOfAll, toldOf = {} }: Context,
  id: OperationId,
  tags: KeyRecord["tags"],
): PolicyFacts {
  const told = toldOf[id] ?? toldOfAll
  const account = accountIdOf(caller.partition)
  const values = new Map<string, readonly string[]>()
  values.set("aws:principalaccount", [account])
  values.set("aws:principalarn", [userArn(account, caller)])
  values.set("kms:calleraccount", [account])
  const unknown = [
    ...collect(values, tagStart, tags),
    ...(told === undefined ? unknownOf(id) : tell(values, told)),
  ]
  const actions = told === undefined ? actionsOf(id) : [told.action]
  return { actions, values: Object.fromEntries(values), unknown }
}

/** What only AWS's dialect can say, of operations for which it would. */
function unknownOf(id: OperationId): readonly string[] {
  if (id === "key.delete" || id === "key.purge") return [windowKey]
  return operation(id).usage === undefined ? [] : [contextStart]
}

function tell(values: Map<string, readonly string[]>, told: Told): readonly string[] {
  const { encryptionContext, alias, windowDays, bypass } = told
  const names = Object.keys(encryptionContext)
  if (names.length > 0) values.set(`${contextStart}keys`, names)
  if (alias !== undefined) values.set("kms:requestalias", [alias])
  if (windowDays !== undefined) values.set(windowKey, [String(windowDays)])
  values.set("kms:bypasspolicylockoutsafetycheck", [String(bypass)])
  return collect(values, `${contextStart}:`, encryptionContext)
}

/** Names of conditions have no case: of two that differ in it alone, nothing is known. */
function collect(
  values: Map<string, readonly string[]>,
  start: string,
  pairs: Readonly<Record<string, string>>,
): readonly string[] {
  const unknown: string[] = []
  for (const [name, value] of Object.entries(pairs)) {
    const key = `${start}${name.toLowerCase()}`
    if (values.has(key)) unknown.push(key)
    values.set(key, [value])
  }
  return unknown
}
