import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { test } from "node:test"
import { setImmediate } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { fileAnchor, readFileAnchor, type Anchor } from "../../src/audit/anchor.ts"
import { realFiles, type FilePort } from "../../src/audit/files.ts"
import { ChainReader } from "../../src/audit/reader.ts"
import { splitLines, verifyExport } from "../../src/audit/verify.ts"
import { verifyChainFiles } from "../../src/audit/verify-files.ts"
import { limits } from "../../src/domain/limits.ts"
import { alice, bob, chain, cluster, event, tempFolder, TestCrypto } from "./fixture.ts"
import { openLog } from "./log-fixture.ts"

test("records of one turn share a commit, are durable, and read back", async (t) => {
  let syncs = 0
  const files: FilePort = {
    ...realFiles,
    fdatasyncSync: (fd) => {
      syncs++
      realFiles.fdatasyncSync(fd)
    },
  }
  const { log } = await openLog(tempFolder(t), {}, {}, files)
  syncs = 0
  await Promise.all(Array.from({ length: 50 }, (_, number) => log.enqueue(event(alice, number))))
  assert.equal(syncs, 1)
  assert.equal(log.state.waiting, 0)
  const page = await log.readRecords({ partition: alice, after: 10, limit: 5, filter: {} })
  assert.deepEqual(
    page.records.map(({ seq }) => seq),
    [11, 12, 13, 14, 15],
  )
  assert.equal(page.next, 15)
  await log.close()
})

test("no promise resolves before its sync; what waits meanwhile shares the next", async (t) => {
  const order: string[] = []
  const files: FilePort = {
    ...realFiles,
    fdatasyncSync: (fd) => {
      realFiles.fdatasyncSync(fd)
      order.push("sync")
    },
  }
  const { log } = await openLog(tempFolder(t), {}, {}, files)
  order.length = 0
  const record = async (number: number) => {
    await log.enqueue(event(alice, number))
    order.push(`r${number}`)
  }
  await Promise.all([record(1), record(2).then(() => Promise.all([record(3), record(4)]))])
  assert.deepEqual(order, ["sync", "r1", "r2", "sync", "r3", "r4"])
  await log.close()
})

test("what comes turn after turn shares a commit, but does not wait for ever", async (t) => {
  let [syncs, now] = [0, 0]
  const files: FilePort = {
    ...realFiles,
    fdatasyncSync: (fd) => {
      realFiles.fdatasyncSync(fd)
      syncs++
    },
  }
  const { log } = await openLog(tempFolder(t), {}, { monotonicMs: () => now }, files)
  t.after(() => log.close())
  const some: Promise<void>[] = []
  const bring = async (turns: number, msPerTurn: number): Promise<void> => {
    syncs = 0
    for (let turn = 0; turn < turns; turn++) {
      now += msPerTurn
      some.push(log.enqueue(event(alice, some.length)))
      await setImmediate()
    }
  }
  await bring(50, 0)
  await Promise.all(some)
  assert.equal(syncs, 1)
  // Turns in which the loop works so long that the time is over with the first.
  await bring(limits.auditGatherTurns - 1, 2 * limits.auditGatherMs)
  await Promise.all(some)
  assert.equal(syncs, 1)
  const durable: string[] = []
  const first = log.enqueue(event(alice, 1_000)).then(() => durable.push("first"))
  for (let turn = 0; turn < 1_000 && durable.length === 0; turn++) {
    await bring(1, limits.auditGatherMs / 20)
  }
  assert.equal(durable.length, 1, "something new came at every turn, and yet it was written")
  await Promise.all([first, ...some])
})

test("acts alike of one request share a record that counts them", async (t) => {
  const { log } = await openLog(tempFolder(t))
  const act = { ...event(alice, 1), requestId: "request" }
  const other = { ...act, keyId: "another" }
  await Promise.all([
    log.enqueue(act, { times: 40 }),
    log.enqueue({ ...act }),
    log.enqueue({ ...act }, { times: 2 }),
    log.enqueue(other, { times: 40 }),
    log.enqueue({ ...act, requestId: "next" }),
  ])
  const { records } = await log.readRecords({ partition: alice, after: 0, limit: 9, filter: {} })
  assert.deepEqual(
    records.map(({ keyId, count }) => [keyId, count]),
    [
      [act.keyId, 43],
      ["another", 40],
      [act.keyId, undefined],
    ],
  )
  await log.close()
})

