/** The one error of this package: what the node refused, or why it could not be asked. */

/** Codes that the client itself makes; all others are the node's, from its OpenAPI file. */
export const clientErrorCodes = [
  "ABORTED",
  "CONFIGURATION",
  "ENVELOPE_DAMAGED",
  "INVALID_RESPONSE",
  "NOT_AN_ENVELOPE",
  "TIMEOUT",
  "UNREACHABLE",
] as const
export type ClientErrorCode = (typeof clientErrorCodes)[number]

/** What may accompany an error; a node's problem document (RFC 9457) has the same fields. */
export interface KeyholdErrorDetail {
  /** HTTP status; absent when no answer came. */
  readonly status?: number | undefined
  /** The offending part of the request, as a JSON pointer (RFC 6901). */
  readonly field?: string | undefined
  /** The policy rule that denied. */
  readonly rule?: string | undefined
  /** Names the request in the node's logs. */
  readonly requestId?: string | undefined
  /** When trying again may help, in seconds. */
  readonly retryAfterSeconds?: number | undefined
}

/** An operating error. It never holds a token, a request or an answer, so it is safe to log. */
export class KeyholdError extends Error {
  override readonly name = "KeyholdError"
  /** A stable code of the node, or one of {@link clientErrorCodes}. */
  readonly code: string
  readonly status: number | undefined
  readonly field: string | undefined
  readonly rule: string | undefined
  readonly requestId: string | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(code: string, message: string, detail: KeyholdErrorDetail = {}) {
    super(message)
    this.code = code
    this.status = detail.status
    this.field = detail.field
    this.rule = detail.rule
    this.requestId = detail.requestId
    this.retryAfterSeconds = detail.retryAfterSeconds
  }
}

/**
 * Reads a problem document.
 *
 * @param text - the body of an answer; anything but a problem document gives INVALID_RESPONSE.
 * @param retryAfter - the header `Retry-After`, of which only whole seconds are understood.
 */
export function problemToError(
  status: number,
  text: string,
  retryAfter: string | undefined,
): KeyholdError {
  const retryAfterSeconds = parseRetryAfter(retryAfter)
  const problem = parseObject(text)
  const member = (name: string) => {
    const value = problem[name]
    return typeof value === "string" ? value : undefined
  }
  const code = member("code")
  if (code === undefined) {
    const message = `the answer with status ${status} is no problem document`
    return new KeyholdError("INVALID_RESPONSE", message, { status, retryAfterSeconds })
  }
  return new KeyholdError(code, member("detail") ?? member("title") ?? code, {
    status,
    field: member("field"),
    rule: member("rule"),
    requestId: member("requestId"),
    retryAfterSeconds,
  })
}

function parseRetryAfter(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,9}$/.test(header) ? Number(header) : undefined
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    // Spreading anything but an object gives no member that is looked at here.
    return typeof value === "object" ? { ...value } : {}
  } catch {
    return {}
  }
}
