/** How a request stands: its rule as it is now, and what the words on it amount to. */

import { HsmError } from "../domain/errors.ts"
import { operation } from "../domain/operation.ts"
import type { RequestRecord, SignedWord } from "../domain/request.ts"
import { judgeRule, type Rule, type RuleFacts, type RuleVerdict } from "../domain/rule.ts"
import { factsOf, ruleOf } from "../domain/ruling.ts"
import type { Ports } from "./ports.ts"
import { hashRule } from "./request-statement.ts"

export interface Standing {
  /** Undefined when it is no longer the one that the request was made under. */
  readonly rule: Rule | undefined
  readonly facts: RuleFacts
  readonly verdict: RuleVerdict
  /** The whole partition is: nothing is done, and nothing fails for it. */
  readonly blocked: boolean
}

/** Words as the rule counts them. */
export function countWords(
  words: readonly SignedWord[],
): Pick<RuleFacts, "approvedBy" | "rejectedBy"> {
  const by = (wanted: SignedWord["word"]) =>
    new Set(words.filter(({ word }) => word === wanted).map(({ fingerprint }) => fingerprint))
  return { approvedBy: by("approval"), rejectedBy: by("rejection") }
}

/**
 * Judges a request by the words on it.
 *
 * @param words - those that count; all of the request's unless the caller has verified them.
 */
export async function standingOf(
  ports: Ports,
  request: RequestRecord,
  words: readonly SignedWord[] = request.words,
): Promise<Standing> {
  const { records, clock } = ports
  const { partition: id, key: about, stampedAt } = request
  const partition = await records.read("partition", id, id)
  if (partition === undefined) throw new HsmError("NOT_FOUND", "no such partition")
  const key = about && (await records.read("key", id, about.id))
  const ruling = {
    partition,
    key,
    approvals: { ...countWords(words), stampedAt },
    now: clock.now(),
    timeSure: clock.isSure(),
  }
  const found = ruleOf(ruling, operation(request.operation))
  const rule = hashRule(found) === request.ruleHash ? found : undefined
  const facts = factsOf(ruling)
  const blocked = partition.state === "blocked"
  return { rule, facts, verdict: judgeRule(rule ?? { tokens: [] }, facts), blocked }
}

/** True when the request is over by the clock; never while the clock is in doubt. */
export function isOver(request: RequestRecord, { now, timeSure }: RuleFacts): boolean {
  return timeSure && now > request.expiresAt
}
