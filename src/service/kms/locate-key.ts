/**
 * Where a key is that AWS's dialect names, for a face to render names and errors with. Nothing is
 * decided: what this tells, a face shows only after a decision has let its caller see it.
 */

import { accountIdOf } from "../../codec/account-id.ts"
import { clusterPartition, type KeyId, type PartitionId } from "../../domain/ids.ts"
import type { KeyAddress } from "../../domain/kms-key.ts"
import type { Context } from "../commands.ts"
import { findKey, type FoundKey } from "../find-key.ts"
import type { Ports, UsePorts } from "../ports.ts"

/** An account's key or alias in a region. */
export type LocateCommand = { readonly account: string; readonly region: string } & (
  | { readonly id: KeyId }
  | { readonly alias: string }
)

export interface Located {
  /** What services are asked with: the key by its id, once it was found. */
  readonly address: KeyAddress
  /** Absent when there is no such key, in no partition or not in that region. */
  readonly found?: FoundKey
}

/** No account has this partition, and no partition this id. */
export const nowhere = "nowhere" as PartitionId

/** @throws HsmError STORE_UNAVAILABLE, TAMPERED. */
export async function locateKey(
  ports: Ports,
  context: Context,
  { account, ...named }: LocateCommand,
): Promise<Located> {
  await ports.records.sync()
  const partition = await partitionOf(ports, context, account)
  const address: KeyAddress = { ...named, partition: partition ?? nowhere }
  const found = partition === undefined ? undefined : await findKey(ports, context, address)
  if (found === undefined) return { address }
  const { partition: owner, id } = found.key
  return { address: { partition: owner, region: named.region, id }, found }
}

/** The partition that an account's number stands for. */
export async function partitionOf(
  { records }: Pick<UsePorts, "records">,
  { caller }: Context,
  account: string,
): Promise<PartitionId | undefined> {
  if (accountIdOf(caller.partition) === account) return caller.partition
  return await partitionNumbered({ records }, account)
}

/** The same, for nobody in particular. */
export async function partitionNumbered(
  { records }: Pick<UsePorts, "records">,
  account: string,
): Promise<PartitionId | undefined> {
  const found = await records.lookup(clusterPartition, "account", account)
  if (found === undefined || accountIdOf(found) !== account) return undefined
  return found as PartitionId // The row holds what was claimed with it: the id that fits.
}
