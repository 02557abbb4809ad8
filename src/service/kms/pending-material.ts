/**
 * Material that waits for its rotation. In a family it is brought to the primary first, whose
 * commit makes it known to every member; each of them has it once it was brought there as well.
 */

import { away, isHere } from "../../domain/external-material.ts"
import type { Instant } from "../../domain/ids.ts"
import type { KeyRecord } from "../../domain/key.ts"
import type { Change } from "../../records/committer.ts"
import { familyOf } from "../find-key.ts"
import type { Ports } from "../ports.ts"
import { kinOf } from "./family.ts"

type Reading = Pick<Ports, "records">

/** What a commit holds that lets all other members wait for the same material. */
export async function samePending(
  ports: Reading,
  before: KeyRecord,
  { external, updatedAt }: KeyRecord,
): Promise<{ readonly changes: readonly Change[] }> {
  const pending = external?.pending
  if (pending === undefined) return { changes: [] }
  const changes = (await kinOf(ports, before)).map((old): Change => {
    const record = { ...old, external: { pending: undescribed(away(pending)) }, updatedAt }
    return { kind: "key", record: { ...record, revision: old.revision + 1 } }
  })
  return { changes }
}

/** Descriptions are each member's own. */
export function undescribed(version: KeyRecord["versions"][number]): typeof version {
  if (version.brought === undefined) return version
  const { description: _own, ...brought } = version.brought
  return { ...version, brought }
}

/** True where what waits goes for good when it is taken away: the family follows its primary. */
export async function leadsFamily(ports: Reading, key: KeyRecord): Promise<boolean> {
  const family = await familyOf(ports, key)
  return family === undefined || family.primary === key.id
}

/** True when every member has the material that waits. */
export async function isPendingEverywhere(
  ports: Reading,
  key: KeyRecord,
  now: Instant,
): Promise<boolean> {
  return [key, ...(await kinOf(ports, key))].every(({ external }) => {
    return external?.pending !== undefined && isHere(external.pending, now)
  })
}
