/**
 * Material that goes: because its owner takes it away, or because its time is over. It is shredded
 * at once: the key's erasable secret goes with it, and what stays is sealed under another one.
 */

import { HsmError } from "../../domain/errors.ts"
import { broughtVersions, versionUntil, withoutMaterial } from "../../domain/external-material.ts"
import type { Instant } from "../../domain/ids.ts"
import { currentVersion, type KeyRecord, type KeyVersion } from "../../domain/key.ts"
import { SecretBytes } from "../../engine/secret-bytes.ts"
import type { Change, Transaction } from "../../records/committer.ts"
import { paths } from "../../records/kinds.ts"
import type { Write } from "../../store/store.ts"
import { perform } from "../act.ts"
import { commitKey, movedDues, revise } from "../change-key.ts"
import type { Context, KeyRef, MaterialChange } from "../commands.ts"
import { materialRows } from "../create-key.ts"
import type { Ports } from "../ports.ts"
import { kinOf } from "./family.ts"
import { externalOf } from "./import-material.ts"
import { materialIdOf, versionNamed } from "./material-id.ts"
import { leadsFamily } from "./pending-material.ts"

/**
 * Takes material away, the current one unless told otherwise; the same can be brought again. What
 * was sealed here never opens again. What waited for its rotation is forgotten, by the whole family
 * when its primary is asked.
 *
 * @throws HsmError NOT_FOUND for an id that names none of the key's material; OPERATION_FORBIDDEN
 * for a key whose material was made here; KEY_STATE; CONFLICT.
 */
export async function deleteMaterial(
  ports: Ports,
  context: Context,
  command: { readonly key: KeyRef; readonly materialId?: string | undefined },
): Promise<MaterialChange<string | undefined>> {
  const { key, materialId: id } = command
  return await perform(ports, context, { operation: "key.delete-material", key }, async (act) => {
    const before = externalOf(act)
    const gone = id === undefined ? currentVersion(before) : versionNamed(ports, before, id)
    if (gone === undefined) {
      if (id === undefined) return { key: before, materialId: undefined }
      throw new HsmError("NOT_FOUND", "the key has no material by that id")
    }
    const materialId = materialIdOf(ports, before, gone.version)
    const loss = await lossOf(ports, before, { now: act.now, gone: (one) => one === gone })
    if (loss === undefined) return { key: before, materialId }
    const { record: after, secret, rows, kin } = loss
    const extra = { rows: [...rows, ...kin.rows], changes: kin.changes }
    const sealed = secret === undefined ? {} : { secret }
    const { version: keyVersion } = gone
    await commitKey(ports, act, { before, after, extra, keyVersion, ...sealed })
    kin.evict()
    return { key: after, materialId }
  })
}

/** What happens when the time of some material is over. */
interface MaterialEnd {
  readonly transaction: Transaction
  /** Whose material is gone. */
  readonly versions: readonly number[]
  /** To be done once it is committed. */
  readonly evict: () => void
}

/** The end of all material whose time is over; undefined when there is none. */
export async function materialEnd(
  ports: Ports,
  before: KeyRecord,
  now: Instant,
): Promise<MaterialEnd | undefined> {
  const gone = (one: KeyVersion): boolean => (versionUntil(one) ?? Infinity) <= now
  const loss = await lossOf(ports, before, { now, gone })
  if (loss === undefined) return undefined
  const { kin } = loss
  return {
    transaction: {
      changes: [changeOf(loss), ...kin.changes],
      rows: [...loss.rows, ...movedDues(before, loss.record), ...kin.rows],
    },
    versions: broughtVersions(before)
      .filter(gone)
      .map(({ version }) => version),
    evict: () => {
      ports.keys.evict(before.id)
      kin.evict()
    },
  }
}

/** One member's part. */
interface Loss {
  readonly record: KeyRecord
  /** Absent: nothing of it was here. */
  readonly secret?: SecretBytes
  readonly rows: readonly Write[]
}

interface Asked {
  readonly now: Instant
  readonly gone: (version: KeyVersion) => boolean
}

/** Undefined when nothing changes. */
async function lossOf(ports: Ports, before: KeyRecord, asked: Asked) {
  const pending = before.external?.pending
  const forgets = pending !== undefined && asked.gone(pending) && (await leadsFamily(ports, before))
  const hits = broughtVersions(before).some((one) => asked.gone(one) && one.hasSecret)
  if (!hits && !forgets) return undefined
  const members = forgets ? await kinOf(ports, before) : []
  const kin = await Promise.all(
    members.map(async (old) => {
      // Known to all by its number; nothing of another member's versions goes.
      const gone = (one: KeyVersion): boolean => one === old.external?.pending
      const loss = await lostBy(ports, old, { ...asked, gone, forgets })
      return { ...loss, dues: movedDues(old, loss.record) }
    }),
  )
  return {
    ...(await lostBy(ports, before, { ...asked, forgets })),
    kin: {
      changes: kin.map(changeOf),
      rows: kin.flatMap(({ rows, dues }) => [...rows, ...dues]),
      evict: () => {
        for (const { id } of members) ports.keys.evict(id)
      },
    },
  }
}

async function lostBy(
  ports: Ports,
  before: KeyRecord,
  { now, gone, forgets }: Asked & { readonly forgets: boolean },
): Promise<Loss> {
  const { external, ...fields } = withoutMaterial(before, gone)
  const kept = forgets || external === undefined ? {} : external
  const record = revise(before, { now }, { ...fields, external: kept })
  const lost = broughtVersions(before).filter((one) => gone(one) && one.hasSecret)
  if (lost.length === 0) return { record, rows: [] }
  const secret = ports.records.keyholder.freshSecret()
  const { partition, id } = before
  const rows: Write[] = lost.map(({ version }) => ({ del: paths.material(partition, id, version) }))
  // Of what waits as well: it is opened for this alone.
  const whole = { ...before, versions: broughtVersions(before) }
  for (const { version, hasSecret } of broughtVersions(record)) {
    if (!hasSecret) continue
    const { material: bytes } = await ports.keys.release(whole, version)
    using material = bytes && new SecretBytes(bytes)
    rows.push(...materialRows(ports, record, { version, secret, material }))
  }
  return { record, secret, rows }
}

function changeOf({ record, secret }: Loss): Change {
  return { kind: "key", record, ...(secret === undefined ? {} : { secret }) }
}
