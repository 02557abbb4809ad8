import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import * as fc from "fast-check"
import { exportChunks } from "../../src/audit/export.ts"
import { realFiles } from "../../src/audit/files.ts"
import type { RecordFilter } from "../../src/audit/body.ts"
import { ChainReader } from "../../src/audit/reader.ts"
import { splitLines, verifyExport, type VerifyOptions } from "../../src/audit/verify.ts"
import {
  alice,
  bob,
  chain,
  cluster,
  entries,
  entry,
  fixture,
  publicKey,
  time,
  type Fixture,
} from "./fixture.ts"

/** Exports up to a checkpoint made now; the writer is opened for it and closed again. */
function exportNow(audit: Fixture, partition: string, filter: RecordFilter = {}): string[] {
  const writer = audit.open()
  const end = writer.checkpoint("request")
  assert.ok(end)
  const at = { cluster, chain, folder: audit.folder }
  const reader = new ChainReader(at, audit.crypto, realFiles)
  const ports = { at, reader, crypto: audit.crypto }
  const text = [...exportChunks(ports, { partition, filter }, end)].join("")
  writer.close()
  return text.split("\n").slice(0, -1)
}

/** 60 records in three segments: 40 of alice, 20 of bob. */
function writtenChain(t: TestContext): Fixture {
  const audit = fixture(t)
  const writer = audit.open({ segmentBytes: 6_000 })
  for (let batch = 0; batch < 6; batch++) {
    time.now += 1_000
    writer.append(entries(batch * 10, batch * 10 + 9))
  }
  writer.close()
  return audit
}

const verify = (lines: readonly string[], options?: VerifyOptions) => verifyExport(lines, options)

test("an export verifies, with every record of the partition, up to its end", async (t) => {
  const audit = writtenChain(t)
  const report = await verify(exportNow(audit, alice), { trusted: [publicKey.toBase64()] })
  assert.deepEqual(report.problems, [])
  const { ok, records, filtered, foreign, completeUpTo } = report
  assert.deepEqual(
    { ok, records, filtered, foreign },
    {
      ok: true,
      records: 40,
      filtered: 0,
      foreign: 20,
    },
  )
  assert.equal(completeUpTo?.index, 60)
  assert.equal(completeUpTo.time, time.now)
})

test("an export says nothing of another partition: no body, no id, no count", async (t) => {
  const text = exportNow(writtenChain(t), alice).join("\n")
  assert.equal(text.includes(bob), false)
  assert.equal(text.includes(`key-${bob}`), false)
  assert.equal(text.includes(`key-${alice}-1"`), true)
  const salts = [...text.matchAll(/"salt":"([0-9a-f]{32})"/g)].map(([, salt]) => salt)
  assert.equal(new Set(salts).size, 40)
})

test("an empty partition's export verifies too", async (t) => {
  const audit = fixture(t)
  audit.open().append([entry(bob, 1)])
  const report = await verify(exportNow(audit, alice))
  assert.deepEqual([report.ok, report.records, report.foreign], [true, 0, 1])
})

test("a filtered export verifies and says how many records it leaves out", async (t) => {
  const audit = writtenChain(t)
  const lines = exportNow(audit, alice, { keyId: `key-${alice}-4` })
  const report = await verify(lines)
  assert.deepEqual(report.problems, [])
  assert.deepEqual([report.records, report.filtered, report.foreign], [1, 39, 20])
  assert.equal(lines.join().includes(`key-${alice}-5"`), false)
  assert.deepEqual(report.header?.filter, { keyId: `key-${alice}-4` })
})

test("an export by time begins at a checkpoint and verifies from there", async (t) => {
  const audit = writtenChain(t)
  const report = await verify(exportNow(audit, alice, { from: time.now - 500 }))
  assert.deepEqual(report.problems, [])
  assert.ok((report.header?.startSeq ?? 0) > 0)
  assert.ok(report.foreign < 20)
  assert.equal(report.completeUpTo?.index, 60)
})

test("an export after an archive begins at the archive's checkpoint", async (t) => {
  const audit = writtenChain(t)
  const writer = audit.open()
  writer.acknowledgeArchive(1)
  writer.close()
  const report = await verify(exportNow(audit, bob))
  assert.deepEqual(report.problems, [])
  assert.equal(report.header?.start, 1)
})

/** Position of the first line that holds a body, from `from` on. */
function shown(lines: readonly string[], from = 0): number {
  return lines.findIndex((line, index) => index >= from && line.includes('"body"'))
}

function foreign(lines: readonly string[]): number {
  return lines.findIndex((line) => line.includes('"leaf"'))
}

function change(lines: string[], at: number, from: string | RegExp, to: string): void {
  const before = lines[at] ?? ""
  lines[at] = before.replace(from, to)
  assert.notEqual(lines[at], before)
}

const checkpointAt = (lines: readonly string[]) =>
  lines.findIndex((line) => line.startsWith('{"checkpoint"'))

