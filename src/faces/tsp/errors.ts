/**
 * Errors on the wire: a total table from our codes to RFC 3161's words, section 2.4.2. What the
 * protocol itself refuses is an answer of HTTP's like any other, 200; the rest has a status too.
 */

import { TimestampRefusal, type TimestampFailure } from "../../codec/timestamp-query.ts"
import { refusedResponse } from "../../codec/timestamp-token.ts"
import { HsmError, type ErrorCode } from "../../domain/errors.ts"
import type { FaceReply } from "../message.ts"

/** An error to answer with. */
export interface Fault {
  readonly failure: TimestampFailure
  readonly status: number
  /** Goes into the answer: for people, and the same for everybody. */
  readonly text: string
  readonly retryAfterSeconds?: number | undefined
}

type Row = Pick<Fault, "failure" | "status" | "text">

/**
 * One answer whatever is in the way: no such partition, key or certificate, a credential that does
 * not count or is not his, a key that is switched off. `/api/v1` tells who may know.
 */
const closed: Row = {
  failure: "badRequest",
  status: 403,
  text: "no timestamps are made here, or not for you",
}
const busy: Row = { failure: "systemFailure", status: 503, text: "no timestamp now; try again" }
const broken: Row = { failure: "systemFailure", status: 500, text: "something went wrong here" }
const malformed = (status: number, text: string): Row => ({
  failure: "badDataFormat",
  status,
  text,
})

/** Total: a new code does not compile until it has a row. */
export const rowByCode = {
  APPROVAL_REQUIRED: closed,
  AUDIT_UNAVAILABLE: busy,
  CONFLICT: busy,
  DECRYPTION_FAILED: broken,
  DRY_RUN: broken,
  IDEMPOTENCY_MISMATCH: broken,
  INTERNAL: broken,
  KEY_EXHAUSTED: closed,
  KEY_NOT_FOUND: closed,
  KEY_STATE: closed,
  MALFORMED_REQUEST: malformed(400, "the request is malformed"),
  METHOD_NOT_ALLOWED: { ...closed, status: 405, text: "timestamps are asked for with POST" },
  NAME_TAKEN: broken,
  NOT_FOUND: closed,
  OPERATION_FORBIDDEN: closed,
  PAYLOAD_TOO_LARGE: malformed(413, "the request is longer than any there is"),
  QUOTA_EXCEEDED: closed,
  RATE_LIMITED: { ...busy, status: 429 },
  SEALED: busy,
  STORE_UNAVAILABLE: busy,
  TAMPERED: broken,
  UNAUTHENTICATED: closed,
  UNSEAL_REFUSED: broken,
  UNSUPPORTED_MEDIA_TYPE: malformed(415, "the request is no application/timestamp-query"),
} as const satisfies Record<ErrorCode, Row>

/** The fault behind anything thrown; undefined: a bug of ours. */
export function faultOf(error: unknown): Fault | undefined {
  if (error instanceof TimestampRefusal) {
    return { failure: error.failure, status: 200, text: error.message }
  }
  if (!(error instanceof HsmError)) return undefined
  const { code, message, detail } = error
  const { timestamp: failure, retryAfterSeconds } = detail
  if (failure !== undefined) return { failure, status: 200, text: message }
  return { ...rowByCode[code], retryAfterSeconds }
}

/** An error's body. */
export function renderFault(fault: Fault, requestId: string): FaceReply {
  const { failure, status, text, retryAfterSeconds } = fault
  const wait =
    retryAfterSeconds === undefined ? {} : { "retry-after": String(Math.ceil(retryAfterSeconds)) }
  const allowed = status === 405 ? { allow: "POST" } : {}
  const headers = { ...headersOf(requestId), ...wait, ...allowed }
  return { status, headers, body: refusedResponse(failure, text) }
}

/** Headers of every answer. */
export function headersOf(requestId: string): Readonly<Record<string, string>> {
  return {
    "cache-control": "no-store",
    "content-type": "application/timestamp-reply",
    "x-content-type-options": "nosniff",
    "x-request-id": requestId,
  }
}

/** The answer to a bug. */
export const unexpected: Fault = broken
