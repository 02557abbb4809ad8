/** What a key's destruction is made of, for the commits that destroy one. */

import type { Instant } from "../domain/ids.ts"
import type { KeyRecord } from "../domain/key.ts"
import type { Transaction } from "../records/committer.ts"
import { materialPaths } from "./change-key.ts"
import { certificatesEnd } from "./certificates.ts"
import { kmsEnd } from "./kms/end.ts"
import { familyEnd } from "./kms/family.ts"
import type { Ports } from "./ports.ts"

/**
 * What goes in the commit that destroys a key, besides its secret: all that only it had.
 *
 * @throws HsmError KEY_STATE for a primary with replicas.
 */
export async function endOf(
  ports: Pick<Ports, "records">,
  key: KeyRecord,
  now: Instant,
): Promise<Required<Pick<Transaction, "changes" | "rows">>> {
  const { changes, rows } = await kmsEnd(ports, key)
  const certificates = await certificatesEnd(ports, key)
  const family = await familyEnd(ports, key, now)
  const freed = ports.records.indexPath(key.partition, "key-name", key.name)
  return {
    changes: [...changes, ...certificates, ...family.changes],
    rows: [...rows, ...family.rows, ...materialPaths(key), { del: freed }],
  }
}

/** What stays of a destroyed key: everything but its versions, so that its id is never reused. */
export function tombstone(before: KeyRecord, now: Instant, epoch: number): KeyRecord {
  const { deleteAt: _at, stateBefore: _state, rotation: _rotation, kms: _kms, ...rest } = before
  const { external: _external, deletionWindowMs: _window, ...kept } = rest
  return {
    ...kept,
    state: "destroyed",
    versions: [],
    destroyedAt: now,
    destroyedEpoch: epoch,
    updatedAt: now,
    revision: before.revision + 1,
  }
}
