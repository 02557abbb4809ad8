/**
 * A process that commits until it is killed and prints each acknowledged commit as `<opId> <rev>`,
 * with a direct write. Arguments: file, name of this boot, lanes in parallel, commits per lane (no
 * end unless named), and `careless` to answer before anything is synced: what tests must catch.
 */

import { writeSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { HsmError } from "../../src/domain/errors.ts"
import { openForWriting, prepareDatabase } from "../../src/store/sqlite/database.ts"
import { GroupWriter } from "../../src/store/sqlite/group.ts"
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts"
import type { Commit, Outcome } from "../../src/store/store.ts"

const [file = "", boot = "", lanes = "1", count = "Infinity", careless] = process.argv.slice(2)
const commitsPerLane = Number(count)
const value = new Uint8Array(1_500).fill(7)
const commit = await open()

await Promise.all(Array.from({ length: Number(lanes) }, (_, lane) => run(lane)))
// Idle for longer than the writer waits before a checkpoint, then once more.
await sleep(400)
await Promise.all(Array.from({ length: Number(lanes) }, (_, lane) => run(lane + 1_000)))
process.kill(process.pid, "SIGKILL")

async function open(): Promise<(commit: Commit) => Promise<Outcome | undefined>> {
  if (careless === undefined) {
    const store = await openSqliteStore({ file, historyRevs: 1_000_000 })
    return (one) => store.commit(one)
  }
  prepareDatabase(file)
  const db = openForWriting(file)
  db.exec("PRAGMA synchronous = OFF")
  const writer = new GroupWriter(db, 1_000_000)
  return async (one) => {
    const [outcome] = writer.apply([one])
    return outcome instanceof HsmError ? undefined : outcome
  }
}

async function run(lane: number): Promise<void> {
  for (let n = 0; n < commitsPerLane; n++) {
    const id = `${boot}-${lane}-${n}`
    const outcome = await commit({
      opId: id,
      when: [{ key: `left/${id}`, modRev: 0 }],
      then: [
        { put: `left/${id}`, value },
        { put: `right/${id}`, value },
      ],
    })
    writeSync(1, `${id} ${outcome?.rev}\n`)
  }
}
