/** A request is made: by whoever may do the operation itself, but for the approvals. */

import assert from "node:assert/strict"

import { HsmError } from "../domain/errors.ts"
import type { Instant, RequestId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { Question } from "../domain/policy.ts"
import type { RequestRecord } from "../domain/request.ts"
import type { RuleVerdict } from "../domain/rule.ts"
import { encodeRecord } from "../records/kinds.ts"
import { perform, recordDone, type Act } from "./act.ts"
import { signTimestamp } from "./approval-token.ts"
import { pinKeys } from "./asked-command.ts"
import { refuseUnlessSure } from "./sure-clock.ts"
import type { Context } from "./commands.ts"
import type { MakeRequestCommand, RequestView } from "./quorum-commands.ts"
import { pinCertificate } from "./issue-certificate.ts"
import { createOnce, type Once } from "./once.ts"
import type { Ports } from "./ports.ts"
import { Proceeding, type Ending } from "./proceeding.ts"
import {
  creation,
  expiryOf,
  finished,
  nextLook,
  requestKeyOf,
  ruleHashOf,
  stateOf,
} from "./request-record.ts"
import { runnerOf, type RequestedCommand } from "./requestable.ts"
import { viewRequest } from "./view-request.ts"

/**
 * Asks for an operation that others have to approve. Where its rule is met already, it is done at
 * once, and the request says so.
 *
 * @throws HsmError what the operation itself throws, but APPROVAL_REQUIRED; PAYLOAD_TOO_LARGE
 * beyond limits.requestBytesMax; CONFLICT while the node's clock is in doubt; IDEMPOTENCY_MISMATCH.
 */
export async function makeRequest(
  ports: Ports,
  context: Context,
  command: MakeRequestCommand,
): Promise<RequestView> {
  const { lifeMs = limits.requestLifeDefaultMs, reason = "", asked, original } = command
  const { idempotencyKey: key } = command
  const call = { kind: "request", key, command: { asked, lifeMs, reason } }
  return await perform(ports, context, { operation: "request.create" }, async (act) => {
    refuseUnlessSure(ports)
    const made = await createOnce(ports, context, call, async (once) => {
      const first = await ports.records.read("request", act.partition.id, once.id)
      if (once.repeated && first !== undefined) return first
      const { parameters, flaw } = await pinned(ports, context, command)
      checkSize({ parameters, original })
      const making = { asked, parameters, flaw, original, lifeMs, reason, once }
      return await make(ports, context, act, making)
    })
    return await viewRequest(ports, context, made)
  })
}

/** In the TSB dialect an approver signs what will be signed: then it is made before he is asked. */
async function pinned(
  ports: Ports,
  context: Context,
  { asked, original }: MakeRequestCommand,
): Promise<Pick<Making, "parameters" | "flaw">> {
  const parameters = await pinKeys(ports, context, asked.parameters)
  if (original === undefined) return { parameters }
  return await pinCertificate(ports, context, asked.operation, parameters)
}

/** What a request is made from. */
interface Making {
  readonly asked: RequestedCommand
  /** Of the command, keys by their ids. */
  readonly parameters: object
  /** Why there is nothing that could be signed: told to whoever may ask for it. */
  readonly flaw?: HsmError | undefined
  readonly original: Uint8Array | undefined
  readonly lifeMs: number
  readonly reason: string
  readonly once: Once
}

async function make(
  ports: Ports,
  context: Context,
  act: Act,
  making: Making,
): Promise<RequestRecord> {
  const { asked, parameters } = making
  // Whole seconds: the timestamp that the node signs for the TSB dialect counts no finer.
  const stampedAt = (Math.floor(act.now / 1_000) * 1_000) as Instant
  const made: { record?: RequestRecord } = {}
  const tell = await ports.webhooks.telling(act.partition.id)
  const proceeding = new Proceeding({
    operation: asked.operation,
    approvals: { approvedBy: new Set(), rejectedBy: new Set(), stampedAt },
    end: (question, result) => {
      const open = openRecord(ports, context, question, { making, stampedAt, dueAt: stampedAt })
      made.record = { ...finished(open, act.now, { state: "executed", result }), revision: 1 }
      const ending = creation(made.record, making, making.once.claims)
      return tell(ending, undefined, made.record)
    },
  })
  const { result, verdict } = await attempt(ports, context, proceeding, parameters)
  if (proceeding.ended && made.record !== undefined) return made.record
  const { question } = proceeding
  if (question === undefined) {
    throw new HsmError("MALFORMED_REQUEST", "no rule is about this: it is done without asking", {
      field: "/asked",
    })
  }
  let ending: Ending
  if (verdict === undefined) {
    ending = proceeding.end(asked.operation, result)
  } else {
    if (making.flaw !== undefined) throw making.flaw
    const dueAt = nextLook(verdict, expiryOf(question, stampedAt, making.lifeMs), act.now)
    made.record = openRecord(ports, context, question, { making, stampedAt, dueAt, verdict })
    ending = tell(creation(made.record, making, making.once.claims), undefined, made.record)
  }
  await act.recorded
  const committed = await ports.records.commit(act.partition.id, ending)
  await recordDone(ports, act, { target: making.once.id, committed })
  assert(made.record !== undefined) // One of the two ways has made it.
  return made.record
}

/** Does it, or finds out what is missing. */
async function attempt(
  ports: Ports,
  context: Context,
  proceeding: Proceeding,
  parameters: object,
): Promise<{ result: object; verdict?: undefined } | { result?: undefined; verdict: RuleVerdict }> {
  try {
    const run = runnerOf(proceeding.operation)
    return { result: await run(ports, { ...context, proceeding }, parameters) }
  } catch (error) {
    const waits = error instanceof HsmError && error.code === "APPROVAL_REQUIRED"
    if (!waits || proceeding.verdict === undefined) throw error
    return { verdict: proceeding.verdict }
  }
}

function openRecord(
  ports: Ports,
  { caller }: Context,
  question: Question,
  parts: {
    readonly making: Making
    readonly stampedAt: Instant
    readonly dueAt: Instant
    readonly verdict?: RuleVerdict
  },
): RequestRecord {
  const { making, stampedAt, dueAt, verdict } = parts
  const { subject, roles, grants, address } = caller
  const { key, mechanism, partition } = question
  const asked = {
    id: making.once.id as RequestId, // createOnce makes ids of the object to be created.
    partition: partition.id,
    operation: question.operation,
    ...(mechanism === undefined ? {} : { mechanism }),
    ...(key === undefined ? {} : { key: requestKeyOf(key) }),
    ruleHash: ruleHashOf(question),
    nonce: ports.random.bytes(16),
    stampedAt,
    expiresAt: expiryOf(question, stampedAt, making.lifeMs),
  }
  return {
    ...asked,
    ...(making.original === undefined
      ? {}
      : { timestampSignature: signTimestamp(ports, asked, making.parameters) }),
    state: verdict === undefined ? "pending" : stateOf(verdict),
    requester: { subject, roles, grants, address },
    reason: making.reason,
    words: [],
    dueAt,
    revision: 1,
  }
}

function checkSize(command: object): void {
  if (encodeRecord(command).length <= limits.requestBytesMax) return
  throw new HsmError("PAYLOAD_TOO_LARGE", "what waits for approvals is at most 96 KiB, in base64")
}
