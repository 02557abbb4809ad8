import assert from "node:assert/strict"
import { cp, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"

import { developmentConfig, type NodeConfig } from "../../src/daemon/config.ts"
import { startDevelopment } from "../../src/daemon/dev.ts"
import { serveNode } from "../../src/daemon/serve.ts"
import { HsmError } from "../../src/domain/errors.ts"
import { parseId, type PartitionId } from "../../src/domain/ids.ts"
import { createKey } from "../../src/service/create-key.ts"
import { contextOf } from "../support/stack.ts"

/** A whole node's folder, its past, and an anchor of its log on what stands for another machine. */
const place = await mkdtemp(join(tmpdir(), "keyhold-tamper-"))
const [data, past] = [join(place, "data"), join(place, "past")]
let anchored: NodeConfig
let partition: PartitionId

before(async () => {
  const { dev, running } = await startDevelopment({ dataDir: data, port: 0 })
  await running.close()
  partition = parseId<PartitionId>(dev.partition) ?? assert.fail()
  const config = developmentConfig({ dataDir: data, port: 0 })
  const anchors = [{ kind: "file", path: join(place, "elsewhere") }] as const
  anchored = { ...config, audit: { ...config.audit, anchors } }
  await live("first")
  await cp(data, past, { recursive: true })
  await live("second")
})
after(() => rm(place, { recursive: true }))

async function live(name: string): Promise<void> {
  const running = await serveNode(anchored)
  const { ports } = running.node.operational
  const manager = contextOf("manager", partition)
  await createKey(ports, manager, { name, algorithm: "AES_256" })
  await running.close()
}

/** Starts the node on its folder with some of the past in it: what it says, or "starts". */
async function startWith(fromPast: readonly string[], config: NodeConfig): Promise<string> {
  const present = join(place, "present")
  await cp(data, present, { recursive: true })
  try {
    for (const name of fromPast) {
      await rm(join(data, name), { recursive: true, force: true })
      await cp(join(past, name), join(data, name), { recursive: true })
    }
    const running = await serveNode(config)
    await running.close()
    return "starts"
  } catch (error) {
    assert.ok(error instanceof HsmError, String(error))
    return error.code
  } finally {
    await rm(data, { recursive: true })
    await cp(present, data, { recursive: true })
    await rm(present, { recursive: true })
  }
}

const everything = ["store.db", "anchor", "audit", "time"]
const table: readonly (readonly [string[], "anchored" | "alone", string])[] = [
  [[], "anchored", "starts"],
  [[], "alone", "starts"],
  [["store.db"], "alone", "TAMPERED"],
  [["store.db", "anchor"], "alone", "starts"],
  [["store.db", "anchor"], "anchored", "TAMPERED"],
  [["audit"], "anchored", "TAMPERED"],
  [everything, "alone", "starts"],
  [everything, "anchored", "TAMPERED"],
]

for (const [names, how, outcome] of table) {
  const what = names.length === 0 ? "nothing" : names.join(", ")
  const anchor = how === "alone" ? "no anchor elsewhere" : "an anchor elsewhere"
  test(`a node with ${anchor} and ${what} rolled back: ${outcome}`, async () => {
    const { audit } = anchored
    const alone = { ...anchored, audit: { ...audit, anchors: [] } }
    assert.equal(await startWith(names, how === "alone" ? alone : anchored), outcome)
  })
}
