/** How a key's record changes: one place that commits, waits for work under way, and records. */

import { broughtVersions } from "../domain/external-material.ts"
import type { KeyRecord } from "../domain/key.ts"
import type { SecretBytes } from "../engine/secret-bytes.ts"
import type { Transaction } from "../records/committer.ts"
import { paths } from "../records/kinds.ts"
import type { Write } from "../store/store.ts"
import { concluding, recordDone, type Act } from "./act.ts"
import { dueRows } from "./create-key.ts"
import type { Ports } from "./ports.ts"

/** The record's next revision. */
export function revise(
  key: KeyRecord,
  act: Pick<Act, "now">,
  fields: Partial<KeyRecord>,
): KeyRecord {
  return { ...key, ...fields, updatedAt: act.now, revision: key.revision + 1 }
}

/**
 * Commits a key's next revision and answers when nothing allowed under the old one is under way.
 *
 * @throws HsmError CONFLICT when somebody else changed the key first.
 */
export async function commitKey(
  ports: Ports,
  act: Act,
  change: {
    readonly before: KeyRecord
    readonly after: KeyRecord
    /** Another one, or none: what was sealed under the old one never opens again. */
    readonly secret?: SecretBytes | "erase"
    readonly extra?: Partial<Transaction>
    /** Who is concerned, for the log. */
    readonly target?: string
    /** Which version is, for the log. */
    readonly keyVersion?: number
  },
): Promise<KeyRecord> {
  const { before, after, secret, extra, target, keyVersion } = change
  const transaction: Transaction = {
    ...extra,
    changes: [
      { kind: "key", record: after, ...(secret === undefined ? {} : { secret }) },
      ...(extra?.changes ?? []),
    ],
    rows: [...(extra?.rows ?? []), ...movedDues(before, after)],
  }
  const result = { keyId: after.id, revision: after.revision }
  const committed = await ports.records.commit(
    after.partition,
    await concluding(act, transaction, result),
  )
  await ports.inFlight.drain(after.id)
  if (secret !== undefined) ports.keys.evict(after.id) // Opened before, by whoever just ended.
  const about = {
    ...(target === undefined ? {} : { target }),
    ...(keyVersion === undefined ? {} : { keyVersion }),
  }
  await recordDone(ports, act, { keyId: after.id, ...about, committed })
  return after
}

/** Old appointments go, new ones come; those that stay are not written twice. */
export function movedDues(before: KeyRecord, after: KeyRecord): Write[] {
  const old = dueRows(before).map(pathOf)
  const next = dueRows(after)
  const kept = new Set(next.map(pathOf))
  return [
    ...old.filter((path) => !kept.has(path)).map((path) => ({ del: path })),
    ...next.filter((write) => !old.includes(pathOf(write))),
  ]
}

function pathOf(write: Write): string {
  return "put" in write ? write.put : write.del
}

/** A key's appointments, to go with it. */
export function duePaths(key: KeyRecord): Write[] {
  return dueRows(key).map((write) => ({ del: pathOf(write) }))
}

/** Rows of a key that go with its material. */
export function materialPaths(key: KeyRecord): Write[] {
  return broughtVersions(key)
    .filter(({ hasSecret }) => hasSecret)
    .map(({ version }) => ({ del: paths.material(key.partition, key.id, version) }))
}
