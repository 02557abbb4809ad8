import assert from "node:assert/strict"
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test, type TestContext } from "node:test"
import {
  listSegments,
  readSegmentFile,
  realFiles,
  segmentPath,
  type FilePort,
} from "../../src/audit/files.ts"
import { decodeFrames, encodeFrame } from "../../src/audit/frame.ts"
import { ChainReader } from "../../src/audit/reader.ts"
import { verifyChainFiles } from "../../src/audit/verify-files.ts"
import { alice, bob, chain, cluster, entries, entry, fixture, type Fixture } from "./fixture.ts"

/** A closed chain: 60 records in six commits, two commits in each of three segments. */
function closedChain(t: TestContext): Fixture {
  const audit = fixture(t)
  const writer = audit.open({ segmentBytes: 6_000 })
  for (let batch = 0; batch < 6; batch++) {
    writer.append(entries(batch * 10, batch * 10 + 9))
    if (batch === 1) writer.checkpoint("interval")
  }
  writer.close()
  return audit
}

const at = (folder: string) => ({ cluster, chain, folder })

function verify({ folder, crypto }: Fixture) {
  return verifyChainFiles(at(folder), crypto, realFiles)
}

test("files as they were written verify and read back in order", (t) => {
  const audit = closedChain(t)
  const report = verify(audit)
  assert.deepEqual(report.problems, [])
  assert.equal(report.records, 60)
  assert.equal(report.readable, 60)
  assert.equal(report.completeUpTo?.index, 60)
  const reader = new ChainReader(at(audit.folder), audit.crypto, realFiles)
  const first = reader.readRecords({ partition: alice, after: 0, limit: 25, filter: {} })
  const rest = reader.readRecords({
    partition: alice,
    after: first.next ?? -1,
    limit: 100,
    filter: {},
  })
  const all = [...first.records, ...rest.records]
  assert.deepEqual(
    all.map(({ seq }) => seq),
    Array.from({ length: 40 }, (_, index) => index + 1),
  )
  assert.ok(all.every(({ partition, act }) => partition === alice && act === "key.sign"))
  assert.equal(rest.next, undefined)
})

test("folder and files are for their owner alone", (t) => {
  const { folder } = closedChain(t)
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  assert.equal(statSync(segmentPath(folder, 1)).mode & 0o777, 0o600)
})

/** Rewrites a segment from its frames, with valid checksums: what someone without keys can do. */
function rewriteFrames(
  path: string,
  change: (frames: { payload: Buffer; mac: Uint8Array; kind: string }[]) => unknown,
): void {
  const frames = decodeFrames(readFileSync(path)).frames.map((frame) => ({
    ...frame,
    payload: Buffer.from(frame.payload),
  }))
  change(frames)
  writeFileSync(
    path,
    Buffer.concat(frames.map((frame, ordinal) => encodeFrame({ ...frame, ordinal }))),
  )
}

