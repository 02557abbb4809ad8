/** Smart Key Attributes: the policy of this dialect, and our rules. Times are whole minutes. */

import { encodeBase64 } from "../../codec/base64.ts"
import type { SmartKeyAttributes } from "../../domain/key.ts"
import type { ApproverKey, KeyRuleName, Rule, RuleToken } from "../../domain/rule.ts"
import { HsmError } from "../../domain/errors.ts"
import type { ApproverTemplate } from "../../identity/approver.ts"
import { resolveApprovers } from "../../service/approvers.ts"
import type { KeyRulesTemplate, RuleTemplate } from "../../service/quorum-commands.ts"
import { Fault, invalid } from "./fault.ts"
import type { Call } from "./operation.ts"
import { bytes, count, flag, list, need, object, shortText, text, type Input } from "../shapes.ts"

const approval = object({ type: text, name: shortText, value: bytes })
const group = object({
  name: need(shortText),
  quorum: need(count),
  approvals: need(list(approval)),
})
const token = object({
  name: need(shortText),
  timelock: count,
  timeout: count,
  groups: need(list(group)),
})
const rule = object({ tokens: list(token) })

/** Member by rule, as the dialect spells them. */
export const ruleMembers = {
  use: "ruleUse",
  block: "ruleBlock",
  unblock: "ruleUnblock",
  modify: "ruleModify",
} as const satisfies Record<KeyRuleName, string>

export const policy = object({
  ruleUse: rule,
  ruleBlock: rule,
  ruleUnblock: rule,
  ruleModify: rule,
  keyStatus: object({ blocked: flag }),
})
export type Policy = ReturnType<typeof policy.read>

/**
 * Rules as services take them. A rule that is null asks nobody; one without tokens never allows
 * anything. Names of onboarded approvers become their keys here, before anything is asked for: what
 * approvers sign, and what is stored, is keys.
 *
 * @throws Fault for what rules cannot be, and for names of nobody.
 */
export async function rulesOf(call: Call, given: Policy): Promise<KeyRulesTemplate> {
  const { ruleUse, ruleBlock, ruleUnblock, ruleModify } = given
  const known = await onboardedIn(call, [ruleUse, ruleBlock, ruleUnblock, ruleModify])
  return {
    use: ruleOf(ruleUse, known),
    block: ruleOf(ruleBlock, known),
    unblock: ruleOf(ruleUnblock, known),
    modify: ruleOf(ruleModify, known),
  }
}

type RuleInput = ReturnType<typeof rule.read>
type Onboarded = ReadonlyMap<string, ApproverTemplate>

const onboarded = "onboarded_approver_certificate"

async function onboardedIn(
  { ports, context }: Call,
  rules: readonly (RuleInput | undefined)[],
): Promise<Onboarded> {
  const all = rules.flatMap((one) => one?.tokens ?? []).flatMap(({ groups }) => groups)
  const named = all.flatMap(({ approvals }) => approvals).filter(({ type }) => type === onboarded)
  try {
    return await resolveApprovers(ports, context, new Set(named.map(({ name }) => name ?? "")))
  } catch (error) {
    if (!(error instanceof HsmError) || error.code !== "NOT_FOUND") throw error
    throw new Fault("approver.not.existent", error.message)
  }
}

function ruleOf(input: RuleInput | undefined, known: Onboarded): RuleTemplate | undefined {
  if (input?.tokens === undefined) return undefined
  return {
    tokens: input.tokens.map(({ name, timelock = 0, timeout = 0, groups }) => ({
      name,
      timelockMs: millisecondsOf(timelock),
      timeoutMs: millisecondsOf(timeout),
      groups: groups.map(({ approvals, ...rest }) => ({
        ...rest,
        approvers: approvals.map((one) => approverOf(one, known)),
      })),
    })),
  }
}

function millisecondsOf(seconds: number): number {
  if (seconds % 60 === 0) return seconds * 1_000
  throw invalid("timelock and timeout are multiples of 60 seconds")
}

function approverOf(
  { type = "public_key", name, value }: Input<ApprovalMembers>,
  known: Onboarded,
): ApproverTemplate {
  const found = type === onboarded ? known.get(name ?? "") : undefined
  if (found !== undefined) return found
  if (value === undefined) throw invalid("an approval has a value")
  if (type === "certificate") {
    return { kind: "certificate", name: name ?? "", chain: [value] } as const
  }
  if (type !== "public_key") throw new Fault("unsupported.approver.key.type", `no type ${type}`)
  return { kind: "public-key", name: name ?? "", publicKey: value } as const
}
type ApprovalMembers = { type: typeof text; name: typeof shortText; value: typeof bytes }

/** A key's rules as its attributes show them; null for an ordinary key. */
export function renderPolicy(smart: SmartKeyAttributes | undefined): object | null {
  if (smart === undefined) return null
  const { rules, blocked } = smart
  return {
    ruleUse: renderRule(rules.use),
    ruleBlock: renderRule(rules.block),
    ruleUnblock: renderRule(rules.unblock),
    ruleModify: renderRule(rules.modify),
    keyStatus: { blocked },
  }
}

function renderRule(one: Rule | undefined): object | null {
  return one === undefined ? null : { tokens: one.tokens.map(renderToken) }
}

function renderToken({ name, timelockMs, timeoutMs, groups }: RuleToken): object {
  return {
    name,
    timelock: timelockMs / 1_000,
    timeout: timeoutMs / 1_000,
    groups: groups.map(({ approvers, ...rest }) => ({
      ...rest,
      approvals: approvers.map(renderApprover),
    })),
  }
}

function renderApprover({ kind, name, publicKey, chain }: ApproverKey): object {
  return kind === "certificate"
    ? { type: "certificate", name, value: encodeBase64(chain?.[0] ?? publicKey) }
    : { type: "public_key", name, value: encodeBase64(publicKey) }
}
