/** What the audit log says about one act: allow-listed fields only, never a secret or a message. */

import type { ErrorCode } from "./errors.ts"
import type { PartitionId } from "./ids.ts"
import type { OperationId } from "./operation.ts"
import type { RuleId } from "./policy.ts"

/** Acts that no operation of the table stands for. */
export const systemActs = [
  "system.start",
  "system.stop",
  "system.unseal",
  "system.unseal-refused",
  "system.seal",
  "system.self-test",
  "system.epoch-rotated",
  "system.epoch-destroyed",
  "system.key-destroyed",
  "system.key-rotated",
  "system.material-expired",
  "system.request-ended",
  "system.webhook-lost",
  "system.authentication-failures",
  "system.tampering",
  "system.audit-archived",
  "system.restore",
] as const
export type SystemAct = (typeof systemActs)[number]

/**
 * `allowed`: written before the work is done. `denied`: refused by a rule. `pending`: nothing was
 * done, as others have to approve it. `failed`: the work that an earlier `allowed` record announced
 * did not succeed. `done`: a system act, or a change, that has happened.
 */
export const auditOutcomes = ["allowed", "denied", "pending", "failed", "done"] as const
export type AuditOutcome = (typeof auditOutcomes)[number]

/** Finds the same call in the cloud's own log. */
export interface AuditOnBehalf {
  readonly requestId: string
  readonly operation?: string | undefined
  readonly principal?: string | undefined
}

export interface AuditEvent {
  readonly act: OperationId | SystemAct
  readonly partition: PartitionId
  readonly outcome: AuditOutcome
  /** Principal id, or `issuer:subject`; `node` for system acts. */
  readonly subject: string
  readonly address?: string
  readonly requestId?: string
  /** All requests whose acts it counts, where each came by itself; `requestId` is the first. */
  readonly requestIds?: readonly string[]
  /** How often this very act was allowed within its requests, such as a batch; absent: once. */
  readonly count?: number
  readonly keyId?: string
  /** All keys that were made, where it counts several. */
  readonly keyIds?: readonly string[]
  readonly keyVersion?: number
  readonly mechanism?: string
  /** The path from a seed to the key that was used. */
  readonly path?: string
  /** Principal, partition or issuer acted on. */
  readonly target?: string
  /** Fingerprints of the keys whose approvals were verified and counted for this act. */
  readonly approvedBy?: readonly string[]
  readonly code?: ErrorCode
  readonly rule?: RuleId
  /** For whom a cloud used the key, in its own words: the signature of its request covers them. */
  readonly onBehalf?: AuditOnBehalf
  /** For changes: the commit's operation id, its revision, and what was written. */
  readonly opId?: string
  readonly storeRev?: number
  readonly writes?: readonly { readonly path: string; readonly hash: string }[]
  /** A count, a version, a state: never free text from a caller. */
  readonly note?: string
}

/** The log as its users see it. */
export interface AuditSink {
  /**
   * Takes a record in. The promise resolves when the record is durable; the answer to the caller
   * waits for it. An act like the one taken in just before, of the same request, is counted there.
   *
   * @throws HsmError AUDIT_UNAVAILABLE at once, before it returns, when the log cannot be written
   * or its queue is full; the promise rejects with it when writing fails. `stopsHarm` draws on the
   * reserve, so that blocking and sealing still work on a full disk. `times`: how many such acts
   * the record counts; once when absent.
   */
  enqueue(
    event: AuditEvent,
    options?: { readonly stopsHarm?: boolean; readonly times?: number },
  ): Promise<void>
}
