/**
 * A key's own policy, as AWS's dialect has them: statements that admit or refuse principals. It is
 * an input of `decide` and nothing beside it: it can refuse, and say whom of those whose roles
 * allow an operation the key admits. Parsed at the edge; here nothing is ignored.
 */

import type { PartitionId } from "./ids.ts"
import { matchesPattern } from "./principal.ts"

export interface KeyPolicy {
  /** As it was put: what is shown again. */
  readonly text: string
  readonly statements: readonly PolicyStatement[]
}

export interface PolicyStatement {
  readonly effect: "allow" | "deny"
  /** One of them is the caller. */
  readonly principals: readonly PolicyPrincipal[]
  /** Patterns of actions in lower case, without `kms:`. */
  readonly actions: readonly string[]
  /** All of them hold. */
  readonly conditions: readonly PolicyCondition[]
}

export type PolicyPrincipal =
  /** Of a refusal: everybody. Else: everybody of the key's own partition. */
  | { readonly kind: "any" }
  /** An account as a whole: its own roles and grants say who. */
  | { readonly kind: "account"; readonly partition: PartitionId }
  | { readonly kind: "one"; readonly partition: PartitionId; readonly subject: string }
  /** Another account, or who bears a name there: its own officers say who that is. */
  | { readonly kind: "abroad"; readonly account: string; readonly arn?: string }

export interface PolicyCondition {
  readonly test: PolicyTest
  /** True: it holds when the test fails; with no value there is, it fails. */
  readonly negated: boolean
  /** Of a key with many values: which of them count. */
  readonly quantifier?: "all" | "any"
  /** Holds where there is no value. */
  readonly ifExists: boolean
  /** In lower case. */
  readonly key: string
  readonly values: readonly string[]
}

/** How a request's value compares with one of the policy's; `null` asks whether there is one. */
const tests = {
  equals: (value, wanted) => value === wanted,
  "equals-ignore-case": (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
  like: (value, wanted) => matchesPattern(wanted, value),
  "arn-like": (value, wanted) => {
    const [parts, patterns] = [arnParts(value), arnParts(wanted)]
    return parts.every((part, at) => matchesPattern(patterns[at] ?? "", part))
  },
  less: (value, wanted) => numberOf(value) < numberOf(wanted),
  "less-or-equal": (value, wanted) => numberOf(value) <= numberOf(wanted),
  more: (value, wanted) => numberOf(value) > numberOf(wanted),
  "more-or-equal": (value, wanted) => numberOf(value) >= numberOf(wanted),
  "same-number": (value, wanted) => numberOf(value) === numberOf(wanted),
  before: (value, wanted) => timeOf(value) < timeOf(wanted),
  "before-or-at": (value, wanted) => timeOf(value) <= timeOf(wanted),
  after: (value, wanted) => timeOf(value) > timeOf(wanted),
  "after-or-at": (value, wanted) => timeOf(value) >= timeOf(wanted),
  "same-time": (value, wanted) => timeOf(value) === timeOf(wanted),
  // These two ask about the request, not about one of its values.
  "in-range": () => false,
  null: () => false,
} as const satisfies Record<string, (value: string, wanted: string) => boolean>
export type PolicyTest = keyof typeof tests

/** What is no decimal number compares with none: not an empty text with zero. */
function numberOf(text: string): number {
  return /^-?[0-9]+(?:\.[0-9]+)?$/.test(text) ? Number(text) : Number.NaN
}

/** Six parts, compared each for itself; the last may hold colons. */
function arnParts(text: string): readonly string[] {
  const parts = text.split(":")
  return [...parts.slice(0, 5), parts.slice(5).join(":")]
}

/** Milliseconds since 1970 of an instant in ISO 8601, or of seconds since 1970. */
export function timeOf(text: string): number {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) * 1_000 : Date.parse(text)
}

/** What a policy is asked about. */
export interface PolicyFacts {
  /** What it amounts to: one refused refuses all, and all have to be admitted. Lower case. */
  readonly actions: readonly string[]
  /** Values of condition keys; an absent key has none. */
  readonly values: Readonly<Record<string, readonly string[]>>
  /**
   * Beginnings of condition keys whose values nobody here knows: a condition on one of them
   * refuses, and never admits.
   */
  readonly unknown: readonly string[]
  /** Undefined: nobody here knows it. */
  readonly encryptionContext: Readonly<Record<string, string>> | undefined
  /** The caller in AWS's words. */
  readonly account: string
  readonly arn: string
  /** True when he comes from an address range (CIDR). */
  readonly isWithin: (range: string) => boolean
}

/** A key's policy and what it is asked about. */
export interface Policed {
  readonly policy: KeyPolicy
  readonly facts: PolicyFacts
}

/** Who asks, and whose key it is. */
export interface PolicyParties {
  readonly caller: { readonly partition: PartitionId; readonly subject: string }
  readonly owner: PartitionId
}

