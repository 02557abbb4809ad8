/** A partition keeps an officer: whoever removes the last one locks everybody out for good. */

import { HsmError } from "../domain/errors.ts"
import type { Instant, PartitionId } from "../domain/ids.ts"
import { clusterPartition } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { PrincipalRecord } from "../domain/principal.ts"
import type { Change } from "../records/committer.ts"
import type { Ports } from "./ports.ts"

/**
 * What must be in the commit that changes `before` to `after` (undefined: it is deleted), so that
 * an officer remains: nothing, unless `before` was one and `after` is none.
 *
 * The officer who remains is written again in the same commit. So when two officers remove each
 * other at the same time, one of the commits finds that its witness has changed: CONFLICT.
 *
 * @throws HsmError CONFLICT when there is no other officer.
 */
export async function witnessOf(
  ports: Pick<Ports, "records" | "clock">,
  before: PrincipalRecord,
  after: PrincipalRecord | undefined,
): Promise<readonly Change[]> {
  const now = ports.clock.now()
  if (!isOfficer(before, now) || (after !== undefined && isOfficer(after, now))) return []
  for await (const other of principals(ports, before.partition)) {
    if (other.id === before.id || !isOfficer(other, now)) continue
    return [{ kind: "principal", record: { ...other, revision: other.revision + 1 } }]
  }
  throw new HsmError("CONFLICT", "the last active officer of a partition stays")
}

/** One who can govern now: active, not narrowed by grants, with a credential that still counts. */
function isOfficer(
  { partition, roles, grants, state, credentials }: PrincipalRecord,
  now: Instant,
): boolean {
  const role = partition === clusterPartition ? "cluster-officer" : "officer"
  const governs = state === "active" && roles.includes(role) && grants.length === 0
  return governs && credentials.some(({ expiresAt }) => expiresAt > now)
}

/** All of a partition, page by page. */
export async function* principals(
  { records }: Pick<Ports, "records">,
  partition: PartitionId,
): AsyncGenerator<PrincipalRecord> {
  let after: string | undefined
  do {
    const page = await records.list("principal", partition, { after, limit: limits.pageSizeMax })
    yield* page.items
    after = page.next
  } while (after !== undefined)
}
