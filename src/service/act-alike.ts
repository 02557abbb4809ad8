/**
 * Uses of one key that ask alike, such as those of a batch: one look at the records, one decision,
 * one record that counts them. Each has its own result, and its failure its own record.
 */

import { HsmError } from "../domain/errors.ts"
import { operation, type OperationRow } from "../domain/operation.ts"
import { decide } from "../domain/policy.ts"
import { isRuled } from "../domain/ruling.ts"
import { describe, failureOf, frame, frameNow, subjectsOf, type Act, type Ask } from "./act.ts"
import type { Context } from "./commands.ts"
import type { UsePorts } from "./ports.ts"

/** What became of one of them. */
export type Outcome<R> = { readonly result: R } | { readonly error: unknown }

/** What they ask leave for, all of them. */
export interface AlikeAsk {
  /** One for each use: the same caller; parts of the same request, or requests of their own. */
  readonly contexts: readonly Context[]
  readonly ask: Omit<Ask, "input">
}

/**
 * Runs `work` once for all, as `perform` does for each; undefined, and nothing has happened, where
 * that would not be the same: what is refused, or not wholly within the budget of operations, and
 * keys with rules, whose permits name their input.
 *
 * @param work - rejects when none of them can be done.
 * @throws HsmError AUDIT_UNAVAILABLE; STORE_UNAVAILABLE; what `work` throws.
 */
export async function performAlike<R>(
  ports: UsePorts,
  { contexts, ask }: AlikeAsk,
  work: (act: Act) => Promise<readonly Outcome<R>[]>,
): Promise<readonly Outcome<R>[] | undefined> {
  const [context] = contexts
  if (context === undefined || context.dryRun === true || context.proceeding !== undefined) {
    return undefined
  }
  const question =
    frameNow(ports, context, ask, { draws: false }) ??
    (await ports.inFlight.enter(() => frame(ports, context, ask)))
  const row: OperationRow = operation(ask.operation)
  // What is lent goes into two logs.
  if (isRuled(question, row) || question.owner !== undefined) return undefined
  const decision = decide(question)
  if (decision.outcome !== "allowed") return undefined
  const { partition, key, mechanism, now } = question
  const times = contexts.length
  if (row.metered === true && !ports.meter.take(partition, now, times)) return undefined
  const event = naming(contexts, describe(context, ask, question))
  const { permit } = decision
  const recorded = ports.audit.enqueue(event, { times })
  const underWay = subjectsOf(context, row, key)
  ports.inFlight.begin(underWay, permit)
  try {
    const about = { permit, partition, key, mechanism, now, event, question }
    const outcomes = await work({ ...about, recorded, ending: nothing })
    await recorded
    for (const [index, outcome] of outcomes.entries()) {
      if (!("error" in outcome)) continue
      const { requestIds: _others, ...own } = event
      await recordFailure(ports, contexts[index] ?? context, own, outcome)
    }
    if (outcomes.some((outcome) => "result" in outcome)) ports.recentUses.note(key, event, now)
    return outcomes
  } catch (error) {
    await recorded
    await recordFailure(ports, context, event, { error, times })
    throw error
  } finally {
    ports.inFlight.end(underWay, permit)
  }
}

/** With the name of the request that they are parts of, or those of all requests. */
function naming(contexts: readonly Context[], event: Act["event"]): Act["event"] {
  const requestId = contexts[0]?.within
  if (requestId !== undefined) return { ...event, requestId }
  if (contexts.length === 1) return event
  return { ...event, requestIds: contexts.map(({ requestId }) => requestId) }
}

/** None of them changes anything. */
function nothing(): ReturnType<Act["ending"]> {
  return { changes: [] }
}

async function recordFailure(
  { audit }: UsePorts,
  context: Context,
  event: Act["event"],
  { error, times = 1 }: { readonly error: unknown; readonly times?: number },
): Promise<void> {
  const code = error instanceof HsmError ? error.code : "INTERNAL"
  await audit.enqueue({ ...failureOf(event, context), outcome: "failed", code }, { times })
}

/** Does one thing for each; a promise only where one of them is. */
export function each<C, R>(
  commands: readonly C[],
  run: (command: C) => R | Promise<R>,
): readonly Outcome<R>[] | Promise<readonly Outcome<R>[]> {
  const outcomes = commands.map((command) => attempt(() => run(command)))
  const there = outcomes.filter(isThere)
  if (there.length === outcomes.length) return there
  return Promise.all(outcomes.map((one) => Promise.resolve(one)))
}

function isThere<T>(one: T | Promise<T>): one is T {
  return !(one instanceof Promise)
}

function attempt<R>(run: () => R | Promise<R>): Outcome<R> | Promise<Outcome<R>> {
  try {
    const result = run()
    if (!(result instanceof Promise)) return { result }
    return result.then(
      (settled) => ({ result: settled }),
      (error: unknown) => ({ error }),
    )
  } catch (error) {
    return { error }
  }
}

/** By field of a command: whether alike ones share it, or each has its own. */
type Fields<C> = { readonly [F in keyof Required<C>]: "shared" | "own" }

/**
 * Makes the comparison of two commands: true when all that they share is the same. Bytes are the
 * same when they are the same object, so two absent ones are.
 */
export function comparing<C extends object>(fields: Fields<C>): (one: C, other: C) => boolean {
  // Names of the table are those of the command.
  const names = Object.keys(fields) as (keyof C)[]
  const shared = names.filter((name) => fields[name] === "shared")
  return (one, other) => {
    for (const name of shared) if (one[name] !== other[name]) return false
    return true
  }
}
