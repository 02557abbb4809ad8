/** Change what a key says about itself: names, tags, attributes, schedule, state. */

import { keyAlgorithm } from "../domain/algorithms.ts"
import { coversPattern, everyPath } from "../domain/derivation.ts"
import { HsmError } from "../domain/errors.ts"
import type { Instant } from "../domain/ids.ts"
import { currentVersion, isName, type KeyAttributes, type KeyRecord } from "../domain/key.ts"
import { keyOf, perform, type Act } from "./act.ts"
import { commitKey, revise } from "./change-key.ts"
import type { Context, KeyRef, UpdateKeyCommand } from "./commands.ts"
import { checkPaths, checkPeriod, checkTags } from "./key-template.ts"
import { checkPrimary, sameSchedule } from "./kms/family.ts"
import type { Ports } from "./ports.ts"

/**
 * Changes a modifiable key. Attributes move one way only: a use, once taken away, and
 * extractability, once given up, do not come back (PKCS#11 v3.1 section 4.4).
 *
 * @throws HsmError CONFLICT when `ifRevision` is not the key's; NAME_TAKEN; MALFORMED_REQUEST.
 */
export async function updateKey(
  ports: Ports,
  context: Context,
  command: UpdateKeyCommand,
): Promise<KeyRecord> {
  return await perform(
    ports,
    context,
    { operation: "key.update", key: command.key },
    async (act) => {
      const before = keyOf(act)
      check(before, command)
      const after = revise(before, act, changedFields(before, act, command))
      const renamed = command.name !== undefined && command.name !== before.name
      const reschedules = command.rotationPeriodMs !== undefined
      if (reschedules) await checkPrimary(ports, before)
      const shared = reschedules ? await sameSchedule(ports, { before, after }) : undefined
      const own = renamed ? renaming(ports, before, after) : undefined
      const rows = [...(shared?.rows ?? []), ...(own?.rows ?? [])]
      return await commitKey(ports, act, { before, after, extra: { ...shared, ...own, rows } })
    },
  )
}

/**
 * Marks a key as one under which others may leave wrapped; officers alone do that.
 *
 * @throws HsmError OPERATION_FORBIDDEN for one that was unwrapped or derived.
 */
export async function trustKey(
  ports: Ports,
  context: Context,
  { key, trusted }: { key: KeyRef; trusted: boolean },
): Promise<KeyRecord> {
  return await perform(ports, context, { operation: "key.trust", key }, async (act) => {
    const before = keyOf(act)
    const isKnown = before.versions.some(({ origin }) => origin === "unwrapped")
    if (trusted && (isKnown || before.derivedFrom !== undefined)) {
      throw new HsmError("OPERATION_FORBIDDEN", "an unwrapped or derived key wraps no others")
    }
    const after = revise(before, act, { attributes: { ...before.attributes, trusted } })
    return await commitKey(ports, act, { before, after })
  })
}

/**
 * Lets a key that counts its signatures go on from an index that was never used, under the node's
 * present memory of its store. What is skipped is lost.
 *
 * @throws HsmError MALFORMED_REQUEST for an index that may have been used or that there is not.
 */
export async function fastForwardKey(
  ports: Ports,
  context: Context,
  { key, index }: { readonly key: KeyRef; readonly index: number },
): Promise<KeyRecord> {
  return await perform(ports, context, { operation: "key.fast-forward", key }, async (act) => {
    const before = keyOf(act)
    const version = currentVersion(before)
    const { stateful } = keyAlgorithm(before.algorithm)
    if (stateful === undefined || version?.indexes === undefined) {
      throw new HsmError("OPERATION_FORBIDDEN", "the key does not count its signatures")
    }
    if (index < version.indexes.leased || index > stateful.signatures) {
      malformed("/index", `is ${version.indexes.leased} to ${stateful.signatures}`)
    }
    const indexes = { leased: index, lineage: ports.lineage, floor: index }
    const versions = before.versions.with(before.versions.length - 1, { ...version, indexes })
    return await commitKey(ports, act, { before, after: revise(before, act, { versions }) })
  })
}

export async function enableKey(
  ports: Ports,
  context: Context,
  { key }: { readonly key: KeyRef },
): Promise<KeyRecord> {
  return await setState(ports, context, key, { operation: "key.enable", state: "active" })
}

