/** What services work with. The daemon makes one of these when the node is unsealed. */

import type { AuditSink } from "../domain/audit-event.ts"
import type { ClusterId } from "../domain/ids.ts"
import type { RandomSource, SureClock } from "../domain/ports.ts"
import type { KeyCache } from "../records/key-cache.ts"
import type { Records } from "../records/records.ts"
import type { AuditReader } from "./audit-reader.ts"
import type { InFlight } from "./in-flight.ts"
import type { Meter } from "./meter.ts"
import type { SealBudget } from "./seal-budget.ts"

export interface Ports {
  readonly clusterId: ClusterId
  readonly records: Records
  readonly keys: KeyCache
  readonly audit: AuditSink
  readonly auditReader: AuditReader
  readonly clock: SureClock
  readonly random: RandomSource
  readonly meter: Meter
  readonly inFlight: InFlight
  readonly sealBudget: SealBudget
  readonly node: NodeControl
}

/** What an operator may do to the node itself. */
export interface NodeControl {
  /** Forgets every key at once; answers when none is left in memory. */
  seal(): Promise<void>
  /** Rotates the epoch and destroys the older roots. */
  rotateEpoch(): Promise<{ epoch: number; destroyed: number[] }>
}
