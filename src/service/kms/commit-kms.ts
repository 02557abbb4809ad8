/** Commits what AWS's dialect keeps beside a key. */

import type { PartitionId } from "../../domain/ids.ts"
import type { KeyRecord } from "../../domain/key.ts"
import type { KmsKeyRecord } from "../../domain/kms-key.ts"
import type { Change, Transaction } from "../../records/committer.ts"
import { keyOf, type Act } from "../act.ts"
import { commitKey, revise } from "../change-key.ts"
import type { KeyRef } from "../commands.ts"
import { idIn } from "../find-key.ts"
import type { Ports } from "../ports.ts"

/**
 * Changes the record beside the key of an act, or makes the first one. With it the key's own record
 * gets a revision: whoever uses the key is under the new one when this answers.
 *
 * @throws HsmError as `commitKey`.
 */
export async function commitKms(
  ports: Ports,
  act: Act,
  change: {
    /** As it was; undefined: there was none. */
    readonly before: KmsKeyRecord | undefined
    readonly fields: Fields
    /** Who is concerned, for the log. */
    readonly target?: string
    /** What else the commit has to do. */
    readonly along?: Partial<Transaction>
  },
): Promise<void> {
  const { before, fields, along = {}, ...about } = change
  const key = keyOf(act)
  const [after, beside] = besides(key, act, before, fields)
  await commitKey(ports, act, {
    ...about,
    before: key,
    after,
    extra: { ...along, changes: [beside, ...(along.changes ?? [])] },
  })
}

/** A key's next revision, and the change of the record beside it. */
export function besides(
  key: KeyRecord,
  act: Pick<Act, "now">,
  before: KmsKeyRecord | undefined,
  fields: Fields,
): readonly [key: KeyRecord, beside: Change] {
  const { id, partition } = key
  const old = before ?? { id, partition, revision: 0 }
  const record = { ...old, ...fields, revision: old.revision + 1 }
  return [revise(key, act, { kms: true }), { kind: "kms-key", record }]
}

type Fields = Partial<Pick<KmsKeyRecord, "aliases" | "policy" | "grants">>

/**
 * Runs one change of what lies beside a key after the other: many are asked for at once, and all of
 * a key's are one record.
 */
export async function inTurn<T>(
  ports: Pick<Ports, "inFlight">,
  partition: PartitionId,
  key: KeyRef,
  change: () => Promise<T>,
): Promise<T> {
  return await inTurns(ports, partition, [key], change)
}

/**
 * As {@link inTurn}, of several keys of one partition. Everybody takes their turns in one order: so
 * nobody waits for whom he keeps waiting.
 */
export async function inTurns<T>(
  { inFlight }: Pick<Ports, "inFlight">,
  partition: PartitionId,
  keys: readonly KeyRef[],
  change: () => Promise<T>,
): Promise<T> {
  const names = new Set(keys.map((key) => `beside ${partition} ${idIn(key) ?? ""}`))
  const ordered = [...names].toSorted()
  return await ordered.reduceRight((inner, name) => () => inFlight.alone(name, inner), change)()
}
