/** Rotation: a new version for new work; older ones stay for decrypting and verifying. */

import { keyAlgorithm } from "../domain/algorithms.ts"
import { HsmError } from "../domain/errors.ts"
import { isHere } from "../domain/external-material.ts"
import type { Instant } from "../domain/ids.ts"
import { currentVersion, versionsMax, type KeyRecord, type KeyVersion } from "../domain/key.ts"
import type { Permit } from "../domain/policy.ts"
import { generateMaterial } from "../engine/generate.ts"
import type { SecretBytes } from "../engine/secret-bytes.ts"
import type { Transaction } from "../records/committer.ts"
import type { Records } from "../records/records.ts"
import type { Write } from "../store/store.ts"
import { concluding, recordDone, keyOf, perform } from "./act.ts"
import { movedDues } from "./change-key.ts"
import { firstIndexes, materialRows } from "./create-key.ts"
import type { Context, Idempotent, KeyRef } from "./commands.ts"
import { checkPrimary, kinOf } from "./kms/family.ts"
import { createOnce } from "./once.ts"
import type { Ports } from "./ports.ts"

/**
 * Makes a key's next version; of what its owner brings along, that which waits becomes it.
 *
 * @param command - with an `idempotencyKey`, a repetition of the call makes no further version.
 * @throws HsmError KEY_STATE, QUOTA_EXCEEDED at its versionsMax, CONFLICT; OPERATION_FORBIDDEN for
 * a replica, which follows its primary.
 */
export async function rotateKey(
  ports: Ports,
  context: Context,
  command: { readonly key: KeyRef } & Idempotent,
): Promise<KeyRecord> {
  const ask = { operation: "key.rotate", key: command.key } as const
  return await perform(ports, context, ask, async (act) => {
    const key = keyOf(act)
    await checkPrimary(ports, key)
    const { idempotencyKey } = command
    const call = { kind: "key.rotate", key: idempotencyKey, command: { key: key.id } }
    return await createOnce(ports, context, call, async (once) => {
      if (once.repeated) return (await ports.records.read("key", key.partition, key.id)) ?? key
      const { record, committed } = await addVersion(ports, key, act.now, {
        permit: act.permit,
        complete: (transaction, made) =>
          concluding(
            act,
            { ...transaction, claims: once.claims },
            { keyId: made.id, revision: made.revision },
          ),
      })
      const keyVersion = currentVersion(record)?.version
      await recordDone(ports, act, { keyId: key.id, ...(keyVersion && { keyVersion }), committed })
      return record
    })
  })
}

/**
 * Adds a version without asking: for the schedule, and when a version's budget is used up. All
 * members of a family get it in the one commit, each under its own secret.
 */
export async function addVersion(
  ports: Pick<Ports, "records" | "lineage">,
  key: KeyRecord,
  now: Instant,
  {
    permit,
    complete = (transaction) => transaction,
  }: {
    /** Of whoever asked; the schedule has none. */
    readonly permit?: Permit
    /** What the commit takes along. */
    readonly complete?: (
      transaction: Transaction,
      record: KeyRecord,
    ) => Promise<Transaction> | Transaction
  } = {},
): Promise<{ record: KeyRecord; committed: Awaited<ReturnType<Records["commit"]>> }> {
  const last = currentVersion(key)
  if (last === undefined || !last.hasSecret) {
    throw new HsmError("KEY_STATE", "only the public half is here: there is nothing to rotate")
  }
  checkRotates(key, permit)
  const most = versionsMax(last)
  if (key.versions.length >= most) {
    throw new HsmError("QUOTA_EXCEEDED", `a key of ${key.algorithm} has at most ${most} versions`)
  }
  const { records } = ports
  const kin = await kinOf(ports, key)
  const members = [key, ...kin]
  const { nextOf, material } =
    key.external === undefined
      ? await freshVersion(ports, key, { now, permit })
      : { nextOf: pendingVersions(members, now), material: undefined }
  using fresh = material
  const rows: Write[] = []
  const changed: KeyRecord[] = []
  for (const before of members) {
    const after = withVersion(before, nextOf(before))
    rows.push(...(await versionRows(ports, { before, after, material: fresh })))
    changed.push(after)
  }
  const [record = key] = changed
  const changes = changed.map((one) => ({ kind: "key", record: one }) as const)
  const transaction: Transaction = { changes, rows }
  const committed = await records.commit(key.partition, await complete(transaction, record))
  return { record, committed }
}

/** What a member's record says of the version that comes. */
type NextOf = (member: KeyRecord) => KeyVersion

/** Made here, the same for all members. */
async function freshVersion(
  { lineage }: Pick<Ports, "lineage">,
  { algorithm, versions }: KeyRecord,
  { now, permit }: { readonly now: Instant; readonly permit: Permit | undefined },
): Promise<{ readonly nextOf: NextOf; readonly material: SecretBytes | undefined }> {
  const { material, publicKey } = await generateMaterial(algorithm, permit)
  const next: KeyVersion = {
    version: (versions.at(-1)?.version ?? 0) + 1,
    createdAt: now,
    origin: "generated",
    hasSecret: true,
    sealsLeased: 0,
    ...(permit === undefined ? {} : { asked: true }),
    ...firstIndexes(algorithm, lineage),
    ...(publicKey === undefined ? {} : { publicKey: new Uint8Array(publicKey) }),
  }
  return { nextOf: () => next, material }
}

/**
 * What was brought along and waits. Every member has its own row of it already, under the number
 * that it has now.
 */
function pendingVersions(members: readonly KeyRecord[], now: Instant): NextOf {
  const nextOf = ({ external }: KeyRecord): KeyVersion => {
    const pending = external?.pending
    if (pending === undefined) {
      throw new HsmError("KEY_STATE", "no material was brought that waits for a rotation")
    }
    if (isHere(pending, now)) return { ...pending, createdAt: now, asked: true }
    throw new HsmError("KEY_STATE", "the material that waits is not in every member of the key")
  }
  for (const member of members) nextOf(member)
  return nextOf
}

function withVersion(key: KeyRecord, next: KeyVersion): KeyRecord {
  const { rotation } = key
  const now = next.createdAt
  return {
    ...key,
    versions: [...key.versions, next],
    ...(key.external === undefined ? {} : { external: {} }),
    ...(rotation === undefined
      ? {}
      : { rotation: { ...rotation, nextAt: (now + rotation.periodMs) as Instant } }),
    updatedAt: now,
    revision: key.revision + 1,
  }
}

/** The newest version's material under the key's own secret, and when it rotates again. */
async function versionRows(
  ports: Pick<Ports, "records">,
  changed: {
    readonly before: KeyRecord
    readonly after: KeyRecord
    readonly material: SecretBytes | undefined
  },
): Promise<Write[]> {
  const { before, after, material } = changed
  const pin = await ports.records.pin(before.partition, "key", before.id)
  if (pin?.secret === undefined) throw new HsmError("KEY_STATE", "the key has been erased")
  const version = currentVersion(after)?.version ?? 0
  const { secret } = pin
  return [...materialRows(ports, after, { version, secret, material }), ...movedDues(before, after)]
}

function checkRotates({ algorithm, external }: KeyRecord, permit: Permit | undefined): void {
  if (keyAlgorithm(algorithm).form === "seed") {
    throw new HsmError("OPERATION_FORBIDDEN", "a seed does not rotate: its keys would be others")
  }
  if (external === undefined || permit !== undefined) return
  // The version's seals are used up; when the next one begins is its owner's business.
  throw new HsmError("KEY_EXHAUSTED", "the key's material is brought along: its owner rotates it")
}
