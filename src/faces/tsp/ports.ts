/** What this face needs from the node, beside services. The daemon provides it. */

import type { Caller } from "../../domain/principal.ts"
import type { Evidence } from "../../identity/authenticator.ts"
import type { Ports } from "../../service/ports.ts"

/** Everything this face is made from. */
export interface TspOptions {
  /** Services' ports; undefined while the node is sealed. */
  readonly ports: () => Ports | undefined
  /** @throws HsmError UNAUTHENTICATED, RATE_LIMITED, SEALED, STORE_UNAVAILABLE, TAMPERED. */
  readonly authenticate: (evidence: Evidence) => Promise<Caller>
  /** Told of errors that no caller can have caused; the answer says only that there was one. */
  readonly onUnexpected: (error: unknown, requestId: string) => void
}
