/** How a command fails: a code, a sentence, a hint, and the exit code that scripts look at. */

import type { ClientErrorCode, ErrorCode } from "@keyhold/sdk"

/** What scripts look at. `negative`: a verification whose answer is no. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, negative: 3 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

type CliCode = "FAILED" | "FILE" | "NEGATIVE" | "USAGE"

/** A failure of the command itself; the node's own are KeyholdErrors. */
export class CliError extends Error {
  override readonly name = "CliError"
  readonly code: CliCode
  readonly hint: string | undefined

  constructor(code: CliCode, message: string, hint?: string) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

/** A failure as it is shown. */
export interface Shown {
  readonly code: string
  readonly detail: string
  readonly hint?: string | undefined
  readonly field?: string | undefined
  readonly rule?: string | undefined
  readonly requestId?: string | undefined
  readonly exitCode: ExitCode
}

/** What to do about each code; empty where its detail says it all. */
const hints = {
  ABORTED: "",
  APPROVAL_REQUIRED: "make a request of it: keyhold request --help",
  AUDIT_UNAVAILABLE: "the node cannot write its audit log: tell its operator",
  CONFIGURATION: "keyhold --help names the options and variables that find the node",
  CONFLICT: "somebody else changed it meanwhile: look at it again, then repeat",
  DECRYPTION_FAILED: "the content, its additional data or its key is not the one it was made with",
  DRY_RUN: "",
  ENVELOPE_DAMAGED: "do not use what was written so far: it is incomplete",
  IDEMPOTENCY_MISMATCH: "use another idempotency key for another request",
  INTERNAL: "the node's log has more under the request id",
  INVALID_RESPONSE: "what answers at this address is perhaps no Keyhold node, or a newer one",
  KEY_EXHAUSTED: "rotate the key: keyhold key rotate",
  KEY_NOT_FOUND: "keyhold key list shows the keys of your partition",
  KEY_STATE: "keyhold key show tells the state of the key",
  MALFORMED_REQUEST: "",
  METHOD_NOT_ALLOWED: "the node is perhaps of another version: keyhold version",
  NAME_TAKEN: "a name is free again once its key is purged",
  NOT_AN_ENVELOPE: "keyhold decrypt takes what keyhold encrypt made; see --key for other software",
  NOT_FOUND: "",
  OPERATION_FORBIDDEN: "keyhold explain shows which rule denies",
  PAYLOAD_TOO_LARGE: "larger content is encrypted by envelope, without --raw",
  QUOTA_EXCEEDED: "the cluster's operator raises quotas: keyhold partitions quota",
  RATE_LIMITED: "the partition's operations per second are used up: try again later",
  SEALED: "custodians open it: keyhold unseal",
  STORE_UNAVAILABLE: "the node cannot reach its store: tell its operator",
  TAMPERED: "a stored record is not what was written: tell the security officer",
  TIMEOUT: "--timeout gives the node more time",
  UNAUTHENTICATED: "check KEYHOLD_TOKEN or --token-file; keyhold whoami tries them",
  UNREACHABLE: "check KEYHOLD_URL and KEYHOLD_CA_FILE, and that the node runs",
  UNSEAL_REFUSED: "",
  UNSUPPORTED_MEDIA_TYPE: "",
} as const satisfies Record<ErrorCode | ClientErrorCode, string>

const exitOf = {
  FAILED: exitCodes.failed,
  FILE: exitCodes.failed,
  NEGATIVE: exitCodes.negative,
  USAGE: exitCodes.usage,
}

/**
 * Makes a failure showable.
 *
 * @returns undefined for what is no operating error: a bug, which is shown as it is.
 */
export function describeFailure(error: unknown): Shown | undefined {
  if (error instanceof CliError) {
    const { code, message: detail, hint } = error
    return { code, detail, hint, exitCode: exitOf[code] }
  }
  if (!(error instanceof Error) || !("code" in error)) return undefined
  // KeyholdError by its name: its class would load the whole client for a misspelt option.
  if (error.name === "KeyholdError") return describeKeyholdError(error)
  return describeSystemError(error.message, String(error.code))
}

function describeKeyholdError(error: Error): Shown {
  const text = (name: string) => {
    const value: unknown = Reflect.get(error, name)
    return typeof value === "string" ? value : undefined
  }
  const code = text("code") ?? "INTERNAL"
  // A newer node may have codes that this client does not know.
  const hint = Object.hasOwn(hints, code) ? hints[code as keyof typeof hints] : ""
  return {
    code,
    detail: error.message,
    hint: hint === "" ? undefined : hint,
    field: text("field"),
    rule: text("rule"),
    requestId: text("requestId"),
    exitCode: exitCodes.failed,
  }
}

/** Files and pipes: Node's message names the path and the reason. */
function describeSystemError(message: string, code: string): Shown | undefined {
  if (!/^E[A-Z0-9]+$/.test(code)) return undefined
  return { code: "FILE", detail: message, exitCode: exitCodes.failed }
}
