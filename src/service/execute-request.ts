/**
 * Execution, at most once: the result and the state `executed` are committed together, and what
 * leaves is what was committed. Whoever computes a result and finds that another one was first
 * throws his own away. A crash before the commit leaves nothing, and the node starts anew.
 */

import { HsmError, type ErrorCode } from "../domain/errors.ts"
import { parseId, type PrincipalId } from "../domain/ids.ts"
import type { KeyRecord } from "../domain/key.ts"
import { limits } from "../domain/limits.ts"
import type { Caller } from "../domain/principal.ts"
import { isOpen, type RequestRecord, type SignedWord } from "../domain/request.ts"
import { approversOf, type Rule } from "../domain/rule.ts"
import { isSignedBy } from "../identity/approver.ts"
import type { Committed } from "../records/committer.ts"
import { bytesOfWord } from "./approval-token.ts"
import type { Ports } from "./ports.ts"
import { Proceeding } from "./proceeding.ts"
import { finished, revised, ruleHashOf, stateOf, transition } from "./request-record.ts"
import { isRequestable, runnerOf } from "./requestable.ts"
import { countWords, isOver, standingOf } from "./standing.ts"

/** What may pass by itself: the request stays open, and is looked at again. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "APPROVAL_REQUIRED",
  "AUDIT_UNAVAILABLE",
  "RATE_LIMITED",
  "SEALED",
  "STORE_UNAVAILABLE",
])

/**
 * Looks at an open request, and does what its time has come for: executes it, ends it, or waits.
 * Looks of one node at one request go one after the other; nodes meet in the store.
 *
 * @returns the request as it is then.
 */
export async function advance(ports: Ports, request: RequestRecord): Promise<RequestRecord> {
  const { partition, id } = request
  return await ports.inFlight.alone(`request/${id}`, async () => {
    const current = await freshly(ports, request)
    if (!isOpen(current.state)) return current
    try {
      return await step(ports, current)
    } catch (error) {
      // Somebody else has moved it: what he made of it is the answer.
      if (!(error instanceof HsmError) || error.code !== "CONFLICT") throw error
      return await freshly(ports, current)
    }
  })

  async function freshly({ records }: Ports, known: RequestRecord): Promise<RequestRecord> {
    await records.sync()
    return (await records.read("request", partition, id)) ?? known
  }
}

async function step(ports: Ports, request: RequestRecord): Promise<RequestRecord> {
  const { rule, facts, verdict, blocked } = await standingOf(ports, request)
  if (rule === undefined) {
    const message = "the key or its rules have changed since it was asked for"
    return await conclude(ports, request, {
      state: "failed",
      failure: { code: "KEY_STATE", message },
    })
  }
  if (isOver(request, facts)) return await conclude(ports, request, { state: "expired" })
  if (verdict.outcome === "unreachable") {
    const late = verdict.tokens.some((one) => one.state === "closed" && one.why === "timeout")
    return await conclude(ports, request, { state: late ? "expired" : "rejected" })
  }
  const worthTrying =
    verdict.outcome === "met" || verdict.tokens.some(({ state }) => state === "spent")
  if (blocked || !worthTrying) return await wait(ports, request, stateOf(verdict))
  return await execute(ports, request, rule)
}

async function execute(ports: Ports, request: RequestRecord, rule: Rule): Promise<RequestRecord> {
  const { records, clock } = ports
  const { id, partition, operation, stampedAt, key, mechanism, ruleHash } = request
  const command = await records.read("request-command", partition, id)
  if (command === undefined || !isRequestable(operation)) {
    throw new HsmError("TAMPERED", "a request's command is gone")
  }
  const words = verifiedWords(ports, request, { rule, parameters: command.parameters })
  const done: { request?: RequestRecord } = {}
  const tell = await ports.webhooks.telling(partition)
  const proceeding = new Proceeding({
    operation,
    approvals: { ...countWords(words), stampedAt },
    approved: { key, mechanism, ruleHash, hashRule: ruleHashOf },
    end: (_question, result) => {
      done.request = finished(request, clock.now(), { state: "executed", result })
      return tell(transition(request, done.request), request, done.request)
    },
  })
  try {
    const caller = await requesterNow(ports, request)
    const context = { caller, requestId: id, proceeding }
    const result = await runnerOf(operation)(ports, context, command.parameters)
    const committed = proceeding.ended
      ? undefined
      : await records.commit(partition, proceeding.end(operation, result))
    const executed = done.request ?? request
    await recordEnd(ports, executed, committed)
    return executed
  } catch (error) {
    return await failed(ports, request, error)
  }
}

