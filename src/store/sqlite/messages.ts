/** What the store and its writer thread say to each other: small, flat, copied by the message. */

import type { Commit, Outcome, Rev } from "../store.ts"

/** Work for the writer; each kind answers with a number unless it is a commit. */
export type Job =
  | { readonly kind: "commit"; readonly commit: Commit }
  /** Forgets some history older than `before`; answers how many revisions, 0 at the end. */
  | { readonly kind: "forget"; readonly before: Rev }
  /** Returns some free pages to the file system; answers how many remain. */
  | { readonly kind: "vacuum" }
  /** Moves the WAL into the database and cuts it to nothing; answers 0 when readers held it. */
  | { readonly kind: "truncate" }
  /** Proves that a transaction can be written and synced; answers 1. */
  | { readonly kind: "probe" }
  /** Checkpoints and closes the database; answers 1. Nothing may follow. */
  | { readonly kind: "close" }

export type Request = Job & { readonly id: number }
export type CommitRequest = Request & { readonly kind: "commit" }

export type Reply =
  | { readonly id: number; readonly outcome: Outcome }
  | { readonly id: number; readonly count: number }
  /** Its outcome is unknown; `writable` when the job was at fault, and not the disk. */
  | { readonly id: number; readonly failed: string; readonly writable: boolean }

/** What the thread is started with. */
export interface WriterData {
  readonly file: string
  readonly historyRevs: number
}
