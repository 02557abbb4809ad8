/**
 * Epochs: bucket tables are sealed under a root that lives in a small file of the node's own. When
 * the root of an old epoch is destroyed, every copy of its tables is dead: in the database file,
 * its log, snapshots, backups and on the disk itself.
 */

import { clusterPartition, type Instant, type PartitionId } from "../domain/ids.ts"
import { paths, type EpochRecord } from "./kinds.ts"
import type { Records } from "./records.ts"
import { decodeTableRow } from "./rows.ts"

/** The node's own folder of sealed roots. Writes are durable when they resolve. */
export interface RootFiles {
  /** Epochs that have a file, ascending. */
  list(): Promise<number[]>
  read(epoch: number): Promise<Uint8Array>
  write(epoch: number, sealed: Uint8Array): Promise<void>
  /** Overwrites, syncs and unlinks the file. */
  destroy(epoch: number): Promise<void>
}

/** Epochs whose destruction the record remembers, newest first. */
const destroyedKept = 4_000
const tablesPerCommit = 64

/**
 * Rotates to a new epoch: every table is sealed again, then the old roots are destroyed. What a
 * crash leaves half done at any point, `finishRotation` finishes. Callers rotate one at a time.
 */
export async function rotateEpoch(
  records: Records,
  files: RootFiles,
  now: () => Instant,
): Promise<{ epoch: number; destroyed: number[] }> {
  const epoch = records.epoch + 1
  await files.write(epoch, records.keyholder.createRoot(epoch))
  records.epoch = epoch
  return { epoch, destroyed: await finishRotation(records, files, now) }
}

/** Loads the roots at unseal; the newest is the one to seal under. */
export async function loadEpochs(records: Records, files: RootFiles): Promise<void> {
  const epochs = await files.list()
  for (const epoch of epochs) records.keyholder.loadRoot(epoch, await files.read(epoch))
  records.epoch = epochs.at(-1) ?? 0
}

/** True when a crash interrupted a rotation: old roots are left, or nobody wrote down their end. */
export async function isRotationUnfinished(records: Records, files: RootFiles): Promise<boolean> {
  const record = await records.read("epoch", clusterPartition, "current")
  return (await files.list()).length > 1 || record?.epoch !== records.epoch
}

/** Seals every table again that is not of the current epoch, then destroys the older roots. */
export async function finishRotation(
  records: Records,
  files: RootFiles,
  now: () => Instant,
): Promise<number[]> {
  for (const partition of await allPartitions(records)) await resealPartition(records, partition)
  const old = (await files.list()).filter((epoch) => epoch < records.epoch)
  for (const epoch of old) {
    await files.destroy(epoch)
    records.keyholder.dropRoot(epoch)
  }
  await records.store.scrub()
  await recordDestroyed(records, now())
  return old
}

/** When the root of `epoch` was destroyed; undefined while it still lives. */
export async function destroyedAt(records: Records, epoch: number): Promise<Instant | undefined> {
  const record = await records.read("epoch", clusterPartition, "current")
  return record?.destroyed[String(epoch)]
}

/** Every partition of the cluster, its own first. */
export async function allPartitions(records: Records): Promise<PartitionId[]> {
  const found: PartitionId[] = [clusterPartition]
  let after: string | undefined
  do {
    const page = await records.list("partition-ref", clusterPartition, { after, limit: 1_000 })
    found.push(...page.items.map(({ id }) => id))
    after = page.next
  } while (after !== undefined)
  return found
}

async function resealPartition(records: Records, partition: PartitionId): Promise<void> {
  // A group that was sealed before the epoch changed may be about to write a new table.
  await records.settled(partition)
  let after: string | undefined
  do {
    const page = await records.store.scan(paths.tables(partition), {
      after,
      limit: tablesPerCommit,
    })
    const old = page.entries
      .filter(({ value }) => decodeTableRow(value).epoch !== records.epoch)
      .map(({ key }) => Number(key.slice(paths.tables(partition).length)))
    if (old.length > 0) await records.commit(partition, { changes: [], reseal: old })
    after = page.next
  } while (after !== undefined)
}

/** Every epoch since the one on record has ended by now, also those whose file a crash outlived. */
async function recordDestroyed(records: Records, now: Instant): Promise<void> {
  const before = await records.read("epoch", clusterPartition, "current")
  const first = before?.epoch ?? records.epoch
  const ended = Array.from({ length: records.epoch - first }, (_, n): [string, Instant] => [
    String(first + n),
    now,
  ])
  const destroyed = Object.entries({
    ...before?.destroyed,
    ...Object.fromEntries(ended),
  }).slice(-destroyedKept)
  const record: EpochRecord = {
    id: "current",
    epoch: records.epoch,
    startedAt: now,
    destroyed: Object.fromEntries(destroyed),
    revision: (before?.revision ?? 0) + 1,
  }
  await records.commit(clusterPartition, { changes: [{ kind: "epoch", record }] })
}
