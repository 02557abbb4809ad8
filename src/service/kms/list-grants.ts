/** Grants, listed by key or by who may retire them. */

import { HsmError } from "../../domain/errors.ts"
import type { PartitionId } from "../../domain/ids.ts"
import type { KmsGrant } from "../../domain/kms-grant.ts"
import { answersIn, type KmsKeyRecord } from "../../domain/kms-key.ts"
import { limits } from "../../domain/limits.ts"
import type { PolicyPrincipal } from "../../domain/key-policy.ts"
import { keyOf, perform } from "../act.ts"
import type { Context, DraftParty, KeyRef, Page, PageCommand } from "../commands.ts"
import { kmsOf, namedKey } from "../find-key.ts"
import { scannedPerPage } from "../page.ts"
import type { Ports } from "../ports.ts"
import { lookUpPrincipal } from "./look-up-principal.ts"
import {
  abroadMark,
  afterAbroad,
  placeOf,
  retirableAbroad,
  tellOwners,
  type RetirableGrant,
} from "./retirable.ts"

/** Roles that see whose grants they are, whoever retires them. */
const overseers = ["manager", "auditor", "officer"]

/** One page of the grants on a key. */
export async function listGrants(
  ports: Ports,
  context: Context,
  command: PageCommand & {
    readonly key: KeyRef
    readonly grant: string | undefined
    /** As it was named when they were made. */
    readonly grantee: string | undefined
  },
): Promise<Page<KmsGrant>> {
  const { key, grant, grantee, after = "", limit = limits.pageSizeDefault } = command
  return await perform(ports, context, { operation: "grant.list", key }, async (act) => {
    const { grants = [] } = (await kmsOf(ports, keyOf(act))) ?? {}
    const rest = grants
      .filter(({ id }) => id > after && (grant === undefined || id === grant))
      .filter((one) => grantee === undefined || one.grantee.arn === grantee)
    const items = rest.slice(0, limit)
    return { items, next: rest.length > limit ? items.at(-1)?.id : undefined }
  })
}

/**
 * One page of the grants in a region that a principal may retire, since they name him for it: those
 * of the own partition, then those on other partitions' keys, whose logs have a record of it. It
 * may be short and still have a `next`.
 *
 * @throws HsmError OPERATION_FORBIDDEN about others, for users alone; MALFORMED_REQUEST as
 * `lookUpPrincipal`.
 */
export async function listRetirableGrants(
  ports: Ports,
  context: Context,
  command: PageCommand & { readonly region: string; readonly retiring: DraftParty },
): Promise<Page<RetirableGrant>> {
  return await perform(ports, context, { operation: "grant.list-retirable" }, async (act) => {
    const { region, retiring, after = "", limit = limits.pageSizeDefault } = command
    const { caller } = context
    const who = await lookUpPrincipal(ports, context, retiring.principal)
    const isHe = who.kind === "one" && who.subject === caller.subject
    if (!isHe && !caller.roles.some((role) => overseers.includes(role))) {
      throw new HsmError("OPERATION_FORBIDDEN", "only about oneself, for this role", {
        rule: "role",
      })
    }
    const own = afterAbroad(after)
      ? noGrants
      : await retirable(ports, caller.partition, { region, who, after, limit })
    if (own.next !== undefined) return own
    if (own.items.length >= limit) return { ...own, next: abroadMark }
    const rest = { region, draft: retiring.principal, after, limit: limit - own.items.length }
    const { items, next } = await retirableAbroad(ports, rest)
    await tellOwners(ports, { context, act, shown: items })
    return { items: [...own.items, ...items], next }
  })
}

const noGrants: Page<RetirableGrant> = { items: [], next: undefined }

/** After the last grant of a key: no id is greater. */
const end = "~"

async function retirable(
  ports: Ports,
  partition: PartitionId,
  wanted: {
    readonly region: string
    readonly who: PolicyPrincipal
    readonly after: string | undefined
    readonly limit: number
  },
): Promise<Page<RetirableGrant>> {
  const { region, who, after = "", limit } = wanted
  const { records } = ports
  const items: RetirableGrant[] = []
  let [at] = after.split(".")
  const first = at ? await records.read("kms-key", partition, at) : undefined
  let batch: readonly KmsKeyRecord[] = first === undefined ? [] : [first]
  for (let scanned = 0; scanned < scannedPerPage; scanned += limits.pageSizeMax) {
    for (const { id, grants = [] } of batch.filter((kms) => answersIn(kms, region))) {
      const found = grants.filter((one) => isRetiredBy(one, who))
      if (found.length === 0) continue
      const key = await namedKey(ports, partition, id)
      const listed = found.map((grant) => ({ key, grant, owner: partition }))
      items.push(...listed.filter((one) => placeOf(one) > after))
    }
    const last = items[limit - 1]
    if (items.length > limit && last !== undefined) {
      return { items: items.slice(0, limit), next: placeOf(last) }
    }
    const page = await records.list("kms-key", partition, {
      after: at === "" ? undefined : at,
      limit: limits.pageSizeMax,
    })
    if (page.items.length === 0) return { items, next: undefined }
    batch = page.items
    at = batch.at(-1)?.id
  }
  return { items: items.slice(0, limit), next: `${at ?? ""}.${end}` }
}

function isRetiredBy({ retiring }: KmsGrant, who: PolicyPrincipal): boolean {
  return retiring !== undefined && JSON.stringify(retiring.meant) === JSON.stringify(who)
}
