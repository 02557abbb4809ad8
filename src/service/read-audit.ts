/** Reading a partition's audit log; reading is itself recorded. */

import { perform } from "./act.ts"
import type { AuditFilter, AuditRecordView } from "./audit-reader.ts"
import type { Context, Page, PageCommand } from "./commands.ts"
import type { Ports } from "./ports.ts"

/** One page of the caller's partition's records, oldest first. */
export async function listRecords(
  ports: Ports,
  context: Context,
  query: AuditFilter & PageCommand,
): Promise<Page<AuditRecordView>> {
  return await perform(ports, context, { operation: "audit.read" }, () =>
    ports.auditReader.list(context.caller.partition, query),
  )
}

/** A verifiable export, line by line; its records end at a checkpoint made for it. */
export async function exportLines(
  ports: Ports,
  context: Context,
  filter: AuditFilter,
): Promise<AsyncIterable<string>> {
  return await perform(ports, context, { operation: "audit.read" }, () =>
    ports.auditReader.export(context.caller.partition, filter),
  )
}
