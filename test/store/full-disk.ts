/**
 * A process that fills its store until a commit fails, reports, and waits until it can write again.
 * The test sets its limit of file sizes before the first line of input, and lifts it before the
 * second: what then fails is a write of SQLite's, as on a full disk.
 */

import { writeSync } from "node:fs"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { HsmError } from "../../src/domain/errors.ts"
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts"

const store = await openSqliteStore({ file: process.argv[2] ?? "" })
const input = createInterface(process.stdin)[Symbol.asyncIterator]()
const say = (value: unknown): number => writeSync(1, `${JSON.stringify(value)}\n`)

say("ready")
await input.next()
let acknowledged = 0
let code: string | undefined
while (code === undefined) {
  const value = new Uint8Array(5_000).fill(acknowledged)
  try {
    await store.commit({
      opId: `op-${acknowledged}`,
      when: [],
      then: [{ put: `k${acknowledged}`, value }],
    })
    acknowledged += 1
  } catch (error) {
    code = error instanceof HsmError ? error.code : "not an HsmError"
  }
}
const { writable } = await store.health()
const kept = (await store.scan("k")).entries.length
say({ acknowledged, code, writable, kept })

await input.next()
// Nobody commits meanwhile: asking for the health is enough.
for (let n = 0; n < 50 && !(await store.health()).writable; n++) await sleep(20)
const healed = (await store.health()).writable
const again = await store.commit({ opId: "again", when: [{ key: "k0", modRev: 1 }], then: [] })
say({ healed, committed: again.ok })
await store.close()
