/**
 * Grants that principals of other partitions may retire: found by an index in the cluster's own
 * partition, since nothing is looked for in all of them.
 */

import { accountIdOf } from "../../codec/account-id.ts"
import { userArn } from "../../codec/user-arn.ts"
import { HsmError } from "../../domain/errors.ts"
import { clusterPartition, type PartitionId } from "../../domain/ids.ts"
import type { KeyRecord } from "../../domain/key.ts"
import { answersIn, type RetirableRecord } from "../../domain/kms-key.ts"
import type { KmsGrant } from "../../domain/kms-grant.ts"
import { limits } from "../../domain/limits.ts"
import type { Act } from "../act.ts"
import type { Context, DraftParty, Page } from "../commands.ts"
import { kmsOf, type NamedKey } from "../find-key.ts"
import type { Ports } from "../ports.ts"
import { partitionNumbered } from "./locate-key.ts"
import { abroad } from "./look-up-principal.ts"

export interface RetirableGrant {
  readonly key: NamedKey
  readonly grant: KmsGrant
  /** The partition that the key is of. */
  readonly owner: PartitionId
}

/** Before the place of one that is another partition's: greater than all ids. */
export const abroadMark = "~"

/** In the place of an account's number. */
const nobodys = "nobody"

/** True when a page goes on with grants on other partitions' keys. */
export function afterAbroad(after: string): boolean {
  return after.startsWith(abroadMark)
}

/** Where a grant stands in the order of all. */
export function placeOf({ key, grant }: Pick<RetirableGrant, "key" | "grant">): string {
  return `${key.id}.${grant.id}`
}

/**
 * Makes a grant findable for the account of another partition that may retire it. Accounts that
 * there are not share one entry of the key: what a partition's managers name must not fill the
 * cluster's, nor may the time that it takes tell them which there are.
 */
export async function noteRetirable(
  ports: Pick<Ports, "records">,
  { key, grant }: { readonly key: KeyRecord; readonly grant: KmsGrant },
): Promise<void> {
  for (const entry of await entriesOf(ports, key, accountsOf([grant]))) {
    const record = { ...entry, revision: entry.revision + 1 }
    await ports.records.commit(clusterPartition, { changes: [{ kind: "retirable", record }] })
  }
}

/**
 * The entries that a key needs no longer, as they are before the change of its grants. When that
 * has been committed, {@link forgetRetirable} removes those that nobody has written since.
 *
 * @param after - the grants that stay.
 */
export async function retirableLeft(
  ports: Pick<Ports, "records">,
  key: KeyRecord,
  after: readonly KmsGrant[],
): Promise<readonly RetirableRecord[]> {
  const { grants = [] } = (await kmsOf(ports, key)) ?? {}
  const still = accountsOf(after)
  const accounts = [...accountsOf(grants)].filter((account) => !still.has(account))
  const entries = await entriesOf(ports, key, accounts)
  return entries.filter(({ revision }) => revision > 0)
}

/** Best effort: an entry without a grant is nothing. */
export async function forgetRetirable(
  { records }: Pick<Ports, "records">,
  entries: readonly RetirableRecord[],
  /** The shared one of accounts that there are not goes with the key alone. */
  { isKeyGone }: { readonly isKeyGone: boolean },
): Promise<void> {
  for (const entry of entries) {
    const record = { ...entry, revision: entry.revision + 1 }
    const stays = entry.id.startsWith(`${nobodys}.`) && !isKeyGone
    const change = { kind: "retirable", record } as const
    try {
      await records.commit(clusterPartition, {
        changes: [stays ? change : { ...change, removes: true }],
      })
    } catch (error) {
      if (!(error instanceof HsmError)) throw error
    }
  }
}

/** As they are, or shall be made: `revision` 0. */
async function entriesOf(
  ports: Pick<Ports, "records">,
  { id: keyId, partition }: KeyRecord,
  accounts: Iterable<string>,
): Promise<readonly RetirableRecord[]> {
  const ids = new Set<string>()
  for (const account of accounts) {
    const isThere = (await partitionNumbered(ports, account)) !== undefined
    ids.add(`${isThere ? account : nobodys}.${keyId}`)
  }
  const entries: RetirableRecord[] = []
  for (const id of ids) {
    const found = await ports.records.read("retirable", clusterPartition, id)
    entries.push(found ?? { id, partition, keyId, revision: 0 })
  }
  return entries
}

/** The other accounts that may retire some of a key's grants. */
function accountsOf(grants: readonly KmsGrant[]): ReadonlySet<string> {
  const meant = grants.map(({ retiring }) => retiring?.meant)
  return new Set(meant.flatMap((one) => (one?.kind === "abroad" ? [one.account] : [])))
}

/** One page of the grants on other partitions' keys that name a principal for their retirement. */
export async function retirableAbroad(
  ports: Ports,
  wanted: {
    readonly region: string
    readonly draft: DraftParty["principal"]
    readonly after: string
    readonly limit: number
  },
): Promise<Page<RetirableGrant>> {
  const { records } = ports
  const { region, draft, limit } = wanted
  const after = afterAbroad(wanted.after) ? wanted.after.slice(abroadMark.length) : ""
  const who = JSON.stringify(abroad(draft))
  const of = `${draft.account}.`
  const items: RetirableGrant[] = []
  const [last = ""] = after.split(".")
  // The key of the last one shown may have more: the page begins with it.
  const at = last === "" ? undefined : of + last
  const begun = at === undefined ? undefined : await records.read("retirable", clusterPartition, at)
  const asked = { after: at, limit: limits.pageSizeMax, of }
  const page = await records.list("retirable", clusterPartition, asked)
  for (const entry of begun === undefined ? page.items : [begun, ...page.items]) {
    const { partition: owner, keyId } = entry
    const key = await records.read("key", owner, keyId)
    const kms = key && key.state !== "destroyed" ? await kmsOf(ports, key) : undefined
    if (key === undefined || kms?.grants === undefined || !answersIn(kms, region)) continue
    const named = kms.grants.filter(({ retiring }) => JSON.stringify(retiring?.meant) === who)
    for (const grant of named) {
      const one = { key, grant, owner }
      if (placeOf(one) <= after) continue
      const previous = items.at(-1)
      if (items.length === limit && previous !== undefined) {
        return { items, next: abroadMark + placeOf(previous) }
      }
      items.push(one)
    }
  }
  const end = page.items.at(-1)?.keyId ?? ""
  return { items, next: page.next === undefined ? undefined : `${abroadMark}${end}.${abroadMark}` }
}

/** Those whose grants were shown learn of it: a record for each key, before the answer. */
export async function tellOwners(
  { audit }: Pick<Ports, "audit">,
  asked: {
    readonly context: Context
    readonly act: Act
    readonly shown: readonly RetirableGrant[]
  },
): Promise<void> {
  const { context, act, shown } = asked
  const { caller } = context
  const subject = userArn(accountIdOf(caller.partition), caller)
  const keys = new Map(shown.map(({ key, owner }) => [key.id, owner]))
  await Promise.all(
    [...keys].map(([keyId, partition]) =>
      audit.enqueue({ ...act.event, partition, subject, keyId }),
    ),
  )
}
