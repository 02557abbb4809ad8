/**
 * One process per store: an exclusive lock on an empty side database.
 *
 * The kernel holds the lock, so `kill -9` leaves none behind. It is a POSIX record lock: closing
 * *any* descriptor of the locked file in this process would drop it, hence nothing but SQLite
 * ever opens the side file or the store's own files while the store is open.
 */

import { closeSync, existsSync, openSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { storeUnavailable } from "../checks.ts"
import { toStoreError } from "./rows.ts"

const sqliteBusy = 5 // https://www.sqlite.org/rescode.html#busy

/**
 * Locks the store of `file` until the returned connection is closed.
 *
 * @throws {@link HsmError} STORE_UNAVAILABLE when another process, or this one, has it open.
 */
export function lockStore(file: string): DatabaseSync {
  const path = `${file}.lock`
  try {
    createPrivate(path)
    const lock = new DatabaseSync(path)
    try {
      lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE") // No journal file beside it.
      return lock
    } catch (error) {
      lock.close()
      throw error
    }
  } catch (error) {
    const busy = error instanceof Error && "errcode" in error && error.errcode === sqliteBusy
    throw busy ? storeUnavailable("another process has it open") : toStoreError(error)
  }
}

/** Creates an empty file that only its owner reads; leaves an existing one untouched. */
export function createPrivate(path: string): boolean {
  if (existsSync(path)) return false
  closeSync(openSync(path, "wx", 0o600))
  return true
}
