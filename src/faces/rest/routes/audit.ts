/** Routes that read the log. */

import { CodecError } from "../../../codec/error.ts"
import { instant, type Instant } from "../../../domain/ids.ts"
import type { AuditFilter, AuditRecordView } from "../../../service/audit-reader.ts"
import type { AuditRecord, Operations } from "../api.generated.ts"
import { renderPage } from "../render.ts"
import { route, type Routes } from "../route.ts"
import { renderTime } from "../times.ts"

/** Operations of the group Audit. */
export const auditRoutes: Routes<"listAuditRecords" | "exportAudit"> = {
  listAuditRecords: route(
    "listRecords",
    ({ params: { after, limit, ...filter } }) => ({ ...auditFilter(filter), after, limit }),
    (page) => renderPage(page, renderRecord),
  ),
  exportAudit: route(
    "exportLines",
    ({ params }) => auditFilter(params),
    (lines) => lines,
  ),
}

function auditFilter({
  act,
  key,
  subject,
  since,
  until,
}: Operations["exportAudit"]["params"]): AuditFilter {
  return {
    act,
    keyId: key,
    subject,
    since: since === undefined ? undefined : parseTime(since, "/since"),
    until: until === undefined ? undefined : parseTime(until, "/until"),
  }
}

/** The schema has checked the form; a thirtieth of February passes it and is refused here. */
function parseTime(text: string, field: string): Instant {
  const ms = Date.parse(text)
  if (Number.isNaN(ms) || renderTime(instant(ms)).slice(0, 19) !== text.slice(0, 19)) {
    throw new CodecError(field, "is no moment in time")
  }
  return instant(ms)
}

function renderRecord({ chain, index, sequence, at, event }: AuditRecordView): AuditRecord {
  const { partition: _partition, ...rest } = event
  return { chain, index, sequence, at: renderTime(at), ...rest }
}
