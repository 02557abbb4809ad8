/**
 * The one way through which every service goes: read behind the barrier, decide, record, act.
 *
 * The record is enqueued before the work and durable before the answer: a crash can leave a record
 * without a result, never a result without a record. Work that fails after it was allowed gets a
 * second record.
 */

import assert from "node:assert/strict"

import {
  childAlgorithm,
  defaultMechanism,
  type KeyAlgorithmId,
  type MechanismId,
} from "../domain/algorithms.ts"
import type { AuditEvent } from "../domain/audit-event.ts"
import { HsmError, type ErrorCode } from "../domain/errors.ts"
import type { Instant } from "../domain/ids.ts"
import type { KeyRecord } from "../domain/key.ts"
import type { GrantScope } from "../domain/kms-grant.ts"
import { mechanismKind } from "../domain/operation-kind.ts"
import { operation, type OperationId, type OperationRow } from "../domain/operation.ts"
import type { PartitionRecord } from "../domain/partition.ts"
import { decide, type Decision, type Input, type Permit, type Question } from "../domain/policy.ts"
import type { TimestampNote } from "../domain/timestamp.ts"
import type { MadeAttributes } from "../domain/unwrap-template.ts"
import { tokensToDraw } from "../domain/rule.ts"
import { factsOf, ruleOf } from "../domain/ruling.ts"
import type { Transaction } from "../records/committer.ts"
import type { Context, KeyRef } from "./commands.ts"
import { findKey, findKeyNow, grantIn, idIn, type FoundKey } from "./find-key.ts"
import { accessOf } from "./kms/facts.ts"
import { ownerIn, recorder, toldOwner } from "./lent-key.ts"
import type { UsePorts } from "./ports.ts"
import type { Ending } from "./proceeding.ts"
import { hashRule } from "./request-statement.ts"
import { inputBytes } from "./rule-budget.ts"

/** What a service asks leave for. */
export interface Ask {
  readonly operation: OperationId
  readonly key?: KeyRef
  readonly mechanism?: MechanismId | undefined
  readonly version?: number | undefined
  readonly externalIv?: boolean
  /** What the engine will be asked to work on; for keys with rules. */
  readonly input?: Input
  readonly immediate?: boolean
  /** Of a grant that shall be retired: its id. */
  readonly grant?: string
  /** Of a grant that shall be made: how much it gives. */
  readonly hands?: GrantScope
  /** The path from a seed, in its one form. */
  readonly path?: string
  /** For the log: a word of ours, never free text from a caller. */
  readonly note?: "digest" | "mu" | TimestampNote
  /** Principal, partition or issuer acted on, for the log. */
  readonly target?: string
  /** Of the key that the operation makes: the quota is asked. `child`: of the seed's own. */
  readonly creates?: KeyAlgorithmId | "child"
  /** Of the material that it brings into a key that is there: no key more. */
  readonly brings?: KeyAlgorithmId
  /** Of a key that it makes of another. */
  readonly attributes?: MadeAttributes
}

/** Leave to act. */
export interface Act {
  readonly permit: Permit
  readonly partition: PartitionRecord
  /** Present for operations on a key. */
  readonly key: KeyRecord | undefined
  readonly mechanism: MechanismId | undefined
  readonly now: Instant
  readonly event: AuditEvent
  readonly question: Question
  /** The log has the record; what is committed before it could be found without one. */
  readonly recorded: Promise<void>
  /** What the commit of a change has to take along: the end of the request that it runs under. */
  readonly ending: (result: object) => Ending
}

/**
 * Runs `work` when the policy allows `ask`, and answers when its audit record is durable.
 *
 * @throws HsmError the denial's code; DRY_RUN where the context says so; AUDIT_UNAVAILABLE;
 * STORE_UNAVAILABLE; what `work` throws.
 */
