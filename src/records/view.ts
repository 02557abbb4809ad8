/** What others see of the records. */

import type { Records } from "./records.ts"

/** What using a key reads: all that a worker process has of the records. */
export type RecordsView = Pick<
  Records,
  "isFresh" | "sync" | "read" | "peek" | "lookup" | "peekLookup" | "forgetLookup" | "keyCount"
>

/** Some of a kind's records, in the order of their ids. */
export interface RecordPage<T> {
  readonly items: readonly T[]
  readonly next: string | undefined
}
