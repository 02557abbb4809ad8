/**
 * Reads, inline on the calling thread.
 *
 * A connection sees a commit only after the writer has synced it (SQLite syncs the frames before
 * it publishes them in the WAL index), so nothing is ever read that power loss could undo.
 */

import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite"
import { takePage } from "../checks.ts"
import { storeLimits } from "../store.ts"
import type { Change, Entry, Page, Rev } from "../store.ts"
import { openForReading, revQuery } from "./database.ts"
import { entryColumns, toEntry, toKeys, toNumber, translated } from "./rows.ts"

type Rows = Iterable<Record<string, SQLOutputValue>>

export class Reader {
  readonly #db: DatabaseSync
  /** Its cache holds only the end of the log, so that its answers stay cheap under writes. */
  readonly #barrierDb: DatabaseSync
  readonly #barrier: StatementSync
  readonly #begin: StatementSync
  readonly #end: StatementSync
  readonly #rev: StatementSync
  readonly #entry: StatementSync
  readonly #from: StatementSync
  readonly #after: StatementSync
  readonly #oldest: StatementSync
  readonly #log: StatementSync

  constructor(file: string) {
    this.#barrierDb = openForReading(file)
    this.#barrier = this.#barrierDb.prepare(revQuery)
    const db = openForReading(file)
    this.#db = db
    this.#begin = db.prepare("BEGIN")
    this.#end = db.prepare("COMMIT")
    this.#rev = db.prepare(revQuery)
    this.#entry = db.prepare(`SELECT ${entryColumns} FROM entry WHERE key = ?`)
    this.#from = db.prepare(entriesWhere("key >= ?"))
    this.#after = db.prepare(entriesWhere("key > ?"))
    this.#oldest = db.prepare("SELECT coalesce(min(rev), 1) FROM log")
    this.#log = db.prepare("SELECT rev, keys FROM log WHERE rev > ? ORDER BY rev")
  }

  /** The newest revision. */
  rev(): Rev {
    return translated(() => toNumber(this.#barrier.get()))
  }

  /** As the contract's `get`. */
  get(keys: readonly string[]): { rev: Rev; entries: (Entry | undefined)[] } {
    return this.#snapshot((rev) => {
      const rows = keys.map((key) => this.#entry.get(key))
      return { rev, entries: rows.map((row) => row && toEntry(row)) }
    })
  }

  /** As the contract's `scan`, from the key that `scanStart` found. */
  scan(
    prefix: string,
    {
      key,
      inclusive,
      limit,
    }: {
      readonly key: string
      readonly inclusive: boolean
      readonly limit: number
    },
  ): Page {
    return this.#snapshot((rev) => {
      const rows: Rows = (inclusive ? this.#from : this.#after).iterate(key, limit + 1)
      return takePage(entriesOf(rows), { rev, prefix, limit })
    })
  }

  /** As the contract's `changes`. */
  changes(from: Rev): readonly Change[] | undefined {
    return this.#snapshot((newest) => {
      const forgotten = toNumber(this.#oldest.get()) - 1
      if (from < forgotten || from > newest) return undefined
      const changes: Change[] = []
      let size = 0
      const rows: Rows = this.#log.iterate(from)
      for (const { rev, keys: text } of rows) {
        const keys = toKeys(text)
        size += 1 + keys.length
        if (size > storeLimits.changedKeys) return undefined
        changes.push({ rev: Number(rev), keys })
      }
      return changes
    })
  }

  close(): void {
    this.#db.close()
    this.#barrierDb.close()
  }

  /** Runs `use` at one revision. Inline, so that no two snapshots of this connection overlap. */
  #snapshot<T>(use: (rev: Rev) => T): T {
    return translated(() => {
      this.#begin.run()
      try {
        return use(toNumber(this.#rev.get()))
      } finally {
        this.#end.run()
      }
    })
  }
}

function* entriesOf(rows: Rows): Iterable<Entry> {
  for (const row of rows) yield toEntry(row)
}

function entriesWhere(condition: string): string {
  return `SELECT ${entryColumns} FROM entry WHERE ${condition} ORDER BY key LIMIT ?`
}
