/** Errors on the wire: one total table, and problem documents (RFC 9457). */

import { CodecError } from "../../codec/error.ts"
import { HsmError, type ErrorCode } from "../../domain/errors.ts"
import type { Problem } from "./api.generated.ts"

interface ErrorRow {
  readonly status: number
  readonly title: string
  /** Sent as Retry-After unless the error knows better. */
  readonly retryAfterSeconds?: number
}

/** Total: a new code does not compile until it has a row. */
export const errorTable = {
  APPROVAL_REQUIRED: { status: 403, title: "Others have to approve this" },
  AUDIT_UNAVAILABLE: {
    status: 503,
    title: "The audit log cannot be written",
    retryAfterSeconds: 5,
  },
  CONFLICT: { status: 409, title: "Changed by someone else" },
  DECRYPTION_FAILED: { status: 422, title: "Decryption failed" },
  DRY_RUN: { status: 412, title: "It would have succeeded" },
  IDEMPOTENCY_MISMATCH: { status: 422, title: "Idempotency key used for another request" },
  INTERNAL: { status: 500, title: "Internal error" },
  KEY_EXHAUSTED: { status: 409, title: "The key version has used up its limit" },
  KEY_NOT_FOUND: { status: 404, title: "No such key" },
  KEY_STATE: { status: 409, title: "The key's state does not allow it" },
  MALFORMED_REQUEST: { status: 400, title: "Malformed request" },
  METHOD_NOT_ALLOWED: { status: 405, title: "Method not allowed" },
  NAME_TAKEN: { status: 409, title: "The name is taken" },
  NOT_FOUND: { status: 404, title: "Not found" },
  OPERATION_FORBIDDEN: { status: 403, title: "Not allowed" },
  PAYLOAD_TOO_LARGE: { status: 413, title: "Too large" },
  QUOTA_EXCEEDED: { status: 403, title: "The partition's quota is used up" },
  RATE_LIMITED: { status: 429, title: "Too many requests", retryAfterSeconds: 1 },
  SEALED: { status: 503, title: "The node is sealed" },
  STORE_UNAVAILABLE: { status: 503, title: "The store does not answer", retryAfterSeconds: 1 },
  TAMPERED: { status: 500, title: "Stored data was tampered with" },
  UNAUTHENTICATED: { status: 401, title: "Not authenticated" },
  UNSEAL_REFUSED: { status: 403, title: "The share is refused" },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: "Unsupported media type" },
} as const satisfies Record<ErrorCode, ErrorRow>

const unknownError = new HsmError("INTERNAL", "something went wrong here; the request id finds it")

/** The operating error behind anything thrown: what is not one of ours tells a caller nothing. */
export function asHsmError(error: unknown): HsmError {
  if (error instanceof HsmError) return error
  if (!(error instanceof CodecError)) return unknownError
  return new HsmError("MALFORMED_REQUEST", error.message, { field: error.field })
}

/** The problem document of an error. */
export function renderProblem(error: HsmError, requestId: string): Problem {
  const { status, title } = errorRow(error)
  const {
    code,
    message,
    detail: { field, rule },
  } = error
  const type = `https://keyhold.dev/problems/${code.toLowerCase().replaceAll("_", "-")}`
  return { type, title, status, code, detail: message, field, rule, requestId }
}

/** Status and headers of an error. */
export function errorHead(error: HsmError): {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
} {
  const row = errorRow(error)
  const retryAfter = error.detail.retryAfterSeconds ?? row.retryAfterSeconds
  return {
    status: row.status,
    headers: {
      "content-type": "application/problem+json",
      ...(retryAfter === undefined ? {} : { "retry-after": String(Math.ceil(retryAfter)) }),
      ...(error.code === "UNAUTHENTICATED" ? { "www-authenticate": "Bearer" } : {}),
    },
  }
}

function errorRow({ code }: HsmError): ErrorRow {
  return errorTable[code]
}
