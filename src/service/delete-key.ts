/**
 * Deletion, in the bin and out of it, and its proof.
 *
 * A destroyed key is *unusable* at acknowledgement, on every node; it is *shredded* when the root
 * of the epoch in which it died has been destroyed, since no copy of its secret then opens.
 */

import { HsmError } from "../domain/errors.ts"
import type { Instant } from "../domain/ids.ts"
import type { KeyRecord } from "../domain/key.ts"
import { hasReplicas } from "../domain/kms-key.ts"
import { limits } from "../domain/limits.ts"
import { destroyedAt } from "../records/epochs.ts"
import { keyOf, perform, type Act } from "./act.ts"
import { commitKey, revise } from "./change-key.ts"
import type { Context, DeleteKeyCommand, DeletionReceipt, KeyRef } from "./commands.ts"
import { familyOf } from "./find-key.ts"
import { endOf, tombstone } from "./key-end.ts"
import { changedFamily } from "./kms/family.ts"
import { cancelRequestsOf } from "./execute-request.ts"
import { forgetRetirable, retirableLeft } from "./kms/retirable.ts"
import type { Ports } from "./ports.ts"

/**
 * Takes a key out of use: into the bin where the partition has one; else for a waiting window,
 * after which the node destroys it; with a window of zero, at once. The window of a primary with
 * replicas begins when the last of them is gone.
 *
 * @throws HsmError OPERATION_FORBIDDEN when partition or key forbid destruction; MALFORMED_REQUEST.
 */
export async function deleteKey(
  ports: Ports,
  context: Context,
  command: DeleteKeyCommand,
): Promise<KeyRecord> {
  const { key, windowMs = limits.deletionWindowDefaultMs } = command
  if (windowMs < 0 || windowMs > limits.deletionWindowMaxMs) {
    throw new HsmError("MALFORMED_REQUEST", "the window is 0 to 365 days", {
      field: "/windowSeconds",
    })
  }
  const ask = { operation: "key.delete", key, immediate: windowMs === 0 } as const
  return await perform(ports, context, ask, async (act) => {
    const deleted = await takeOut(ports, act, windowMs)
    if (deleted.smart !== undefined) await cancelRequestsOf(ports, deleted)
    return deleted
  })
}

async function takeOut(ports: Ports, act: Act, windowMs: number): Promise<KeyRecord> {
  const before = keyOf(act)
  const stateBefore = liveState(before)
  if (act.partition.flags.invalidation) {
    const after = revise(before, act, { state: "invalidated", stateBefore })
    return await commitKey(ports, act, { before, after })
  }
  const family = await familyOf(ports, before)
  if (family !== undefined && hasReplicas(family, before.id)) {
    const after = revise(before, act, {
      state: "deleting",
      stateBefore,
      deletionWindowMs: windowMs,
    })
    // With its record: the last replica cannot go unseen at this moment.
    const extra = { changes: [changedFamily(family, {})] }
    return await commitKey(ports, act, { before, after, extra })
  }
  if (windowMs === 0) return await destroy(ports, act, before)
  const deleteAt = (act.now + windowMs) as Instant
  const after = revise(before, act, { state: "deleting", stateBefore, deleteAt })
  return await commitKey(ports, act, { before, after })
}

/** What the key comes back to. */
function liveState({ state }: KeyRecord): NonNullable<KeyRecord["stateBefore"]> {
  return state === "disabled" || state === "awaiting-material" ? state : "active"
}

/** Ends the waiting window; the key comes back as it was, or as `leaves` says. */
export async function cancelDeletion(
  ports: Ports,
  context: Context,
  { key, leaves }: { readonly key: KeyRef; readonly leaves?: "disabled" | undefined },
): Promise<KeyRecord> {
  return await bringBack(ports, context, { operation: "key.cancel-deletion", key }, leaves)
}

/** Takes an invalidated key out of the bin; officers alone do that. */
export async function restoreKey(
  ports: Ports,
  context: Context,
  { key }: { readonly key: KeyRef },
): Promise<KeyRecord> {
  return await bringBack(ports, context, { operation: "key.restore", key })
}

/** Destroys a key that is in the bin or waiting; officers alone do that. Cannot be undone. */
export async function purgeKey(
  ports: Ports,
  context: Context,
  { key }: { readonly key: KeyRef },
): Promise<KeyRecord> {
  return await perform(ports, context, { operation: "key.purge", key }, (act) =>
    destroy(ports, act, keyOf(act)),
  )
}

/**
 * Proves what became of a destroyed key: a statement signed by the cluster, in two stages.
 *
 * @throws HsmError KEY_STATE while the key lives.
 */
export async function deletionReceipt(
  ports: Ports,
  context: Context,
  { key }: { readonly key: KeyRef },
): Promise<DeletionReceipt> {
  return await perform(ports, context, { operation: "key.receipt", key }, async (act) => {
    const gone = keyOf(act)
    const { id, partition, name, destroyedAt: unusableAt, destroyedEpoch, family } = gone
    if (unusableAt === undefined || destroyedEpoch === undefined) {
      throw new HsmError("KEY_STATE", "the key has not been destroyed")
    }
    const shreddedAt = await destroyedAt(ports.records, destroyedEpoch)
    const shredded = shreddedAt === undefined ? {} : { shreddedAt }
    const said = [partition, id, name, unusableAt, destroyedEpoch, shreddedAt ?? 0]
    const about = { keyId: id, name, unusableAt, destroyedEpoch, ...shredded }
    const { keyholder } = ports.records
    if (family === undefined) {
      return { ...about, ...keyholder.signStatement("deletion-receipt", said) }
    }
    // Of a member: the others have the same material, each under its own secret.
    const membersLeft = (await familyOf(ports, gone))?.members.length ?? 0
    const statement = [...said, family, membersLeft]
    const signed = keyholder.signStatement("member-deletion-receipt", statement)
    return { ...about, membersLeft, ...signed }
  })
}

/** Destroys a key: secret erased, material rows gone, name free again; a tombstone stays. */
export async function destroy(ports: Ports, act: Act, before: KeyRecord): Promise<KeyRecord> {
  const { records } = ports
  const { epoch } = records
  const end = await endOf(ports, before, act.now)
  const entries = await retirableLeft(ports, before, [])
  try {
    const destroyed = await commitKey(ports, act, {
      before,
      after: tombstone(before, act.now, epoch),
      secret: "erase",
      extra: { ...end, keys: -1 },
    })
    await forgetRetirable(ports, entries, { isKeyGone: true })
    return destroyed
  } catch (error) {
    if (epoch === records.epoch) throw error
    return await destroy(ports, act, before) // The epoch rotated at this moment: name the new one.
  }
}

async function bringBack(
  ports: Ports,
  context: Context,
  ask: { readonly operation: "key.cancel-deletion" | "key.restore"; readonly key: KeyRef },
  leaves?: "disabled",
): Promise<KeyRecord> {
  return await perform(ports, context, ask, async (act) => {
    const before = keyOf(act)
    const { deleteAt: _at, deletionWindowMs: _window, stateBefore = "active", ...kept } = before
    const after: KeyRecord = {
      ...kept,
      state: stateBefore === "awaiting-material" ? stateBefore : (leaves ?? stateBefore),
      updatedAt: act.now,
      revision: before.revision + 1,
    }
    return await commitKey(ports, act, { before, after })
  })
}
