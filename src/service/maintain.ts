/** What the node does by the clock: destroy keys whose window has passed, rotate those due. */

import type { AuditEvent } from "../domain/audit-event.ts"
import { HsmError } from "../domain/errors.ts"
import { materialEnds } from "../domain/external-material.ts"
import { clusterPartition, type Instant, type PartitionId } from "../domain/ids.ts"
import type { KeyRecord } from "../domain/key.ts"
import { limits } from "../domain/limits.ts"
import { isOpen } from "../domain/request.ts"
import { unwrapsUntil } from "../domain/unwrap-template.ts"
import type { Committed } from "../records/committer.ts"
import { allPartitions } from "../records/epochs.ts"
import { paths } from "../records/kinds.ts"
import { duePaths } from "./change-key.ts"
import { advance, cancelRequestsOf } from "./execute-request.ts"
import { familyOf } from "./find-key.ts"
import { endOf, tombstone } from "./key-end.ts"
import { materialEnd } from "./kms/delete-material.ts"
import { onceMadeAt } from "./once.ts"
import { forgetRetirable, retirableLeft } from "./kms/retirable.ts"
import type { Ports } from "./ports.ts"
import { removal } from "./request-record.ts"
import { removalOf } from "./stamps.ts"
import { addVersion } from "./rotate-key.ts"

const duePerPage = 1_000

/** Where the next run goes on to look for idempotency keys to forget, by partition. */
export type CallCursors = Map<PartitionId, string>

/**
 * Runs everything that is due in every partition. What fails for one key or partition holds up no
 * other.
 *
 * @returns how many keys were handled.
 * @throws the first failure, at the end.
 */
export async function maintain(ports: Ports, cursors: CallCursors = new Map()): Promise<number> {
  const run: Run = { handled: 0, failures: [] }
  await ports.records.sync()
  for (const partition of await allPartitions(ports.records)) {
    await attempt(run, () => runDue(ports, partition, run))
    await attempt(run, () => forgetCalls(ports, partition, cursors))
  }
  if (run.failures.length > 0) throw run.failures[0]
  return run.handled
}

interface Run {
  handled: number
  readonly failures: unknown[]
}

/** A key changed by somebody at the same moment is looked at again in the next run. */
async function attempt(run: Run, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof HsmError && error.code === "CONFLICT") return
    run.failures.push(error)
  }
}

async function runDue(ports: Ports, partition: PartitionId, run: Run): Promise<void> {
  const now = ports.clock.now()
  const prefix = paths.dues(partition)
  let after: string | undefined
  do {
    const page = await ports.records.store.scan(prefix, { after, limit: duePerPage })
    for (const { key: path } of page.entries) {
      const [at = "", id = ""] = path.slice(prefix.length).split("/")
      if (Number.parseInt(at, 16) > now) return // Rows are sorted by time.
      await attempt(run, async () => {
        const key = await ports.records.read("key", partition, id)
        if (key === undefined) await runOther(ports, partition, id, now)
        else await runOne(ports, key, now)
      })
      run.handled++
    }
    after = page.next
  } while (after !== undefined)
}

async function runOne(ports: Ports, key: KeyRecord, now: Instant): Promise<void> {
  const waited = key.state === "deleting" && (key.deleteAt ?? Infinity) <= now
  if (waited || (unwrapsUntil(key) ?? Infinity) <= now) {
    await destroyDue(ports, key, now)
  } else if (materialEnds(key).some((at) => at <= now)) {
    await expireMaterial(ports, key, now)
  } else if (key.state === "active" && key.rotation !== undefined && key.rotation.nextAt <= now) {
    const family = await familyOf(ports, key)
    // Its primary's turn: all members have the appointment.
    if (family !== undefined && family.primary !== key.id) return
    await rotateUnasked(ports, key, now)
  }
}

/**
 * Advances a request that is open, and forgets one that has been kept long enough; forgets stamps
 * that have expired.
 */
async function runOther(
  ports: Ports,
  partition: PartitionId,
  id: string,
  now: Instant,
): Promise<void> {
  const request = await ports.records.read("request", partition, id)
  if (request === undefined) {
    const block = await ports.records.read("stamp-block", partition, id)
    // A millisecond later: at its last moment a stamp is still good.
    if (block !== undefined && block.dueAt < now) {
      await ports.records.commit(partition, removalOf(block))
    }
    return
  }
  if (isOpen(request.state)) await advance(ports, request)
  else if (request.dueAt <= now) await ports.records.commit(partition, removal(request))
}

/** Rotates a key without anyone asking: by its schedule, or when a version is used up. */
export async function rotateUnasked(
  ports: Pick<Ports, "records" | "audit" | "lineage">,
  key: KeyRecord,
  now: Instant,
): Promise<KeyRecord> {
  const { record: rotated, committed } = await addVersion(ports, key, now)
  await recordAct(ports, key, "system.key-rotated", committed)
  return rotated
}

/** The key waits for its material again, unless it was what waited for a rotation. */
async function expireMaterial(ports: Ports, key: KeyRecord, now: Instant): Promise<void> {
  const end = await materialEnd(ports, key, now)
  if (end === undefined) return
  const committed = await ports.records.commit(key.partition, end.transaction)
  await ports.inFlight.drain(key.id)
  end.evict()
  for (const version of end.versions) {
    await recordAct(ports, { ...key, version }, "system.material-expired", committed)
  }
}

async function destroyDue(ports: Ports, key: KeyRecord, now: Instant): Promise<void> {
  const { records } = ports
  const end = await endOf(ports, key, now)
  const entries = await retirableLeft(ports, key, [])
  const record = tombstone(key, now, records.epoch)
  const committed = await records.commit(key.partition, {
    changes: [{ kind: "key", record, secret: "erase" }, ...end.changes],
    rows: [...end.rows, ...duePaths(key)],
    keys: -1,
  })
  await ports.inFlight.drain(key.id)
  ports.keys.evict(key.id)
  await recordAct(ports, key, "system.key-destroyed", committed)
  await forgetRetirable(ports, entries, { isKeyGone: true })
  if (key.smart !== undefined) await cancelRequestsOf(ports, key)
}

async function recordAct(
  ports: Pick<Ports, "audit">,
  key: Pick<KeyRecord, "id" | "partition"> & { readonly version?: number },
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
      ...(key.version === undefined ? {} : { keyVersion: key.version }),
      storeRev: rev,
      writes,
    },
    { stopsHarm: true },
  )
}

/** Idempotency keys are remembered for limits.idempotencyMs. */
async function forgetCalls(
  ports: Ports,
  partition: PartitionId,
  cursors: CallCursors,
): Promise<void> {
  const before = ports.clock.now() - limits.idempotencyMs
  // One page per run: there may be many, and they lie in no order of time.
  const { entries, next } = await ports.records.store.scan(paths.onces(partition), {
    after: cursors.get(partition),
    limit: duePerPage,
  })
  if (next === undefined) cursors.delete(partition)
  else cursors.set(partition, next)
  const old = entries.filter(({ value }) => onceMadeAt(value) < before)
  if (old.length === 0) return
  await ports.records.commit(partition, { changes: [], rows: old.map(({ key }) => ({ del: key })) })
}

/** True when the epoch's root has lived its day. */
export async function isEpochOver(ports: Ports): Promise<boolean> {
  const record = await ports.records.read("epoch", clusterPartition, "current")
  return record === undefined || ports.clock.now() - record.startedAt >= limits.epochMs
}
