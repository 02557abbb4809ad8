/** Rules as callers write them become rules as records hold them: checked, keys read. */

import { HsmError } from "../domain/errors.ts"
import { isTimeZone, weekdays, type Hours } from "../domain/hours.ts"
import type { Instant } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import {
  keyRuleNames,
  type Budget,
  type Group,
  type KeyRules,
  type Rule,
  type RuleToken,
} from "../domain/rule.ts"
import { readApprover } from "../identity/approver.ts"
import type {
  GroupTemplate,
  KeyRulesTemplate,
  RuleTemplate,
  TokenTemplate,
} from "./quorum-commands.ts"

/**
 * Makes a key's rules.
 *
 * @param field - JSON pointer of the rules in the request.
 * @throws HsmError MALFORMED_REQUEST that names what is wrong.
 */
export async function makeKeyRules(
  template: KeyRulesTemplate,
  now: Instant,
  field: string,
): Promise<KeyRules> {
  const made = await Promise.all(
    keyRuleNames.map(async (name) => {
      const rule = template[name]
      return rule === undefined ? [] : [[name, await makeRule(rule, now, `${field}/${name}`)]]
    }),
  )
  // The names are those of the table.
  const rules = Object.fromEntries(made.flat()) as KeyRules
  checkSize(rules, field)
  return rules
}

/** Makes one rule. Parameters and errors as {@link makeKeyRules}. */
export async function makeRule(
  { tokens }: RuleTemplate,
  now: Instant,
  field: string,
): Promise<Rule> {
  atMost(tokens, limits.ruleTokensMax, `${field}/tokens`, "tokens")
  const made = await Promise.all(
    tokens.map((token, at) => {
      const place = `${field}/tokens/${at}`
      // Nothing else is done so often, and a key keeps the count.
      if (token.budget !== undefined && !field.endsWith("/use")) {
        refuse(`${place}/budget`, "belongs to a key's rule for use")
      }
      return makeToken(token, now, place)
    }),
  )
  const rule = { tokens: made }
  checkSize(rule, field)
  return rule
}

async function makeToken(template: TokenTemplate, now: Instant, field: string): Promise<RuleToken> {
  const { name, timelockMs, timeoutMs, groups, hours, budget } = template
  checkTime(timelockMs, `${field}/timelockSeconds`)
  checkTime(timeoutMs, `${field}/timeoutSeconds`)
  atMost(groups, limits.ruleGroupsMax, `${field}/groups`, "groups")
  if (hours !== undefined) checkHours(hours, `${field}/hours`)
  if (budget !== undefined) checkBudget(budget, `${field}/budget`)
  const made = await Promise.all(
    groups.map((group, at) => makeGroup(group, now, `${field}/groups/${at}`)),
  )
  const quorums = made.reduce((sum, { quorum }) => sum + quorum, 0)
  if (quorums > limits.ruleQuorumMax) {
    refuse(`${field}/groups`, `quorums of a token are together at most ${limits.ruleQuorumMax}`)
  }
  return {
    name,
    timelockMs,
    timeoutMs,
    groups: made,
    ...(hours === undefined ? {} : { hours }),
    ...(budget === undefined ? {} : { budget }),
  }
}

async function makeGroup(
  { name, quorum, approvers }: GroupTemplate,
  now: Instant,
  field: string,
): Promise<Group> {
  atMost(approvers, limits.ruleApproversMax, `${field}/approvers`, "approvers")
  if (!Number.isInteger(quorum) || quorum < 1 || quorum > approvers.length) {
    refuse(`${field}/quorum`, "a quorum is 1 to the number of approvers")
  }
  const made = await Promise.all(
    approvers.map((one, at) => readApprover(one, now, `${field}/approvers/${at}`)),
  )
  if (new Set(made.map(({ fingerprint }) => fingerprint)).size < made.length) {
    refuse(`${field}/approvers`, "one key stands in a group once")
  }
  return { name, quorum, approvers: made }
}

function checkTime(ms: number, field: string): void {
  const { ruleStepMs, ruleTimeMaxMs } = limits
  if (Number.isInteger(ms / ruleStepMs) && ms >= 0 && ms <= ruleTimeMaxMs) return
  refuse(field, "is whole seconds, at most a year of them")
}

function checkHours(hours: readonly Hours[], field: string): void {
  if (hours.length === 0) refuse(field, "is left out for any hour")
  atMost(hours, limits.ruleHoursMax, field, "ranges")
  for (const [at, { days, from, to, timeZone }] of hours.entries()) {
    if (days.length === 0 || days.some((day) => !weekdays.includes(day))) {
      refuse(`${field}/${at}/days`, `days are ${weekdays.join(", ")}`)
    }
    if (from < 0 || to > 1_440 || from >= to) refuse(`${field}/${at}/to`, "lies after from")
    if (!isTimeZone(timeZone)) refuse(`${field}/${at}/timeZone`, "is no zone of the IANA database")
  }
}

function checkBudget({ operations, bytes, periodMs }: Budget, field: string): void {
  if (operations === undefined && bytes === undefined) refuse(field, "has operations or bytes")
  const { budgetPeriodMinMs, budgetPeriodMaxMs } = limits
  if (periodMs >= budgetPeriodMinMs && periodMs <= budgetPeriodMaxMs) return
  refuse(`${field}/periodSeconds`, "a period is a minute to a year")
}

function atMost(list: readonly unknown[], max: number, field: string, what: string): void {
  if (list.length > max) refuse(field, `at most ${max} ${what}`)
}

function checkSize(rules: object, field: string): void {
  const size = JSON.stringify(rules, (_, value: unknown) =>
    value instanceof Uint8Array ? value.toBase64() : value,
  ).length
  if (size > limits.rulesBytesMax) refuse(field, `is longer than ${limits.rulesBytesMax} bytes`)
}

function refuse(field: string, message: string): never {
  throw new HsmError("MALFORMED_REQUEST", message, { field })
}
