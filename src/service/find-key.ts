/**
 * Finds the key that a caller names: by id, by name, or at an address of a dialect with regions.
 */

import { HsmError } from "../domain/errors.ts"
import { isId, parseId, type KeyId, type PartitionId } from "../domain/ids.ts"
import type { KeyRecord } from "../domain/key.ts"
import {
  answersIn,
  memberIn,
  type AliasRecord,
  type FamilyRecord,
  type KeyAddress,
  type KmsKeyRecord,
} from "../domain/kms-key.ts"
import type { KmsGrant } from "../domain/kms-grant.ts"
import type { RecordsView } from "../records/view.ts"
import type { Context, KeyRef } from "./commands.ts"
import type { UsePorts } from "./ports.ts"

/** A key, and what AWS's dialect knows of it besides. */
export interface FoundKey {
  readonly key: KeyRecord
  readonly kms: KmsKeyRecord | undefined
  readonly family: FamilyRecord | undefined
  /** Partitions that are blocked, or gone: what they have handed on counts for nothing. */
  readonly lapsed: ReadonlySet<PartitionId>
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
  return key === undefined ? undefined : await withKin(ports, key)
}

/** Most keys have no grant that another partition has handed on. */
const nobody: ReadonlySet<PartitionId> = new Set()

async function withKin(ports: Pick<UsePorts, "records">, key: KeyRecord): Promise<FoundKey> {
  const kms = await kmsOf(ports, key)
  let lapsed = nobody
  for (const issuer of issuersIn(kms)) {
    const partition = await ports.records.read("partition", issuer, issuer)
    if (partition?.state !== "active") lapsed = new Set([...lapsed, issuer])
  }
  return { key, kms, family: await familyOf(ports, key), lapsed }
}

function issuersIn(kms: KmsKeyRecord | undefined): Iterable<PartitionId> {
  const { grants = [] } = kms ?? {}
  if (grants.length === 0) return []
  return new Set(grants.map(({ issuer }) => issuer).filter((issuer) => issuer !== undefined))
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
  const family = peekFamily(records, found)
  if (found.family !== undefined && family === undefined) return undefined
  let lapsed = nobody
  for (const issuer of issuersIn(kms)) {
    const partition = records.peek("partition", issuer, issuer)
    if (partition === undefined) return undefined
    if (partition.state !== "active") lapsed = new Set([...lapsed, issuer])
  }
  return { key: found, kms, family, lapsed }
}

/** The grant on a key that an id names. */
export function grantIn(found: FoundKey | undefined, wanted: string): KmsGrant | undefined {
  return found?.kms?.grants?.find(({ id }) => id === wanted)
}

function peekAt(records: RecordsView, address: KeyAddress): KeyRecord | undefined {
  const { partition, region } = address
  const id = "id" in address ? address.id : peekAlias(records, address)?.keyId
  const named = id === undefined ? undefined : records.peek("key", partition, id)
  const member = named?.family && memberIn(peekFamily(records, named), region)
  const key = member === undefined ? named : records.peek("key", partition, member)
  return key?.state === "destroyed" ? undefined : key
}

function peekFamily(records: RecordsView, key: KeyRecord): FamilyRecord | undefined {
  return key.family && records.peek("family", key.partition, key.family)
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
  const named = await ports.records.read("key", partition, id)
  // One id in AWS's dialect for all members: whichever it is here, the region's own is meant.
  const member = named && memberIn(await familyOf(ports, named), region)
  const key = member === undefined ? named : await ports.records.read("key", partition, member)
  if (key === undefined || key.state === "destroyed") return undefined
  const found = await withKin(ports, key)
  return answersIn(found.kms, region) ? found : undefined
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

/** As much of a key as its names in AWS's dialect follow from. */
export type NamedKey = Pick<KeyRecord, "id" | "family">

/** What a key is named by that something of AWS's dialect belongs to. */
export async function namedKey(
  { records }: Pick<UsePorts, "records">,
  partition: PartitionId,
  id: KeyId,
): Promise<NamedKey> {
  return (await records.read("key", partition, id)) ?? { id }
}

/** The family of a multi-Region key; that of a destroyed one may be gone. */
export async function familyOf(
  { records }: Pick<UsePorts, "records">,
  key: KeyRecord,
): Promise<FamilyRecord | undefined> {
  if (key.family === undefined) return undefined
  const found = await records.read("family", key.partition, key.family)
  if (found === undefined && key.state !== "destroyed") {
    throw new HsmError("TAMPERED", "the record of the key's family is gone")
  }
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
