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

/** The newest of the caller's partition's records, at most `count`, in the order of their time. */
export async function newestRecords(
  ports: Ports,
  context: Context,
  count: number,
): Promise<readonly AuditRecordView[]> {
  return await perform(ports, context, { operation: "audit.read" }, async () => {
    const { partition } = context.caller
    const heads = Object.entries(await ports.auditReader.heads(partition))
    const from = heads.map(([chain, last]) => [chain, Math.max(0, last - count)] as const)
    const found: AuditRecordView[] = []
    for await (const some of ports.auditReader.since(partition, Object.fromEntries(from))) {
      found.push(...some)
    }
    return found.toSorted((one, other) => one.at - other.at).slice(-count)
  })
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
