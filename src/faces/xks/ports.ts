/** What this face needs from the node, beside services. The daemon provides it. */

import type { SignedCaller, SignedEvidence } from "../../identity/signed-request.ts"
import type { Ports } from "../../service/ports.ts"

/** Everything this face is made from. */
export interface XksOptions {
  /** Services' ports; undefined while the node is sealed. */
  readonly ports: () => Ports | undefined
  /** @throws HsmError UNAUTHENTICATED, RATE_LIMITED, SEALED, STORE_UNAVAILABLE, TAMPERED. */
  readonly authenticate: (evidence: SignedEvidence) => Promise<SignedCaller>
  /** Whether the node as a whole can serve, its audit log included. */
  readonly ready: () => Promise<{ readonly ready: boolean }>
  /** Of this software, for its name as AWS shows it. */
  readonly version: string
  /** Told of errors that no caller can have caused; the answer says only that there was one. */
  readonly onUnexpected: (error: unknown, requestId: string) => void
}
