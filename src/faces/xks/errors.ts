/** Errors on the wire: a total table from our codes to those of the specification. */

import { CodecError } from "../../codec/error.ts"
import { HsmError, type ErrorCode } from "../../domain/errors.ts"
import type { FaceReply } from "../message.ts"

/** Every `errorName` of the specification, with its status. */
export const statusByName = {
  ValidationException: 400,
  InvalidStateException: 400,
  InvalidCiphertextException: 400,
  InvalidKeyUsageException: 400,
  AuthenticationFailedException: 401,
  AccessDeniedException: 403,
  KeyNotFoundException: 404,
  InvalidUriPathException: 404,
  ThrottlingException: 429,
  InternalException: 500,
  UnsupportedOperationException: 501,
  DependencyTimeoutException: 503,
} as const satisfies Record<string, number>
export type ErrorName = keyof typeof statusByName

/** An error to answer with. */
export class Fault extends Error {
  override readonly name = "Fault"
  readonly errorName: ErrorName
  readonly status: number

  constructor(errorName: ErrorName, message: string, status: number = statusByName[errorName]) {
    super(message)
    this.errorName = errorName
    this.status = status
  }
}

/** Total: a new code does not compile until it has a row. */
export const nameByCode = {
  APPROVAL_REQUIRED: "AccessDeniedException",
  AUDIT_UNAVAILABLE: "DependencyTimeoutException",
  CONFLICT: "InternalException",
  DECRYPTION_FAILED: "InvalidCiphertextException",
  DRY_RUN: "InternalException",
  IDEMPOTENCY_MISMATCH: "InternalException",
  INTERNAL: "InternalException",
  KEY_EXHAUSTED: "InvalidStateException",
  KEY_NOT_FOUND: "KeyNotFoundException",
  KEY_STATE: "InvalidStateException",
  MALFORMED_REQUEST: "ValidationException",
  METHOD_NOT_ALLOWED: "UnsupportedOperationException",
  NAME_TAKEN: "InternalException",
  NOT_FOUND: "InvalidUriPathException",
  OPERATION_FORBIDDEN: "AccessDeniedException",
  PAYLOAD_TOO_LARGE: "UnsupportedOperationException",
  QUOTA_EXCEEDED: "ThrottlingException",
  RATE_LIMITED: "ThrottlingException",
  SEALED: "DependencyTimeoutException",
  STORE_UNAVAILABLE: "DependencyTimeoutException",
  TAMPERED: "InternalException",
  UNAUTHENTICATED: "AuthenticationFailedException",
  UNSEAL_REFUSED: "InternalException",
  UNSUPPORTED_MEDIA_TYPE: "ValidationException",
} as const satisfies Record<ErrorCode, ErrorName>

/** Denials that are about what the key is, and not about who asks. */
const nameByRule: Readonly<Record<string, ErrorName>> = {
  usage: "InvalidKeyUsageException",
  mechanism: "InvalidKeyUsageException",
  "secret-half": "InvalidKeyUsageException",
  "partition-active": "InvalidStateException",
  flag: "InvalidStateException",
}

/** The fault behind anything thrown; undefined: a bug of ours. */
export function faultOf(error: unknown): Fault | undefined {
  if (error instanceof Fault) return error
  if (error instanceof CodecError) {
    return new Fault("ValidationException", `${error.field} ${error.message}`.trim())
  }
  if (!(error instanceof HsmError)) return undefined
  const { code, detail, message } = error
  const byRule = code === "OPERATION_FORBIDDEN" ? nameByRule[detail.rule ?? ""] : undefined
  return new Fault(byRule ?? nameByCode[code], message)
}

/** Printable ASCII, less than 512 characters: AWS logs it in its customer's account. */
const messageMax = 511

/** An error's body. */
export function renderFault(fault: Fault, requestId: string): FaceReply {
  const { errorName, status, message } = fault
  const errorMessage = message.replaceAll(/[^ -~]/g, "?").slice(0, messageMax)
  const body = JSON.stringify({ errorName, errorMessage })
  return { status, headers: headersOf(requestId), body }
}

/** Headers of every answer. */
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
  "InternalException",
  "something went wrong here; the request id finds it in the log",
)
