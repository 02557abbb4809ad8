/**
 * What a group of transactions has to know before it can be staged: a few reads for all of them,
 * and none where the node knows it all.
 */

import type { PartitionId } from "../domain/ids.ts"
import type { Pin } from "../sealing/bucket-table.ts"
import type { Keyholder } from "../sealing/keyholder.ts"
import { storeLimits, type Entry, type Store } from "../store/store.ts"
import type { Job } from "./committer.ts"
import { paths, rowKind } from "./kinds.ts"
import type { PartitionState } from "./partition-state.ts"
import { decodeRecordRow } from "./rows.ts"

export interface GroupInputs {
  /** Of each changed record that is there, by its path. */
  readonly buckets: ReadonlyMap<string, number>
  /** Rows that have been seen: a claim finds its own taken. */
  readonly there: ReadonlySet<string>
  /** Rows of new records, and claimed ones, that nobody has looked for: the commit's guards do. */
  readonly absent: readonly string[]
  /** Pins of every table that the group can touch; held here, whatever a cache forgets. */
  readonly pins: ReadonlyMap<number, ReadonlyMap<string, Pin>>
}

/** Rows that a guard of an attempt before this one has found, at the root that still stands. */
export type Seen = ReadonlyMap<string, Entry>

interface Source {
  readonly store: Store
  readonly keyholder: Keyholder
  readonly partition: PartitionId
  /**
   * The bucket of a record that the node has read or written; while it is there it stays in it.
   * One that has gone meanwhile has no pin there, so it is refused all the same.
   */
  readonly bucketOf: (path: string) => number | undefined
}

/** @throws HsmError TAMPERED when a table is not the one that the state pins. */
export async function readInputs(
  source: Source,
  state: PartitionState,
  jobs: readonly Pick<Job, "transaction" | "placed">[],
  seen: Seen,
): Promise<GroupInputs> {
  const buckets = new Map<string, number>()
  const [unread, absent] = [new Set<string>(), new Set<string>()]
  for (const { transaction, placed } of jobs) {
    let isNew = placed.length > 0
    for (const { path, change } of placed) {
      const row = seen.get(path)
      const known = row === undefined ? source.bucketOf(path) : decodeRecordRow(row.value).bucket
      if (known !== undefined) buckets.set(path, known)
      isNew &&= known === undefined && change.record.revision === 1
    }
    // What is all new finds nothing in its way but by mistake: that shows when it is written.
    const rows = isNew ? absent : unread
    for (const { path } of placed) if (!buckets.has(path)) rows.add(path)
    for (const { path } of transaction.claims ?? []) rows.add(path)
  }
  const found = await readAll(source.store, [...unread.difference(seen)])
  const there = new Set(seen.keys())
  for (const [path, row] of found) {
    if (row === undefined) continue
    there.add(path)
    if (rowKind(path) === "r") buckets.set(path, decodeRecordRow(row.value).bucket)
  }
  const touched = new Set(jobs.flatMap(({ transaction: { reseal = [] } }) => reseal))
  if (state.root.buckets > 0) touched.add(state.root.buckets - 1)
  for (const bucket of buckets.values()) touched.add(bucket)
  const pins = await openTables(source, state, [...touched])
  return { buckets, there, absent: [...absent.difference(there)], pins }
}

async function openTables(
  { store, keyholder, partition }: Source,
  state: PartitionState,
  buckets: readonly number[],
): Promise<Map<number, ReadonlyMap<string, Pin>>> {
  const pins = new Map<number, ReadonlyMap<string, Pin>>()
  const missing: number[] = []
  for (const bucket of buckets) {
    const open = state.peekTable(bucket)
    if (open === undefined) missing.push(bucket)
    else pins.set(bucket, open.pins)
  }
  const found = await readAll(
    store,
    missing.map((bucket) => paths.table(partition, bucket)),
  )
  for (const bucket of missing) {
    const row = found.get(paths.table(partition, bucket))
    pins.set(bucket, state.openTable(keyholder, bucket, row?.value).pins)
  }
  return pins
}

async function readAll(
  store: Store,
  keys: readonly string[],
): Promise<Map<string, Entry | undefined>> {
  const found = new Map<string, Entry | undefined>()
  for (let from = 0; from < keys.length; from += storeLimits.pageSize) {
    const page = keys.slice(from, from + storeLimits.pageSize)
    const { entries } = await store.get(page)
    for (const [index, key] of page.entries()) found.set(key, entries[index])
  }
  return found
}
