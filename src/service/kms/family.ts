/**
 * Families of multi-Region keys: what changes in all members changes in one commit, and what one
 * of them takes along when it goes.
 */

import { HsmError } from "../../domain/errors.ts"
import type { Instant } from "../../domain/ids.ts"
import type { KeyRecord } from "../../domain/key.ts"
import type { FamilyRecord } from "../../domain/kms-key.ts"
import type { Change, Transaction } from "../../records/committer.ts"
import { movedDues } from "../change-key.ts"
import { familyOf } from "../find-key.ts"
import type { Ports } from "../ports.ts"

type Reading = Pick<Ports, "records">
type Along = Required<Pick<Transaction, "changes" | "rows">>

/** Every other member of a key's family as it is now; none for a key without one. */
export async function kinOf({ records }: Reading, key: KeyRecord): Promise<readonly KeyRecord[]> {
  const family = await familyOf({ records }, key)
  const kin: KeyRecord[] = []
  for (const { id } of family?.members ?? []) {
    if (id === key.id) continue
    const found = await records.read("key", key.partition, id)
    if (found === undefined) throw new HsmError("TAMPERED", "a member of the key's family is gone")
    kin.push(found)
  }
  return kin
}

/**
 * What is asked of a family is asked of its primary.
 *
 * @throws HsmError OPERATION_FORBIDDEN for a replica.
 */
export async function checkPrimary(ports: Reading, key: KeyRecord): Promise<void> {
  const family = await familyOf(ports, key)
  if (family === undefined || family.primary === key.id) return
  throw new HsmError("OPERATION_FORBIDDEN", "a replica follows its primary")
}

/** The family's record as it shall be. */
export function changedFamily(
  family: FamilyRecord,
  fields: Partial<Pick<FamilyRecord, "members" | "primary">>,
): Change {
  return { kind: "family", record: { ...family, ...fields, revision: family.revision + 1 } }
}

/** What a commit holds that gives all other members the same schedule of rotation. */
export async function sameSchedule(
  ports: Reading,
  { before, after }: { readonly before: KeyRecord; readonly after: KeyRecord },
): Promise<Along> {
  const { rotation, updatedAt } = after
  const changed = (await kinOf(ports, before)).map((old) => {
    const { rotation: _old, ...kept } = old
    const scheduled = rotation === undefined ? kept : { ...kept, rotation }
    return { old, record: { ...scheduled, updatedAt, revision: old.revision + 1 } }
  })
  return {
    changes: changed.map(({ record }) => ({ kind: "key", record })),
    rows: changed.flatMap(({ old, record }) => movedDues(old, record)),
  }
}

/**
 * For the commit that destroys a member. With the last replica, the time of a primary begins that
 * waits for its own end.
 *
 * @throws HsmError KEY_STATE for a primary with replicas.
 */
export async function familyEnd(ports: Reading, key: KeyRecord, now: Instant): Promise<Along> {
  const family = await familyOf(ports, key)
  if (family === undefined) return { changes: [], rows: [] }
  const members = family.members.filter(({ id }) => id !== key.id)
  if (members.length === 0) {
    const record = { ...family, revision: family.revision + 1 }
    return { changes: [{ kind: "family", record, removes: true }], rows: [] }
  }
  if (family.primary === key.id) {
    throw new HsmError("KEY_STATE", "a primary key is destroyed after its replicas")
  }
  const left = changedFamily(family, { members })
  const primary =
    members.length === 1
      ? await ports.records.read("key", key.partition, family.primary)
      : undefined
  if (primary?.deletionWindowMs === undefined) return { changes: [left], rows: [] }
  const { deletionWindowMs, ...kept } = primary
  const deleteAt = (now + deletionWindowMs) as Instant
  const record = { ...kept, deleteAt, updatedAt: now, revision: primary.revision + 1 }
  return { changes: [left, { kind: "key", record }], rows: movedDues(primary, record) }
}
