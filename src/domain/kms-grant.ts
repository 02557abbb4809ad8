/**
 * Grants on a key, as AWS's dialect has them: each lets one principal do a few things with it. They
 * only admit; roles bound them, and a policy that refuses wins.
 */

import type { Instant } from "./ids.ts"
import {
  isMeant,
  type PolicyFacts,
  type PolicyParties,
  type PolicyPrincipal,
} from "./key-policy.ts"

type Pairs = Readonly<Record<string, string>>

export interface KmsGrant {
  /** 64 hexadecimal digits; random, so that a token which has it came from here. */
  readonly id: string
  readonly name?: string
  readonly grantee: GrantParty
  /** May end it, besides those who may revoke it. */
  readonly retiring?: GrantParty
  /** In AWS's spelling. */
  readonly operations: readonly string[]
  /** What a request's encryption context has to be, or to hold. */
  readonly equals?: Pairs
  readonly subset?: Pairs
  readonly createdAt: Instant
}

export interface GrantParty {
  /** As it was named. */
  readonly arn: string
  readonly meant: Extract<PolicyPrincipal, { partition: unknown }>
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
  { caller }: PolicyParties,
): boolean {
  const his = grants.filter(({ grantee }) => isMeant(grantee.meant, { caller }))
  return (
    his.length > 0 &&
    facts.actions.every((action) => his.some((grant) => grantAllows(grant, action, facts)))
  )
}

function grantAllows(grant: KmsGrant, action: string, facts: PolicyFacts): boolean {
  if (!grant.operations.some((one) => one.toLowerCase() === action)) return false
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
export function covers(grant: KmsGrant, other: Omit<KmsGrant, "id" | "createdAt">): boolean {
  if (!other.operations.every((one) => grant.operations.includes(one))) return false
  if (grant.equals !== undefined) {
    return other.equals !== undefined && isSame(other.equals, grant.equals)
  }
  return grant.subset === undefined || holds(other.equals ?? other.subset ?? {}, grant.subset)
}

/** True when the caller may retire a grant: he is named for it, or may retire what he got. */
export function mayRetire(grant: KmsGrant, { caller }: Pick<PolicyParties, "caller">): boolean {
  const { grantee, retiring, operations } = grant
  if (retiring !== undefined && isMeant(retiring.meant, { caller })) return true
  return operations.includes("RetireGrant") && isMeant(grantee.meant, { caller })
}

function holds(whole: Pairs, part: Pairs): boolean {
  return Object.entries(part).every(
    ([name, value]) => Object.hasOwn(whole, name) && whole[name] === value,
  )
}

function isSame(one: Pairs, other: Pairs): boolean {
  return Object.keys(one).length === Object.keys(other).length && holds(one, other)
}