/** What a statement says of a caller; `conditional`: its conditions do not hold, or are unknown. */
export type Saying = PolicyStatement["effect"] | "conditional"

/** Which statements name a caller and what he asks for, counted from 1, and what they say. */
export function statementsOn(
  { policy, facts }: Policed,
  parties: PolicyParties,
): readonly { readonly statement: number; readonly effect: Saying }[] {
  return policy.statements.flatMap((statement, at) => {
    const { effect, actions } = statement
    const named = facts.actions.filter((action) => isAbout(actions, action))
    if (named.length === 0 || meantBy(statement, parties, facts).length === 0) return []
    const holding = named.some((action) => applies(statement, facts, action))
    return [{ statement: at + 1, effect: holding ? effect : ("conditional" as const) }]
  })
}

/** True when a statement refuses. */
export function refuses({ policy, facts }: Policed, parties: PolicyParties): boolean {
  return policy.statements.some(
    (statement) =>
      statement.effect === "deny" &&
      facts.actions.some((action) => applies(statement, facts, action)) &&
      meantBy(statement, parties, facts).length > 0,
  )
}

/**
 * How a policy admits a caller: by `name`; by his `account`, whose own rules then say the rest; or
 * not at all. Refusals are looked at before.
 */
export function admits(
  { policy, facts }: Policed,
  parties: PolicyParties,
): "name" | "account" | undefined {
  const allowing = policy.statements.filter(({ effect }) => effect === "allow")
  const ways = facts.actions.map((action) => {
    const meant = allowing
      .filter((statement) => applies(statement, facts, action))
      .flatMap((statement) => meantBy(statement, parties, facts))
    if (meant.some(({ kind }) => kind === "one")) return "name"
    return meant.length > 0 ? "account" : undefined
  })
  if (ways.includes(undefined)) return undefined
  return ways.includes("account") ? "account" : "name"
}

/** By which of its principals a statement means a caller: everybody, to lend, is nobody. */
function meantBy(
  { effect, principals }: PolicyStatement,
  parties: PolicyParties,
  facts: PolicyFacts,
): readonly PolicyPrincipal[] {
  const isAbroad = parties.caller.partition !== parties.owner
  return principals
    .filter((one) => isMeant(one, parties, facts))
    .filter(({ kind }) => kind !== "any" || effect === "deny" || !isAbroad)
}

/** True when a caller is whom a principal stands for. */
export function isMeant(
  one: PolicyPrincipal,
  { caller, owner }: PolicyParties,
  { account, arn }: Pick<PolicyFacts, "account" | "arn">,
): boolean {
  switch (one.kind) {
    case "any":
      return true
    case "account":
      return one.partition === caller.partition
    case "one":
      return one.partition === caller.partition && one.subject === caller.subject
    case "abroad":
      if (caller.partition === owner || one.account !== account) return false
      return one.arn === undefined || one.arn === arn
  }
}

function applies(
  { effect, actions, conditions }: PolicyStatement,
  facts: PolicyFacts,
  action: string,
): boolean {
  return (
    isAbout(actions, action) && conditions.every((condition) => holds(condition, facts, effect))
  )
}

function isAbout(patterns: readonly string[], action: string): boolean {
  return patterns.some((pattern) => matchesPattern(pattern, action))
}

function holds(
  condition: PolicyCondition,
  { values: known, unknown, isWithin }: PolicyFacts,
  effect: PolicyStatement["effect"],
): boolean {
  const { test, negated, quantifier, ifExists, key, values } = condition
  if (unknown.some((start) => key.startsWith(start))) return effect === "deny"
  const given = Object.hasOwn(known, key) ? known[key] : undefined
  if (test === "null") return (given === undefined) === values.includes("true")
  if (test === "in-range") return values.some(isWithin) !== negated
  if (given === undefined) {
    // As AWS has it: all of no values do, any of them does not, also where the test is negated.
    return ifExists || (quantifier === undefined ? negated : quantifier === "all")
  }
  const passes = (value: string) => values.some((wanted) => tests[test](value, wanted)) !== negated
  return quantifier === "all" ? given.every(passes) : given.some(passes)
}

/** What may be done with a key that another account lends; as in AWS, nothing that changes it. */
const lendable = new Set([
  "decrypt",
  "decapsulate",
  "derivesharedsecret",
  "describekey",
  "encapsulate",
  "encrypt",
  "generatedatakey",
  "generatedatakeypair",
  "generatedatakeypairwithoutplaintext",
  "generatedatakeywithoutplaintext",
  "generatemac",
  "getpublickey",
  "reencryptfrom",
  "reencryptto",
  "sign",
  "verify",
  "verifymac",
])

/** What a grant may let another account do besides: hand on what it has. */
const grantable = new Set([...lendable, "creategrant"])

/** True for what one account may let another do, by a policy or by a grant. */
export function isLendable({ actions }: PolicyFacts, by: "policy" | "grant"): boolean {
  const all = by === "policy" ? lendable : grantable
  return actions.every((action) => all.has(action))
}
