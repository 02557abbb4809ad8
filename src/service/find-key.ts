/**
 * Finds the key that a caller names: by id, by name, or at an address of a dialect with regions.
 */

import { HsmError } from "../domain/errors.ts"
import { isId, parseId, type KeyId, type PartitionId } from "../domain/ids.ts"
import type { KeyRecord } from "../domain/key.ts"
import {
  answersIn,
  type AliasRecord,
  type KeyAddress,
  type KmsKeyRecord,
} from "../domain/kms-key.ts"
import type { RecordsView } from "../records/view.ts"
import type { Context, KeyRef } from "./commands.ts"
import type { UsePorts } from "./ports.ts"

/** A key, and what AWS's dialect knows of it besides. */
export interface FoundKey {
  readonly key: KeyRecord
  readonly kms: KmsKeyRecord | undefined
}

/**
 * A key of the caller's partition by id or name, or any at an address; undefined when there is
 * none, or none in that region.
 *
 * @throws HsmError TAMPERED when a record that belongs to the key is gone.
 */
export async function findKey(
  ports: Pick<UsePorts, "records">,
  { caller }: Context,
  ref: KeyRef,
): Promise<FoundKey | undefined> {
  if (typeof ref === "object") return await findAt(ports, ref)
  const key = await byIdOrName(ports, caller.partition, ref)
  return key === undefined ? undefined : { key, kms: await kmsOf(ports, key) }
}

/** As {@link findKey}, from what is cached alone; undefined also when that is not all. */
export function findKeyNow(
  records: RecordsView,
  { caller }: Context,
  ref: KeyRef,
): FoundKey | undefined {
  const found =
    typeof ref === "object" ? peekAt(records, ref) : peekByIdOrName(records, caller.partition, ref)
  if (found === undefined) return undefined
  const kms = found.kms === true ? records.peek("kms-key", found.partition, found.id) : undefined
  if (found.kms === true && kms === undefined) return undefined
  if (typeof ref === "object" && !answersIn(kms, ref.region)) return undefined
  return { key: found, kms }
}

function peekAt(records: RecordsView, address: KeyAddress): KeyRecord | undefined {
  const { partition } = address
  const id = "id" in address ? address.id : peekAlias(records, address)?.keyId
  const key = id === undefined ? undefined : records.peek("key", partition, id)
  return key?.state === "destroyed" ? undefined : key
}

function peekAlias(
  records: RecordsView,
  { partition, region, alias }: Extract<KeyAddress, { alias: string }>,
): AliasRecord | undefined {
  const found = records.peekLookup(partition, "alias", aliasIndexName(region, alias))
  const record = found === undefined ? undefined : records.peek("alias", partition, found)
  return isAlias(record, region, alias) ? record : undefined
}

function peekByIdOrName(
  records: RecordsView,
  partition: PartitionId,
  ref: string,
): KeyRecord | undefined {
  const id = parseId<KeyId>(ref)
  if (id !== undefined) return records.peek("key", partition, id)
  const found = records.peekLookup(partition, "key-name", ref)
  const key = found === undefined ? undefined : records.peek("key", partition, found)
  return key?.name === ref && key.state !== "destroyed" ? key : undefined
}

/** The id in a reference; undefined where a name stands, which is a caller's free text. */
export function idIn(ref: KeyRef | undefined): string | undefined {
  if (typeof ref === "object") return "id" in ref ? ref.id : undefined
  return ref !== undefined && isId(ref) ? ref : undefined
}

async function findAt(
  ports: Pick<UsePorts, "records">,
  address: KeyAddress,
): Promise<FoundKey | undefined> {
  const { partition, region } = address
  const id = "id" in address ? address.id : (await findAlias(ports, address))?.keyId
  if (id === undefined) return undefined
  const key = await ports.records.read("key", partition, id)
  if (key === undefined || key.state === "destroyed") return undefined
  const kms = await kmsOf(ports, key)
  return answersIn(kms, region) ? { key, kms } : undefined
}

/** An alias in a region; undefined when there is none. */
export async function findAlias(
  { records }: Pick<UsePorts, "records">,
  where: { readonly partition: PartitionId; readonly region: string; readonly alias: string },
): Promise<AliasRecord | undefined> {
  const { partition, region, alias } = where
  const name = aliasIndexName(region, alias)
  const found = await records.lookup(partition, "alias", name)
  if (found === undefined) return undefined
  const record = await records.read("alias", partition, found)
  if (isAlias(record, region, alias)) return record
  // The cached look-up is old, or the index row was moved: ask the store once more.
  records.forgetLookup(partition, "alias", name)
  const again = await records.lookup(partition, "alias", name)
  if (again === undefined || again === found) return undefined
  const moved = await records.read("alias", partition, again)
  return isAlias(moved, region, alias) ? moved : undefined
}

/** How an alias stands in its partition's index; neither part holds a blank. */
export function aliasIndexName(region: string, alias: string): string {
  return `${region} ${alias}`
}

function isAlias(
  record: AliasRecord | undefined,
  region: string,
  alias: string,
): record is AliasRecord {
  return record?.region === region && record.name === alias
}

/** What goes with a key's record. Its absence would loosen what the key allows. */
export async function kmsOf(
  { records }: Pick<UsePorts, "records">,
  key: KeyRecord,
): Promise<KmsKeyRecord | undefined> {
  if (key.kms !== true) return undefined
  const found = await records.read("kms-key", key.partition, key.id)
  if (found === undefined) throw new HsmError("TAMPERED", "a record of the key is gone")
  return found
}

async function byIdOrName(
  { records }: Pick<UsePorts, "records">,
  partition: PartitionId,
  ref: string,
): Promise<KeyRecord | undefined> {
  const id = parseId<KeyId>(ref)
  if (id !== undefined) return await records.read("key", partition, id)
  const found = await records.lookup(partition, "key-name", ref)
  if (found === undefined) return undefined
  const key = await records.read("key", partition, found)
  if (key?.name === ref && key.state !== "destroyed") return key
  // The cached look-up is old, or the index row was moved to another key: ask the store once more.
  records.forgetLookup(partition, "key-name", ref)
  const again = await records.lookup(partition, "key-name", ref)
  if (again === undefined || again === found) return undefined
  const renamed = await records.read("key", partition, again)
  return renamed?.name === ref ? renamed : undefined
}
