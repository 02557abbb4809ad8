/** Somebody who has the database file: reads and writes rows as he likes, and kept older ones. */

import { DatabaseSync } from "node:sqlite"

export class Attacker {
  readonly #now: DatabaseSync
  readonly #then: DatabaseSync

  /** @param then - the same database as it was earlier. */
  constructor({ now, then }: { readonly now: string; readonly then: string }) {
    this.#now = new DatabaseSync(now)
    this.#then = new DatabaseSync(then)
  }

  /** A row's value now. */
  now(path: string): Uint8Array {
    return valueOf(this.#now, path)
  }

  /** A row's value as it was. */
  then(path: string): Uint8Array {
    return valueOf(this.#then, path)
  }

  /** Writes a value; the revisions of an existing row stay what they were. */
  put(path: string, value: Uint8Array): void {
    const { changes } = this.#now
      .prepare("UPDATE entry SET value = ? WHERE key = ?")
      .run(value, path)
    if (Number(changes) > 0) return
    const insert = "INSERT INTO entry (key, value, mod_rev, create_rev) VALUES (?, ?, 1, 1)"
    this.#now.prepare(insert).run(path, value)
  }

  remove(path: string): void {
    this.#now.prepare("DELETE FROM entry WHERE key = ?").run(path)
  }

  /** Changes the last byte: of a sealed row that is its tag. */
  edit(path: string): void {
    const value = Buffer.from(this.now(path))
    const last = value.length - 1
    value.writeUInt8(value.readUInt8(last) ^ 1, last)
    this.put(path, value)
  }

  swap(a: string, b: string): void {
    const [left, right] = [this.now(a), this.now(b)]
    this.put(a, right)
    this.put(b, left)
  }

  rollBack(...paths: readonly string[]): void {
    for (const path of paths) this.put(path, this.then(path))
  }

  /** Paths that begin so. */
  list(prefix: string): string[] {
    const rows = this.#now.prepare("SELECT key FROM entry ORDER BY key").all()
    return rows.map(({ key }) => String(key)).filter((key) => key.startsWith(prefix))
  }

  close(): void {
    this.#now.close()
    this.#then.close()
  }
}

function valueOf(db: DatabaseSync, path: string): Uint8Array {
  const row = db.prepare("SELECT value FROM entry WHERE key = ?").get(path)
  if (row?.["value"] instanceof Uint8Array) return row["value"]
  throw new Error(`no row ${path}`)
}
