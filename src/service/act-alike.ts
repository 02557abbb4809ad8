/**
 * Uses of one key that ask alike, such as those of a batch: one look at the records, one decision,
 * one record that counts them. Each has its own result, and its failure its own record.
 */

import { HsmError } from "../domain/errors.ts"
import { operation, type OperationRow } from "../domain/operation.ts"
import { Failed, mapResults, type Outcome } from "../domain/outcome.ts"
import { decide } from "../domain/policy.ts"
import { isRuled } from "../domain/ruling.ts"
import { describe, failureOf, frame, frameNow, subjectsOf, type Act, type Ask } from "./act.ts"
import type { Context } from "./commands.ts"
import type { UsePorts } from "./ports.ts"

/** Who asks, and by which names: all of one caller, from one address. */
export interface Asking {
  /** Of the first of them, or of the request that all are parts of. */
  readonly context: Context
  /** Of each: of its own request, or of its part of the request. */
  readonly requestIdOf: (index: number) => string
}

/** What they ask leave for, all of them. */
export interface AlikeAsk extends Asking {
  readonly times: number
  readonly ask: Omit<Ask, "input">
}

/** What has been done, before its record is durable; `render` makes what is told of it then. */
export interface Done<T, R> {
  readonly outcomes: readonly Outcome<T>[]
  readonly render: (made: T) => R
}

/** Of results that are told as they are. */
export function asTheyAre<R>(outcomes: readonly Outcome<R>[]): Done<R, R> {
  return { outcomes, render: (result) => result }
}

/**
 * Runs `work` once for all, as `perform` does for each; undefined, and nothing has happened, where
 * that would not be the same: what is refused, or not wholly within the budget of operations, and
 * keys with rules, whose permits name their input.
 *
 * @param work - rejects when none of them can be done.
 * @throws HsmError AUDIT_UNAVAILABLE; STORE_UNAVAILABLE; what `work` throws.
 */
export async function performAlike<T, R>(
  ports: UsePorts,
  alike: AlikeAsk,
  work: (act: Act) => Promise<Done<T, R>>,
): Promise<readonly Outcome<R>[] | undefined> {
  const { context, times, ask } = alike
  if (context.dryRun === true || context.proceeding !== undefined) return undefined
  const question =
    frameNow(ports, context, ask, { draws: false }) ??
    (await ports.inFlight.enter(() => frame(ports, context, ask)))
  const row: OperationRow = operation(ask.operation)
  // What is lent goes into two logs.
  if (isRuled(question, row) || question.owner !== undefined) return undefined
  const decision = decide(question)
  if (decision.outcome !== "allowed") return undefined
  const { partition, key, mechanism, now } = question
  if (row.metered === true && !ports.meter.take(partition, now, times)) return undefined
  const event = naming(alike, describe(context, ask, question))
  const { permit } = decision
  const recorded = ports.audit.enqueue(event, { times })
  const underWay = subjectsOf(context, row, key)
  ports.inFlight.begin(underWay, permit)
  try {
    const about = { permit, partition, key, mechanism, now, event, question }
    const { outcomes, render } = await work({ ...about, recorded, ending: nothing })
    await recorded
    await recordFailures(ports, alike, event, outcomes)
    if (outcomes.some((one) => !(one instanceof Failed))) ports.recentUses.note(key, event, now)
    return mapResults(outcomes, render)
  } catch (error) {
    await recorded
    await recordFailure(ports, failureOf(event, context), { error, times })
    throw error
  } finally {
    ports.inFlight.end(underWay, permit)
  }
}

/** With the name of the request that they are parts of, or those of all requests. */
function naming({ context, times, requestIdOf }: AlikeAsk, event: Act["event"]): Act["event"] {
  if (context.within !== undefined) return { ...event, requestId: context.within }
  if (times === 1) return event
  return { ...event, requestIds: Array.from({ length: times }, (_, index) => requestIdOf(index)) }
}

/** None of them changes anything. */
function nothing(): ReturnType<Act["ending"]> {
  return { changes: [] }
}

async function recordFailures(
  ports: UsePorts,
  { requestIdOf }: Asking,
  { requestIds: _others, ...event }: Act["event"],
  outcomes: readonly Outcome<unknown>[],
): Promise<void> {
  for (const [index, one] of outcomes.entries()) {
    if (!(one instanceof Failed)) continue
    await recordFailure(ports, { ...event, requestId: requestIdOf(index) }, one)
  }
}

async function recordFailure(
  { audit }: UsePorts,
  event: Act["event"],
  { error, times = 1 }: { readonly error: unknown; readonly times?: number },
): Promise<void> {
  const code = error instanceof HsmError ? error.code : "INTERNAL"
  await audit.enqueue({ ...event, outcome: "failed", code }, { times })
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
