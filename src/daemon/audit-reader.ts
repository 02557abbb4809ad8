/** The audit log as services read it. */

import type { AuditLog } from "../audit/audit-log.ts"
import type { AuditRecord, RecordFilter } from "../audit/body.ts"
import type { AuditEvent } from "../domain/audit-event.ts"
import { HsmError } from "../domain/errors.ts"
import { instant } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { AuditFilter, AuditReader, AuditRecordView } from "../service/audit-reader.ts"

/** Adapts the log to the services' port. */
export function auditReader(audit: AuditLog): AuditReader {
  return {
    async list(partition, { after, limit = limits.pageSizeDefault, ...filter }) {
      const { records, next } = await audit.readRecords({
        partition,
        limit,
        after: cursor(after),
        filter: toFilter(filter),
      })
      return { items: records.map(view), next: next === undefined ? undefined : String(next) }
    },
    export: (partition, filter) => audit.exportLines({ partition, filter: toFilter(filter) }),
  }
}

function cursor(after: string | undefined): number {
  if (after === undefined) return 0
  if (/^[0-9]{1,15}$/.test(after)) return Number(after)
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
