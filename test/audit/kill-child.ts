/** Writes records without end and prints the number of each one that is durable; gets killed. */

import { writeSync } from "node:fs"
import { alice, bob, event } from "./fixture.ts"
import { openLog } from "./log-fixture.ts"

const [folder = "", boot = "", first = "0"] = process.argv.slice(2)
const { log } = await openLog(folder, { boot, checkpointMs: 20, segmentBytes: 50_000 })
let next = Number(first)

async function client(): Promise<void> {
  for (;;) {
    const number = next++
    await log.enqueue(event(number % 3 === 0 ? bob : alice, number))
    writeSync(1, `${number}\n`)
  }
}
await Promise.all(Array.from({ length: 16 }, client))
