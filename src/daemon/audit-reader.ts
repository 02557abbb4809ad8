/** The audit log as services read it: all chains of the node as one list, one export. */

import type { AuditChain } from "../audit/audit-chain.ts"
import type { AuditRecord, RecordFilter } from "../audit/body.ts"
import type { RecordPage } from "../audit/reader.ts"
import type { AuditEvent } from "../domain/audit-event.ts"
import { HsmError } from "../domain/errors.ts"
import { instant } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { AuditFilter, AuditReader, AuditRecordView } from "../service/audit-reader.ts"

/** Adapts the chains to the services' port; which there are is asked for each call. */
export function auditReader(chains: () => readonly AuditChain[]): AuditReader {
  return {
    async list(partition, { after, limit = limits.pageSizeDefault, ...filter }) {
      const all = chains()
      const cursors = readCursor(after, all.length)
      const pages = await Promise.all(
        all.map((chain, at) =>
          chain.readRecords({
            partition,
            limit,
            after: cursors[at] ?? 0,
            filter: toFilter(filter),
          }),
        ),
      )
      const merged = merge(pages.map(({ records }) => records)).slice(0, limit)
      const next = pages.map((page, at) => nextCursor(page, merged, cursors[at] ?? 0))
      const isEnd = pages.every(
        ({ records, next: more }) =>
          more === undefined && records.every((record) => merged.includes(record)),
      )
      return { items: merged.map(view), next: isEnd ? undefined : next.join(".") }
    },
    async *export(partition, filter) {
      for (const chain of chains()) {
        yield* chain.exportLines({ partition, filter: toFilter(filter) })
      }
    },
    async heads(partition) {
      const heads = await Promise.all(chains().map((chain) => chain.sequence(partition)))
      return Object.fromEntries(heads.map(({ chain, seq }) => [chain, seq]))
    },
    async begun(partition) {
      const heads = await Promise.all(chains().map((chain) => chain.sequence(partition)))
      return Object.fromEntries(heads.map(({ chain, begun }) => [chain, begun]))
    },
    async *since(partition, heads, until) {
      for (const chain of chains()) {
        const { chain: name } = await chain.sequence(partition)
        const end = until?.[name] ?? Number.POSITIVE_INFINITY
        let after: number | undefined = heads[name] ?? 0
        while (after !== undefined && after < end) {
          const page: RecordPage = await chain.readRecords({
            partition,
            after,
            limit: limits.auditReadStep,
            filter: {},
          })
          yield page.records.map(view)
          after = page.next
        }
      }
    },
  }
}

/** By time; records of one chain keep their order. */
function merge(lists: readonly (readonly AuditRecord[])[]): AuditRecord[] {
  return lists.flat().toSorted((a, b) => a.time - b.time)
}

/** Behind the last record of the chain that is on the page; where it was, when none is. */
function nextCursor(
  {
    records,
    next,
  }: { readonly records: readonly AuditRecord[]; readonly next: number | undefined },
  shown: readonly AuditRecord[],
  before: number,
): number {
  const last = records.findLast((record) => shown.includes(record))
  const isAll = records.every((record) => shown.includes(record))
  return isAll ? (next ?? last?.seq ?? before) : (last?.seq ?? before)
}

/** One sequence per chain, in the order of the chains. */
function readCursor(after: string | undefined, chains: number): number[] {
  if (after === undefined) return []
  const parts = after.split(".")
  if (parts.length <= chains && parts.every((part) => /^[0-9]{1,15}$/.test(part))) {
    return parts.map(Number)
  }
  throw new HsmError("MALFORMED_REQUEST", "not a cursor of this list", { field: "/after" })
}

function toFilter({ act, keyId, subject, since, until }: AuditFilter): RecordFilter {
  return {
    ...(act === undefined ? {} : { act }),
    ...(keyId === undefined ? {} : { keyId }),
    ...(subject === undefined ? {} : { subject }),
    ...(since === undefined ? {} : { from: since }),
    ...(until === undefined ? {} : { to: until }),
  }
}

/** Splits a record into its place and what it says. */
function view(record: AuditRecord): AuditRecordView {
  const { chain, index, seq, time, node: _node, boot: _boot, worker: _worker, ...event } = record
  const said: AuditEvent = event
  return { chain, index, sequence: seq, at: instant(time), event: said }
}
