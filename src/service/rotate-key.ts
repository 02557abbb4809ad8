/** Rotation: a new version for new work; older ones stay for decrypting and verifying. */

import { keyAlgorithm } from "../domain/algorithms.ts"
import { HsmError } from "../domain/errors.ts"
import type { Instant } from "../domain/ids.ts"
import { currentVersion, versionsMax, type KeyRecord } from "../domain/key.ts"
import type { Permit } from "../domain/policy.ts"
import { generateMaterial } from "../engine/generate.ts"
import type { Transaction } from "../records/committer.ts"
import { paths } from "../records/kinds.ts"
import type { Records } from "../records/records.ts"
import { concluding, recordDone, keyOf, perform } from "./act.ts"
import { dueRows, firstIndexes, materialRows } from "./create-key.ts"
import type { Context, Idempotent, KeyRef } from "./commands.ts"
import { createOnce } from "./once.ts"
import type { Ports } from "./ports.ts"

/**
 * Makes a key's next version.
 *
 * @param command - with an `idempotencyKey`, a repetition of the call makes no further version.
 * @throws HsmError KEY_STATE, QUOTA_EXCEEDED at its versionsMax, CONFLICT.
 */
export async function rotateKey(
  ports: Ports,
  context: Context,
  command: { readonly key: KeyRef } & Idempotent,
): Promise<KeyRecord> {
  const ask = { operation: "key.rotate", key: command.key } as const
  return await perform(ports, context, ask, async (act) => {
    const key = keyOf(act)
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
      await recordDone(ports, act, { keyId: key.id, committed })
      return record
    })
  })
}

/** Adds a version without asking: for the schedule, and when a version's budget is used up. */
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
  const pin = await records.pin(key.partition, "key", key.id)
  if (pin?.secret === undefined) throw new HsmError("KEY_STATE", "the key has been erased")
  const { material, publicKey } = await generateMaterial(key.algorithm, permit)
  using fresh = material
  const version = last.version + 1
  const record: KeyRecord = {
    ...key,
    versions: [
      ...key.versions,
      {
        version,
        createdAt: now,
        origin: "generated",
        hasSecret: true,
        sealsLeased: 0,
        ...(permit === undefined ? {} : { asked: true }),
        ...firstIndexes(key.algorithm, ports.lineage),
        ...(publicKey === undefined ? {} : { publicKey: new Uint8Array(publicKey) }),
      },
    ],
    ...(key.rotation === undefined
      ? {}
      : { rotation: { ...key.rotation, nextAt: (now + key.rotation.periodMs) as Instant } }),
    updatedAt: now,
    revision: key.revision + 1,
  }
  const oldDue =
    key.rotation === undefined
      ? []
      : [{ del: paths.due(key.partition, key.rotation.nextAt, key.id) }]
  const transaction: Transaction = {
    changes: [{ kind: "key", record }],
    rows: [
      ...materialRows(ports, record, { version, secret: pin.secret, material: fresh }),
      ...oldDue,
      ...dueRows(record),
    ],
  }
  const committed = await records.commit(key.partition, await complete(transaction, record))
  return { record, committed }
}

function checkRotates({ algorithm, external }: KeyRecord, permit: Permit | undefined): void {
  if (keyAlgorithm(algorithm).form === "seed") {
    throw new HsmError("OPERATION_FORBIDDEN", "a seed does not rotate: its keys would be others")
  }
  if (external === undefined) return
  // Unasked: the version's seals are used up, and nobody here can make another one.
  const code = permit === undefined ? "KEY_EXHAUSTED" : "OPERATION_FORBIDDEN"
  throw new HsmError(code, "the key's material is brought along: it does not rotate here")
}
