/** Group commit: several commits, each with its own guards, in one transaction and one sync. */

import type { DatabaseSync, StatementSync } from "node:sqlite"
import { HsmError } from "../../domain/errors.ts"
import { keyOf } from "../checks.ts"
import type { Commit, Entry, Outcome, Rev } from "../store.ts"
import { formatVersion, revQuery } from "./database.ts"
import { entryColumns, toEntry, toNumber, toStoreError } from "./rows.ts"

/** History removed per transaction, so that compaction never holds commits up for long. */
const forgetStep = 5_000

/** Applies commits to the connection that writes. */
export class GroupWriter {
  readonly #db: DatabaseSync
  readonly #historyRevs: number
  readonly #rev: StatementSync
  readonly #operation: StatementSync
  readonly #modRev: StatementSync
  readonly #entry: StatementSync
  readonly #put: StatementSync
  readonly #del: StatementSync
  readonly #log: StatementSync
  readonly #forget: StatementSync

  constructor(db: DatabaseSync, historyRevs: number) {
    this.#db = db
    this.#historyRevs = historyRevs
    this.#rev = db.prepare(revQuery)
    this.#operation = db.prepare("SELECT rev FROM log WHERE op_id = ?")
    this.#modRev = db.prepare("SELECT mod_rev FROM entry WHERE key = ?")
    this.#entry = db.prepare(`SELECT ${entryColumns} FROM entry WHERE key = ?`)
    this.#put = db.prepare(`
      INSERT INTO entry (key, value, mod_rev, create_rev) VALUES (?1, ?2, ?3, ?3)
      ON CONFLICT (key) DO UPDATE SET value = excluded.value, mod_rev = excluded.mod_rev`)
    this.#del = db.prepare("DELETE FROM entry WHERE key = ?")
    this.#log = db.prepare("INSERT INTO log (rev, op_id, keys) VALUES (?, ?, ?)")
    this.#forget = db.prepare(`
      DELETE FROM log WHERE rev IN (
        SELECT rev FROM log WHERE rev < ?1 AND rev < (SELECT max(rev) FROM log)
        ORDER BY rev LIMIT ${forgetStep})`)
  }

  /**
   * Decides the commits in order, then makes the group durable. One that is refused changes
   * nothing; one that cannot be read for (a damaged row) gets an error and harms no other. When
   * this throws, all of the group is rolled back, or its outcome is unknown.
   */
  apply(commits: readonly Commit[]): readonly (Outcome | HsmError)[] {
    return this.#transaction(() => {
      let newest = toNumber(this.#rev.get())
      const outcomes = commits.map((commit) => {
        const objection = this.#judge(commit, newest)
        if (objection !== undefined) return objection
        newest += 1
        this.#write(commit, newest)
        return { ok: true, rev: newest, replayed: false } as const
      })
      this.#forget.run(newest - this.#historyRevs + 1)
      return outcomes
    })
  }

  /** Forgets one step of the history older than `before`; answers how many revisions. */
  forget(before: Rev): number {
    return this.#transaction(() => Number(this.#forget.run(before).changes))
  }

  /** Writes and syncs the page with the format's number as it is: fails as a commit would. */
  probe(): void {
    this.#transaction(() => this.#db.exec(`PRAGMA user_version = ${formatVersion}`))
  }

  /** Why a commit is not to be written: a replay, a guard that fails, a row that is damaged. */
  #judge({ opId, when }: Commit, rev: Rev): Outcome | HsmError | undefined {
    try {
      const first = this.#operation.get(opId)
      if (first !== undefined) return { ok: true, rev: toNumber(first), replayed: true }
      if (when.every(({ key, modRev }) => this.#modRevOf(key) === modRev)) return undefined
      return { ok: false, rev, current: when.map(({ key }) => this.#read(key)) }
    } catch (error) {
      const failure = toStoreError(error)
      if (failure instanceof HsmError) return failure
      throw failure
    }
  }

  #write({ opId, then }: Commit, rev: Rev): void {
    const changed = then.filter((write) => {
      const { changes } =
        "put" in write ? this.#put.run(write.put, write.value, rev) : this.#del.run(write.del)
      return changes !== 0
    })
    this.#log.run(rev, opId, JSON.stringify(changed.map(keyOf)))
  }

  #modRevOf(key: string): Rev {
    const row = this.#modRev.get(key)
    return row === undefined ? 0 : toNumber(row)
  }

  #read(key: string): Entry | undefined {
    const row = this.#entry.get(key)
    return row && toEntry(row)
  }

  #transaction<T>(use: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE")
    try {
      const result = use()
      this.#db.exec("COMMIT")
      return result
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK")
      throw error
    }
  }
}
