/**
 * Rules: who has to agree, and when. A rule is an OR of tokens; a token is an AND of groups, each
 * with a quorum of approvers' keys, between a timelock and a timeout, within hours and a budget.
 *
 * Evaluation is pure. Signatures have been verified before; what comes in are the fingerprints of
 * the keys that made them.
 */

import { isWithin, type Hours } from "./hours.ts"
import type { Instant } from "./ids.ts"

/**
 * How an approver proves himself: a bare public key, or a certificate that has to be valid at the
 * moment. Passkeys will be a third kind.
 */
export const approverKinds = ["public-key", "certificate"] as const
export type ApproverKind = (typeof approverKinds)[number]

/** One approver's key. Rules count keys by fingerprint; names are for people alone. */
export interface ApproverKey {
  readonly kind: ApproverKind
  readonly name: string
  /** SHA-256 of `publicKey`, lower-case hex: what an approval is counted by. */
  readonly fingerprint: string
  /** SPKI DER. */
  readonly publicKey: Uint8Array
  /** DER, of kind `certificate`: the approver's own first, then each one's issuer. */
  readonly chain?: readonly Uint8Array[]
}

export interface Group {
  readonly name: string
  /** How many of `approvers` have to agree: 1 to all of them. */
  readonly quorum: number
  readonly approvers: readonly ApproverKey[]
}

/** How much a token lets through without anybody being asked again. */
export interface Budget {
  /** Operations, and bytes of their messages, per period. At least one of the two is there. */
  readonly operations?: number
  readonly bytes?: number
  /** Periods follow each other from 1970 on, so that every node knows when one begins. */
  readonly periodMs: number
}

export interface RuleToken {
  readonly name: string
  /** From the node's timestamp to the first moment of execution; 0: none. */
  readonly timelockMs: number
  /** From the node's timestamp to the last moment of execution; 0: none. */
  readonly timeoutMs: number
  /** None: no one has to agree. */
  readonly groups: readonly Group[]
  /** Absent: at any hour. */
  readonly hours?: readonly Hours[]
  readonly budget?: Budget
}

/** No token: never. */
export interface Rule {
  readonly tokens: readonly RuleToken[]
}

/** What a key's rules are about, in the order in which the TSB dialect writes them. */
export const keyRuleNames = ["use", "block", "unblock", "modify"] as const
export type KeyRuleName = (typeof keyRuleNames)[number]

/** A rule that is absent asks nobody. */
export type KeyRules = { readonly [Name in KeyRuleName]?: Rule }

/** True when uses are counted: what lets through so many here would let through as many there. */
export function countsUses(rules: KeyRules | undefined): boolean {
  return rules?.use?.tokens.some(({ budget }) => budget !== undefined) === true
}

/** What is known when a rule is evaluated. */
export interface RuleFacts {
  /** Fingerprints of the keys whose approval of this very command has been verified. */
  readonly approvedBy: ReadonlySet<string>
  /** Fingerprints of the keys that said no: they count no more. */
  readonly rejectedBy: ReadonlySet<string>
  /** The node's signed timestamp on the command; undefined where there is none. */
  readonly stampedAt: Instant | undefined
  readonly now: Instant
  /** False when the node's clock is in doubt: then no time passes for timelocks and hours. */
  readonly timeSure: boolean
  /** Tokens, by index, from whose budget this command has been drawn. */
  readonly drawn: ReadonlySet<number>
}

/** A group that waits, and for how many. */
export interface Missing {
  readonly group: string
  readonly approvals: number
}

/**
 * `met`: it may run now. `open`: approvals are missing. `waiting`: everybody has agreed, and it is
 * too early, outside its hours, or the clock is in doubt. `spent`: its budget is used up.
 * `closed`: it is too late, or so many have rejected that its quorum is out of reach.
 */
export type TokenVerdict =
  | { readonly state: "met" }
  | { readonly state: "open"; readonly missing: readonly Missing[] }
  | { readonly state: "waiting"; readonly until?: Instant }
  | { readonly state: "spent" }
  | { readonly state: "closed"; readonly why: "timeout" | "rejected" }

export type RuleVerdict =
  | { readonly outcome: "met"; readonly token: number | undefined }
  | { readonly outcome: "pending"; readonly tokens: readonly TokenVerdict[] }
  | { readonly outcome: "unreachable"; readonly tokens: readonly TokenVerdict[] }

