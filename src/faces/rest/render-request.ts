/** Requests on the wire. */

import { encodeBase64 } from "../../codec/base64.ts"
import type { CanonicalField } from "../../codec/canonical.ts"
import type { OperationId } from "../../domain/operation.ts"
import type { RequestRecord, SignedWord } from "../../domain/request.ts"
import type { RuleVerdict, TokenVerdict } from "../../domain/rule.ts"
import type { RequestView } from "../../service/quorum-commands.ts"
import type * as wire from "./api.generated.ts"
import { renderTime } from "./times.ts"

/** Renders what an operation answered; what has no renderer is text and numbers already. */
export type RenderResult = (operation: OperationId, result: object) => object

/** A request with everything that its caller may see. */
export function renderRequest(view: RequestView, renderResult: RenderResult): wire.Request {
  const { request, parameters, approvers, verdict, statement, token } = view
  const { operation, result } = request
  return {
    ...renderSummary(request),
    parameters: renderParameters(parameters),
    approvers: approvers.map(({ publicKey, ...approver }) => ({
      ...approver,
      publicKey: encodeBase64(publicKey),
    })),
    tokens: verdict && renderTokens(verdict),
    statement: statement && encodeBase64(statement),
    token: token && encodeBase64(token),
    result: result && { ...renderResult(operation, result) },
  }
}

/** What will be done, a field at a time. */
export function renderParameters(
  parameters: RequestView["parameters"],
): readonly wire.RequestParameter[] {
  return parameters.map(([name, value]) => ({ name, ...renderValue(value) }))
}

/** A request as lists and events show it. */
export function renderSummary(request: RequestRecord): wire.Request {
  const { id, operation, mechanism, key, state, requester, reason, words, failure } = request
  const { finishedAt, revision } = request
  return {
    id,
    operation,
    mechanism,
    key,
    state,
    requester: requester.subject,
    reason,
    words: words.map(renderWord),
    createdAt: renderTime(request.stampedAt),
    expiresAt: renderTime(request.expiresAt),
    finishedAt: finishedAt === undefined ? undefined : renderTime(finishedAt),
    failure: failure && { code: failure.code, detail: failure.message },
    revision,
  }
}

function renderWord({ publicKey, at, signature, over, ...word }: SignedWord): wire.SignedWord {
  const isTimed = typeof over === "object"
  return {
    ...word,
    over: isTimed ? "timestamp" : over,
    timestamp: isTimed ? over.timestamp : undefined,
    publicKey: encodeBase64(publicKey),
    at: renderTime(at),
    signature: encodeBase64(signature),
  }
}

function renderValue(value: CanonicalField): Omit<wire.RequestParameter, "name"> {
  if (typeof value === "string") return { text: value }
  return typeof value === "object" ? { bytes: encodeBase64(value) } : { number: Number(value) }
}

function renderTokens(verdict: RuleVerdict): readonly wire.TokenStanding[] {
  return verdict.outcome === "met" ? [{ state: "met" }] : verdict.tokens.map(renderToken)
}

function renderToken(verdict: TokenVerdict): wire.TokenStanding {
  if (verdict.state !== "waiting") return verdict
  const { state, until } = verdict
  return until === undefined ? { state } : { state, until: renderTime(until) }
}