test("only listed fields reach the log", async (t) => {
  const { log } = await openLog(tempFolder(t))
  const leaky = { ...event(alice, 1), plaintext: "secret", password: "secret" }
  await log.enqueue(leaky)
  const { records } = await log.readRecords({ partition: alice, after: 0, limit: 1, filter: {} })
  assert.equal(JSON.stringify(records).includes("secret"), false)
  assert.equal(records[0]?.keyId, `key-${alice}-1`)
  await log.close()
})

test("a full queue refuses at once with AUDIT_UNAVAILABLE", async (t) => {
  const { log } = await openLog(tempFolder(t))
  const waiting = Array.from({ length: limits.auditQueueMax }, (_, number) =>
    log.enqueue(event(alice, number)),
  )
  await assert.rejects(async () => log.enqueue(event(alice, -1)), {
    code: "AUDIT_UNAVAILABLE",
    message: /queue/,
  })
  await Promise.all(waiting)
  await log.enqueue(event(alice, -1))
  await log.close()
})

test("before open, after close, and without its thread the log refuses", async (t) => {
  const { log } = await openLog(tempFolder(t))
  const last = log.enqueue(event(alice, 1))
  const closed = log.close()
  await assert.rejects(async () => log.enqueue(event(alice, 2)), { code: "AUDIT_UNAVAILABLE" })
  await Promise.all([last, closed])
  await assert.rejects(log.checkpoint(), { code: "AUDIT_UNAVAILABLE" })
})

