/** What services work with. The daemon makes one of these when the node is unsealed. */

import type { AuditSink } from "../domain/audit-event.ts"
import type { ClusterId } from "../domain/ids.ts"
import type { RandomSource, SureClock } from "../domain/ports.ts"
import type { FailureLimiter } from "../identity/failure-limiter.ts"
import type { KeyCache } from "../records/key-cache.ts"
import type { Records } from "../records/records.ts"
import type { RecordsView } from "../records/view.ts"
import type { AuditReader } from "./audit-reader.ts"
import type { InFlight } from "./in-flight.ts"
import type { LastUses } from "./last-uses.ts"
import type { Meter } from "./meter.ts"
import type { RecentUses } from "./recent-uses.ts"
import type { RuleBudget } from "./rule-budget.ts"
import type { SealBudget } from "./seal-budget.ts"
import type { SignatureIndexes } from "./signature-indexes.ts"
import type { Stamps } from "./stamps.ts"
import type { WebhookDelivery } from "./webhook-delivery.ts"
import type { RequestWatch } from "./watch-requests.ts"

/** What using a key takes: all that a worker process has. */
export interface UsePorts {
  readonly clusterId: ClusterId
  readonly records: RecordsView
  readonly keys: Pick<KeyCache, "open">
  readonly audit: AuditSink
  readonly clock: SureClock
  readonly random: RandomSource
  readonly meter: Meter
  readonly inFlight: InFlight
  readonly sealBudget: SealBudget
  readonly ruleBudget: RuleBudget
  readonly indexes: SignatureIndexes
  readonly recentUses: RecentUses
}

/** What everything else takes; where master keys are. */
export interface Ports extends UsePorts {
  readonly records: Records
  readonly keys: KeyCache
  readonly auditReader: AuditReader
  readonly lastUses: LastUses
  /** Of this node and its store; see IndexMemory. */
  readonly lineage: string
  readonly watch: RequestWatch
  readonly stamps: Stamps
  readonly webhooks: WebhookDelivery
  /** Of one-time codes, by address. */
  readonly onboarding: Pick<FailureLimiter, "fail">
  readonly node: NodeControl
}

/** What an operator may do to the node itself. */
export interface NodeControl {
  /** Forgets every key at once; answers when none is left in memory. */
  seal(): Promise<void>
  /** Rotates the epoch and destroys the older roots. */
  rotateEpoch(): Promise<{ epoch: number; destroyed: number[] }>
}
