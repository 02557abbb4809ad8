/** Gives a key of ours what AWS's dialect keeps beside it. */

import type { KeyRecord } from "../../domain/key.ts"
import type { Change } from "../../records/committer.ts"

/**
 * What a commit holds that makes the first record beside a key: the key's own record says from then
 * on that there is one, so that nobody who holds the store can take it away unseen.
 */
export function markKms(key: KeyRecord): readonly Change[] {
  if (key.kms === true) return []
  const { id, partition, revision } = key
  return [
    { kind: "key", record: { ...key, kms: true, revision: revision + 1 } },
    { kind: "kms-key", record: { id, partition, revision: 1 } },
  ]
}
