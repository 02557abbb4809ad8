/** The database file: its creation, its format, the settings of every connection. */

import { chmodSync, closeSync, fsyncSync, openSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { storeUnavailable } from "../checks.ts"
import { createPrivate } from "./lock.ts"
import { toNumber, translated } from "./rows.ts"

/** Frozen in docs/formats/store.md. */
const applicationId = 0x4b485354 // "KHST"
export const formatVersion = 1

/**
 * `log` is the revision: its newest row is the newest commit, and a row per commit means that no
 * group of commits ever writes only bytes that stand there already (SQLite would skip the write
 * and the sync with it). `id` keeps entries in a table with a key index beside it: in a table
 * WITHOUT ROWID values of 1 KiB would leave four keys per page.
 */
const schema = `
  CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE COLLATE BINARY,
    value BLOB NOT NULL,
    mod_rev INTEGER NOT NULL,
    create_rev INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE log (
    rev INTEGER PRIMARY KEY,
    op_id TEXT NOT NULL UNIQUE COLLATE BINARY,
    keys TEXT NOT NULL
  ) STRICT;
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${formatVersion};
`

/**
 * Of the connection that writes. A group's pages lie all over the key index: in SQLite's own 2 MiB
 * they would be written before the COMMIT, and read from the file again in the next group.
 */
const writerCacheKiB = 16_384

/** The newest revision; 0 of the empty store. */
export const revQuery = "SELECT coalesce(max(rev), 0) FROM log"

/**
 * Makes sure that `file` is a store of this format, recovering what a crash left in its log.
 *
 * @throws {@link HsmError} STORE_UNAVAILABLE: a newer format, something else, or no folder.
 */
export function prepareDatabase(file: string): void {
  const created = createPrivate(file)
  chmodSync(file, 0o600) // SQLite gives its side files the mode of the database.
  if (created) syncFolder(dirname(file))
  translated(() => {
    using db = new DatabaseSync(file)
    if (toNumber(db.prepare("SELECT count(*) FROM sqlite_schema").get()) === 0) createTables(db)
    const format = pragma(db, "user_version")
    if (pragma(db, "application_id") !== applicationId) {
      throw storeUnavailable("the file is not a Keyhold store")
    }
    if (format === formatVersion) return
    throw storeUnavailable(`its format is ${String(format)}, this node knows ${formatVersion}`)
  })
}

/** The one connection that writes. */
export function openForWriting(file: string): DatabaseSync {
  const db = open(file, { readOnly: false })
  db.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ON;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA cache_size = -${writerCacheKiB};
    PRAGMA journal_size_limit = ${2 ** 26};
  `)
  const asSet = pragma(db, "synchronous") === 2 && pragma(db, "secure_delete") === 1
  if (!asSet) throw storeUnavailable("SQLite ignores a durability setting")
  return db
}

/** A connection that only reads. */
export function openForReading(file: string): DatabaseSync {
  return open(file, { readOnly: true })
}

function createTables(db: DatabaseSync): void {
  db.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL")
  db.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`)
}

function open(file: string, { readOnly }: { readonly readOnly: boolean }): DatabaseSync {
  const db = new DatabaseSync(file, { readOnly, timeout: 5_000 })
  // Whoever controls the file controls its schema: no SQL function runs out of it.
  db.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
  if (pragma(db, "journal_mode") === "wal") return db
  db.close()
  throw storeUnavailable("the database is not in WAL mode")
}

function pragma(db: DatabaseSync, name: string): unknown {
  return db.prepare(`PRAGMA ${name}`).get()?.[name]
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r")
  fsyncSync(folder)
  closeSync(folder)
}
