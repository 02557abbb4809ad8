/**
 * Uses of keys, and new keys, that may share a decision and a record, by the names of their
 * services.
 */

import type { KeyRecord } from "../domain/key.ts"
import { Failed, type Outcome } from "../domain/outcome.ts"
import type { Asking } from "./act-alike.ts"
import type {
  CreateKeyCommand,
  DecryptCommand,
  DecryptResult,
  EncryptCommand,
  EncryptResult,
  MacCommand,
  SignCommand,
  SignResult,
} from "./commands.ts"
import { areAlikeToCreate, createAlike } from "./create-alike.ts"
import { areAlikeToDecrypt, areAlikeToEncrypt, decryptAlike, encryptAlike } from "./encrypt.ts"
import type { Ports, UsePorts } from "./ports.ts"
import { areAlikeToSign, macAlike, signAlike } from "./sign.ts"

interface Row<C, R, P = UsePorts> {
  readonly areAlike: (one: C, other: C) => boolean
  readonly run: (
    ports: P,
    asking: Asking,
    commands: readonly C[],
  ) => Promise<readonly Outcome<R>[] | undefined>
}

interface Rows {
  readonly encrypt: Row<EncryptCommand, EncryptResult>
  readonly decrypt: Row<DecryptCommand, DecryptResult>
  readonly sign: Row<SignCommand, SignResult>
  readonly mac: Row<MacCommand, SignResult>
  readonly createKey: Row<CreateKeyCommand, KeyRecord, Ports>
}

const rows: Rows = {
  encrypt: { areAlike: areAlikeToEncrypt, run: encryptAlike },
  decrypt: { areAlike: areAlikeToDecrypt, run: decryptAlike },
  sign: { areAlike: areAlikeToSign, run: signAlike },
  mac: { areAlike: areAlikeToSign, run: macAlike },
  createKey: { areAlike: areAlikeToCreate, run: createAlike },
}
export type AlikeService = keyof Rows
/** Those that merely use a key, which any process may do. */
export type UseService = Exclude<AlikeService, "createKey">

/** One use: what its own service would be asked. */
export interface Asked<S extends AlikeService = AlikeService> {
  readonly service: S
  /** What that service takes. */
  readonly command: object
}

/** True for services of this table. */
export function isAlikeService(service: string): service is AlikeService {
  return Object.hasOwn(rows, service)
}

/** Groups that a newcomer is compared with: so many kinds may take turns. */
const openGroupsMax = 8

/**
 * Puts an item behind those that it goes with, or into a group of its own: uses of the same caller
 * under the same key, and what is no such use by itself.
 */
export function joinAlike<T extends { readonly asked: Asked | undefined }>(
  groups: T[][],
  item: T,
): void {
  const { asked } = item
  const known = asked && findAlike(groups, asked)
  if (known === undefined) groups.push([item])
  else known.push(item)
}

function findAlike<T extends { readonly asked: Asked | undefined }>(
  groups: readonly T[][],
  asked: Asked,
): T[] | undefined {
  const from = Math.max(0, groups.length - openGroupsMax)
  for (let at = groups.length - 1; at >= from; at--) {
    const group = groups[at]
    const first = group?.[0]?.asked
    if (first !== undefined && areAlike(first, asked)) return group
  }
  return undefined
}

function areAlike(one: Asked, other: Asked): boolean {
  return one.service === other.service && rowOf(one).areAlike(one.command, other.command)
}

/** What one of {@link joinAlike}'s groups asks of its service. */
export interface AlikeUses<S extends AlikeService = AlikeService> extends Asking {
  readonly service: S
  readonly commands: readonly object[]
}

/**
 * Does the uses of a group; undefined, and nothing has happened, where they have to go one by one.
 *
 * @throws HsmError what the services throw, when none of them can be done.
 */
export async function useAlike<S extends AlikeService>(
  ports: [S] extends [UseService] ? UsePorts : Ports,
  { commands, ...uses }: AlikeUses<S>,
): Promise<readonly Outcome<object>[] | undefined> {
  return await rowOf(uses).run(ports, uses, commands)
}

/**
 * As {@link useAlike} for one of {@link joinAlike}'s groups; undefined also for one alone. Never
 * rejects: what none of them gets past is the failure of each.
 *
 * @param use - asks {@link useAlike}, in the name of whoever asks.
 */
export async function useGroup<S extends AlikeService, R>(
  group: readonly { readonly asked: Asked<S> | undefined }[],
  use: (uses: Omit<AlikeUses<S>, keyof Asking>) => Promise<readonly Outcome<R>[] | undefined>,
): Promise<readonly Outcome<R>[] | undefined> {
  const service = group[0]?.asked?.service
  if (service === undefined || group.length < 2) return undefined
  const commands = group.flatMap(({ asked }) => asked?.command ?? [])
  try {
    return await use({ service, commands })
  } catch (error) {
    return group.map(() => new Failed(error))
  }
}

function rowOf({ service }: Pick<Asked, "service">): Row<object, object, object> {
  // A use holds what its service takes, and whoever asks has what it works with.
  return rows[service] as unknown as Row<object, object, object>
}
