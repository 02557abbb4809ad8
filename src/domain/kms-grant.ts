/**
 * Grants on a key, as AWS's dialect has them: each lets one principal do a few things with it. They
 * only admit; roles bound them, and a policy that refuses wins.
 */

import type { Instant, PartitionId } from "./ids.ts"
import {
  isMeant,
  type PolicyFacts,
  type PolicyParties,
  type PolicyPrincipal,
} from "./key-policy.ts"

type Pairs = Readonly<Record<string, string>>

/** How much a grant gives. */
export interface GrantScope {
  /** In AWS's spelling. */
  readonly operations: readonly string[]
  /** What a request's encryption context has to be, or to hold. */
  readonly equals?: Pairs | undefined
  readonly subset?: Pairs | undefined
}

export interface KmsGrant extends GrantScope {
  /** 64 hexadecimal digits; random, so that a token which has it came from here. */
  readonly id: string
  readonly name?: string
  readonly grantee: GrantParty
  /** May end it, besides those who may revoke it. */
  readonly retiring?: GrantParty
  readonly equals?: Pairs
  readonly subset?: Pairs
  /** What of AWS's the request has to be made for; nothing here is, so that it admits nobody. */
  readonly sourceArn?: string
  /** Who handed it on, where that is another partition: it counts while that one is active. */
  readonly issuer?: PartitionId
  readonly createdAt: Instant
}

export interface GrantParty {
  /** As it was named. */
  readonly arn: string
  readonly meant: Exclude<PolicyPrincipal, { kind: "any" }>
}

/** Actions with an encryption context, which constraints are about. */
const bound = new Set([
  "encrypt",
  "decrypt",
  "reencryptfrom",
  "reencryptto",
  "generatedatakey",
  "generatedatakeywithoutplaintext",
  "generatedatakeypair",
  "generatedatakeypairwithoutplaintext",
])

/** True when a caller's grants together admit all that a request amounts to. */
export function grantsAdmit(
  grants: readonly KmsGrant[],
  facts: PolicyFacts,
  parties: PolicyParties,
): boolean {
  const his = grants.filter(({ grantee }) => isMeant(grantee.meant, parties, facts))
  return (
    his.length > 0 &&
    facts.actions.every((action) => his.some((grant) => grantAllows(grant, action, facts)))
  )
}

/** Which grants name a caller and what he asks; `conditional`: their constraints do not hold. */
export function grantsOn(
  grants: readonly KmsGrant[],
  facts: PolicyFacts,
  parties: PolicyParties,
): readonly { readonly grant: string; readonly effect: "allow" | "conditional" }[] {
  return grants
    .filter(({ grantee }) => isMeant(grantee.meant, parties, facts))
    .flatMap((grant) => {
      const named = facts.actions.filter((action) => lists(grant, action))
      if (named.length === 0) return []
      const holding = named.some((action) => grantAllows(grant, action, facts))
      return [{ grant: grant.id, effect: holding ? "allow" : "conditional" }]
    })
}

function lists({ operations }: KmsGrant, action: string): boolean {
  return operations.some((one) => one.toLowerCase() === action)
}

function grantAllows(grant: KmsGrant, action: string, facts: PolicyFacts): boolean {
  if (grant.sourceArn !== undefined) return false
  if (!lists(grant, action)) return false
  const { equals, subset } = grant
  if (!bound.has(action) || (equals ?? subset) === undefined) return true
  const { encryptionContext: given } = facts
  if (given === undefined) return false
  return (
    (subset === undefined || holds(given, subset)) &&
    (equals === undefined || isSame(given, equals))
  )
}

/** True when a grant lets its grantee do so much that he may hand on the other one. */
export function covers(grant: KmsGrant, other: GrantScope): boolean {
  if (grant.sourceArn !== undefined) return false
  if (!other.operations.every((one) => grant.operations.includes(one))) return false
  if (grant.equals !== undefined) {
    return other.equals !== undefined && isSame(other.equals, grant.equals)
  }
  return grant.subset === undefined || holds(other.equals ?? other.subset ?? {}, grant.subset)
}

/** Whom of those that may retire a grant the caller is: its grantee only if it lets him. */
export function retirersOf(
  { grantee, retiring, operations }: KmsGrant,
  parties: PolicyParties,
  facts: PolicyFacts,
): readonly GrantParty["meant"][] {
  const all = [retiring, operations.includes("RetireGrant") ? grantee : undefined]
  return all
    .filter((one) => one !== undefined)
    .map(({ meant }) => meant)
    .filter((one) => isMeant(one, parties, facts))
}

/** True for a name that stands for somebody, not for whoever is of an account. */
export function isPersonal(one: GrantParty["meant"]): boolean {
  return one.kind === "one" || (one.kind === "abroad" && one.arn !== undefined)
}

function holds(whole: Pairs, part: Pairs): boolean {
  return Object.entries(part).every(
    ([name, value]) => Object.hasOwn(whole, name) && whole[name] === value,
  )
}

function isSame(one: Pairs, other: Pairs): boolean {
  return Object.keys(one).length === Object.keys(other).length && holds(one, other)
}
