/** Rules on the wire, both ways: seconds, clock times, keys in base64. */

import { CodecError } from "../../codec/error.ts"
import { encodeBase64 } from "../../codec/base64.ts"
import { pointerTo } from "../../codec/json.ts"
import type { Hours } from "../../domain/hours.ts"
import { keyRuleNames, type Budget, type KeyRules, type Rule } from "../../domain/rule.ts"
import type { KeyRulesTemplate, RuleTemplate } from "../../service/quorum-commands.ts"
import type * as wire from "./api.generated.ts"
import { milliseconds, renderClock, renderSeconds } from "./times.ts"

/** @throws CodecError that names an approver without what his kind needs. */
export function parseKeyRules(rules: wire.KeyRulesRequest, at: string): KeyRulesTemplate {
  const parsed = keyRuleNames.flatMap((name) => {
    const rule = rules[name]
    return rule === undefined ? [] : [[name, parseRule(rule, pointerTo(at, name))] as const]
  })
  return Object.fromEntries(parsed)
}

/** @throws CodecError as {@link parseKeyRules}. */
export function parseRule({ tokens }: wire.RuleRequest, at: string): RuleTemplate {
  return {
    tokens: tokens.map((token, index) => {
      const { name, timelockSeconds = 0, timeoutSeconds = 0, groups, hours, budget } = token
      return {
        name,
        timelockMs: milliseconds(timelockSeconds),
        timeoutMs: milliseconds(timeoutSeconds),
        groups: groups.map((group, place) => ({
          ...group,
          approvers: group.approvers.map((approver, nth) =>
            parseApprover(approver, `${at}/tokens/${index}/groups/${place}/approvers/${nth}`),
          ),
        })),
        ...(hours === undefined ? {} : { hours: hours.map(parseHours) }),
        ...(budget === undefined ? {} : { budget: parseBudget(budget) }),
      }
    }),
  }
}

type Approver = RuleTemplate["tokens"][number]["groups"][number]["approvers"][number]

function parseApprover(
  { kind, name, publicKey, chain }: wire.ApproverRequest,
  at: string,
): Approver {
  if (kind === "certificate") {
    if (chain === undefined) throw new CodecError(`${at}/chain`, "is missing")
    if (publicKey !== undefined) throw new CodecError(`${at}/publicKey`, "is the certificate's")
    return { kind, name, chain }
  }
  if (publicKey === undefined) throw new CodecError(`${at}/publicKey`, "is missing")
  if (chain !== undefined) throw new CodecError(`${at}/chain`, "is for kind certificate")
  return { kind, name, publicKey }
}

function parseBudget({ periodSeconds, ...amounts }: wire.RuleBudget): Budget {
  return { ...amounts, periodMs: milliseconds(periodSeconds) }
}

function parseHours({ days, from, to, timeZone }: wire.Hours): Hours {
  return { days, from: minutesOf(from), to: minutesOf(to), timeZone }
}

/** `08:30`; the schema has checked the form. */
function minutesOf(clock: string): number {
  const [hours = "", minutes = ""] = clock.split(":")
  return Number(hours) * 60 + Number(minutes)
}

export function renderKeyRules(rules: KeyRules): wire.KeyRules {
  const rendered = keyRuleNames.flatMap((name) => {
    const rule = rules[name]
    return rule === undefined ? [] : [[name, renderRule(rule)] as const]
  })
  return Object.fromEntries(rendered)
}

export function renderRule({ tokens }: Rule): wire.Rule {
  return {
    tokens: tokens.map(({ name, timelockMs, timeoutMs, groups, hours, budget }) => ({
      name,
      timelockSeconds: renderSeconds(timelockMs),
      timeoutSeconds: renderSeconds(timeoutMs),
      groups: groups.map((group) => ({
        ...group,
        approvers: group.approvers.map(({ publicKey, chain, ...approver }) => ({
          ...approver,
          publicKey: encodeBase64(publicKey),
          chain: chain?.map(encodeBase64),
        })),
      })),
      hours: hours?.map(renderHours),
      budget: budget && renderBudget(budget),
    })),
  }
}

function renderBudget({ periodMs, ...amounts }: Budget): wire.RuleBudget {
  return { ...amounts, periodSeconds: renderSeconds(periodMs) }
}

function renderHours({ days, from, to, timeZone }: Hours): wire.Hours {
  return { days, from: renderClock(from), to: renderClock(to), timeZone }
}
