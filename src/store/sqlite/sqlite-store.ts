/**
 * The store in one SQLite file: the embedded default of a single node.
 *
 * Durability: WAL with `synchronous=FULL`; a commit is answered after the fsync of its group. Reads
 * run inline on the calling thread, writes in a thread of their own (docs/adr/0020).
 */

import { statSync } from "node:fs"
import type { DatabaseSync } from "node:sqlite"
import { HsmError } from "../../domain/errors.ts"
import { checkCommit, checkKeys, scanStart, storeUnavailable } from "../checks.ts"
import { storeLimits } from "../store.ts"
import type { Change, Commit, Outcome, Page, Rev, ScanOptions, Store } from "../store.ts"
import type { StoreHealth } from "../store.ts"
import { removeBackups, streamBackup } from "./backup.ts"
import { prepareDatabase } from "./database.ts"
import { lockStore } from "./lock.ts"
import { Reader } from "./reader.ts"
import { toStoreError } from "./rows.ts"
import { WriterThread } from "./writer-thread.ts"

export interface SqliteStoreOptions {
  /** The database; beside it lie `-wal`, `-shm`, `.lock`, and `.backup` for moments. */
  readonly file: string
  /** As {@link storeLimits.historyRevs}. */
  readonly historyRevs?: number
}

/**
 * Opens the store, creating it (mode 0600) in an existing folder.
 *
 * @throws {@link HsmError} STORE_UNAVAILABLE: open elsewhere, of a newer format, or not a store.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { file, historyRevs = storeLimits.historyRevs } = options
  const lock = lockStore(file)
  try {
    removeBackups(file)
    prepareDatabase(file)
    const reader = new Reader(file)
    return new SqliteStore({ file, lock, reader, writer: new WriterThread({ file, historyRevs }) })
  } catch (error) {
    lock.close()
    throw toStoreError(error)
  }
}

/** Exported for the test that kills its writer; everyone else calls {@link openSqliteStore}. */
export class SqliteStore implements Store {
  readonly #file: string
  readonly #lock: DatabaseSync
  readonly #reader: Reader
  readonly #writer: WriterThread
  /** The newest revision that somebody has been told of. */
  #acknowledged: Rev
  #closed: Promise<void> | undefined
  #copying = false

  constructor(parts: {
    readonly file: string
    readonly lock: DatabaseSync
    readonly reader: Reader
    readonly writer: WriterThread
  }) {
    this.#file = parts.file
    this.#lock = parts.lock
    this.#reader = parts.reader
    this.#writer = parts.writer
    this.#acknowledged = parts.reader.rev()
  }

  async get(keys: readonly string[]): ReturnType<Store["get"]> {
    checkKeys(keys)
    return this.#reader.get(keys)
  }

  async scan(prefix: string, options: ScanOptions = {}): Promise<Page> {
    return this.#reader.scan(prefix, scanStart(prefix, options))
  }

  async commit(commit: Commit): Promise<Outcome> {
    const bytes = checkCommit(commit)
    this.#mustBeOpen()
    const outcome = await this.#writer.commit(commit, bytes)
    this.#acknowledged = Math.max(this.#acknowledged, outcome.rev)
    return outcome
  }

  async barrier(): Promise<Rev> {
    return this.#reader.rev()
  }

  /** The lock makes this object the only one that acknowledges commits: it knows the last one. */
  barrierNow(): Rev {
    this.#mustBeOpen()
    return this.#acknowledged
  }

  async changes(from: Rev): Promise<readonly Change[] | undefined> {
    return this.#reader.changes(from)
  }

  async compact(before: Rev): Promise<void> {
    this.#mustBeOpen()
    // Ends: every step but the last forgets some of a bounded history.
    while ((await this.#writer.run({ kind: "forget", before })) > 0);
  }

  /**
   * First the WAL, so that pages zeroed by `secure_delete` reach the file before the file is cut;
   * then free pages; then the WAL again. Blocks that the file system freed are beyond reach.
   */
  async scrub(): ReturnType<Store["scrub"]> {
    this.#mustBeOpen()
    const emptyWal = async (): Promise<boolean> =>
      (await this.#writer.run({ kind: "truncate" })) === 1
    return [
      { step: "checkpoint", ok: await emptyWal().catch(() => false) },
      { step: "free-pages", ok: await this.#returnFreePages().catch(() => false) },
      { step: "truncate", ok: await emptyWal().catch(() => false) },
    ]
  }

  async *backup(): AsyncIterable<Uint8Array> {
    this.#mustBeOpen()
    if (this.#copying) throw new HsmError("CONFLICT", "a backup of the store is under way")
    this.#copying = true
    try {
      yield* streamBackup(this.#file)
    } finally {
      this.#copying = false
    }
  }

  async health(): Promise<StoreHealth> {
    const writable = this.#closed === undefined && this.#writer.writable
    // Nobody may be writing any more: this is how the store learns that it can be written again.
    if (!writable && this.#closed === undefined) this.#writer.run({ kind: "probe" }).catch(() => {})
    const version = `SQLite ${process.versions["sqlite"] ?? ""}`
    return { writable, rev: this.#reader.rev(), bytes: this.#bytes(), version }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#reader.close()
    // What was handed over before is written first. A dead writer has nothing left to close.
    await this.#writer.run({ kind: "close" }).catch(() => {})
    await this.#writer.terminate()
    this.#lock.close()
  }

  async #returnFreePages(): Promise<boolean> {
    let remaining = await this.#writer.run({ kind: "vacuum" })
    for (;;) {
      if (remaining === 0) return true
      const now = await this.#writer.run({ kind: "vacuum" })
      if (now >= remaining) return false
      remaining = now
    }
  }

  #bytes(): number {
    return sizeOf(this.#file) + sizeOf(`${this.#file}-wal`)
  }

  #mustBeOpen(): void {
    if (this.#closed !== undefined) throw storeUnavailable("it is closed")
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
