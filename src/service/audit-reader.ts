/** Reading the audit log, as services see it; audit/ provides it through the daemon. */

import type { AuditEvent } from "../domain/audit-event.ts"
import type { Instant, PartitionId } from "../domain/ids.ts"
import type { Page, PageCommand } from "./commands.ts"

/** One record of a partition's log, with its place in the chain. */
export interface AuditRecordView {
  readonly chain: string
  /** Place in the chain, from 0. */
  readonly index: number
  /** Gapless within the partition. */
  readonly sequence: number
  readonly at: Instant
  readonly event: AuditEvent
}

export interface AuditFilter {
  readonly act?: string | undefined
  readonly keyId?: string | undefined
  readonly subject?: string | undefined
  readonly since?: Instant | undefined
  readonly until?: Instant | undefined
}

/** By chain: the sequence of the partition's last record in it. */
export type ChainHeads = Readonly<Record<string, number>>

export interface AuditReader {
  list(partition: PartitionId, query: AuditFilter & PageCommand): Promise<Page<AuditRecordView>>
  /** Lines of a verifiable export, docs/formats/audit.md. */
  export(partition: PartitionId, filter: AuditFilter): AsyncIterable<string>
  heads(partition: PartitionId): Promise<ChainHeads>
  /** The heads as they were when the partition's key came to each chain's process. */
  begun(partition: PartitionId): Promise<ChainHeads>
  /**
   * All records after these, chain by chain, each in its order, some at a time; with `until` up to
   * those heads, and perhaps a few more.
   */
  since(
    partition: PartitionId,
    heads: ChainHeads,
    until?: ChainHeads,
  ): AsyncIterable<readonly AuditRecordView[]>
}