const attacks: Record<string, (lines: string[]) => unknown> = {
  "an edited body": (lines) => change(lines, shown(lines), '"allowed"', '"denied"'),
  "an edited salt": (lines) => change(lines, shown(lines), /"salt":"[0-9a-f]/, '"salt":"x'),
  "an edited foreign leaf": (lines) => change(lines, foreign(lines), /[0-9a-f]"}/, 'z"}'),
  "a removed record": (lines) => lines.splice(shown(lines), 1),
  "a removed foreign leaf": (lines) => lines.splice(foreign(lines), 1),
  "a removed checkpoint": (lines) => lines.splice(checkpointAt(lines), 1),
  "a doubled record": (lines) => lines.splice(shown(lines), 0, lines[shown(lines)] ?? ""),
  "an inserted record": (lines) =>
    lines.splice(shown(lines), 0, `{"i":1,"leaf":"${"0".repeat(64)}"}`),
  "two exchanged records": (lines) => {
    const first = shown(lines)
    lines.splice(first, 2, lines[first + 1] ?? "", lines[first] ?? "")
  },
  "a body hidden as a foreign leaf": (lines) =>
    change(lines, shown(lines), /^.*$/, `{"i":1,"leaf":"${"0".repeat(64)}"}`),
  "a cut-off end": (lines) => lines.splice(-1),
  "a cut-off half": (lines) => lines.splice(lines.length / 2),
  "a cut-off beginning": (lines) => lines.splice(1, 5),
  "another partition's name in the header": (lines) => change(lines, 0, alice, bob),
  "an edited filter": (lines) => change(lines, 0, '"filter":{}', '"filter":{"act":"key.sign"}'),
  "an edited checkpoint time": (lines) =>
    change(lines, checkpointAt(lines), /"time":1/, '"time":2'),
  "a checkpoint without its signature": (lines) =>
    change(lines, checkpointAt(lines), /"signature":"[^"]*"/, '"signature":""'),
  "an edited commitment": (lines) =>
    change(lines, lines.length - 2, /"commitments":\["[0-9a-f]{8}/, '"commitments":["00000000'),
  "something after the end": (lines) => lines.push("{}"),
  "an empty line": (lines) => lines.splice(3, 0, ""),
}

for (const [name, attack] of Object.entries(attacks)) {
  test(`verification of an export finds ${name}`, async (t) => {
    const lines = exportNow(writtenChain(t), alice)
    attack(lines)
    const report = await verify(lines)
    assert.equal(report.ok, false)
    assert.notDeepEqual(report.problems, [])
  })
}

test("a half export says up to where it is complete", async (t) => {
  const lines = exportNow(writtenChain(t), alice)
  const second = lines.findIndex((line) => line.includes('"number":2'))
  const report = await verify(lines.slice(0, second + 3))
  assert.equal(report.ok, false)
  assert.equal(report.completeUpTo?.index, 40)
})

test("an export signed anew with another key is not trusted", async (t) => {
  const lines = exportNow(writtenChain(t), alice)
  const report = await verify(lines, { trusted: ["MCowBQYDK2VwAyEA"] })
  assert.equal(report.ok, false)
  assert.ok(report.problems.some((problem) => problem.includes("not trusted")))
})

test("an export that differs from an anchored checkpoint is found", async (t) => {
  const [audit, other] = [writtenChain(t), writtenChain(t)]
  const lines = exportNow(audit, alice)
  assert.equal((await verify(lines, { anchored: audit.checkpoints })).ok, true)
  assert.equal((await verify(lines, { anchored: other.checkpoints.slice(0, 1) })).ok, false)
})

test("whatever byte of an export is changed, it does not verify", async (t) => {
  const text = exportNow(writtenChain(t), alice)
    .map((line) => `${line}\n`)
    .join("")
  const bytes = Buffer.from(text)
  const good = await verifyExport(splitLines([text]))
  assert.equal(good.ok, true)
  await fc.assert(
    fc.asyncProperty(
      fc.nat(bytes.length - 2),
      fc.integer({ min: 1, max: 255 }),
      async (position, mask) => {
        const bad = Buffer.from(bytes)
        bad.writeUInt8(bad.readUInt8(position) ^ mask, position)
        const report = await verifyExport(splitLines([bad.toString()]))
        assert.equal(report.ok, false)
      },
    ),
    { numRuns: 150 },
  )
})

test("lines are found wherever the chunks end", async () => {
  const lines = []
  for await (const line of splitLines(["a", "b\nc", "\n", "\nd"])) lines.push(line)
  assert.deepEqual(lines, ["ab", "c", "", "d"])
})

test("foreign bytes are a report, never an exception", async () => {
  for (const line of ["", "{}", "[]", "null", '{"format":1}', '{"checkpoint":{}}']) {
    assert.equal((await verify([line])).ok, false)
  }
  assert.equal((await verify([])).ok, false)
})
