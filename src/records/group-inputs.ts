/**
 * What a group of transactions has to know before it can be staged: a few reads for all of them,
 * and none where the node knows it all.
 */

import type { PartitionId } from "../domain/ids.ts"
import type { Pin } from "../sealing/bucket-table.ts"
import type { Keyholder } from "../sealing/keyholder.ts"
import { storeLimits, type Entry, type Store } from "../store/store.ts"
import type { Job } from "./committer.ts"
import { paths } from "./kinds.ts"
import type { PartitionState } from "./partition-state.ts"
import { decodeRecordRow } from "./rows.ts"

export interface GroupInputs {
  /** Of each changed record that is there, by its path. */
  readonly buckets: ReadonlyMap<string, number>
  /** Claimed rows that are not free. */
  readonly taken: ReadonlySet<string>
  /** Pins of every table that the group can touch; held here, whatever a cache forgets. */
  readonly pins: ReadonlyMap<number, ReadonlyMap<string, Pin>>
}

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
): Promise<GroupInputs> {
  const changed = new Set(jobs.flatMap(({ placed }) => placed.map(({ path }) => path)))
  const transactions = jobs.map(({ transaction }) => transaction)
  const claimed = transactions.flatMap(({ claims = [] }) => claims.map(({ path }) => path))
  const buckets = new Map<string, number>()
  for (const path of changed) {
    const known = source.bucketOf(path)
    if (known !== undefined) buckets.set(path, known)
  }
  const unknown = [...changed].filter((path) => !buckets.has(path))
  const rows = await readAll(source.store, [...new Set([...unknown, ...claimed])])
  for (const path of unknown) {
    const row = rows.get(path)
    if (row !== undefined) buckets.set(path, decodeRecordRow(row.value).bucket)
  }
  const touched = new Set(transactions.flatMap(({ reseal = [] }) => reseal))
  if (state.root.buckets > 0) touched.add(state.root.buckets - 1)
  for (const bucket of buckets.values()) touched.add(bucket)
  return {
    buckets,
    taken: new Set(claimed.filter((path) => rows.get(path) !== undefined)),
    pins: await openTables(source, state, [...touched]),
  }
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
