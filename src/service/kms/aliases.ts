/**
 * Aliases: names of keys in AWS's dialect, unique in their region. One can be moved to another key
 * of the same type and use; it goes with its key. Their names stand beside the key as well, for
 * policies that ask for them: with them changes what the key is used under.
 */

import { encodeId } from "../../codec/id-text.ts"
import { keyAlgorithm } from "../../domain/algorithms.ts"
import { HsmError } from "../../domain/errors.ts"
import type { PartitionId } from "../../domain/ids.ts"
import { sealedAs, type KeyRecord } from "../../domain/key.ts"
import type { AliasRecord, KeyAddress } from "../../domain/kms-key.ts"
import { limits } from "../../domain/limits.ts"
import type { Change } from "../../records/committer.ts"
import { keyOf, perform, type Act } from "../act.ts"
import type { Context, KeyRef, Page, PageCommand } from "../commands.ts"
import { aliasIndexName, findAlias, kmsOf, namedKey, type NamedKey } from "../find-key.ts"
import { matchingPage } from "../page.ts"
import type { Ports } from "../ports.ts"
import { besides, commitKms, inTurn, inTurns } from "./commit-kms.ts"

export interface AliasCommand {
  readonly region: string
  /** Without `alias/`. */
  readonly alias: string
}

/**
 * Gives a key another name.
 *
 * @throws HsmError NAME_TAKEN, KEY_NOT_FOUND, KEY_STATE, QUOTA_EXCEEDED for more than
 * limits.aliasesPerKeyMax.
 */
export async function createAlias(
  ports: Ports,
  context: Context,
  { region, alias, key: ref }: AliasCommand & { readonly key: KeyRef },
): Promise<void> {
  const ask = { operation: "alias.create", key: ref } as const
  await inTurn(ports, context.caller.partition, ref, () =>
    perform(ports, context, ask, async (act) => {
      const key = keyOf(act)
      const names = await namesToAddTo(ports, key)
      const record = newAlias(ports, act, { key, region, alias })
      const { partition } = key
      await commitKms(ports, act, {
        before: await kmsOf(ports, key),
        fields: { aliases: [...names, alias] },
        along: {
          changes: [{ kind: "alias", record }],
          claims: [
            ports.records.claim(partition, "alias", aliasIndexName(region, alias), record.id),
          ],
        },
      })
    }),
  )
}

/**
 * Lets an alias name another key. Both keys have to allow it; the old one in whatever state it is.
 *
 * @throws HsmError NOT_FOUND when there is no such alias; MALFORMED_REQUEST when the keys differ in
 * type or use; otherwise as {@link createAlias}.
 */
export async function moveAlias(
  ports: Ports,
  context: Context,
  { region, alias, key: ref }: AliasCommand & { readonly key: KeyRef },
): Promise<void> {
  const { partition } = context.caller
  const from = await existing(ports, { partition, region, alias })
  const old = { operation: "alias.delete", key: { partition, region, id: from.keyId } } as const
  const ask = { operation: "alias.move", key: ref } as const
  await inTurns(ports, partition, [await turnOf(ports, from), ref], () =>
    perform(ports, context, ask, async (act) => {
      const key = keyOf(act)
      const source = await perform(ports, context, old, keyOf)
      if (source.id === key.id) return
      checkAlike(source, key)
      const names = await namesToAddTo(ports, key)
      const record = {
        ...newAlias(ports, act, { key, region, alias }),
        createdAt: from.createdAt,
      }
      const path = ports.records.indexPath(partition, "alias", aliasIndexName(region, alias))
      const left = await namesOf(ports, source, from)
      const sourceKms = await kmsOf(ports, source)
      const [bereft, beside] = besides(source, act, sourceKms, { aliases: left })
      await commitKms(ports, act, {
        before: await kmsOf(ports, key),
        fields: { aliases: [...names, alias] },
        along: {
          changes: [
            removal(from),
            { kind: "alias", record },
            { kind: "key", record: bereft },
            beside,
          ],
          rows: [{ put: path, value: Buffer.from(record.id, "latin1") }],
        },
      })
      await ports.inFlight.drain(source.id)
    }),
  )
}

/** @throws HsmError NOT_FOUND when there is no such alias. */
export async function deleteAlias(
  ports: Ports,
  context: Context,
  { region, alias }: AliasCommand,
): Promise<void> {
  const { partition } = context.caller
  const found = await existing(ports, { partition, region, alias })
  const key = { partition, region, id: found.keyId }
  await inTurn(ports, partition, await turnOf(ports, found), () =>
    perform(ports, context, { operation: "alias.delete", key }, async (act) => {
      const left = await namesOf(ports, keyOf(act), found)
      await commitKms(ports, act, {
        before: await kmsOf(ports, keyOf(act)),
        fields: { aliases: left },
        along: aliasEnd(ports, found),
      })
    }),
  )
}

