/**
 * The condition keys of key policies: which kind of value each has, and who knows it. What is not
 * here is not judged by, and refused when a policy is put.
 */

import { operations, type OperationId } from "../../domain/operation.ts"
import { actionsOf } from "./actions.ts"

/** `date`: an instant, of which `epoch` is the seconds since 1970. */
export type ValueKind = "text" | "address" | "date" | "epoch"

export interface ConditionKey {
  readonly kind: ValueKind
  /** Of many values. */
  readonly many?: true
  /**
   * Said by requests for these actions, in lower case, and known where AWS's dialect brings them:
   * over another face nobody knows it.
   */
  readonly of?: readonly string[]
}

/** Stands for every action. */
const whatever = "*"
const one: ConditionKey = { kind: "text" }
const many: ConditionKey = { kind: "text", many: true }
const told = (...of: string[]): ConditionKey => ({ kind: "text", of })

const dataKeyPairs = ["generatedatakeypair", "generatedatakeypairwithoutplaintext"]
const symmetric = [
  "encrypt",
  "decrypt",
  "generatedatakey",
  "generatedatakeywithoutplaintext",
  ...dataKeyPairs,
  "reencryptfrom",
  "reencryptto",
]
const tagging = ["createkey", "replicatekey", "tagresource"]

/** In lower case, as names of conditions have no case. */
const keys: Readonly<Record<string, ConditionKey>> = {
  // Of the caller.
  "aws:principalaccount": one,
  "aws:principalarn": one,
  "aws:principaltype": one,
  "aws:sourceip": { kind: "address" },
  "aws:username": one,
  "kms:calleraccount": one,
  // Of the moment and of the connection.
  "aws:currenttime": { kind: "date" },
  "aws:epochtime": { kind: "epoch" },
  "aws:securetransport": one,
  // Of the key.
  "aws:resourceaccount": one,
  "kms:customermasterkeyspec": one,
  "kms:customermasterkeyusage": one,
  "kms:keyorigin": one,
  "kms:keyspec": one,
  "kms:keyusage": one,
  "kms:multiregion": one,
  "kms:multiregionkeytype": one,
  "kms:resourcealiases": many,
  // Of the request.
  "aws:requestedregion": told(whatever),
  "aws:tagkeys": { ...many, of: [...tagging, "untagresource"] },
  "kms:bypasspolicylockoutsafetycheck": told("createkey", "putkeypolicy", "replicatekey"),
  "kms:datakeypairspec": told(...dataKeyPairs),
  "kms:encryptionalgorithm": told(...symmetric),
  "kms:encryptioncontextkeys": { ...many, of: symmetric },
  "kms:expirationmodel": told("importkeymaterial"),
  "kms:grantconstraintsourcearn": told("creategrant"),
  "kms:grantconstrainttype": told("creategrant"),
  "kms:granteeprincipal": told("creategrant"),
  "kms:grantisforawsresource": told("creategrant", "listgrants", "revokegrant"),
  "kms:grantoperations": { ...many, of: ["creategrant"] },
  "kms:keyagreementalgorithm": told("derivesharedsecret"),
  "kms:macalgorithm": told("generatemac", "verifymac"),
  "kms:messagetype": told("sign", "verify"),
  "kms:primaryregion": told("updateprimaryregion"),
  "kms:reencryptonsamekey": told("reencryptfrom", "reencryptto"),
  "kms:replicaregion": told("replicatekey"),
  "kms:requestalias": one,
  "kms:retiringprincipal": told("creategrant"),
  "kms:rotationperiodindays": told("enablekeyrotation"),
  "kms:schedulekeydeletionpendingwindowindays": told("schedulekeydeletion"),
  "kms:signingalgorithm": told("sign", "verify"),
  "kms:validto": { kind: "date", of: ["importkeymaterial"] },
  "kms:wrappingalgorithm": told("getparametersforimport"),
  "kms:wrappingkeyspec": told("getparametersforimport"),
  // Of requests that AWS's own services make, of networks and organisations of AWS, of sessions:
  // there are none of them here, so that they have no value.
  "aws:calledvia": many,
  "aws:multifactorauthpresent": one,
  "aws:principalisawsservice": one,
  "aws:principalorgid": one,
  "aws:sourceaccount": one,
  "aws:sourcearn": one,
  "aws:sourcevpc": one,
  "aws:sourcevpce": one,
  "aws:viaawsservice": one,
  "kms:viaservice": one,
}

/** Beginnings of keys: what follows names a pair of the request, of the key, or of the caller. */
export const contextStart = "kms:encryptioncontext:"
export const tagStart = "aws:resourcetag/"
export const requestTagStart = "aws:requesttag/"
const starts: readonly (readonly [string, ConditionKey])[] = [
  [contextStart, { kind: "text", of: symmetric }],
  [tagStart, one],
  [requestTagStart, { kind: "text", of: tagging }],
  // Principals have no tags here.
  ["aws:principaltag/", one],
]

/** What a condition may be on, by its name in lower case. */
export function conditionKey(name: string): ConditionKey | undefined {
  if (Object.hasOwn(keys, name)) return keys[name]
  return starts.find(([start]) => name.startsWith(start) && name.length > start.length)?.[1]
}

/** By operation: beginnings of keys whose values AWS's dialect alone says, and no other face. */
export const unsaid: Readonly<Record<OperationId, readonly string[]>> = unsaidByOperation()

function unsaidByOperation(): Record<OperationId, readonly string[]> {
  const rows = [...Object.entries(keys), ...starts]
  const ids = Object.keys(operations) as OperationId[] // The table's own.
  const of = (id: OperationId): readonly string[] => {
    const actions = actionsOf(id)
    return rows
      .filter(([, { of = [] }]) => of.some((one) => one === whatever || actions.includes(one)))
      .map(([name]) => name)
  }
  return Object.fromEntries(ids.map((id) => [id, of(id)])) as Record<OperationId, readonly string[]>
}