export async function perform<T>(
  ports: UsePorts,
  context: Context,
  ask: Ask,
  work: (act: Act) => Promise<T> | T,
): Promise<T> {
  // Cached and fresh: then nothing happens between the reading and the beginning.
  const framed =
    frameNow(ports, context, ask, { draws: true }) ??
    (await ports.inFlight.enter(() => frame(ports, context, ask, true)))
  const { proceeding } = context
  let question = proceeding?.attend(framed) ?? framed
  let decision = decide(question)
  if (decision.outcome === "pending" && context.dryRun !== true) {
    question = (await drawBudget(ports, context, ask, question)) ?? question
    decision = decide(question)
  }
  if (decision.outcome === "pending" && proceeding !== undefined) {
    proceeding.verdict = decision.verdict
  }
  const { key } = question
  const event = describe(context, ask, question)
  const row: OperationRow = operation(ask.operation)
  const { stopsHarm = false } = row
  if (decision.outcome !== "allowed") {
    return await refuse(ports, failureOf(event, context), decision)
  }
  if (context.dryRun === true) {
    await ports.audit.enqueue({ ...event, note: "dry-run" })
    throw new HsmError("DRY_RUN", "it would have succeeded")
  }
  const { permit } = decision
  // Refused at once when the log cannot be written: then no key is opened.
  const tell = recorder(ports, question, { stopsHarm })
  const durable = tell(event)
  const underWay = subjectsOf(context, row, key)
  ports.inFlight.begin(underWay, permit)
  try {
    const { partition, mechanism, now } = question
    const ending = (result: object): Ending =>
      proceeding?.end(ask.operation, result) ?? { changes: [] }
    const about = { permit, partition, key, mechanism, now }
    const act = { ...about, event, question, recorded: durable, ending }
    const result = await work(act)
    await durable
    ports.recentUses.note(key, toldOwner(question, event), now)
    return result
  } catch (error) {
    await durable
    const code = error instanceof HsmError ? error.code : "INTERNAL"
    const failed = { ...failureOf(event, context), outcome: "failed", code } as const
    await tell(failed)
    throw error
  } finally {
    ports.inFlight.end(underWay, permit)
  }
}

/**
 * The question again, as it is after a draw from a budget of the key's rule; undefined where there
 * is none that would do, or the rule has changed meanwhile.
 */
async function drawBudget(
  ports: UsePorts,
  context: Context,
  ask: Ask,
  question: Question,
): Promise<Question | undefined> {
  const { key, now, timeSure, input } = question
  const row: OperationRow = operation(ask.operation)
  if (key === undefined || row.rule !== "use" || !timeSure) return undefined
  const tokens = tokensToDraw(ruleOf(question, row), factsOf(question))
  if (tokens.length === 0) return undefined
  const drawn = await ports.ruleBudget.draw(key, tokens, { bytes: inputBytes(input), now })
  if (drawn === undefined) return undefined
  // Between the reading and the beginning nothing may happen: read once more.
  const framed = await ports.inFlight.enter(() => frame(ports, context, ask))
  const again = context.proceeding?.attend(framed) ?? framed
  if (hashRule(ruleOf(again, row)) !== drawn.ruleHash) return undefined
  return { ...again, drawn: new Set([drawn.token]) }
}

async function refuse(
  { audit }: UsePorts,
  event: AuditEvent,
  decision: Exclude<Decision, { outcome: "allowed" }>,
): Promise<never> {
  const { outcome, code, rule, reason } = decision
  await audit.enqueue({ ...event, outcome, code, rule })
  throw new HsmError(code, reason, denialDetail(code, rule))
}

/**
 * By whose names an act is under way: a change of one of them waits for it. A change of the key
 * itself would wait for its own end, and so would what a principal changes about himself.
 */
