/** Which rule allows or denies an operation for a principal: the decision, shown and not taken. */

import { accountIdOf } from "../codec/account-id.ts"
import { parseArn, userArn, type NamedByArn } from "../codec/user-arn.ts"
import { accessWords } from "../domain/admission.ts"
import { HsmError } from "../domain/errors.ts"
import { operation, type OperationRow } from "../domain/operation.ts"
import { explain, type Question } from "../domain/policy.ts"
import type { Caller } from "../domain/principal.ts"
import { tokensToDraw } from "../domain/rule.ts"
import { factsOf, ruleOf } from "../domain/ruling.ts"
import { frame, perform } from "./act.ts"
import type { Context, ExplainCommand, ExplainResult } from "./commands.ts"
import { askedBy } from "./kms/facts.ts"
import { nowhere } from "./kms/locate-key.ts"
import type { Ports } from "./ports.ts"
import { openBudgets } from "./rule-budget.ts"

/** Roles that may ask on behalf of another principal. */
const mayAskForOthers = ["manager", "auditor", "officer"]

/**
 * Answers every rule's verdict, in order of evaluation. Nothing is done and no budget is drawn.
 *
 * @throws HsmError KEY_NOT_FOUND, NOT_FOUND (no such principal), OPERATION_FORBIDDEN;
 * MALFORMED_REQUEST about another account's principal and no key.
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
    const who = principal === undefined ? context.caller : await whoIs(ports, context, principal)
    const isAbroad = "account" in who
    const asking = isAbroad ? context : { ...context, caller: who }
    const about = { operation: id, mechanism, ...(key === undefined ? {} : { key }) }
    const question = await frame(ports, asking, about)
    if (isAbroad) return explainAbroad(question, who)
    const rules = explain(withBudgets(question))
    const allowed = rules.every(({ allows }) => allows)
    return { allowed, rules, ...(mayAskFor(context.caller) ? wordsOf(question) : {}) }
  })
}

function mayAskFor({ roles }: Caller): boolean {
  return roles.some((role) => mayAskForOthers.includes(role))
}

function wordsOf(question: Question): Pick<ExplainResult, "said"> {
  const said = accessWords(question)
  return said.length === 0 ? {} : { said }
}

/** What is another account's to say: whether there is such a principal, and what he may there. */
const othersRules: readonly string[] = ["role", "grant", "key-store", "rate"]

/**
 * What the key's own side says of somebody of another account. Nobody is looked up there: the
 * answer is the same whether or not there is such an account, or such a principal in it.
 */
function explainAbroad(question: Question, who: NamedByArn): ExplainResult {
  const { caller: officer, partition, key, access } = question
  if (key === undefined) {
    throw new HsmError("MALFORMED_REQUEST", "another account is let to use keys, nothing else", {
      field: "/principal",
    })
  }
  const { address, credential } = officer
  const { account } = who
  const name = "name" in who ? { name: who.name } : {}
  const subject = "subject" in who ? who.subject : ""
  const roles = ["user", "manager"] as const
  const about = { partition: nowhere, subject, roles, grants: [], credential, address }
  const caller: Caller = { ...about, ...name }
  const arn = who.kind === "account" ? `arn:aws:iam::${account}:root` : userArn(account, caller)
  const asked: Question = {
    ...question,
    caller,
    owner: partition,
    access: access && { ...access, facts: askedBy(access.facts, { account, arn }) },
  }
  const rules = explain(withBudgets(asked))
    .filter(({ rule }) => !othersRules.includes(rule))
    .map((one) => (one.rule === "key-exists" && !one.allows ? { ...one, reason: unlent } : one))
  const allowed = rules.every(({ allows }) => allows)
  return { allowed, rules, ...wordsOf(asked), side: "owner" }
}

const unlent = "neither the key's policy nor a grant on it lends it to him for this"

/** What a budget would let through is allowed. */
function withBudgets(question: Question): Question {
  const { key, now } = question
  const row: OperationRow = operation(question.operation)
  if (key === undefined || row.rule !== "use") return question
  const tokens = tokensToDraw(ruleOf(question, row), factsOf(question))
  return tokens.length === 0 ? question : { ...question, drawn: openBudgets(key, tokens, now) }
}

/** A principal of the partition, or the name of another account's. */
async function whoIs(
  ports: Ports,
  { caller }: Context,
  principal: string,
): Promise<Caller | NamedByArn> {
  if (!mayAskFor(caller)) {
    throw new HsmError("OPERATION_FORBIDDEN", "only about oneself, for this role", {
      rule: "role",
    })
  }
  const named = principal.startsWith("arn:") ? parseArn(principal) : undefined
  if (named === undefined) return await callerOf(ports, caller, principal)
  if (named.account !== accountIdOf(caller.partition)) return named
  if (named.kind === "user") return await callerOf(ports, caller, named.name)
  throw new HsmError("NOT_FOUND", "no such principal")
}

async function callerOf(ports: Ports, caller: Caller, principal: string): Promise<Caller> {
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
