/** Errors on the wire: a total table from our codes to the TSB's reasons. */

import { CodecError } from "../../codec/error.ts"
import { HsmError, type ErrorCode } from "../../domain/errors.ts"
import type { FaceReply } from "../message.ts"
import { Fault, reasons, type Reason } from "./fault.ts"

/** Total: a new code does not compile until it has a row. A status where HTTP says more. */
export const reasonByCode = {
  APPROVAL_REQUIRED: ["missing.approval"],
  AUDIT_UNAVAILABLE: ["subsystem"],
  CONFLICT: ["not.allowed", 409],
  DECRYPTION_FAILED: ["decrypt.failed"],
  DRY_RUN: ["not.allowed"],
  IDEMPOTENCY_MISMATCH: ["not.allowed", 409],
  INTERNAL: ["in.hsm"],
  KEY_EXHAUSTED: ["operation.forbidden.for.key"],
  KEY_NOT_FOUND: ["key.not.existent"],
  KEY_STATE: ["operation.forbidden.for.key"],
  MALFORMED_REQUEST: ["input.validation.failed"],
  METHOD_NOT_ALLOWED: ["unsupported.operation", 405],
  NAME_TAKEN: ["key.already.existing"],
  NOT_FOUND: ["request.not.existent"],
  OPERATION_FORBIDDEN: ["operation.forbidden.for.key"],
  PAYLOAD_TOO_LARGE: ["payload"],
  QUOTA_EXCEEDED: ["client.subscription"],
  RATE_LIMITED: ["subsystem", 429],
  SEALED: ["subsystem"],
  STORE_UNAVAILABLE: ["subsystem"],
  TAMPERED: ["in.hsm"],
  UNAUTHENTICATED: ["invalid.access.token"],
  UNSEAL_REFUSED: ["not.allowed"],
  UNSUPPORTED_MEDIA_TYPE: ["json", 415],
} as const satisfies Record<ErrorCode, readonly [reason: Reason, status?: number]>

/** Refusals that are about the caller or the partition, not about the key. */
const aboutCaller: ReadonlySet<string> = new Set([
  "role",
  "grant",
  "partition-active",
  "read-only",
  "flag",
])

/** The fault behind anything thrown; undefined: a bug of ours. */
export function faultOf(error: unknown): Fault | undefined {
  if (error instanceof Fault) return error
  if (error instanceof CodecError) {
    const { field, message } = error
    return new Fault("input.validation.failed", field === "" ? message : `${field} ${message}`)
  }
  if (!(error instanceof HsmError)) return undefined
  const { code, detail, message } = error
  if (code === "OPERATION_FORBIDDEN") return forbidden(detail.rule, message)
  const [reason, status] = reasonByCode[code] as readonly [Reason, number?]
  const { field } = detail
  return new Fault(reason, field === undefined ? message : `${field} ${message}`, status)
}

function forbidden(rule: string | undefined, message: string): Fault {
  if (rule !== undefined && aboutCaller.has(rule)) return new Fault("not.allowed", message)
  if (rule === "mechanism") return new Fault("algorithm.not.supported.by.key", message)
  return new Fault("operation.forbidden.for.key", message)
}

/** An error's body, as every client of the TSB reads it. */
export function renderFault({ reason, message, status }: Fault, requestId: string): FaceReply {
  const body = { errorCode: reasons[reason].number, reason: `res.error.${reason}`, message }
  return { status, headers: headersOf(requestId), body: JSON.stringify(body) }
}

/** Headers of every answer in JSON. */
export function headersOf(requestId: string): Readonly<Record<string, string>> {
  return {
    "cache-control": "no-store",
    "content-type": "application/json",
    "x-content-type-options": "nosniff",
    "x-request-id": requestId,
  }
}

/** The answer to a bug. */
export const unexpected = new Fault(
  "in.hsm",
  "something went wrong here; the request id finds it in the log",
)
