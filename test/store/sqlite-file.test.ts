/** The SQLite driver's file: who may open it, who may read it, what remains in it. */

import assert from "node:assert/strict"
import { execFileSync, spawn, spawnSync } from "node:child_process"
import { readdirSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { test } from "node:test"
import { fileURLToPath } from "node:url"
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts"
import type { Store } from "../../src/store/store.ts"
import { writes } from "./contract/kit.ts"
import { freshFile, freshFolder } from "./folder.ts"

const committer = fileURLToPath(new URL("./committer.ts", import.meta.url))
const value = new Uint8Array(100).fill(1)
const put = (key: string) => ({ put: key, value })
const unavailable = (message: RegExp) => ({ name: "HsmError", code: "STORE_UNAVAILABLE", message })

test("a store finds its data again, and no log remains after close", async () => {
  const file = freshFile()
  const first = await openSqliteStore({ file })
  await first.commit(writes("1", put("a")))
  await first.close()
  assert.deepEqual(readdirSync(dirname(file)).toSorted(), ["store.db", "store.db.lock"])
  const second = await openSqliteStore({ file })
  assert.deepEqual((await second.get(["a"])).entries, [
    { key: "a", value, modRev: 1, createRev: 1 },
  ])
  assert.equal((await second.commit(writes("2", put("b")))).rev, 2)
  await second.close()
})

test("all files of a store are their owner's alone, also those found too open", async () => {
  const file = freshFile()
  writeFileSync(file, "", { mode: 0o644 })
  const store = await openSqliteStore({ file })
  await store.commit(writes("1", put("a")))
  const modes = readdirSync(dirname(file))
    .toSorted()
    .map((name) => [name, (statSync(join(dirname(file), name)).mode & 0o777).toString(8)])
  await store.close()
  assert.deepEqual(modes, [
    ["store.db", "600"],
    ["store.db-shm", "600"],
    ["store.db-wal", "600"],
    ["store.db.lock", "600"],
  ])
})

test("a second process, and a second opening, are refused until the first has closed", async () => {
  const file = freshFile()
  const first = await openSqliteStore({ file })
  await assert.rejects(openSqliteStore({ file }), unavailable(/another process has it open/))
  // The refused opening must not have dropped the lock: POSIX locks fall with any descriptor.
  const second = spawnSync(process.execPath, [committer, file, "second", "1", "1"])
  assert.match(String(second.stderr), /STORE_UNAVAILABLE/)
  assert.equal(String(second.stdout), "")
  await first.commit(writes("1", put("a")))
  await first.close()
  await (await openSqliteStore({ file })).close()
})

test("a killed process leaves no lock behind", async (t) => {
  const file = freshFile()
  const child = spawn(process.execPath, [committer, file, "killed", "1"])
  t.after(() => child.kill("SIGKILL"))
  await new Promise((resolve) => child.stdout.once("data", resolve))
  await assert.rejects(openSqliteStore({ file }), unavailable(/another process/))
  child.kill("SIGKILL")
  await new Promise((resolve) => child.once("close", resolve))
  const store = await openSqliteStore({ file })
  assert.ok((await store.barrier()) > 0)
  await store.close()
})

test("a store of a newer format is refused untouched, and so is a foreign file", async () => {
  const newer = freshFile()
  await (await openSqliteStore({ file: newer })).close()
  edit(newer, "PRAGMA user_version = 2")
  await assert.rejects(openSqliteStore({ file: newer }), unavailable(/its format is 2.*knows 1/))
  edit(newer, "PRAGMA user_version = 1")
  await (await openSqliteStore({ file: newer })).close()

  const foreign = freshFile()
  edit(foreign, "CREATE TABLE entry (key TEXT)")
  await assert.rejects(openSqliteStore({ file: foreign }), unavailable(/not a Keyhold store/))
  const text = freshFile()
  writeFileSync(text, "Nothing SQLite knows, and longer than a hundred bytes. ".repeat(100))
  await assert.rejects(openSqliteStore({ file: text }), unavailable(/not a database/))
  const nowhere = join(freshFolder(), "missing", "store.db")
  await assert.rejects(openSqliteStore({ file: nowhere }), unavailable(/ENOENT/))
})

test("rows of a wrong shape make the store unavailable, not the process fall", async () => {
  const file = freshFile()
  const store = await openSqliteStore({ file })
  await store.commit(writes("1", put("a")))
  await store.close()
  edit(file, "UPDATE log SET keys = '[1]'")
  edit(file, "UPDATE entry SET mod_rev = 9007199254740993")
  const again = await openSqliteStore({ file })
  await assert.rejects(again.changes(0), unavailable(/./))
  await assert.rejects(again.get(["a"]), unavailable(/./))
  const when = [{ key: "a", modRev: 1 }]
  const bad = again.commit({ ...writes("2", put("b")), when })
  const good = again.commit(writes("3", put("b"))) // Joins the other's group, unharmed.
  await assert.rejects(bad, unavailable(/./))
  assert.deepEqual(await good, { ok: true, rev: 2, replayed: false })
  assert.equal((await again.health()).writable, true)
  await again.close()
})

test("scrub leaves no trace of overwritten and deleted values in the files", async () => {
  const file = freshFile()
  const store = await openSqliteStore({ file })
  const marker = "residue-marker"
  const marked = (n: number) => ({
    put: `k${n}`,
    value: new TextEncoder().encode(marker.repeat(200)),
  })
  for (let n = 0; n < 20; n++) await store.commit(writes(`put-${n}`, marked(n)))
  for (let n = 0; n < 20; n++) {
    const gone = n % 2 === 0 ? { del: `k${n}` } : put(`k${n}`)
    await store.commit(writes(`gone-${n}`, gone))
  }
  assert.equal(holds(file, marker), true)
  assert.deepEqual(
    (await store.scrub()).map(({ ok }) => ok),
    [true, true, true],
  )
  assert.equal(holds(file, marker), false)
  await store.commit(writes("last", marked(1)))
  assert.equal(holds(file, marker), true)
  await store.close()
})

test("a backup is one revision of the store, taken while commits go on", async () => {
  const store = await openSqliteStore({ file: freshFile() })
  for (let n = 0; n < 50; n++) await store.commit(pair(n))
  const chunks: Uint8Array[] = []
  let n = 50
  for await (const chunk of store.backup()) {
    chunks.push(chunk)
    await store.commit(pair(n++))
  }
  const busy = store.backup()[Symbol.asyncIterator]()
  await busy.next()
  await assert.rejects(Array.fromAsync(store.backup()), { code: "CONFLICT" })
  await busy.return?.()
  assert.equal((await Array.fromAsync(store.backup())).length > 0, true)
  await store.close()

  const copy = freshFile()
  writeFileSync(copy, Buffer.concat(chunks))
  const restored = await openSqliteStore({ file: copy })
  const rev = await restored.barrier()
  assert.ok(rev >= 50 && rev < n)
  assert.deepEqual(await numbers(restored, "left/"), await numbers(restored, "right/"))
  assert.equal((await numbers(restored, "left/")).length, rev)
  await restored.close()
})

test("a backup has no name while it is read, and a cut-off one is removed", async () => {
  const file = freshFile()
  writeFileSync(`${file}.backup`, "left by a crash")
  writeFileSync(`${file}.backup-journal`, "left by a crash")
  const store = await openSqliteStore({ file })
  for await (const _chunk of store.backup()) {
    assert.deepEqual(
      readdirSync(dirname(file)).filter((name) => name.includes("backup")),
      [],
    )
  }
  await store.close()
})

/** One commit that only makes sense whole. */
function pair(n: number) {
  return writes(`pair-${n}`, put(`left/${n}`), put(`right/${n}`))
}

async function numbers(store: Store, prefix: string): Promise<string[]> {
  return (await store.scan(prefix)).entries.map(({ key }) => key.slice(prefix.length))
}

/** Changes a closed store's file as somebody who controls the disk would. */
function edit(file: string, sql: string): void {
  const db = new DatabaseSync(file)
  db.exec(sql)
  db.close()
}

/** Greps from outside: reading the file in this process would drop SQLite's locks on it. */
function holds(file: string, marker: string): boolean {
  const script = `cat '${file}' '${file}-wal' | grep -c -a -F '${marker}' || true`
  return execFileSync("sh", ["-c", script], { encoding: "utf8" }).trim() !== "0"
}
