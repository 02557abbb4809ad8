/** What a key's policy is asked about: a request in the words of its conditions. */

import { accountIdOf } from "../../codec/account-id.ts"
import { userArn } from "../../codec/user-arn.ts"
import type { KeyAccess } from "../../domain/admission.ts"
import type { Instant } from "../../domain/ids.ts"
import type { KeyRecord } from "../../domain/key.ts"
import type { PolicyFacts } from "../../domain/key-policy.ts"
import type { OperationId } from "../../domain/operation.ts"
import { isAdmitted, parseAddress } from "../../identity/address.ts"
import type { Context, Told } from "../commands.ts"
import type { FoundKey } from "../find-key.ts"
import { actionsOf } from "./actions.ts"
import { contextStart, tagStart, unsaid } from "./condition-keys.ts"
import { specOf, usageOf } from "./key-specs.ts"

/** When a question is asked, and whether the node is sure of its time. */
export interface Moment {
  readonly now: Instant
  readonly timeSure: boolean
}

/** What a key is, for conditions on that; before it is made, what it is going to be. */
export interface PolicedKey extends Pick<KeyRecord, "partition" | "algorithm" | "tags"> {
  readonly attributes: Pick<KeyRecord["attributes"], "usages">
  /** Its owner brings its material along. */
  readonly isExternal: boolean
  /** Of a multi-Region key. */
  readonly kin: "PRIMARY" | "REPLICA" | undefined
  /** Their names; undefined: they are not kept beside the key. */
  readonly aliases: readonly string[] | undefined
}

/** What a key says of who may use it, and what it is asked about; undefined: it says nothing. */
export function accessOf(
  context: Context,
  id: OperationId,
  found: FoundKey | undefined,
  moment: Moment,
): KeyAccess | undefined {
  if (found?.kms === undefined) return undefined
  const { policy, grants: all = [] } = found.kms
  if (policy === undefined && all.length === 0) return undefined
  const grants = all.filter(({ issuer }) => issuer === undefined || !found.lapsed.has(issuer))
  return { policy, grants, facts: factsOf(context, id, policedOf(found), moment) }
}

export function policedOf({ key, kms, family }: Omit<FoundKey, "lapsed">): PolicedKey {
  const primary = family?.primary
  const kin = primary === undefined ? undefined : primary === key.id ? "PRIMARY" : "REPLICA"
  return { ...key, isExternal: key.external !== undefined, kin, aliases: kms?.aliases }
}

const aliasesKey = "kms:resourcealiases"
const timeKeys = ["aws:currenttime", "aws:epochtime"]

/** Everything that is known of a request for an operation on a key. */
export function factsOf(
  { caller, told: toldOfAll, toldOf = {} }: Context,
  id: OperationId,
  key: PolicedKey,
  { now, timeSure }: Moment,
): PolicyFacts {
  const told = toldOf[id] ?? toldOfAll
  const account = accountIdOf(caller.partition)
  const arn = userArn(account, caller)
  const actions = told === undefined ? actionsOf(id) : [told.action]
  const values = new Map<string, readonly string[]>([
    ["aws:principalaccount", [account]],
    ["aws:principalarn", [arn]],
    ["aws:sourceip", [caller.address]],
    ["aws:securetransport", ["true"]],
    ["aws:principalisawsservice", ["false"]],
    ["aws:principaltype", [caller.name === undefined ? "FederatedUser" : "User"]],
    ["aws:viaawsservice", ["false"]],
    ["kms:calleraccount", [account]],
    ["aws:currenttime", [new Date(now).toISOString()]],
    ["aws:epochtime", [String(Math.floor(now / 1_000))]],
    ...keyValues(key),
  ])
  if (caller.name !== undefined) values.set("aws:username", [caller.name])
  const unknown = [
    ...collect(values, tagStart, key.tags),
    ...(told === undefined ? unsaid[id] : tell(values, told)),
    ...(key.aliases === undefined ? [aliasesKey] : []),
    ...(timeSure ? [] : timeKeys),
  ]
  return {
    actions,
    values: Object.fromEntries(values),
    unknown,
    encryptionContext: told?.encryptionContext,
    account,
    arn,
    isWithin: (range) => isAdmitted([range], parseAddress(caller.address)),
  }
}

function keyValues(key: PolicedKey): readonly (readonly [string, readonly string[]])[] {
  const { partition, kin, aliases = [], isExternal } = key
  const spec = specOf(key)
  const usage = spec && usageOf(key, spec)
  const single: Readonly<Record<string, string | undefined>> = {
    "aws:resourceaccount": accountIdOf(partition),
    "kms:customermasterkeyspec": spec,
    "kms:customermasterkeyusage": usage,
    "kms:keyorigin": isExternal ? "EXTERNAL" : "AWS_KMS",
    "kms:keyspec": spec,
    "kms:keyusage": usage,
    "kms:multiregion": String(kin !== undefined),
    "kms:multiregionkeytype": kin,
  }
  const held = Object.entries(single).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, [value]] as const],
  )
  return aliases.length === 0
    ? held
    : [...held, [aliasesKey, aliases.map((name) => `alias/${name}`)]]
}

/** The same, as somebody of another account would ask, nobody knows from where or by which name. */
export function askedBy(
  facts: PolicyFacts,
  { account, arn }: Pick<PolicyFacts, "account" | "arn">,
): PolicyFacts {
  const values = {
    ...facts.values,
    "aws:principalaccount": [account],
    "aws:principalarn": [arn],
    "kms:calleraccount": [account],
  }
  const unknown = [...facts.unknown, "aws:sourceip", "aws:username", "aws:principaltype"]
  return { ...facts, values, unknown, account, arn }
}

function tell(values: Map<string, readonly string[]>, told: Told): readonly string[] {
  const names = Object.keys(told.encryptionContext)
  if (names.length > 0) values.set("kms:encryptioncontextkeys", names)
  for (const [key, value] of Object.entries(told.values)) values.set(key, value)
  return [
    ...collect(values, contextStart, told.encryptionContext),
    ...Object.entries(told.pairs ?? {}).flatMap(([start, pairs]) => collect(values, start, pairs)),
  ]
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