const attacks: Record<string, (folder: string) => unknown> = {
  "a bit of a body flipped": (folder) =>
    rewriteFrames(segmentPath(folder, 1), (frames) => {
      const payload = frames[1]?.payload
      payload?.writeUInt8((payload.at(-20) ?? 0) ^ 1, payload.length - 20)
    }),
  "a commit's time changed": (folder) =>
    rewriteFrames(segmentPath(folder, 1), (frames) =>
      frames[1]?.payload.writeUIntBE(1_600_000_000_000, 6, 6),
    ),
  "a commit removed": (folder) =>
    rewriteFrames(segmentPath(folder, 1), (frames) => frames.splice(2, 1)),
  "a commit doubled": (folder) =>
    rewriteFrames(segmentPath(folder, 1), (frames) => {
      const [, commit] = frames
      if (commit !== undefined) frames.splice(2, 0, commit)
    }),
  "two commits exchanged": (folder) =>
    rewriteFrames(segmentPath(folder, 1), (frames) => {
      const [first, second] = frames.splice(1, 2)
      if (first !== undefined && second !== undefined) frames.splice(1, 0, second, first)
    }),
  "a commit moved from another segment": (folder) => {
    const foreign = decodeFrames(readFileSync(segmentPath(folder, 2))).frames[1]
    rewriteFrames(segmentPath(folder, 1), (frames) => {
      if (foreign !== undefined) frames.splice(1, 1, foreign)
    })
  },
  "a checkpoint removed": (folder) =>
    rewriteFrames(segmentPath(folder, 1), (frames) => {
      frames.splice(
        frames.findIndex(({ kind }) => kind === "checkpoint"),
        1,
      )
    }),
  "a header edited": (folder) =>
    rewriteFrames(segmentPath(folder, 2), (frames) => {
      const [header] = frames
      if (header !== undefined) {
        header.payload = Buffer.from(header.payload.toString().replace('"worker":0', '"worker":1'))
      }
    }),
  "a segment removed from the middle": (folder) => rmSync(segmentPath(folder, 2)),
  "a raw byte flipped": (folder) => {
    const bytes = readFileSync(segmentPath(folder, 1))
    bytes.writeUInt8(bytes.readUInt8(5_000) ^ 4, 5_000)
    writeFileSync(segmentPath(folder, 1), bytes)
  },
  "a closed segment cut off": (folder) => truncateSync(segmentPath(folder, 1), 9_000),
}

for (const [name, attack] of Object.entries(attacks)) {
  test(`verification of the files finds ${name}`, (t) => {
    const audit = closedChain(t)
    assert.ok(listSegments(realFiles, audit.folder).length >= 3)
    attack(audit.folder)
    const report = verify(audit)
    assert.equal(report.ok, false)
    assert.notDeepEqual(report.problems, [])
  })
}

test("every flipped byte of a segment is found", (t) => {
  const audit = closedChain(t)
  const path = segmentPath(audit.folder, 2)
  const good = readFileSync(path)
  for (let position = 0; position < good.length; position += 97) {
    const bad = Buffer.from(good)
    bad.writeUInt8(bad.readUInt8(position) ^ 0x10, position)
    writeFileSync(path, bad)
    assert.equal(verify(audit).ok, false, `byte ${position}`)
  }
  writeFileSync(path, good)
  assert.equal(verify(audit).ok, true)
})

test("a chain goes on after a restart with gapless indexes and sequences", (t) => {
  const audit = closedChain(t)
  const writer = audit.open({ boot: "b2" })
  assert.equal(writer.head.records, 60)
  writer.append([entry(bob, 60)])
  writer.close()
  const reader = new ChainReader(at(audit.folder), audit.crypto, realFiles)
  const { records } = reader.readRecords({ partition: bob, after: 20, limit: 9, filter: {} })
  assert.deepEqual(
    records.map(({ index, seq, boot }) => [index, seq, boot]),
    [[60, 21, "b2"]],
  )
  assert.deepEqual(verify(audit).problems, [])
})

test("a torn write at the end is removed, and nothing before it", (t) => {
  const audit = closedChain(t)
  const newest = listSegments(realFiles, audit.folder).at(-1) ?? 0
  const path = segmentPath(audit.folder, newest)
  const writer = audit.open({ boot: "b2" })
  writer.append(entries(60, 64))
  const open = segmentPath(audit.folder, newest + 1)
  const acknowledged = readSegmentFile(realFiles, audit.folder, newest + 1).end
  writer.append(entries(65, 69))
  // The second commit was never acknowledged, as far as this test is concerned.
  truncateSync(open, acknowledged + 50)
  const next = audit.open({ boot: "b3" })
  assert.equal(next.head.records, 65)
  assert.equal(next.tornBytes, 50)
  next.close()
  assert.deepEqual(verify(audit).problems, [])
  assert.ok(statSync(path).size > 0)
})

test("a segment torn in its header is removed as a whole", (t) => {
  const audit = closedChain(t)
  const newest = listSegments(realFiles, audit.folder).at(-1) ?? 0
  writeFileSync(segmentPath(audit.folder, newest + 1), Buffer.alloc(300, 1))
  const writer = audit.open({ boot: "b2" })
  assert.equal(writer.head.records, 60)
  assert.equal(writer.tornBytes, 300)
  writer.close()
  assert.deepEqual(verify(audit).problems, [])
})

