/** Closed segments of the audit log move to the archive; the chain verifies without them. */
import assert from "node:assert/strict"
import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"

import type { AuditLog } from "../../src/audit/audit-log.ts"
import { checkpointKeyName } from "../../src/audit/protocol.ts"
import type { AuditEvent } from "../../src/domain/audit-event.ts"
import { clusterPartition } from "../../src/domain/ids.ts"
import { archiveSegments } from "../../src/daemon/audit-archive.ts"
import { openAudit } from "../../src/daemon/audit.ts"
import { developmentConfig } from "../../src/daemon/config.ts"
import { makePrivateFolder } from "../../src/daemon/files.ts"
import { openLog } from "../../src/daemon/log.ts"
import { freshId, systemRandom } from "../../src/daemon/system.ts"

const event: AuditEvent = {
  act: "system.start",
  partition: clusterPartition,
  outcome: "done",
  subject: "node",
}

/** One boot of a node's log: every boot begins a new segment. */
async function boot(data: string, ids: { clusterId: string; nodeId: string }): Promise<AuditLog> {
  const config = developmentConfig({ dataDir: data, port: 0 })
  const log = openLog("error")
  const audit = await openAudit({
    config,
    ...ids,
    bootId: freshId(),
    random: systemRandom,
    log,
    storeRev: 0,
  })
  await audit.addKey(checkpointKeyName, new Uint8Array(32).fill(7))
  for (let count = 0; count < 10; count++) await audit.enqueue(event)
  return audit
}

test("closed segments move to the archive, and what stays verifies", async () => {
  const data = await mkdtemp(join(tmpdir(), "keyhold-archive-"))
  await makePrivateFolder(data)
  const [clusterId, nodeId] = [freshId(), freshId()]
  const archive = join(data, "archive")
  const folder = join(data, "audit", `${nodeId}-0`)
  for (let count = 0; count < 2; count++) await (await boot(data, { clusterId, nodeId })).close()
  const audit = await boot(data, { clusterId, nodeId })
  try {
    const before = await segmentsIn(folder)
    assert.equal(await archiveSegments(audit, archive), 2)
    assert.deepEqual((await readdir(archive)).toSorted(), ["00000001.seg", "00000002.seg"])
    assert.equal((await segmentsIn(folder)).length, before.length - 2)
    await audit.enqueue(event)
    assert.deepEqual((await audit.verifyFiles()).problems, [])
    assert.equal(await archiveSegments(audit, archive), 0)
  } finally {
    await audit.close()
    await rm(data, { recursive: true })
  }
})

async function segmentsIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => /\d/.test(name))
}
