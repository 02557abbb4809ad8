/** Pages of records that match: a rare filter must not hold the node up; and how many there are. */

import type { PartitionId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import { paths, type IndexName, type RecordKind, type RecordTypes } from "../records/kinds.ts"
import { storeLimits } from "../store/store.ts"
import type { Page } from "./commands.ts"
import type { Ports } from "./ports.ts"

/** Rows that one page may look at, so that a rare filter cannot hold the node up. */
export const scannedPerPage = 10 * limits.pageSizeMax

export interface PageWanted<K extends RecordKind> {
  readonly kind: K
  readonly partition: PartitionId
  readonly after: string | undefined
  readonly limit: number
  /** Only ids that begin with it. */
  readonly of?: string | undefined
  readonly matches: (record: RecordTypes[K]) => boolean | Promise<boolean>
}

/**
 * One page of the records that match, ordered by id. It may be short, even empty, and still have a
 * `next`: only a page without `next` is the last.
 */
export async function matchingPage<K extends RecordKind>(
  { records }: Pick<Ports, "records">,
  { kind, partition, of = "", limit, matches, ...wanted }: PageWanted<K>,
): Promise<Page<RecordTypes[K]>> {
  const items: RecordTypes[K][] = []
  const size = Math.min(limit, limits.pageSizeMax)
  let { after } = wanted
  for (let scanned = 0; scanned < scannedPerPage; scanned += size) {
    const page = await records.list(kind, partition, { after, limit: size, of })
    for (const record of page.items) {
      after = record.id
      if (!(await matches(record))) continue
      items.push(record)
      if (items.length === limit) return { items, next: after }
    }
    if (page.next === undefined) return { items, next: undefined }
    after = page.next
  }
  return { items, next: after }
}

/**
 * True when an index holds so many names, by its rows alone: nothing is opened or authenticated.
 * For quotas, which keep callers from filling the store: whoever writes the store himself can fill
 * it, and refuse everything, without.
 */
export async function isIndexFull(
  { records }: Pick<Ports, "records">,
  { partition, index }: { readonly partition: PartitionId; readonly index: IndexName },
  most: number,
): Promise<boolean> {
  const prefix = paths.index(partition, index, "")
  let left = most
  let after: string | undefined
  while (left > 0) {
    const limit = Math.min(left, storeLimits.pageSize)
    const { entries, next } = await records.store.scan(prefix, { after, limit })
    left -= entries.length
    if (next === undefined) break
    after = next
  }
  return left <= 0
}

/** How many records of a kind a partition keeps, each of them authenticated. */
export async function countOf(
  { records }: Pick<Ports, "records">,
  kind: RecordKind,
  partition: PartitionId,
): Promise<number> {
  let count = 0
  let after: string | undefined
  do {
    const page = await records.list(kind, partition, { after, limit: limits.pageSizeMax })
    count += page.items.length
    after = page.next
  } while (after !== undefined)
  return count
}
