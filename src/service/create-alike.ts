/**
 * Keys of one algorithm that are made together, such as those of a batch: one decision, one record
 * of what was allowed and one of what was done. Each is a transaction of its own in their commit:
 * a name that is taken, or a quota that is reached, is the fate of one.
 */

import type { KeyId } from "../domain/ids.ts"
import type { KeyRecord } from "../domain/key.ts"
import { generateMaterial } from "../engine/generate.ts"
import type { Material } from "../engine/provider.ts"
import type { Committed } from "../records/committer.ts"
import { comparing, each, performAlike, type Outcome } from "./act-alike.ts"
import type { Act } from "./act.ts"
import type { Context, CreateKeyCommand } from "./commands.ts"
import { newKey } from "./create-key.ts"
import { isTemplate, type NewKey } from "./key-template.ts"
import { freshId } from "./once.ts"
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
  contexts: readonly Context[],
  commands: readonly CreateKeyCommand[],
): Promise<readonly Outcome<KeyRecord>[] | undefined> {
  const [first] = commands
  if (first === undefined || !commands.every(isPlain)) return undefined
  const { algorithm } = first
  const ask = { operation: "key.create", creates: algorithm } as const
  return await performAlike(ports, { contexts, ask }, async (act) => {
    const generate = async (template: NewKey): Promise<Generated> => {
      return { template, ...(await generateMaterial(algorithm, act.permit)) }
    }
    const generated = await each(commands, generate)
    try {
      return await commitAll(ports, act, generated)
    } finally {
      for (const one of generated) if ("result" in one) one.result.material[Symbol.dispose]()
    }
  })
}

/** What a key shall be, and its material. */
type Generated = Material & { readonly template: NewKey }

/** Commits what has been generated; what has not keeps its error. */
async function commitAll(
  ports: Ports,
  act: Act,
  generated: readonly Outcome<Generated>[],
): Promise<readonly Outcome<KeyRecord>[]> {
  const outcomes: Outcome<KeyRecord>[] = []
  const keys: (ReturnType<typeof newKey> & { readonly index: number })[] = []
  for (const [index, one] of generated.entries()) {
    if ("error" in one) outcomes[index] = one
    else keys.push({ index, ...keyOf(ports, act, one.result) })
  }
  const transactions = keys.map(({ transaction }) => transaction)
  const fates = await ports.records.commitEach(act.partition.id, transactions)
  const made: Made[] = []
  for (const [at, { index, record }] of keys.entries()) {
    const fate = fates[at] ?? { error: undefined }
    outcomes[index] = "error" in fate ? fate : { result: record }
    if (!("error" in fate)) made.push({ keyId: record.id, ...fate })
  }
  await recordMade(ports, act, made)
  return outcomes
}

function keyOf(
  ports: Ports,
  act: Act,
  { template, ...made }: Generated,
): ReturnType<typeof newKey> {
  const { subject } = act.event
  const id = freshId(ports) as KeyId // Of the key that is being made.
  return newKey(ports, act, { template, origin: "generated" }, { id, made, subject, claims: [] })
}

/** A key that is in the store. */
type Made = Committed & { readonly keyId: KeyId }

/** One record for each commit that took part: it names all keys that are in it. */
async function recordMade({ audit }: Ports, act: Act, made: readonly Made[]): Promise<void> {
  const records = Map.groupBy(made, ({ rev }) => rev)
    .entries()
    .map(([storeRev, all]) => {
      const keyIds = all.map(({ keyId }) => keyId)
      const writes = all.flatMap((one) => one.writes)
      const event = { ...act.event, keyIds, outcome: "done", storeRev, writes } as const
      return audit.enqueue(event, { stopsHarm: true, times: all.length })
    })
  await Promise.all(records)
}
