/** Rows of the database as values: checked, because the store's file is not trusted. */

import type { SQLOutputValue } from "node:sqlite"
import { HsmError } from "../../domain/errors.ts"
import { storeUnavailable } from "../checks.ts"
import type { Entry } from "../store.ts"

type Row = Readonly<Record<string, SQLOutputValue>>

/** Columns of an entry, named as {@link toEntry} expects them. */
export const entryColumns = "key, value, mod_rev AS modRev, create_rev AS createRev"

/** @throws {@link HsmError} STORE_UNAVAILABLE when a column has another type. */
export function toEntry({ key, value, modRev, createRev }: Row): Entry {
  if (
    typeof key === "string" &&
    value instanceof Uint8Array &&
    typeof modRev === "number" &&
    typeof createRev === "number"
  ) {
    return { key, value, modRev, createRev }
  }
  throw damaged()
}

/** A number out of the first column of a row. @throws As {@link toEntry}. */
export function toNumber(row: Row | undefined): number {
  const [value] = Object.values(row ?? {})
  if (typeof value === "number") return value
  throw damaged()
}

/** The keys that a row of the log lists as a JSON array. @throws As {@link toEntry}. */
export function toKeys(text: SQLOutputValue | undefined): readonly string[] {
  const keys: unknown = typeof text === "string" ? JSON.parse(text) : undefined
  if (Array.isArray(keys) && keys.every((key) => typeof key === "string")) return keys
  throw damaged()
}

/** What SQLite and the file system throw, as an operating error; bugs stay what they are. */
export function toStoreError(error: unknown): unknown {
  if (error instanceof HsmError || !(error instanceof Error)) return error
  const code = "code" in error ? error.code : undefined
  if (code === "ERR_SQLITE_ERROR") return storeUnavailable(error.message)
  // A closed connection; an integer beyond 2^53; a list of keys that is no JSON; the file system.
  const known =
    code === "ERR_INVALID_STATE" ||
    code === "ERR_OUT_OF_RANGE" ||
    error instanceof SyntaxError ||
    "syscall" in error
  return known ? storeUnavailable(error.message) : error
}

/** Runs `use`, with SQLite's errors translated by {@link toStoreError}. */
export function translated<T>(use: () => T): T {
  try {
    return use()
  } catch (error) {
    throw toStoreError(error)
  }
}

function damaged(): HsmError {
  return storeUnavailable("a row has the wrong shape")
}
