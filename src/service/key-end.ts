/** What a key's destruction is made of, for the commits that destroy one. */

import type { Instant } from "../domain/ids.ts"
import type { KeyRecord } from "../domain/key.ts"
import type { Transaction } from "../records/committer.ts"
import { materialPaths } from "./change-key.ts"
import { certificatesEnd } from "./certificates.ts"
import { kmsEnd } from "./kms/end.ts"
import type { Ports } from "./ports.ts"

/** What goes in the commit that destroys a key, besides its secret: all that only it had. */
export async function endOf(
  ports: Pick<Ports, "records">,
  key: KeyRecord,
): Promise<Required<Pick<Transaction, "changes" | "rows">>> {
  const { changes, rows } = await kmsEnd(ports, key)
  const certificates = await certificatesEnd(ports, key)
  const freed = ports.records.indexPath(key.partition, "key-name", key.name)
  return {
    changes: [...changes, ...certificates],
    rows: [...rows, ...materialPaths(key), { del: freed }],
  }
}

/** What stays of a destroyed key: everything but its versions, so that its id is never reused. */
export function tombstone(before: KeyRecord, now: Instant, epoch: number): KeyRecord {
  const { deleteAt: _at, stateBefore: _state, rotation: _rotation, kms: _kms, ...rest } = before
  const { external: _external, ...kept } = rest
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
