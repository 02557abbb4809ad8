/** What the node does by the clock: destroy keys whose window has passed, rotate those due. */

import type { AuditEvent } from "../domain/audit-event.ts"
import { HsmError } from "../domain/errors.ts"
import { clusterPartition, type Instant, type PartitionId } from "../domain/ids.ts"
import type { KeyRecord } from "../domain/key.ts"
import { limits } from "../domain/limits.ts"
import type { Committed } from "../records/committer.ts"
import { allPartitions } from "../records/epochs.ts"
import { paths } from "../records/kinds.ts"
import { tombstone } from "./delete-key.ts"
import { materialPaths } from "./change-key.ts"
import { onceMadeAt } from "./once.ts"
import type { Ports } from "./ports.ts"
import { addVersion } from "./rotate-key.ts"

const duePerPage = 1_000

/**
 * Runs everything that is due in every partition.
 *
 * @returns how many keys were handled.
 */
export async function maintain(ports: Ports): Promise<number> {
  let handled = 0
  await ports.records.sync()
  for (const partition of await allPartitions(ports.records)) {
    handled += await runDue(ports, partition)
    await forgetCalls(ports, partition)
  }
  return handled
}

async function runDue(ports: Ports, partition: PartitionId): Promise<number> {
  const now = ports.clock.now()
  const prefix = paths.dues(partition)
  let handled = 0
  let after: string | undefined
  do {
    const page = await ports.records.store.scan(prefix, { after, limit: duePerPage })
    for (const { key: path } of page.entries) {
      const [at = "", id = ""] = path.slice(prefix.length).split("/")
      if (Number.parseInt(at, 16) > now) return handled // Rows are sorted by time.
      const key = await ports.records.read("key", partition, id)
      if (key !== undefined) await runOne(ports, key, now)
      handled++
    }
    after = page.next
  } while (after !== undefined)
  return handled
}

/** A key changed by somebody at the same moment is looked at again in the next run. */
async function runOne(ports: Ports, key: KeyRecord, now: Instant): Promise<void> {
  try {
    if (key.state === "deleting" && key.deleteAt !== undefined && key.deleteAt <= now) {
      await destroyDue(ports, key, now)
    } else if (key.state === "active" && key.rotation !== undefined && key.rotation.nextAt <= now) {
      const { committed } = await addVersion(ports, key, now)
      await record(ports, key, "system.key-rotated", committed)
    }
  } catch (error) {
    if (error instanceof HsmError && error.code === "CONFLICT") return
    throw error
  }
}

async function destroyDue(ports: Ports, key: KeyRecord, now: Instant): Promise<void> {
  const { records } = ports
  const committed = await records.commit(key.partition, {
    changes: [{ kind: "key", record: tombstone(key, now, records.epoch), secret: "erase" }],
    rows: [
      ...materialPaths(key),
      { del: records.indexPath(key.partition, "key-name", key.name) },
      { del: paths.due(key.partition, key.deleteAt ?? now, key.id) },
    ],
    keys: -1,
  })
  await ports.inFlight.drain(key.id)
  ports.keys.evict(key.id)
  await record(ports, key, "system.key-destroyed", committed)
}

async function record(
  ports: Ports,
  key: KeyRecord,
  act: AuditEvent["act"],
  { rev, writes }: Committed,
): Promise<void> {
  await ports.audit.enqueue(
    {
      act,
      partition: key.partition,
      outcome: "done",
      subject: "node",
      keyId: key.id,
      storeRev: rev,
      writes,
    },
    { stopsHarm: true },
  )
}

/** Idempotency keys are remembered for limits.idempotencyMs. */
async function forgetCalls(ports: Ports, partition: PartitionId): Promise<void> {
  const before = ports.clock.now() - limits.idempotencyMs
  const { entries } = await ports.records.store.scan(paths.onces(partition), { limit: duePerPage })
  const old = entries.filter(({ value }) => onceMadeAt(value) < before)
  if (old.length === 0) return
  await ports.records.commit(partition, { changes: [], rows: old.map(({ key }) => ({ del: key })) })
}

/** True when the epoch's root has lived its day. */
export async function isEpochOver(ports: Ports): Promise<boolean> {
  const record = await ports.records.read("epoch", clusterPartition, "current")
  return record === undefined || ports.clock.now() - record.startedAt >= limits.epochMs
}
