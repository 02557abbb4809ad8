/** How a request's record comes to be, changes and goes: always with its one appointment. */

import { createHash } from "node:crypto"

import type { Instant } from "../domain/ids.ts"
import { currentVersion, type KeyRecord } from "../domain/key.ts"
import { limits } from "../domain/limits.ts"
import { operation } from "../domain/operation.ts"
import type { Question } from "../domain/policy.ts"
import type {
  RequestCommandRecord,
  RequestKey,
  RequestRecord,
  RequestState,
} from "../domain/request.ts"
import { lastMoment, type RuleVerdict } from "../domain/rule.ts"
import { ruleOf } from "../domain/ruling.ts"
import { paths } from "../records/kinds.ts"
import type { Ending } from "./proceeding.ts"
import { hashRule } from "./request-statement.ts"

/** Hash of the rule that a question has to meet. */
export function ruleHashOf(question: Question): string {
  return hashRule(ruleOf(question, operation(question.operation)))
}

/** The key of a question as approvers are told of it. */
export function requestKeyOf(key: KeyRecord): RequestKey {
  const { version = 0, publicKey } = currentVersion(key) ?? {}
  const fingerprint =
    publicKey === undefined ? "" : createHash("sha256").update(publicKey).digest("hex")
  return { id: key.id, name: key.name, version, fingerprint }
}

/** The last moment of a request: its rule's last timeout, or what was asked for, or the bound. */
export function expiryOf(question: Question, stampedAt: Instant, lifeMs: number): Instant {
  const rule = ruleOf(question, operation(question.operation))
  const byRule = rule === undefined ? undefined : lastMoment(rule, stampedAt)
  return Math.min(byRule ?? Infinity, stampedAt + lifeMs) as Instant
}

/** `approved` when everybody has agreed and it waits for time or a budget alone. */
export function stateOf(verdict: RuleVerdict): RequestState {
  if (verdict.outcome === "met") return "approved"
  const agreed = verdict.tokens.some(({ state }) => state === "waiting" || state === "spent")
  return agreed ? "approved" : "pending"
}

/** When an open request has to be looked at again. */
export function nextLook(verdict: RuleVerdict, expiresAt: Instant, now: Instant): Instant {
  const again = now + limits.requestLookMs
  const tokens = verdict.outcome === "met" ? [] : verdict.tokens
  const looks = tokens.map((token) => {
    if (token.state === "waiting") return token.until ?? again
    return token.state === "spent" ? again : Infinity
  })
  // A millisecond after its end, as then it is over. What is met and still here, is tried again.
  return Math.min(...looks, verdict.outcome === "met" ? again : Infinity, expiresAt + 1) as Instant
}

/** The next revision of a request that goes on waiting. */
export function revised(
  before: RequestRecord,
  to: { readonly state: RequestState; readonly verdict: RuleVerdict; readonly now: Instant },
): RequestRecord {
  const dueAt = nextLook(to.verdict, before.expiresAt, to.now)
  return { ...before, state: to.state, dueAt, revision: before.revision + 1 }
}

/** The next revision of a request that has ended. */
export function finished(
  before: RequestRecord,
  now: Instant,
  fields: Pick<RequestRecord, "state"> & Partial<RequestRecord>,
): RequestRecord {
  const dueAt = (now + limits.requestKeepMs) as Instant
  return { ...before, ...fields, finishedAt: now, dueAt, revision: before.revision + 1 }
}

/** The commit that takes a request from one revision to the next, with its one appointment. */
export function transition(before: RequestRecord, after: RequestRecord): Ending {
  const { partition, id } = after
  const moved = [
    { del: paths.due(partition, before.dueAt, id) },
    { put: paths.due(partition, after.dueAt, id), value: new Uint8Array(0) },
  ]
  return {
    changes: [{ kind: "request", record: after }],
    rows: before.dueAt === after.dueAt ? [] : moved,
  }
}

/** The commit that makes a request: record, command and appointment. */
export function creation(
  record: RequestRecord,
  {
    parameters,
    original,
  }: Pick<RequestCommandRecord, "parameters"> & {
    readonly original: Uint8Array | undefined
  },
  claims: Ending["claims"] = [],
): Ending {
  const { id, partition, dueAt } = record
  const command = {
    id,
    partition,
    parameters,
    ...(original === undefined ? {} : { original }),
    revision: 1,
  }
  return {
    changes: [
      { kind: "request", record },
      { kind: "request-command", record: command },
    ],
    claims,
    rows: [{ put: paths.due(partition, dueAt, id), value: new Uint8Array(0) }],
  }
}

/** The commit that forgets a request: its nonce is never given again, so it cannot come back. */
export function removal(record: RequestRecord): Ending {
  const { id, partition, dueAt, revision } = record
  const command = { id, partition, parameters: {}, revision: 2 }
  return {
    changes: [
      { kind: "request", record: { ...record, revision: revision + 1 }, removes: true },
      { kind: "request-command", record: command, removes: true },
    ],
    rows: [{ del: paths.due(partition, dueAt, id) }],
  }
}
