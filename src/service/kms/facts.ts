/** What a key's policy is asked about: a request in the words of its conditions. */

import { accountIdOf } from "../../codec/account-id.ts"
import { userArn } from "../../codec/user-arn.ts"
import type { KeyRecord } from "../../domain/key.ts"
import type { KeyAccess } from "../../domain/admission.ts"
import type { PolicyFacts } from "../../domain/key-policy.ts"
import { operation, type OperationId } from "../../domain/operation.ts"
import { isAdmitted, parseAddress } from "../../identity/address.ts"
import type { Context, Told } from "../commands.ts"
import type { FoundKey } from "../find-key.ts"
import { actionsOf } from "./actions.ts"

const contextStart = "kms:encryptioncontext"
const tagStart = "aws:resourcetag/"
const windowKey = "kms:schedulekeydeletionpendingwindowindays"

/** Of conditions on address ranges, and of no others. */
export const addressKey = "aws:sourceip"

/** Condition keys of one value each; in lower case. */
export const singleKeys = [
  addressKey,
  "aws:principalaccount",
  "aws:principalarn",
  "kms:bypasspolicylockoutsafetycheck",
  "kms:calleraccount",
  "kms:grantconstrainttype",
  "kms:granteeprincipal",
  "kms:grantisforawsresource",
  "kms:multiregion",
  "kms:multiregionkeytype",
  "kms:primaryregion",
  "kms:replicaregion",
  "kms:requestalias",
  "kms:retiringprincipal",
  // Of requests that AWS's own services make: nobody makes any here, so that it has no value.
  "kms:viaservice",
  windowKey,
]
/** Beginnings of such keys. */
export const singleKeyStarts = [`${contextStart}:`, tagStart]
/** Condition keys of many values. */
export const multipleKeys = [`${contextStart}keys`, "kms:grantoperations"]

/** What a key says of who may use it, and what it is asked about; undefined: it says nothing. */
export function accessOf(
  context: Context,
  id: OperationId,
  found: FoundKey | undefined,
): KeyAccess | undefined {
  if (found?.kms === undefined) return undefined
  const { policy, grants = [] } = found.kms
  if (policy === undefined && grants.length === 0) return undefined
  const facts = factsOf(context, id, found.key.tags)
  return { policy, grants, facts: { ...facts, values: { ...facts.values, ...familyFacts(found) } } }
}

/** Which kind of key it is, for conditions on that. */
function familyFacts({ key, family }: Omit<FoundKey, "kms">): PolicyFacts["values"] {
  if (family === undefined) return { "kms:multiregion": ["false"] }
  const type = family.primary === key.id ? "PRIMARY" : "REPLICA"
  return { "kms:multiregion": ["true"], "kms:multiregionkeytype": [type] }
}

/** @param tags - of the key. */
export function factsOf(
  { caller, told: toldOfAll, toldOf = {} }: Context,
  id: OperationId,
  tags: KeyRecord["tags"],
): PolicyFacts {
  const told = toldOf[id] ?? toldOfAll
  const account = accountIdOf(caller.partition)
  const arn = userArn(account, caller)
  const values = new Map<string, readonly string[]>()
  values.set("aws:principalaccount", [account])
  values.set("aws:principalarn", [arn])
  values.set(addressKey, [caller.address])
  values.set("kms:calleraccount", [account])
  const unknown = [
    ...collect(values, tagStart, tags),
    ...(told === undefined ? unknownOf(id) : tell(values, told)),
  ]
  return {
    actions: told === undefined ? actionsOf(id) : [told.action],
    values: Object.fromEntries(values),
    unknown,
    encryptionContext: told?.encryptionContext,
    account,
    arn,
    isWithin: (range) => isAdmitted([range], parseAddress(caller.address)),
  }
}

/** What only AWS's dialect can say, of operations for which it would. */
function unknownOf(id: OperationId): readonly string[] {
  if (id === "key.delete" || id === "key.purge") return [windowKey]
  return operation(id).usage === undefined ? [] : [contextStart]
}

function tell(values: Map<string, readonly string[]>, told: Told): readonly string[] {
  const names = Object.keys(told.encryptionContext)
  if (names.length > 0) values.set(`${contextStart}keys`, names)
  for (const [key, value] of Object.entries(told.values)) values.set(key, value)
  return collect(values, `${contextStart}:`, told.encryptionContext)
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
