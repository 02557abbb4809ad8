/** Which rule an operation has to meet: the key's own, or the partition's for its officers. */

import { keyAlgorithm, publicUsages } from "./algorithms.ts"
import type { KeyRecord } from "./key.ts"
import type { OperationRow } from "./operation.ts"
import type { PartitionRecord } from "./partition.ts"
import { judgeRule, type Rule, type RuleFacts, type RuleVerdict } from "./rule.ts"

/** What of a question bears on rules. */
export interface Ruling {
  readonly partition: PartitionRecord
  readonly key?: KeyRecord | undefined
  /** Verified approvals of exactly this command; absent: there are none. */
  readonly approvals?: Approvals | undefined
  /** Tokens from whose budget this command has been drawn. */
  readonly drawn?: ReadonlySet<number> | undefined
  readonly now: RuleFacts["now"]
  /** False while the node's clock is in doubt. */
  readonly timeSure: boolean
}

export type Approvals = Pick<RuleFacts, "approvedBy" | "rejectedBy" | "stampedAt">

/** The rule that applies; undefined where nobody has to be asked. */
export function ruleOf({ partition, key }: Ruling, row: OperationRow): Rule | undefined {
  if (row.rule === undefined) return undefined
  if (row.rule === "administration") return partition.rules?.administration
  return key === undefined || isPublicUse(key, row) ? undefined : key.smart?.rules[row.rule]
}

/** Of a pair, the public half is everybody's: its rules are about the private one. */
function isPublicUse({ algorithm }: KeyRecord, { usage }: OperationRow): boolean {
  const isPublic = usage !== undefined && publicUsages.includes(usage)
  return isPublic && keyAlgorithm(algorithm).form !== "secret"
}

const none: ReadonlySet<never> = new Set()

/** What is known for evaluating the rule. */
export function factsOf({ approvals, drawn, now, timeSure }: Ruling): RuleFacts {
  const { approvedBy = none, rejectedBy = none, stampedAt } = approvals ?? {}
  return { approvedBy, rejectedBy, stampedAt, now, timeSure, drawn: drawn ?? none }
}

/** Whether the operation's rule is met now. */
export function judge(ruling: Ruling, row: OperationRow): RuleVerdict {
  return judgeRule(ruleOf(ruling, row), factsOf(ruling))
}

/** True when the permit for an operation has to name its input: somebody has agreed to that. */
export function isRuled({ key }: Ruling, row: OperationRow): boolean {
  return row.rule === "use" && key?.smart !== undefined && !isPublicUse(key, row)
}