export function subjectsOf(
  { caller }: Context,
  { changes, target, metered, usage }: OperationRow,
  key: KeyRecord | undefined,
): readonly string[] {
  if (target !== "key" && metered !== true) return []
  // What is made by a use of a key is another one.
  const isChanged = changes === true && usage === undefined
  return isChanged || key === undefined ? [caller.subject] : [key.id, caller.subject]
}

/** As {@link frame}, from what is cached and fresh; undefined when that is not all. */
export function frameNow(
  ports: UsePorts,
  context: Context,
  ask: Ask,
  { draws }: { readonly draws: boolean },
): Question | undefined {
  const { records } = ports
  const { caller } = context
  if (ask.creates !== undefined || !records.isFresh) return undefined
  const partition = records.peek("partition", caller.partition, caller.partition)
  if (partition === undefined) return undefined
  const found = ask.key === undefined ? undefined : findKeyNow(records, context, ask.key)
  if (ask.key !== undefined && found === undefined) return undefined
  const owner = ownerIn(caller, found)
  const lender = owner && records.peek("partition", owner, owner)
  if (owner !== undefined && lender === undefined) return undefined
  if (ports.meter.prepare(partition, ports.clock.now()) !== undefined) return undefined
  return questionOf(ports, context, ask, {
    partition,
    found,
    owner: lender,
    keyCount: undefined,
    draws,
  })
}

/**
 * Gathers everything that a decision depends on. `draws`: the operation counts against the
 * partition's budget per second; explaining one does not.
 */
export async function frame(
  ports: UsePorts,
  context: Context,
  ask: Ask,
  draws?: true,
): Promise<Question> {
  const { caller } = context
  await ports.records.sync()
  const partition = await ports.records.read("partition", caller.partition, caller.partition)
  if (partition === undefined) throw new HsmError("NOT_FOUND", "no such partition")
  const found = ask.key === undefined ? undefined : await findKey(ports, context, ask.key)
  const keyCount =
    ask.creates === undefined ? undefined : await ports.records.keyCount(partition.id)
  for (;;) {
    const preparing = ports.meter.prepare(partition, ports.clock.now())
    if (preparing === undefined) break
    await preparing // Ends: it brings operations, or says for a while that there are none.
  }
  const ownerId = ownerIn(caller, found)
  const owner = ownerId && (await ports.records.read("partition", ownerId, ownerId))
  const gathered = { partition, found, owner, keyCount, draws: draws === true }
  return questionOf(ports, context, ask, gathered)
}

function questionOf(
  ports: UsePorts,
  context: Context,
  ask: Ask,
  gathered: {
    readonly partition: PartitionRecord
    readonly found: FoundKey | undefined
    readonly owner: PartitionRecord | undefined
    readonly keyCount: number | undefined
    readonly draws: boolean
  },
): Question {
  const { partition, found, owner, keyCount, draws } = gathered
  const { caller } = context
  const key = found?.key
  const [now, timeSure] = [ports.clock.now(), ports.clock.isSure()]
  const { metered = false } = operation(ask.operation)
  return {
    operation: ask.operation,
    caller,
    partition,
    owner,
    key,
    access: accessOf(context, ask.operation, found, { now, timeSure }),
    grant: ask.grant === undefined ? undefined : grantIn(found, ask.grant),
    hands: ask.hands,
    mechanism: ask.mechanism ?? impliedMechanism(ask.operation, key),
    algorithm: madeAlgorithm(ask.creates ?? ask.brings, key),
    attributes: ask.attributes,
    path: ask.path,
    version: ask.version,
    externalIv: ask.externalIv,
    input: ask.input,
    immediate: ask.immediate,
    now,
    timeSure,
    withinRate: !draws || !metered || ports.meter.take(partition, now),
    keyCount,
  }
}

