/**
 * Keys of one algorithm that are made together, such as those of a batch: one decision, one record
 * of what was allowed and one of what was done. Each is a transaction of its own in their commit:
 * a name that is taken, or a quota that is reached, is the fate of one.
 */

import type { KeyId } from "../domain/ids.ts"
import type { KeyRecord } from "../domain/key.ts"
import { each, Failed, type Outcome } from "../domain/outcome.ts"
import { generating } from "../engine/generate.ts"
import type { Material } from "../engine/provider.ts"
import type { Committed } from "../records/committer.ts"
import { asTheyAre, comparing, performAlike, type Asking } from "./act-alike.ts"
import type { Act } from "./act.ts"
import type { CreateKeyCommand } from "./commands.ts"
import { newKeys } from "./create-key.ts"
import { isTemplate } from "./key-template.ts"
import { freshIds } from "./once.ts"
import type { Ports } from "./ports.ts"

/** What they ask leave for is the algorithm; the rest is each one's own. */
export const areAlikeToCreate = comparing<CreateKeyCommand>({
  algorithm: "shared",
  rules: "shared",
  kms: "shared",
  idempotencyKey: "shared",
  name: "own",
  usages: "own",
  extractable: "own",
  sensitive: "own",
  modifiable: "own",
  destroyable: "own",
  copyable: "own",
  tags: "own",
  description: "own",
  rotationPeriodMs: "own",
  paths: "own",
  unwraps: "own",
})

/** Rules and policies are made ready one by one; what may be repeated is looked for first. */
function isPlain(command: CreateKeyCommand): boolean {
  const { rules, kms, idempotencyKey } = command
  return (rules ?? kms ?? idempotencyKey) === undefined && isTemplate(command)
}

/**
 * Makes keys that {@link areAlikeToCreate}; undefined, and nothing has happened, where they have to
 * be made one by one.
 *
 * @throws HsmError as `createKey` does, when none of them can be made.
 */
export async function createAlike(
  ports: Ports,
  asking: Asking,
  commands: readonly CreateKeyCommand[],
): Promise<readonly Outcome<KeyRecord>[] | undefined> {
  const [first] = commands
  if (first === undefined || !commands.every(isPlain)) return undefined
  const { algorithm } = first
  const ask = { operation: "key.create", creates: algorithm } as const
  const times = commands.length
  return await performAlike(ports, { ...asking, times, ask }, async (act) => {
    const generate = generating(algorithm, times, act.permit)
    const generated = await each(commands, generate)
    try {
      return asTheyAre(await commitAll(ports, act, commands, generated))
    } finally {
      for (const one of generated) if (!(one instanceof Failed)) one.material[Symbol.dispose]()
    }
  })
}

/** Commits what has been generated; what has not keeps its error. */
async function commitAll(
  ports: Ports,
  act: Act,
  commands: readonly CreateKeyCommand[],
  generated: readonly Outcome<Material>[],
): Promise<readonly Outcome<KeyRecord>[]> {
  const newId = freshIds(ports, commands.length)
  const parts = commands.flatMap((template, index) => {
    const made = generated[index]
    if (made === undefined || made instanceof Failed) return []
    const id = newId() as KeyId // Of the key that is being made.
    return [{ index, creation: { template, origin: "generated" } as const, id, made }]
  })
  const keys = newKeys(ports, act, act.event.subject, parts)
  const transactions = keys.map(({ transaction }) => transaction)
  const fates = await ports.records.commitEach(act.partition.id, transactions)
  const made = keys.map(({ record }, at): Outcome<Made> => {
    const fate = fates[at] ?? new Failed(undefined)
    return fate instanceof Failed ? fate : { record, index: parts[at]?.index ?? at, ...fate }
  })
  await recordMade(ports, act, made)
  const next = made.values()
  return generated.map((one) => {
    const own = one instanceof Failed ? one : (next.next().value ?? new Failed(undefined))
    return own instanceof Failed ? own : own.record
  })
}

/** A key that is in the store. */
type Made = Committed & { readonly record: KeyRecord; readonly index: number }

/** One record for each commit that took part: it names all keys that are in it. */
async function recordMade(
  { audit }: Ports,
  act: Act,
  outcomes: readonly Outcome<Made>[],
): Promise<void> {
  const made = outcomes.flatMap((one) => (one instanceof Failed ? [] : one))
  const records = Map.groupBy(made, ({ rev }) => rev)
    .entries()
    .map(([storeRev, all]) => {
      const keyIds = all.map(({ record }) => record.id)
      const writes = all.flatMap((one) => one.writes)
      const about = { ...act.event, ...requestsOf(act, all) }
      const event = { ...about, keyIds, outcome: "done", storeRev, writes } as const
      return audit.enqueue(event, { stopsHarm: true, times: all.length })
    })
  await Promise.all(records)
}

/** The names of the requests that have been answered with a key, where each came by itself. */
function requestsOf(
  { event }: Act,
  made: readonly Made[],
): Pick<Act["event"], "requestId" | "requestIds"> {
  const { requestIds: all } = event
  if (all === undefined) return {}
  const requestIds = made.flatMap(({ index }) => all[index] ?? [])
  const [requestId = event.requestId] = requestIds
  return { requestIds, ...(requestId === undefined ? {} : { requestId }) }
}