/** When this answers, no operation under the key is under way and none can begin. */
export async function disableKey(
  ports: Ports,
  context: Context,
  { key }: { readonly key: KeyRef },
): Promise<KeyRecord> {
  return await setState(ports, context, key, { operation: "key.disable", state: "disabled" })
}

async function setState(
  ports: Ports,
  context: Context,
  key: KeyRef,
  to: { operation: "key.enable" | "key.disable"; state: "active" | "disabled" },
): Promise<KeyRecord> {
  return await perform(ports, context, { operation: to.operation, key }, async (act) => {
    const before = keyOf(act)
    if (before.state === to.state) return before
    return await commitKey(ports, act, { before, after: revise(before, act, { state: to.state }) })
  })
}

function check(key: KeyRecord, command: UpdateKeyCommand): void {
  const { ifRevision, name, usages, minVersion, rotationPeriodMs } = command
  if (ifRevision !== undefined && ifRevision !== key.revision) {
    throw new HsmError("CONFLICT", `the key is at revision ${key.revision}`)
  }
  if (name !== undefined && !isName(name)) malformed("/name", "not a name")
  checkTags(changedTags(key, command))
  const added = usages?.find((usage) => !key.attributes.usages.includes(usage))
  if (added !== undefined) malformed("/usages", "uses can only be taken away")
  if (minVersion !== undefined && (minVersion < 1 || minVersion > key.versions.length)) {
    malformed("/minVersion", "there is no such version")
  }
  if (command.paths !== undefined) checkNarrower(key, command.paths)
  if (rotationPeriodMs !== undefined && rotationPeriodMs !== null) {
    checkPeriod(key, rotationPeriodMs)
    if (key.external !== undefined) {
      malformed("/rotationPeriodSeconds", "material that is brought along does not rotate here")
    }
  }
}

function checkNarrower({ algorithm, paths: before }: KeyRecord, paths: readonly string[]): void {
  if (keyAlgorithm(algorithm).form !== "seed") malformed("/paths", "only a seed has paths")
  checkPaths(paths)
  const wider = paths.find((pattern) => !coversPattern(before ?? [everyPath], pattern))
  if (wider !== undefined) malformed("/paths", "paths can only become narrower")
}

function changedFields(key: KeyRecord, act: Act, command: UpdateKeyCommand): Partial<KeyRecord> {
  const { name, description, minVersion, rotationPeriodMs, paths } = command
  return {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    tags: changedTags(key, command),
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(paths === undefined ? {} : { paths }),
    ...(rotationPeriodMs === undefined ? {} : { rotation: schedule(act, rotationPeriodMs) }),
    attributes: changedAttributes(key.attributes, command),
  } as Partial<KeyRecord> // `rotation: undefined` ends a schedule: JSON drops it from the record.
}

function changedTags(
  key: KeyRecord,
  { tags = key.tags, addTags = {}, removeTags = [] }: UpdateKeyCommand,
): KeyRecord["tags"] {
  const kept = Object.entries({ ...tags, ...addTags })
  return Object.fromEntries(kept.filter(([name]) => !removeTags.includes(name)))
}

function schedule(act: Act, periodMs: number | null): KeyRecord["rotation"] {
  return periodMs === null ? undefined : { periodMs, nextAt: (act.now + periodMs) as Instant }
}

function changedAttributes(before: KeyAttributes, command: UpdateKeyCommand): KeyAttributes {
  const { usages, extractable, sensitive, modifiable, destroyable } = command
  return {
    ...before,
    ...(usages === undefined ? {} : { usages }),
    ...(extractable === undefined ? {} : { extractable }),
    ...(sensitive === undefined ? {} : { sensitive }),
    ...(modifiable === undefined ? {} : { modifiable }),
    ...(destroyable === undefined ? {} : { destroyable }),
  }
}

function renaming(
  ports: Ports,
  before: KeyRecord,
  after: KeyRecord,
): {
  claims: { path: string; value: Uint8Array }[]
  rows: { del: string }[]
} {
  const { records } = ports
  return {
    claims: [records.claim(after.partition, "key-name", after.name, after.id)],
    rows: [{ del: records.indexPath(before.partition, "key-name", before.name) }],
  }
}

function malformed(field: string, message: string): never {
  throw new HsmError("MALFORMED_REQUEST", message, { field })
}
