/** What keyholder and workers ask of each other: two tables of calls. */

import type { Amount } from "../../domain/budget.ts"
import type { WantedBudget } from "../../service/rule-budget.ts"
import type { AuditCall } from "../../audit/protocol.ts"
import type { ClusterId, Instant, PartitionId } from "../../domain/ids.ts"
import type { KeyRecord } from "../../domain/key.ts"
import type { PartitionRecord } from "../../domain/partition.ts"
import type { Caller } from "../../domain/principal.ts"
import type { FaceReply, FaceRequest } from "../../faces/message.ts"
import type { Evidence } from "../../identity/authenticator.ts"
import type { PostWebhook } from "../../identity/ports.ts"
import type { Proven } from "../../identity/remembered.ts"
import type { ReleasedKey } from "../../records/key-cache.ts"
import type { IndexName, RecordKind, RecordTypes } from "../../records/kinds.ts"
import type { TakenUses } from "../../service/recent-uses.ts"
import type { LeasedIndexes } from "../../service/signature-indexes.ts"
import type { NodeConfig } from "../config.ts"
import type { MetricValues } from "../metrics.ts"

/** A request without its function: headers as a list. */
export interface SentRequest extends Omit<FaceRequest, "header" | "headers" | "kept"> {
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** An answer whose body is here, or comes piece by piece. */
export interface SentReply extends Omit<FaceReply, "body"> {
  readonly body: string | Uint8Array | { readonly stream: number }
}

/** What a worker is made from; comes once, before anything else. */
export interface WorkerStart {
  readonly config: NodeConfig
  /** From 1; the keyholder's own chain is 0. */
  readonly index: number
  /** The one that all of them share; 0: pick it. */
  readonly port: number
  readonly clusterId: ClusterId
  readonly nodeId: string
  readonly bootId: string
  readonly ticketKeys: Uint8Array
  /** Time that the node has reached. */
  readonly floor: Instant
  readonly storeRev: number
  readonly version: string
}

/** Asked of a worker. */
export interface WorkerCalls {
  /** Answers with the port when it listens. */
  start: { args: WorkerStart; answer: { readonly port: number } }
  /** Keys can be used from now on. */
  unseal: { args: undefined; answer: undefined }
  /** A scope's audit key, for the thread that writes the chain; wiped there when it is dropped. */
  auditKey: { args: { readonly name: string; readonly key: Uint8Array }; answer: undefined }
  /** Refuses at once; answers when no key is left. */
  seal: { args: undefined; answer: undefined }
  /** Copies of what lies at these paths are old. */
  forget: { args: readonly string[]; answer: undefined }
  /** Answers when nothing is under way by that name; see InFlight. */
  drain: { args: string; answer: undefined }
  tickets: { args: Uint8Array; answer: undefined }
  fetchKeySet: { args: string; answer: unknown }
  postWebhook: { args: Parameters<PostWebhook>[0]; answer: number | undefined }
  /** Prometheus' values, to be added up. */
  metrics: { args: undefined; answer: MetricValues }
  /** Hands over what it knows of keys' last uses. */
  takeUses: { args: undefined; answer: TakenUses }
  /** Passes a call on to the chain's writer. */
  chain: { args: { readonly call: AuditCall; readonly args: unknown }; answer: unknown }
  /** Why the log is not written, if so; how many records wait; bytes taken. */
  chainState: {
    args: undefined
    answer: {
      readonly waiting: number
      readonly usedBytes: number
      readonly unavailable: string | undefined
    }
  }
  /** Drains the listener: no request comes any more. */
  leave: { args: { readonly drainMs: number }; answer: undefined }
  /** Closes the log, and ends. */
  close: { args: undefined; answer: undefined }
}

/** Asked of the keyholder. */
export interface KeyholderCalls {
  /** Answers a whole request that a worker does not answer by itself. */
  forward: { args: SentRequest; answer: SentReply }
  /** The next piece of a body; undefined at its end. */
  pull: { args: number; answer: string | undefined }
  /** The client has gone. */
  cancel: { args: number; answer: undefined }
  /** Of all processes, in Prometheus' text format. */
  metrics: { args: undefined; answer: string }
  authenticate: { args: Evidence; answer: { readonly caller: Caller; readonly proven?: Proven } }
  read: {
    args: { readonly kind: RecordKind; readonly partition: PartitionId; readonly id: string }
    answer: RecordTypes[RecordKind] | undefined
  }
  lookup: {
    args: { readonly partition: PartitionId; readonly index: IndexName; readonly name: string }
    answer: string | undefined
  }
  openKey: { args: { readonly key: KeyRecord; readonly version: number }; answer: ReleasedKey }
  leaseSeals: {
    args: { readonly key: KeyRecord; readonly version: number; readonly sealsMax: number }
    answer: { readonly key: KeyRecord; readonly seals: number }
  }
  leaseIndexes: {
    args: { readonly key: KeyRecord; readonly version: number; readonly wanted: number }
    answer: LeasedIndexes
  }
  leaseBudget: { args: WantedBudget; answer: Amount | undefined }
  /** Operations of a partition's budget, at most `wanted`. */
  leaseOperations: {
    args: { readonly partition: PartitionRecord; readonly wanted: number }
    answer: number
  }
}
