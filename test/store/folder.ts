/** Folders of one test file, removed when it ends. */

import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after } from "node:test"

const root = mkdtempSync(join(tmpdir(), "keyhold-store-"))
after(() => rmSync(root, { recursive: true }))

/** A new empty folder. */
export function freshFolder(): string {
  return mkdtempSync(join(root, "f-"))
}

/** Where a new store may lie. */
export function freshFile(): string {
  return join(freshFolder(), "store.db")
}
