/** How far a store had come, to be told from an earlier state of it. */

import type { PartitionId } from "../domain/ids.ts"
import type { Records } from "../records/records.ts"

export interface StoreProgress {
  readonly storeRev: number
  /** Sequence of each loaded partition's root. */
  readonly roots: Readonly<Record<string, number>>
}

/** The present one; of partitions that are not loaded, what was known before. */
export async function progressOf(records: Records, before: StoreProgress): Promise<StoreProgress> {
  const { rev } = await records.store.health()
  const states = await records.loadedStates()
  const roots = states.map(({ partition, root }) => [partition, root.sequence] as const)
  return { storeRev: rev, roots: { ...before.roots, ...Object.fromEntries(roots) } }
}

/** What lies behind what is known, in words; undefined when nothing does. */
export async function whatIsBehind(
  records: Records,
  known: StoreProgress,
): Promise<string | undefined> {
  const { rev } = await records.store.health()
  if (rev < known.storeRev) return `the store is at revision ${rev}, behind ${known.storeRev}`
  for (const [partition, sequence] of Object.entries(known.roots)) {
    const state = await records.state(partition as PartitionId)
    if (state === undefined || state.root.sequence < sequence) {
      return `partition ${partition} has been rolled back`
    }
  }
  return undefined
}
