/**
 * What the store and its writer thread say to each other: small, flat, copied by the message; but
 * for the values of a commit, which move over in one piece of memory.
 */

import { keyOf } from "../checks.ts"
import type { Commit, Outcome, Rev, Write } from "../store.ts"

/** Work for the writer; each kind answers with a number unless it is a commit. */
export type Job =
  | { readonly kind: "commit"; readonly commit: PackedCommit }
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

/** A commit with its writes side by side. */
export interface PackedCommit extends Omit<Commit, "then"> {
  readonly keys: readonly string[]
  /** Of each key's value; -1: the key is deleted. */
  readonly lengths: Int32Array
  /** The values, one behind the other: owned by the message. */
  readonly values: Uint8Array<ArrayBuffer>
}

/** The commit's own fields alone, so that a message never fails on a caller's extras. */
export function packCommit({ opId, when, then }: Commit): PackedCommit {
  const lengths = Int32Array.from(then, (write) => ("put" in write ? write.value.length : -1))
  const values = new Uint8Array(lengths.reduce((sum, length) => sum + Math.max(length, 0), 0))
  let at = 0
  for (const write of then) {
    if (!("put" in write)) continue
    values.set(write.value, at)
    at += write.value.length
  }
  const guards = when.map(({ key, modRev }) => ({ key, modRev }))
  return { opId, when: guards, keys: then.map(keyOf), lengths, values }
}

/** What {@link packCommit} was given; values are views of the message's memory. */
export function unpackCommit({ opId, when, keys, lengths, values }: PackedCommit): Commit {
  let at = 0
  const then = keys.map((key, index): Write => {
    const length = lengths[index] ?? -1
    if (length < 0) return { del: key }
    const value = values.subarray(at, at + length)
    at += length
    return { put: key, value }
  })
  return { opId, when, then }
}

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
