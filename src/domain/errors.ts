/** The one error type of operating errors. Codes are part of the API and never change meaning. */

export const errorCodes = [
  "APPROVAL_REQUIRED",
  "AUDIT_UNAVAILABLE",
  "CONFLICT",
  "DECRYPTION_FAILED",
  "DRY_RUN",
  "IDEMPOTENCY_MISMATCH",
  "INTERNAL",
  "KEY_EXHAUSTED",
  "KEY_NOT_FOUND",
  "KEY_STATE",
  "MALFORMED_REQUEST",
  "METHOD_NOT_ALLOWED",
  "NAME_TAKEN",
  "NOT_FOUND",
  "OPERATION_FORBIDDEN",
  "PAYLOAD_TOO_LARGE",
  "QUOTA_EXCEEDED",
  "RATE_LIMITED",
  "SEALED",
  "STORE_UNAVAILABLE",
  "TAMPERED",
  "UNAUTHENTICATED",
  "UNSEAL_REFUSED",
  "UNSUPPORTED_MEDIA_TYPE",
] as const

export type ErrorCode = (typeof errorCodes)[number]

/**
 * `unknown`: the access key is not one that counts here. Clients of AWS's dialects act on these: a
 * wrong clock is corrected, a wrong secret is not tried again.
 */
export type SignatureFault = "missing" | "malformed" | "clock" | "unknown" | "mismatch"

/** Why a timestamp cannot be made, where RFC 3161 has a word for it that no code of ours says. */
export type TimestampFault = "timeNotAvailable" | "unacceptedPolicy"

/** What may accompany an error; nothing else ever reaches a caller. */
export interface ErrorDetail {
  /** The offending part of the request, as a JSON pointer (RFC 6901). */
  readonly field?: string
  /** When trying again may help, in seconds. */
  readonly retryAfterSeconds?: number
  /** The policy rule that denied, by its id in domain/policy.ts. */
  readonly rule?: string
  /** Why a signed request was refused: what its sender sees for himself. */
  readonly signature?: SignatureFault
  readonly timestamp?: TimestampFault
}

/**
 * An operating error: expected, coded, safe to show. Its message names no secret and no object of
 * another partition. It has no `cause`: what lies beneath a failed open is an oracle.
 */
export class HsmError extends Error {
  override readonly name = "HsmError"
  readonly code: ErrorCode
  readonly detail: ErrorDetail

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message)
    this.code = code
    this.detail = detail
  }
}

/** The answer to every failed open, unwrap, decryption or padding check: always the same. */
export function decryptionFailed(): HsmError {
  return new HsmError("DECRYPTION_FAILED", "the ciphertext does not open")
}

/** The answer for a key that does not exist, or that another partition holds. */
export function keyNotFound(): HsmError {
  return new HsmError("KEY_NOT_FOUND", "no such key in this partition")
}
