/** Smart Key Attributes: the policy of this dialect, and our rules. Times are whole minutes. */

import { encodeBase64 } from "../../codec/base64.ts"
import type { SmartKeyAttributes } from "../../domain/key.ts"
import type { ApproverKey, KeyRuleName, Rule, RuleToken } from "../../domain/rule.ts"
import type { KeyRulesTemplate, RuleTemplate } from "../../service/quorum-commands.ts"
import { Fault, invalid } from "./fault.ts"
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
 * anything.
 *
 * @throws Fault for what rules cannot be.
 */
export function rulesOf({ ruleUse, ruleBlock, ruleUnblock, ruleModify }: Policy): KeyRulesTemplate {
  return {
    use: ruleOf(ruleUse),
    block: ruleOf(ruleBlock),
    unblock: ruleOf(ruleUnblock),
    modify: ruleOf(ruleModify),
  }
}

type RuleInput = ReturnType<typeof rule.read>

function ruleOf(input: RuleInput | undefined): RuleTemplate | undefined {
  if (input?.tokens === undefined) return undefined
  return {
    tokens: input.tokens.map(({ name, timelock = 0, timeout = 0, groups }) => ({
      name,
      timelockMs: millisecondsOf(timelock),
      timeoutMs: millisecondsOf(timeout),
      groups: groups.map(({ approvals, ...rest }) => ({
        ...rest,
        approvers: approvals.map(approverOf),
      })),
    })),
  }
}

function millisecondsOf(seconds: number): number {
  if (seconds % 60 === 0) return seconds * 1_000
  throw invalid("timelock and timeout are multiples of 60 seconds")
}

function approverOf({ type = "public_key", name, value }: Input<ApprovalMembers>) {
  if (type === "onboarded_approver_certificate") {
    throw new Fault("approver.not.existent", "approvers are named by their keys or certificates")
  }
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