/** Every signature again, beside the key: whatever brought the words here is not believed. */
function verifiedWords(
  ports: Ports,
  request: RequestRecord,
  { rule, parameters }: { readonly rule: Rule; readonly parameters: object },
): readonly SignedWord[] {
  const approvers = new Map(approversOf(rule).map((one) => [one.fingerprint, one]))
  return request.words.filter((said) => {
    const { fingerprint, mechanism, signature } = said
    const approver = approvers.get(fingerprint)
    const statement = bytesOfWord(ports, request, parameters, said)
    if (approver === undefined || statement === undefined) return false
    return isSignedBy(approver, { mechanism, statement, signature }, ports.clock.now())
  })
}

/**
 * Who asked for it, with the rights that he has now; one who comes with a JWT has those with which
 * he asked.
 */
async function requesterNow(
  { records }: Ports,
  { partition, requester }: RequestRecord,
): Promise<Caller> {
  const { subject, address } = requester
  const id = parseId<PrincipalId>(subject)
  if (id === undefined) return { ...requester, partition, credential: "jwt" }
  const principal = await records.read("principal", partition, id)
  if (principal?.state !== "active") {
    throw new HsmError("OPERATION_FORBIDDEN", "who asked for it has no access any more", {
      rule: "role",
    })
  }
  const { roles, grants } = principal
  return { partition, subject, roles, grants, credential: "token", address }
}

async function failed(
  ports: Ports,
  request: RequestRecord,
  error: unknown,
): Promise<RequestRecord> {
  if (!(error instanceof HsmError)) {
    const failure = { code: "INTERNAL", message: "something went wrong here" } as const
    await conclude(ports, request, { state: "failed", failure })
    throw error
  }
  const { code, message } = error
  if (code === "CONFLICT") throw error
  if (passing.has(code)) return await wait(ports, request, "approved")
  return await conclude(ports, request, { state: "failed", failure: { code, message } })
}

/** Sets the next look. */
async function wait(
  ports: Ports,
  request: RequestRecord,
  state: RequestRecord["state"],
): Promise<RequestRecord> {
  const { verdict } = await standingOf(ports, request)
  const after = revised(request, { state, verdict, now: ports.clock.now() })
  if (after.dueAt === request.dueAt && after.state === request.state) return request
  await commitChange(ports, request, after)
  return after
}

/** A request's next revision, and what its partition's webhooks are told. */
export async function commitChange(
  ports: Ports,
  before: RequestRecord,
  after: RequestRecord,
): Promise<Committed> {
  const tell = await ports.webhooks.telling(after.partition)
  return await ports.records.commit(after.partition, tell(transition(before, after), before, after))
}

/** Ends a request without doing what it asks for. */
export async function conclude(
  ports: Ports,
  request: RequestRecord,
  fields: Pick<RequestRecord, "state" | "failure"> & Partial<Pick<RequestRecord, "words">>,
): Promise<RequestRecord> {
  const after = finished(request, ports.clock.now(), fields)
  const committed = await commitChange(ports, request, after)
  await recordEnd(ports, after, committed)
  return after
}

/** What waits for a key that is being deleted need wait no longer. */
export async function cancelRequestsOf(ports: Ports, key: KeyRecord): Promise<void> {
  let after: string | undefined
  do {
    const page = await ports.records.list("request", key.partition, {
      after,
      limit: limits.pageSizeMax,
    })
    for (const request of page.items) {
      if (request.key?.id !== key.id || !isOpen(request.state)) continue
      await conclude(ports, request, { state: "cancelled" }).catch(unlessConflict)
    }
    after = page.next
  } while (after !== undefined)
}

/** Executed, or ended, at this very moment: then it is over as well. */
function unlessConflict(error: unknown): void {
  if (!(error instanceof HsmError) || error.code !== "CONFLICT") throw error
}

async function recordEnd(
  { audit }: Ports,
  { id, partition, key, state, failure }: RequestRecord,
  committed: Committed | undefined,
): Promise<void> {
  await audit.enqueue(
    {
      act: "system.request-ended",
      partition,
      outcome: "done",
      subject: "node",
      target: id,
      note: state,
      ...(key === undefined ? {} : { keyId: key.id }),
      ...(failure === undefined ? {} : { code: failure.code }),
      ...(committed === undefined ? {} : { storeRev: committed.rev, writes: committed.writes }),
    },
    { stopsHarm: true },
  )
}