/** Evaluates a rule; the first token that is met decides. */
export function judgeRule(rule: Rule | undefined, facts: RuleFacts): RuleVerdict {
  if (rule === undefined) return { outcome: "met", token: undefined }
  const tokens = rule.tokens.map((token, index) => judgeToken(token, index, facts))
  const met = tokens.findIndex(({ state }) => state === "met")
  if (met >= 0) return { outcome: "met", token: met }
  const reachable = tokens.some(({ state }) => state !== "closed")
  return { outcome: reachable ? "pending" : "unreachable", tokens }
}

function judgeToken(token: RuleToken, index: number, facts: RuleFacts): TokenVerdict {
  const { groups, timelockMs, timeoutMs, hours, budget } = token
  const { stampedAt, now, timeSure } = facts
  if (!groups.every((group) => isReachable(group, facts))) {
    return { state: "closed", why: "rejected" }
  }
  const end = timeoutMs === 0 || stampedAt === undefined ? Infinity : stampedAt + timeoutMs
  if (timeSure && now > end) return { state: "closed", why: "timeout" }
  const missing = groups.flatMap((group) => missingOf(group, facts))
  // Without a timestamp there is nothing to count from: a request gets one.
  const unstamped = stampedAt === undefined && timelockMs + timeoutMs > 0
  if (missing.length > 0 || unstamped) return { state: "open", missing }
  const timed = timelockMs > 0 || timeoutMs > 0 || hours !== undefined
  if (timed && !timeSure) return { state: "waiting" }
  const begin = stampedAt === undefined ? now : ((stampedAt + timelockMs) as Instant)
  if (now < begin) return { state: "waiting", until: begin }
  if (hours !== undefined && !hours.some((one) => isWithin(one, now))) return { state: "waiting" }
  if (budget !== undefined && !facts.drawn.has(index)) return { state: "spent" }
  return { state: "met" }
}

function missingOf({ name, quorum, approvers }: Group, facts: RuleFacts): Missing[] {
  const agreed = approvers.filter(({ fingerprint }) => counts(fingerprint, facts)).length
  return agreed < quorum ? [{ group: name, approvals: quorum - agreed }] : []
}

function counts(fingerprint: string, { approvedBy, rejectedBy }: RuleFacts): boolean {
  return approvedBy.has(fingerprint) && !rejectedBy.has(fingerprint)
}

function isReachable({ quorum, approvers }: Group, { rejectedBy }: RuleFacts): boolean {
  return approvers.filter(({ fingerprint }) => !rejectedBy.has(fingerprint)).length >= quorum
}

/**
 * The tokens that are met but for their budget: the ones worth drawing from, in order, unless
 * another token is met already.
 */
export function tokensToDraw(rule: Rule | undefined, facts: RuleFacts): readonly number[] {
  const verdict = judgeRule(rule, facts)
  if (verdict.outcome !== "pending") return []
  return verdict.tokens.flatMap(({ state }, index) => (state === "spent" ? [index] : []))
}

/** Every approver's key in a rule, each once. */
export function approversOf(rule: Rule | undefined): readonly ApproverKey[] {
  const all = (rule?.tokens ?? []).flatMap(({ groups }) => groups.flatMap((one) => one.approvers))
  return [...new Map(all.map((key) => [key.fingerprint, key])).values()]
}

/** When the last token's timeout ends; undefined while one of them has none. */
export function lastMoment({ tokens }: Rule, stampedAt: Instant): Instant | undefined {
  if (tokens.some(({ timeoutMs }) => timeoutMs === 0)) return undefined
  return Math.max(...tokens.map(({ timeoutMs }) => stampedAt + timeoutMs)) as Instant
}

/** What stands in the way, in one sentence. */
export function describeVerdict(verdict: RuleVerdict): string {
  if (verdict.outcome === "met") return "the rule is met"
  if (verdict.tokens.length === 0) return "the key's rule never allows this"
  return verdict.tokens.map(describeToken).join("; or ")
}

function describeToken(verdict: TokenVerdict): string {
  switch (verdict.state) {
    case "met":
      return "nothing is missing"
    case "open":
      return verdict.missing.length === 0
        ? "a request with the node's timestamp is missing"
        : verdict.missing.map(({ group, approvals }) => `${approvals} of ${group}`).join(" and ")
    case "waiting":
      return verdict.until === undefined ? "it is not the hour for it" : "its timelock still runs"
    case "spent":
      return "its budget is used up"
    case "closed":
      return verdict.why === "timeout" ? "its time is over" : "too many have rejected it"
  }
}
