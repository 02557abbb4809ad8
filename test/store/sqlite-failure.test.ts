/** The SQLite driver when writing fails: unknown outcomes are said so, reads go on. */

import assert from "node:assert/strict"
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { test } from "node:test"
import { fileURLToPath } from "node:url"
import { HsmError } from "../../src/domain/errors.ts"
import { prepareDatabase } from "../../src/store/sqlite/database.ts"
import { lockStore } from "../../src/store/sqlite/lock.ts"
import { Reader } from "../../src/store/sqlite/reader.ts"
import { openSqliteStore, SqliteStore } from "../../src/store/sqlite/sqlite-store.ts"
import { WriterThread } from "../../src/store/sqlite/writer-thread.ts"
import { storeLimits } from "../../src/store/store.ts"
import { writes } from "./contract/kit.ts"
import { freshFile } from "./folder.ts"

const value = new Uint8Array(1_000).fill(1)
const unavailable = { name: "HsmError", code: "STORE_UNAVAILABLE" }

test("a dead writer leaves its last commits unknown, writes no more, and reads go on", async () => {
  const file = freshFile()
  const lock = lockStore(file)
  prepareDatabase(file)
  const writer = new WriterThread({ file, historyRevs: 100 })
  const store = new SqliteStore({ file, lock, reader: new Reader(file), writer })
  assert.equal((await store.commit(writes("1", { put: "a", value }))).ok, true)
  assert.equal((await store.health()).writable, true)

  const inFlight = Array.from({ length: 20 }, (_, n) =>
    store.commit(writes(`lost-${n}`, { put: `k${n}`, value })),
  )
  const settled = Promise.allSettled(inFlight)
  await writer.terminate()
  for (const { status, ...rest } of await settled) {
    if (status === "fulfilled") continue // It was durable before the thread ended.
    assert.ok("reason" in rest && rest.reason instanceof HsmError)
    assert.equal(rest.reason.code, "STORE_UNAVAILABLE")
  }
  await assert.rejects(store.commit(writes("2", { put: "b", value })), unavailable)
  assert.equal((await store.health()).writable, false)
  assert.deepEqual((await store.get(["a"])).entries[0]?.value, value)
  assert.equal(
    (await store.scrub()).some(({ ok }) => ok),
    false,
  )
  await store.close()
  await (await openSqliteStore({ file })).close()
})

test("more waiting commits than the bound are refused, the others are written", async () => {
  const store = await openSqliteStore({ file: freshFile() })
  const large = new Uint8Array(storeLimits.valueBytes)
  const count = 600 // 157 MB, above the 128 MB that may wait.
  const settled = await Promise.allSettled(
    Array.from({ length: count }, (_, n) =>
      store.commit(writes(`op-${n}`, { put: `k${n % 8}`, value: large })),
    ),
  )
  const written = settled.filter(({ status }) => status === "fulfilled").length
  assert.ok(written > 400 && written < count, `${written} written`)
  assert.equal(await store.barrier(), written)
  assert.equal((await store.commit(writes("later"))).rev, written + 1)
  await store.close()
})

test("a full disk refuses commits without losing one, and heals by itself", async (t) => {
  const file = freshFile()
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL("./full-disk.ts", import.meta.url)), file],
    { stdio: ["pipe", "pipe", "inherit"] },
  )
  t.after(() => child.kill("SIGKILL"))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => JSON.parse(String((await lines.next()).value))
  const limit = (bytes: string): void => {
    execFileSync("prlimit", [`--pid=${child.pid}`, `--fsize=${bytes}:unlimited`])
    child.stdin.write("go\n")
  }
  assert.equal(await next(), "ready")
  limit("1000000") // No file may grow beyond a megabyte.
  const { acknowledged, code, writable, kept } = fullDiskReport(await next())
  assert.ok(acknowledged > 10 && acknowledged < 1_000, `${acknowledged} acknowledged`)
  assert.deepEqual(
    { code, writable, kept },
    {
      code: "STORE_UNAVAILABLE",
      writable: false,
      kept: acknowledged,
    },
  )
  limit("unlimited")
  assert.deepEqual(await next(), { healed: true, committed: true })
  child.stdin.end()
  await once(child, "close")
})

interface FullDiskReport {
  readonly acknowledged: number
  readonly code: string
  readonly writable: boolean
  readonly kept: number
}

function fullDiskReport(value: unknown): FullDiskReport {
  // Printed by full-disk.ts as this type.
  return value as FullDiskReport
}
