/** A consistent copy of the database as a stream, while commits go on. */

import { closeSync, openSync, readdirSync, readSync, rmSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { backup } from "node:sqlite"
import { openForReading } from "./database.ts"
import { createPrivate } from "./lock.ts"
import { toStoreError } from "./rows.ts"

const suffix = ".backup"
const chunkBytes = 2 ** 18

/** Pages copied at a time, off this thread: 4 MiB. */
const pagesPerStep = 1_024

/**
 * Streams the store of `file` as it was at the first chunk's request. The copy lies beside it for
 * as long as it is made (mode 0600), and has no name while it is read.
 */
export async function* streamBackup(file: string): AsyncIterable<Uint8Array> {
  const copy = await openCopy(file)
  try {
    for (;;) {
      const chunk = new Uint8Array(chunkBytes)
      const count = readSync(copy, chunk)
      if (count === 0) return
      yield chunk.subarray(0, count)
    }
  } finally {
    closeSync(copy)
  }
}

/** Removes what a backup left that was cut off by a crash. */
export function removeBackups(file: string): void {
  const prefix = basename(file) + suffix
  for (const name of readdirSync(dirname(file))) {
    if (name.startsWith(prefix)) rmSync(join(dirname(file), name))
  }
}

async function openCopy(file: string): Promise<number> {
  const path = file + suffix
  createPrivate(path)
  try {
    using source = openForReading(file)
    // One snapshot held over all steps; otherwise every commit would start the copy anew.
    source.exec("BEGIN; SELECT count(*) FROM sqlite_schema")
    await backup(source, path, { rate: pagesPerStep })
    return openSync(path, "r")
  } catch (error) {
    throw toStoreError(error)
  } finally {
    removeBackups(file)
  }
}