/** What a commit that removes an alias holds. */
export function aliasEnd(
  { records }: Pick<Ports, "records">,
  alias: AliasRecord,
): { readonly changes: readonly Change[]; readonly rows: readonly { readonly del: string }[] } {
  const { partition, region, name } = alias
  const row = records.indexPath(partition, "alias", aliasIndexName(region, name))
  return { changes: [removal(alias)], rows: [{ del: row }] }
}

/** An alias, and whose it is. */
export interface ListedAlias {
  readonly alias: AliasRecord
  readonly key: NamedKey
}

/** One page of the aliases of a region: of all keys, or of one. */
export async function listAliases(
  ports: Ports,
  context: Context,
  command: PageCommand & { readonly region: string; readonly key?: KeyRef | undefined },
): Promise<Page<ListedAlias>> {
  const { region, key, after, limit = limits.pageSizeDefault } = command
  const { partition } = context.caller
  const matches = (record: AliasRecord): boolean => record.region === region
  const page = async (of?: string): Promise<Page<ListedAlias>> => {
    const wanted = { kind: "alias", partition, after, limit, of, matches } as const
    const { items, next } = await matchingPage(ports, wanted)
    const listed: ListedAlias[] = []
    for (const alias of items) {
      listed.push({ alias, key: await namedKey(ports, partition, alias.keyId) })
    }
    return { items: listed, next }
  }
  if (key === undefined) {
    return await perform(ports, context, { operation: "alias.list" }, () => page())
  }
  return await perform(ports, context, { operation: "key.describe", key }, (act) =>
    page(ofKey(keyOf(act))),
  )
}

/** Every alias of a key, in whatever region. */
export async function aliasesOf(
  { records }: Pick<Ports, "records">,
  key: Pick<KeyRecord, "id" | "partition">,
): Promise<readonly AliasRecord[]> {
  const page = { of: ofKey(key), limit: limits.aliasesPerKeyMax + 1 }
  return (await records.list("alias", key.partition, page)).items
}

/** Read from the aliases themselves. `but`: without that one. */
export async function namesOf(
  ports: Pick<Ports, "records">,
  key: Pick<KeyRecord, "id" | "partition">,
  but?: AliasRecord,
): Promise<readonly string[]> {
  const others = (await aliasesOf(ports, key)).filter(({ id }) => id !== but?.id)
  return others.map(({ name }) => name)
}

function ofKey({ id }: Pick<KeyRecord, "id">): string {
  return `${id}.`
}

async function existing(
  ports: Ports,
  where: { readonly partition: PartitionId; readonly region: string; readonly alias: string },
): Promise<AliasRecord> {
  await ports.records.sync()
  const found = await findAlias(ports, where)
  if (found === undefined) throw new HsmError("NOT_FOUND", "no such alias")
  return found
}

/** The key of an alias as callers name it, by whose words turns go. */
async function turnOf(
  ports: Ports,
  { partition, region, keyId }: AliasRecord,
): Promise<KeyAddress> {
  return { partition, region, id: sealedAs(await namedKey(ports, partition, keyId)) }
}

/** What a key is called already. */
async function namesToAddTo(ports: Ports, key: KeyRecord): Promise<readonly string[]> {
  const most = limits.aliasesPerKeyMax
  const names = await namesOf(ports, key)
  if (names.length < most) return names
  throw new HsmError("QUOTA_EXCEEDED", `a key has at most ${most} aliases`)
}

/** Code that uses an alias must not meet a key that cannot do the same. */
function checkAlike(from: KeyRecord, to: KeyRecord): void {
  if (usesOf(from) === usesOf(to)) return
  throw new HsmError("MALFORMED_REQUEST", "the two keys differ in type or use", { field: "/key" })
}

function usesOf({ algorithm, attributes }: KeyRecord): string {
  return [keyAlgorithm(algorithm).form, ...attributes.usages.toSorted()].join()
}

function newAlias(
  ports: Pick<Ports, "random">,
  { now }: Pick<Act, "now">,
  { key, region, alias }: { readonly key: KeyRecord } & AliasCommand,
): AliasRecord {
  const { partition, id: keyId } = key
  const id = `${ofKey(key)}${encodeId(ports.random.bytes(16))}`
  return { id, partition, keyId, region, name: alias, createdAt: now, updatedAt: now, revision: 1 }
}

function removal(alias: AliasRecord): Change {
  return { kind: "alias", record: { ...alias, revision: alias.revision + 1 }, removes: true }
}