test("budgets warn, refuse by name, keep the reserve, and recover by archive", async (t) => {
  const budget = { totalBytes: 220_000, partitionBytes: 60_000, reserveBytes: 30_000 }
  const { log, warnings } = await openLog(tempFolder(t), { segmentBytes: 10_000 }, { budget })
  const fill = async (partition: typeof alice) => {
    for (let number = 0; number < 1_000; number++) await log.enqueue(event(partition, number))
  }
  await assert.rejects(fill(alice), { code: "AUDIT_UNAVAILABLE", message: /partition's/ })
  assert.deepEqual(
    warnings.map((warning) => warning.budget),
    [alice],
  )
  await assert.rejects(fill(bob), { code: "AUDIT_UNAVAILABLE", message: /total/ })
  assert.ok(warnings.some((warning) => warning.budget === "total"))
  for (let number = 0; number < 20; number++) {
    await log.enqueue({ ...event(alice, number), act: "key.disable" }, { stopsHarm: true })
  }
  const last = (await log.closedSegments()).findLast(({ removable }) => removable)
  assert.ok(last)
  const archived: Uint8Array[] = []
  for await (const chunk of log.readSegment(last.segment)) archived.push(chunk)
  assert.equal(
    archived.reduce((sum, { length }) => sum + length, 0),
    last.bytes,
  )
  await log.acknowledgeArchive(last.segment)
  await log.enqueue(event(alice, 1_000))
  await log.enqueue(event(bob, 1_000))
  assert.deepEqual((await log.verifyFiles()).problems, [])
  await log.close()
})

test("a full disk leaves the reserve to what stops harm, and is recovered from", async (t) => {
  const folder = tempFolder(t)
  let isFull = false
  const files = {
    ...realFiles,
    writeSync: (fd: number, bytes: Uint8Array, offset: number, length: number, at: number) => {
      if (isFull && existsSync(join(folder, "reserve"))) {
        throw Object.assign(new Error("full"), { code: "ENOSPC" })
      }
      return realFiles.writeSync(fd, bytes, offset, length, at)
    },
  } as FilePort
  const { log } = await openLog(folder, { checkpointMs: 10 }, {}, files)
  isFull = true
  const both = await Promise.allSettled([
    log.enqueue(event(alice, 1)),
    log.enqueue(event(alice, 2), { stopsHarm: true }),
  ])
  assert.deepEqual(
    both.map(({ status }) => status),
    ["rejected", "fulfilled"],
  )
  assert.match(log.state.unavailable ?? "", /disk/)
  await assert.rejects(async () => log.enqueue(event(alice, 3)), { code: "AUDIT_UNAVAILABLE" })
  isFull = false
  while (log.state.unavailable !== undefined) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await log.enqueue(event(alice, 4))
  const { records } = await log.readRecords({ partition: alice, after: 0, limit: 9, filter: {} })
  assert.deepEqual(
    records.map(({ requestId }) => requestId),
    ["r2", "r4"],
  )
  assert.ok(existsSync(join(folder, "reserve")))
  await log.close()
})

test("a dropped key sends its partition's records under the node's key", async (t) => {
  const { log } = await openLog(tempFolder(t))
  await log.dropKey(alice)
  await log.enqueue(event(alice, 1))
  const query = { after: 0, limit: 9, filter: {} }
  const { records } = await log.readRecords({ partition: "node", ...query })
  assert.deepEqual(
    records.map(({ partition, requestId }) => [partition, requestId]),
    [[alice, "r1"]],
  )
  await log.addKey(alice, Buffer.alloc(32, alice))
  await log.enqueue(event(alice, 2))
  assert.equal((await log.readRecords({ partition: alice, ...query })).records.length, 1)
  await log.close()
})

test("checkpoints reach the anchors, and a failing anchor holds up nothing", async (t) => {
  const folder = tempFolder(t)
  const path = `${folder}.anchor`
  const broken: Anchor = { name: "broken", publish: () => Promise.reject(new Error("down")) }
  const anchors = [broken, fileAnchor(path)]
  const { log, anchorFailures } = await openLog(folder, { checkpointMs: 10 }, { anchors })
  await log.enqueue(event(alice, 1))
  await log.setHeads({
    storeRev: 7,
    peers: [{ chain: "other", records: 3, link: "0".repeat(64) }],
  })
  const made = await log.checkpoint()
  assert.equal(made?.storeRev, 7)
  await log.close()
  assert.ok(anchorFailures.includes("broken"))
  const newest = await readFileAnchor(path, chain)
  assert.equal(newest?.reason, "close")
  assert.equal(newest.peers[0]?.chain, "other")
  assert.equal(await readFileAnchor(path, "another"), undefined)
  const again = await openLog(folder, { anchored: newest, boot: "b2" })
  await again.log.close()
})

test("an export through the log verifies while records are written", async (t) => {
  const { log } = await openLog(tempFolder(t), { segmentBytes: 20_000 })
  const write = (from: number) =>
    Promise.all(
      Array.from({ length: 40 }, (_, number) =>
        log.enqueue(event(number % 2 === 0 ? alice : bob, from + number)),
      ),
    )
  await write(0)
  const lines: string[] = []
  for await (const line of splitLines(log.exportLines({ partition: bob, filter: {} }))) {
    lines.push(line)
    if (lines.length % 20 === 0) await write(lines.length * 100)
  }
  const report = await verifyExport(lines)
  assert.deepEqual(report.problems, [])
  assert.equal(report.records, 20)
  await log.close()
})

test("kill -9 at any moment loses no acknowledged record and breaks no chain", async (t) => {
  const folder = tempFolder(t)
  const acknowledged = new Set<string>()
  for (let kill = 0; kill < 8; kill++) {
    const first = kill * 1_000_000
    for await (const number of killedChild(folder, `b${kill}`, first, 40 + kill * 37)) {
      acknowledged.add(`r${number}`)
    }
  }
  const { log } = await openLog(folder, { boot: "last" })
  await log.close()
  const at = { cluster, chain, folder }
  const crypto = new TestCrypto()
  assert.deepEqual(verifyChainFiles(at, crypto, realFiles).problems, [])
  const reader = new ChainReader(at, crypto, realFiles)
  const found = new Set([alice, bob].flatMap((partition) => readAll(reader, partition)))
  assert.ok(acknowledged.size > 8 * 40)
  assert.deepEqual(
    [...acknowledged].filter((id) => !found.has(id)),
    [],
  )
})

/** The numbers that a child prints before and while it is killed. */
async function* killedChild(
  folder: string,
  boot: string,
  first: number,
  after: number,
): AsyncGenerator<string> {
  const script = fileURLToPath(new URL("kill-child.ts", import.meta.url))
  const child = spawn(process.execPath, [script, folder, boot, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  let count = 0
  for await (const line of createInterface(child.stdout)) {
    count++
    if (count === after) child.kill("SIGKILL")
    yield line
  }
  assert.ok(count >= after, "the child ended by itself")
}

function readAll(reader: ChainReader, partition: string): (string | undefined)[] {
  const ids: (string | undefined)[] = []
  for (let after: number | undefined = 0; after !== undefined;) {
    const page = reader.readRecords({ partition, after, limit: 500, filter: {} })
    ids.push(...page.records.map(({ requestId }) => requestId))
    after = page.next
  }
  return ids
}