/** Records that a change was made: which rows, at which revision of the store. */
export async function recordDone(
  ports: Pick<UsePorts, "audit">,
  act: Act,
  done: Pick<AuditEvent, "keyId" | "keyVersion" | "target" | "note"> & {
    readonly committed: { readonly rev: number; readonly writes: AuditEvent["writes"] }
  },
): Promise<void> {
  const { committed, ...rest } = done
  const { rev: storeRev, writes } = committed
  const event = { ...act.event, ...rest, outcome: "done", storeRev } as const
  const tell = recorder(ports, act.question, { stopsHarm: true })
  await tell(writes === undefined ? event : { ...event, writes })
}

/** The commit of a change, with the end of the request that it runs under, where it does. */
export async function concluding(
  act: Act,
  transaction: Transaction,
  result: object,
): Promise<Transaction> {
  const { changes, claims = [], rows = [] } = act.ending(result)
  if (changes.length === 0) return transaction
  await act.recorded // Whoever finds the result in the store can have it: its record comes first.
  return {
    ...transaction,
    changes: [...transaction.changes, ...changes],
    claims: [...(transaction.claims ?? []), ...claims],
    rows: [...(transaction.rows ?? []), ...rows],
  }
}

/** The key of an act on a key; a bug when there is none. */
export function keyOf(act: Act): KeyRecord {
  assert(act.key !== undefined)
  return act.key
}

/** The mechanism of a cryptographic act; the policy let none through without. */
export function mechanismOf(act: Act): MechanismId {
  if (act.mechanism === undefined) {
    throw new HsmError("OPERATION_FORBIDDEN", "the key's algorithm does not serve this operation")
  }
  return act.mechanism
}

function impliedMechanism(id: OperationId, key: KeyRecord | undefined): MechanismId | undefined {
  const kind = mechanismKind(id)
  return kind === undefined || key === undefined ? undefined : defaultMechanism(key.algorithm, kind)
}

function madeAlgorithm(
  creates: Ask["creates"],
  key: KeyRecord | undefined,
): KeyAlgorithmId | undefined {
  if (creates !== "child") return creates
  return key === undefined ? undefined : childAlgorithm(key.algorithm)
}

/** The record of what was asked, as it is when it is allowed. */
export function describe(context: Context, ask: Ask, question: Question): AuditEvent {
  const { caller, requestId, within = requestId } = context
  const { key, mechanism } = question
  const { metered = false, changes = false } = operation(ask.operation)
  const version = question.version ?? (metered ? key?.versions.at(-1)?.version : undefined)
  // An unknown id is worth recording; an unknown name is a caller's free text and is not.
  const keyId = key?.id ?? idIn(ask.key)
  const event: { -readonly [F in keyof AuditEvent]: AuditEvent[F] } = {
    act: ask.operation,
    partition: caller.partition,
    outcome: "allowed",
    subject: caller.subject,
    address: caller.address,
    requestId: changes ? requestId : within,
  }
  if (keyId !== undefined) event.keyId = keyId
  if (version !== undefined) event.keyVersion = version
  if (mechanism !== undefined) event.mechanism = mechanism
  if (ask.path !== undefined) event.path = ask.path
  if (ask.target !== undefined) event.target = ask.target
  const approvedBy = question.approvals?.approvedBy
  if (approvedBy !== undefined && approvedBy.size > 0) event.approvedBy = [...approvedBy]
  if (ask.note !== undefined) event.note = ask.note
  if (caller.origin !== undefined) {
    const { requestId, operations: asked, principals: principal } = caller.origin
    event.onBehalf = { requestId, operation: asked, principal }
  }
  return event
}

/** A refusal or failure is recorded under the name of its own part of the request. */
export function failureOf(event: AuditEvent, { requestId }: Context): AuditEvent {
  return { ...event, requestId }
}

function denialDetail(code: ErrorCode, rule: HsmError["detail"]["rule"]): HsmError["detail"] {
  const detail = rule === undefined ? {} : { rule }
  if (code === "RATE_LIMITED") return { ...detail, retryAfterSeconds: 1 }
  return code === "KEY_NOT_FOUND" ? {} : detail
}