test("damage before the end is TAMPERED, not torn: nothing is cut off", (t) => {
  const audit = closedChain(t)
  const newest = listSegments(realFiles, audit.folder).at(-1) ?? 0
  const path = segmentPath(audit.folder, newest)
  const bytes = readFileSync(path)
  const [header, commit] = decodeFrames(bytes).frames
  const position = (header?.length ?? 0) + (commit?.length ?? 0) - 50
  bytes.writeUInt8(bytes.readUInt8(position) ^ 1, position)
  writeFileSync(path, bytes)
  assert.throws(() => audit.open(), { code: "TAMPERED" })
  assert.equal(statSync(path).size, bytes.length)
})

test("an edited frame with a good checksum is TAMPERED at the next start", (t) => {
  const audit = closedChain(t)
  const newest = listSegments(realFiles, audit.folder).at(-1) ?? 0
  rewriteFrames(segmentPath(audit.folder, newest), (frames) =>
    frames[1]?.payload.writeUIntBE(1_600_000_000_000, 6, 6),
  )
  assert.throws(() => audit.open(), { code: "TAMPERED" })
})

test("a log cut back as a whole is TAMPERED when an anchor remembers more", (t) => {
  const audit = closedChain(t)
  const anchored = audit.checkpoints.at(-1)
  audit.open({ anchored }).close()
  const newest = listSegments(realFiles, audit.folder).at(-1) ?? 0
  for (const segment of [newest, newest - 1]) rmSync(segmentPath(audit.folder, segment))
  audit.open().close()
  rmSync(segmentPath(audit.folder, newest - 1))
  assert.throws(() => audit.open({ anchored }), { code: "TAMPERED" })
  assert.throws(() => audit.open({ anchored }), /anchored/)
})

test("another log with as many checkpoints is TAMPERED for the anchor", (t) => {
  const audit = closedChain(t)
  const other = closedChain(t)
  assert.throws(() => audit.open({ anchored: other.checkpoints[1] }), { code: "TAMPERED" })
  audit.open({ anchored: audit.checkpoints[1] }).close()
})

test("sync comes after the write and before append returns", (t) => {
  const calls: string[] = []
  const recorded =
    <N extends "writeSync" | "fdatasyncSync">(name: N) =>
    (...args: Parameters<FilePort[N]>) => {
      calls.push(name)
      // Both functions take these parameters as they come.
      return (realFiles[name] as (...all: unknown[]) => unknown)(...args)
    }
  const files = {
    ...realFiles,
    writeSync: recorded("writeSync"),
    fdatasyncSync: recorded("fdatasyncSync"),
  } as FilePort
  const writer = fixture(t).open({}, files)
  calls.length = 0
  writer.append(entries(1, 3))
  assert.deepEqual(calls, ["writeSync", "fdatasyncSync"])
  writer.close()
})

test("after a failed sync the writer refuses until restart, and the restart is clean", (t) => {
  const audit = fixture(t)
  let isBroken = false
  const files: FilePort = {
    ...realFiles,
    fdatasyncSync: (fd) => {
      if (isBroken) throw Object.assign(new Error("EIO"), { code: "EIO" })
      realFiles.fdatasyncSync(fd)
    },
  }
  const writer = audit.open({}, files)
  writer.append(entries(1, 3))
  isBroken = true
  assert.throws(() => writer.append(entries(4, 6)), { code: "AUDIT_UNAVAILABLE" })
  isBroken = false
  assert.throws(() => writer.append(entries(4, 6)), { code: "AUDIT_UNAVAILABLE" })
  writer.close()
  const next = audit.open({ boot: "b2" })
  assert.ok(next.head.records >= 3)
  next.append(entries(7, 9))
  next.close()
  assert.deepEqual(verify(audit).problems, [])
})

