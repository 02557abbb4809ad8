/** Errors on the wire: a total table from our codes to AWS's exceptions, and their texts. */

import { CodecError } from "../../codec/error.ts"
import { HsmError, type ErrorCode, type SignatureFault } from "../../domain/errors.ts"
import type { RuleId } from "../../domain/policy.ts"
import { Fault, type ExceptionName } from "./fault.ts"
import { aliasArn, aliasPrefix, type KeyName, type Place } from "./names.ts"
import type { Call } from "./operation.ts"
import { callerArn } from "./principals.ts"
import type { KmsKey, Target } from "./target.ts"

/** Total: a new code does not compile until it has a row. */
export const exceptionByCode = {
  // AWS has no word for waiting: who wants approvals asks for them in another dialect.
  APPROVAL_REQUIRED: "AccessDeniedException",
  // A worker that cannot record or store now: clients try again by themselves.
  AUDIT_UNAVAILABLE: "DependencyTimeoutException",
  CONFLICT: "DependencyTimeoutException",
  DECRYPTION_FAILED: "InvalidCiphertextException",
  DRY_RUN: "DryRunOperationException",
  IDEMPOTENCY_MISMATCH: "KMSInternalException",
  INTERNAL: "KMSInternalException",
  KEY_EXHAUSTED: "KeyUnavailableException",
  KEY_NOT_FOUND: "NotFoundException",
  KEY_STATE: "KMSInvalidStateException",
  MALFORMED_REQUEST: "ValidationException",
  METHOD_NOT_ALLOWED: "UnknownOperationException",
  NAME_TAKEN: "AlreadyExistsException",
  NOT_FOUND: "NotFoundException",
  OPERATION_FORBIDDEN: "AccessDeniedException",
  PAYLOAD_TOO_LARGE: "RequestEntityTooLargeException",
  QUOTA_EXCEEDED: "LimitExceededException",
  RATE_LIMITED: "ThrottlingException",
  SEALED: "KMSInternalException",
  STORE_UNAVAILABLE: "DependencyTimeoutException",
  TAMPERED: "KMSInternalException",
  UNAUTHENTICATED: "UnrecognizedClientException",
  UNSEAL_REFUSED: "KMSInternalException",
  UNSUPPORTED_MEDIA_TYPE: "UnknownOperationException",
} as const satisfies Record<ErrorCode, ExceptionName>

const signatureFaults: Readonly<Record<SignatureFault, readonly [ExceptionName, string]>> = {
  missing: ["MissingAuthenticationTokenException", "Missing Authentication Token"],
  malformed: [
    "IncompleteSignatureException",
    "Authorization must be AWS Signature Version 4 for this service, and sign host, x-amz-date " +
      "and x-amz-target.",
  ],
  clock: [
    "InvalidSignatureException",
    "Signature expired or not yet current: the request's time is more than five minutes from the " +
      "server's.",
  ],
  unknown: [
    "UnrecognizedClientException",
    "The security token included in the request is invalid.",
  ],
  mismatch: [
    "InvalidSignatureException",
    "The request signature we calculated does not match the signature you provided. Check your " +
      "AWS Secret Access Key and signing method.",
  ],
}

/** The exception behind anything thrown where no key is at hand; undefined: a bug of ours. */
export function faultOf(error: unknown): Fault | undefined {
  if (error instanceof Fault) return error
  if (error instanceof CodecError) return new Fault("SerializationException", error.message)
  if (!(error instanceof HsmError)) return undefined
  const { code, detail, message } = error
  if (code === "UNAUTHENTICATED") {
    const [exception, text] = signatureFaults[detail.signature ?? "unknown"]
    return new Fault(exception, text)
  }
  if (code === "RATE_LIMITED") {
    const text = "You have exceeded the rate at which you may call KMS. Reduce the frequency of "
    return new Fault("ThrottlingException", `${text}your calls.`)
  }
  if (code === "DECRYPTION_FAILED") return new Fault("InvalidCiphertextException")
  if (code === "DRY_RUN") {
    const text = "The request would have succeeded, but the DryRun option is set."
    return new Fault("DryRunOperationException", text)
  }
  return new Fault(exceptionByCode[code], message)
}

