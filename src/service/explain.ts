/** Which rule allows or denies an operation for a principal: the decision, shown and not taken. */

import { HsmError } from "../domain/errors.ts"
import { operation, type OperationRow } from "../domain/operation.ts"
import { explain, type Question } from "../domain/policy.ts"
import type { Caller } from "../domain/principal.ts"
import { tokensToDraw } from "../domain/rule.ts"
import { factsOf, ruleOf } from "../domain/ruling.ts"
import { frame, perform } from "./act.ts"
import type { Context, ExplainCommand, ExplainResult } from "./commands.ts"
import type { Ports } from "./ports.ts"
import { openBudgets } from "./rule-budget.ts"

/** Roles that may ask on behalf of another principal. */
const mayAskForOthers = ["manager", "auditor", "officer"]

/**
 * Answers every rule's verdict, in order of evaluation. Nothing is done and no budget is drawn.
 *
 * @throws HsmError KEY_NOT_FOUND, NOT_FOUND (no such principal), OPERATION_FORBIDDEN.
 */
export async function explainDecision(
  ports: Ports,
  context: Context,
  command: ExplainCommand,
): Promise<ExplainResult> {
  const { operation: id, key, mechanism, principal } = command
  const needsKey = operation(id).target === "key"
  const leave = { operation: needsKey ? "key.explain" : "partition.read" } as const
  const ask = needsKey ? { ...leave, key: key ?? "" } : leave
  return await perform(ports, context, ask, async () => {
    const caller =
      principal === undefined ? context.caller : await callerOf(ports, context, principal)
    const question = await frame(
      ports,
      { ...context, caller },
      {
        operation: id,
        mechanism,
        ...(key === undefined ? {} : { key }),
      },
    )
    const rules = explain(withBudgets(question))
    return { allowed: rules.every(({ allows }) => allows), rules }
  })
}

/** What a budget would let through is allowed. */
function withBudgets(question: Question): Question {
  const { key, now } = question
  const row: OperationRow = operation(question.operation)
  if (key === undefined || row.rule !== "use") return question
  const tokens = tokensToDraw(ruleOf(question, row), factsOf(question))
  return tokens.length === 0 ? question : { ...question, drawn: openBudgets(key, tokens, now) }
}

async function callerOf(ports: Ports, { caller }: Context, principal: string): Promise<Caller> {
  if (!caller.roles.some((role) => mayAskForOthers.includes(role))) {
    throw new HsmError("OPERATION_FORBIDDEN", "only about oneself, for this role", {
      rule: "role",
    })
  }
  const { records } = ports
  const byName = await records.lookup(caller.partition, "principal-name", principal)
  const id = byName ?? principal
  const record = await records.read("principal", caller.partition, id)
  if (record === undefined) throw new HsmError("NOT_FOUND", "no such principal")
  const { roles, grants, name } = record
  return {
    partition: caller.partition,
    subject: record.id,
    name,
    roles,
    grants,
    credential: "token",
    address: caller.address,
  }
}
