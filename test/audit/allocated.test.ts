/** Files of the log grow ahead of their frames: a sync that changes no length costs less. */
import assert from "node:assert/strict"
import { readFileSync, statSync, writeFileSync } from "node:fs"
import { test } from "node:test"

import { readSegmentFile, realFiles, segmentPath } from "../../src/audit/files.ts"
import { verifyChainFiles } from "../../src/audit/verify-files.ts"
import { chain, cluster, entries, fixture, type Fixture } from "./fixture.ts"

function problems({ folder, crypto }: Fixture): readonly string[] {
  return verifyChainFiles({ cluster, chain, folder }, crypto, realFiles).problems
}

test("most commits leave a file's length as it is, and its end closes with its frames", (t) => {
  const audit = fixture(t)
  const path = segmentPath(audit.folder, 1)
  const writer = audit.open()
  const { size } = statSync(path)
  for (let commit = 0; commit < 5; commit++) writer.append(entries(commit, commit))
  assert.equal(statSync(path).size, size)
  const open = readSegmentFile(realFiles, audit.folder, 1)
  assert.ok(open.end < size)
  assert.equal(open.torn, 0)
  assert.deepEqual(problems(audit), [])
  writer.close()
  const closed = readSegmentFile(realFiles, audit.folder, 1)
  assert.equal(closed.bytes, closed.end)
  assert.deepEqual(problems(audit), [])
})

test("what a stop leaves of that is no torn write; anything but zeros there is", (t) => {
  const audit = fixture(t)
  const path = segmentPath(audit.folder, 1)
  audit.open().append(entries(0, 4)) // Never closed: as a crash leaves it.
  const { end, bytes } = readSegmentFile(realFiles, audit.folder, 1)
  const clean = audit.open({ boot: "b2" })
  assert.equal(clean.tornBytes, 0)
  assert.equal(clean.head.records, 5)
  assert.equal(statSync(path).size, end)

  const second = readSegmentFile(realFiles, audit.folder, 2)
  const spoilt = readFileSync(segmentPath(audit.folder, 2))
  spoilt.writeUInt8(1, second.end + 9)
  writeFileSync(segmentPath(audit.folder, 2), spoilt)
  assert.match(String(problems(audit)), /segment 2: damaged or torn/)
  assert.equal(audit.open({ boot: "b3" }).tornBytes, 10)
  assert.ok(bytes > end)
})