/** The same for an operation on a key, whose names and state the texts tell. */
export function keyFaultOf(error: unknown, call: Call, target: Target): unknown {
  if (!(error instanceof HsmError)) return error
  const { code, detail } = error
  if (code === "KEY_NOT_FOUND") return notFound(call, target.name)
  const { found, name } = target
  if (code === "KEY_STATE") return found === undefined ? error : (stateFault(found) ?? error)
  if (code === "PAYLOAD_TOO_LARGE") return new Fault("ValidationException", error.message)
  if (code === "APPROVAL_REQUIRED") return accessDenied(call, found?.arn ?? name.shown, unapproved)
  if (code !== "OPERATION_FORBIDDEN") return error
  const { rule } = detail
  if (rule === "usage" && found !== undefined) return wrongUsage(call, found)
  return accessDenied(call, found?.arn ?? name.shown, reasons[rule as RuleId])
}

/** Where no key is at hand, a denial is about the account. */
export function tellForbidden(call: Call): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof HsmError) || error.code !== "OPERATION_FORBIDDEN") throw error
    throw accessDenied(call, "*", reasons[error.detail.rule as RuleId])
  }
}

const unapproved = "because the key's own rule wants approvals, which are given in another dialect"
const noIdentityPolicy = "because no identity-based policy allows the action"
/** Why access is denied, by the rule that denies; the rules' own words are ours alone. */
const reasons: Readonly<Partial<Record<RuleId, string>>> = {
  "policy-deny": "with an explicit deny in a resource-based policy",
  policy: "because no resource-based policy allows the action",
  role: noIdentityPolicy,
  grant: noIdentityPolicy,
  "partition-active": "because the account is suspended",
  "read-only": "because the account is read-only",
  flag: "because the account's settings do not allow it",
  legacy: "because the account's settings do not allow it",
  attribute: "because the key's attributes do not allow it",
}

/** Of another account, absent and forbidden are one. */
export function notFound(call: Call, name: KeyName): Fault {
  if (name.account !== call.place.account) {
    const why =
      "because the resource does not exist in this Region, no resource-based policies allow " +
      "access, or a resource-based policy explicitly denies access"
    return accessDenied(call, name.shown, why)
  }
  if ("alias" in name) return aliasNotFound(name, name.alias)
  return new Fault("NotFoundException", `Key '${name.shown}' does not exist`)
}

export function aliasNotFound(place: Place, alias: string): Fault {
  const arn = aliasArn(place, aliasPrefix + alias)
  return new Fault("NotFoundException", `Alias ${arn} is not found.`)
}

/** @param why - begins with `because` or `with`. */
export function accessDenied(call: Call, resource: string, why = noIdentityPolicy): Fault {
  const user = `User: ${callerArn(call)} is not authorized to perform: kms:${call.name}`
  return new Fault("AccessDeniedException", `${user} on resource: ${resource} ${why}`)
}

/** What a key's state stands in the way of; undefined when it does not. */
export function stateFault({ state, arn }: KmsKey): Fault | undefined {
  switch (state) {
    case "Disabled":
      return new Fault("DisabledException", `${arn} is disabled.`)
    case "PendingImport":
      return new Fault("KMSInvalidStateException", `${arn} is pending import.`)
    case "PendingDeletion":
      return new Fault("KMSInvalidStateException", `${arn} is pending deletion.`)
    case "PendingReplicaDeletion":
      return new Fault("KMSInvalidStateException", `${arn} is pending replica deletion.`)
    case "Enabled":
      return undefined
  }
}

function wrongUsage(call: Call, { arn, usage }: KmsKey): Fault {
  const text = `${arn} key usage is ${usage} which is not valid for ${call.name}.`
  return new Fault("InvalidKeyUsageException", text)
}