test("a full disk refuses one commit, takes it back, and goes on when there is space", (t) => {
  const audit = fixture(t)
  let isFull = false
  const files = {
    ...realFiles,
    writeSync: (fd: number, bytes: Uint8Array, offset: number, length: number, at: number) => {
      if (!isFull) return realFiles.writeSync(fd, bytes, offset, length, at)
      realFiles.writeSync(fd, bytes, offset, 20, at)
      throw Object.assign(new Error("full"), { code: "ENOSPC" })
    },
  } as FilePort
  const writer = audit.open({}, files)
  writer.append(entries(1, 3))
  isFull = true
  assert.throws(() => writer.append(entries(4, 6)), /disk of the audit log is full/)
  isFull = false
  writer.append(entries(7, 9))
  assert.equal(writer.head.records, 6)
  writer.close()
  assert.deepEqual(verify(audit).problems, [])
})

test("what has no key goes under the node's, and the first checkpoint takes it over", (t) => {
  const audit = fixture(t)
  audit.crypto.keys.delete(alice)
  audit.crypto.sealed = true
  const writer = audit.open()
  writer.append([entry(alice, 1), entry(bob, 2)])
  assert.equal(writer.checkpoint("interval"), undefined)
  audit.crypto.keys.set(alice, Buffer.alloc(32, alice))
  audit.crypto.sealed = false
  writer.append([entry(alice, 3)])
  assert.equal(writer.checkpoint("interval")?.records, 3)
  const reader = new ChainReader(at(audit.folder), audit.crypto, realFiles)
  const read = (partition: string) =>
    reader
      .readRecords({ partition, after: 0, limit: 9, filter: {} })
      .records.map(({ seq, requestId }) => [seq, requestId])
  assert.deepEqual(read("node"), [[1, "r1"]])
  assert.deepEqual(read(alice), [[1, "r3"]])
  writer.close()
  assert.deepEqual(verify(audit).problems, [])
})

test("an erased key silences its partition's records and the chain still verifies", (t) => {
  const audit = closedChain(t)
  audit.crypto.keys.delete(bob)
  const report = verify(audit)
  assert.deepEqual([report.ok, report.records, report.readable], [true, 60, 40])
  const reader = new ChainReader(at(audit.folder), audit.crypto, realFiles)
  assert.throws(() => reader.readRecords({ partition: bob, after: 0, limit: 9, filter: {} }), {
    code: "SEALED",
  })
})

test("archived segments go, a checkpoint says so, and the rest verifies", (t) => {
  const audit = closedChain(t)
  const writer = audit.open({ boot: "b2" })
  const before = writer.usage()
  const [first, second] = writer.closedSegments()
  assert.ok(first?.removable && second?.removable)
  assert.equal(writer.acknowledgeArchive(second.segment).archived, second.segment)
  assert.ok(writer.usage().total < before.total)
  assert.ok(
    writer
      .usage()
      .scopes.every(([scope, bytes]) => bytes < (new Map(before.scopes).get(scope) ?? 0)),
  )
  assert.throws(() => writer.acknowledgeArchive(99), { code: "CONFLICT" })
  writer.append(entries(61, 70))
  writer.close()
  assert.deepEqual(verify(audit).problems, [])
  const again = audit.open({ boot: "b3" })
  assert.equal(again.head.records, 70)
  again.close()
})

test("a segment that a crash ended stays until a checkpoint ends the next one", (t) => {
  const audit = fixture(t)
  audit.open().append(entries(1, 3))
  const writer = audit.open({ boot: "b2" })
  assert.deepEqual(
    writer.closedSegments().map(({ removable }) => removable),
    [false],
  )
  assert.throws(() => writer.acknowledgeArchive(1), { code: "CONFLICT" })
  writer.close()
  const next = audit.open({ boot: "b3" })
  assert.deepEqual(
    next.closedSegments().map(({ removable }) => removable),
    [false, true],
  )
  assert.ok(statSync(join(audit.folder, "00000001.kha")).size > 0)
  next.close()
})
