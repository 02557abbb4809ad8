/** What the face needs from the node, beside services. The daemon provides it. */

import type { PartitionId } from "../../domain/ids.ts"
import type { Caller } from "../../domain/principal.ts"
import type { Evidence } from "../../identity/authenticator.ts"
import type { Ports } from "../../service/ports.ts"
import type { Face } from "../message.ts"
import type { ApiVersion, OperationId } from "./api.generated.ts"
import type { Api } from "./endpoints.ts"
import type { Services } from "./services.ts"

/** How far a node is from being usable, and whom shares are encrypted to. */
export interface SealStatus {
  readonly state: "sealed" | "unsealing" | "operational"
  readonly clusterId: string
  readonly nodeId: string
  /** The node's identity, Ed25519, 32 bytes; share files pin it. */
  readonly nodeKey: Uint8Array
  /** Absent when the root of trust needs no people. */
  readonly importerKey?: Uint8Array
  /** By the node's identity. */
  readonly importerSignature?: Uint8Array
  readonly sharesReceived: number
  /** Known once a share set has begun. */
  readonly threshold?: number | undefined
}

/** Whether requests can be served now, and if not, why. */
interface Readiness {
  readonly ready: boolean
  readonly reason?: string | undefined
}

/** The node itself: what answers without a caller. */
export interface NodePort {
  status(): SealStatus
  /** @throws HsmError UNSEAL_REFUSED, RATE_LIMITED. `address`: the peer's, which is limited. */
  submitShare(share: Uint8Array, address: string): Promise<SealStatus>
  version(): ApiVersion
  ready(): Promise<Readiness> | Readiness
  /** Prometheus' text format, version 0.0.4. */
  metrics(): Promise<string>
}

/** Whoever answers what this process does not: in a worker, the process that holds the keys. */
export interface Elsewhere {
  /** Operations that are answered here; absent from it: there. */
  readonly here: ReadonlySet<OperationId>
  readonly answer: Face
}

/** Everything a REST face is made from. */
export interface RestFaceOptions {
  readonly api: Api
  /** Services' ports; undefined while the node is sealed. */
  readonly ports: () => Ports | undefined
  readonly services: Services
  /** @throws HsmError UNAUTHENTICATED, RATE_LIMITED, SEALED, STORE_UNAVAILABLE, TAMPERED. */
  readonly authenticate: (evidence: Evidence) => Promise<Caller>
  readonly node: NodePort
  /** The partition's quota, for RateLimit-Policy; undefined when it is not at hand. */
  readonly operationsPerSecond: (partition: PartitionId) => number | undefined
  /** Absent: everything is answered here. */
  readonly elsewhere?: Elsewhere | undefined
  /** Told of errors that no caller can have caused; the answer says only INTERNAL. */
  readonly onUnexpected: (error: unknown, requestId: string) => void
}
