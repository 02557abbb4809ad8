/** A request: an operation that waits until its rule is met, and what became of it. */

import type { MechanismId } from "./algorithms.ts"
import type { ErrorCode } from "./errors.ts"
import type { Instant, KeyId, PartitionId, RequestId } from "./ids.ts"
import type { KeyRecord } from "./key.ts"
import type { OperationId } from "./operation.ts"
import type { Caller } from "./principal.ts"

/**
 * pending -> approved (its rule waits for time alone) -> executed or failed; pending and approved
 * -> expired (too late), rejected (out of reach), cancelled.
 */
export const requestStates = [
  "pending",
  "approved",
  "executed",
  "failed",
  "expired",
  "rejected",
  "cancelled",
] as const
export type RequestState = (typeof requestStates)[number]

/** True while it can still be approved or executed. */
export function isOpen(state: RequestState): boolean {
  return state === "pending" || state === "approved"
}

/** What an approver can say about a request, each word in a signature of its own. */
export const approverWords = ["approval", "rejection", "cancellation"] as const
export type ApproverWord = (typeof approverWords)[number]

/** One approver's signed word; kept as evidence, verified again before anything is executed. */
export interface SignedWord {
  readonly word: ApproverWord
  /** For people: what the rule called him. */
  readonly name: string
  readonly fingerprint: string
  /** SPKI DER: with the statement and the signature, evidence that needs nothing else. */
  readonly publicKey: Uint8Array
  readonly at: Instant
  readonly mechanism: MechanismId
  /** ECDSA: DER. */
  readonly signature: Uint8Array
  /**
   * What it signs in the TSB dialect: the token, or, of a rejection, the time at which it was made
   * as its text; the word's statement when absent.
   */
  readonly over?: "token" | { readonly timestamp: string }
}

/** What an operation is about, as approvers are told. */
export interface RequestSubject {
  readonly id: RequestId
  readonly partition: PartitionId
  readonly operation: OperationId
  /** The mechanism that will be used, also where the requester named none. */
  readonly mechanism?: MechanismId
  /** The key as it was when the request was made; absent for operations on no key. */
  readonly key?: RequestKey
  /** SHA-256 of the rule that has to be met, hex: under another one nothing is executed. */
  readonly ruleHash: string
  /** 16 random bytes: no two requests are ever signed alike. */
  readonly nonce: Uint8Array
  /** The node's timestamp: timelock and timeout count from here. */
  readonly stampedAt: Instant
  /** The last moment, whatever the rule says. */
  readonly expiresAt: Instant
}

export interface RequestKey {
  readonly id: KeyId
  readonly name: string
  readonly version: number
  /** SHA-256 of the public half's SPKI, hex; empty for a secret key. */
  readonly fingerprint: string
}

export interface RequestRecord extends RequestSubject {
  readonly state: RequestState
  readonly requester: Pick<Caller, "subject" | "roles" | "grants" | "address">
  /** Asked for in the TSB dialect: the node's signature over its timestamp, DER. */
  readonly timestampSignature?: Uint8Array
  /** For people: why it is asked for. */
  readonly reason: string
  readonly words: readonly SignedWord[]
  /** When the node has to look at it again. */
  readonly dueAt: Instant
  readonly finishedAt?: Instant
  /** Of an executed one: what the operation answered. Committed together with the state. */
  readonly result?: object
  /** Of a failed one. */
  readonly failure?: { readonly code: ErrorCode; readonly message: string }
  readonly revision: number
}

/** What will be done; written once, beside the request. */
export interface RequestCommandRecord {
  readonly id: RequestId
  readonly partition: PartitionId
  readonly parameters: object
  /** In the TSB dialect: the body as it came, for approvers to see. */
  readonly original?: Uint8Array
  readonly revision: number
}

/** The key as a request remembers it. */
export function isSameKey(known: RequestKey, key: KeyRecord): boolean {
  return known.id === key.id && known.version === key.versions.at(-1)?.version
}
