/** Grants on a key: made, shown, retired, revoked. They lie in the record beside the key's own. */

import { HsmError } from "../../domain/errors.ts"
import type { GrantParty, KmsGrant } from "../../domain/kms-grant.ts"
import type { PartitionId } from "../../domain/ids.ts"
import { limits } from "../../domain/limits.ts"
import { keyOf, perform, type Act, type Ask } from "../act.ts"
import type { Context, DraftParty, GrantDraft, KeyRef } from "../commands.ts"
import { kmsOf } from "../find-key.ts"
import type { Ports } from "../ports.ts"
import { commitKms, inTurn } from "./commit-kms.ts"
import { principalFor } from "./look-up-principal.ts"
import { forgetRetirable, noteRetirable, retirableLeft } from "./retirable.ts"

type Wanted = Omit<KmsGrant, "id" | "createdAt">

/**
 * Makes a grant; a named one that is there already, in every respect, is found again.
 *
 * @throws HsmError MALFORMED_REQUEST as `principalFor`; QUOTA_EXCEEDED for more than
 * limits.kmsGrantsPerKeyMax.
 */
export async function createGrant(
  ports: Ports,
  context: Context,
  { key: ref, grant: draft }: { readonly key: KeyRef; readonly grant: GrantDraft },
): Promise<KmsGrant> {
  const ask = { operation: "grant.create", key: ref, hands: draft } as const
  return await changeGrants(ports, context, ask, async (act) => {
    const key = keyOf(act)
    const kms = await kmsOf(ports, key)
    const wanted = await readied(ports, context, { owner: key.partition, draft })
    const { grants = [] } = kms ?? {}
    const same = grants.find((one) => one.name !== undefined && textOf(one) === textOf(wanted))
    if (same !== undefined) return same
    checkCount(grants, wanted)
    const id = Buffer.from(ports.random.bytes(32)).toString("hex")
    const grant = { id, ...wanted, createdAt: act.now }
    const sorted = [...grants, grant].toSorted((one, other) => (one.id < other.id ? -1 : 1))
    const target = subjectOf(grant.grantee)
    // First where it is found: an entry without a grant is nothing, a grant without one is lost.
    await noteRetirable(ports, { key, grant })
    await commitKms(ports, act, { before: kms, fields: { grants: sorted }, target })
    return grant
  })
}

function checkCount(grants: readonly KmsGrant[], { issuer }: Wanted): void {
  const { kmsGrantsPerKeyMax: most, kmsGrantsHandedOnMax: handedOn } = limits
  if (grants.length >= most) {
    throw new HsmError("QUOTA_EXCEEDED", `a key has at most ${most} grants`)
  }
  if (issuer === undefined) return
  if (grants.filter((one) => one.issuer !== undefined).length < handedOn) return
  throw new HsmError("QUOTA_EXCEEDED", `other accounts hand on at most ${handedOn} grants on a key`)
}

/**
 * Ends a grant. When this answers, nothing that only the grant admitted is under way, and nothing
 * can begin.
 *
 * @throws HsmError NOT_FOUND when there is no such grant on the key.
 */
export async function revokeGrant(
  ports: Ports,
  context: Context,
  { key, grant }: { readonly key: KeyRef; readonly grant: string },
): Promise<void> {
  const ask = { operation: "grant.revoke", key } as const
  await changeGrants(ports, context, ask, (act) => endGrant(ports, act, grant))
}

/** As {@link revokeGrant}, for those whom the grant itself lets end it, and officers. */
export async function retireGrant(
  ports: Ports,
  context: Context,
  { key, grant }: { readonly key: KeyRef; readonly grant: string },
): Promise<void> {
  const ask = { operation: "grant.retire", key, grant } as const
  await changeGrants(ports, context, ask, (act) => endGrant(ports, act, grant))
}

/**
 * One after the other: many are made at once, and all of a key's are one record. Another
 * partition's callers take their turn only once it is decided that they may: strangers keep nobody
 * waiting, and who is late is told of the conflict, never the key's own partition.
 */
async function changeGrants<T>(
  ports: Ports,
  context: Context,
  ask: Ask & { readonly key: KeyRef },
  work: (act: Act) => Promise<T>,
): Promise<T> {
  const { partition } = context.caller
  const ownTurn = async (act: Act): Promise<T> => {
    const { partition: owner } = keyOf(act)
    if (owner === partition) return await work(act)
    return await inTurn(ports, owner, ask.key, () => work(act))
  }
  return await inTurn(ports, partition, ask.key, () => perform(ports, context, ask, ownTurn))
}

async function endGrant(ports: Ports, act: Act, id: string): Promise<void> {
  const key = keyOf(act)
  const kms = await kmsOf(ports, key)
  const { grants = [] } = kms ?? {}
  const ended = grants.find((grant) => grant.id === id)
  if (ended === undefined) throw new HsmError("NOT_FOUND", `Grant ID ${id} not found`)
  const left = grants.filter((grant) => grant !== ended)
  const target = subjectOf(ended.grantee)
  const entries = await retirableLeft(ports, key, left)
  await commitKms(ports, act, { before: kms, fields: { grants: left }, target })
  await forgetRetirable(ports, entries, { isKeyGone: false })
}

/** For the log: whom a grant is to. */
function subjectOf({ meant }: GrantParty): string {
  if (meant.kind === "abroad") return meant.arn ?? meant.account
  return meant.kind === "one" ? meant.subject : meant.partition
}

async function readied(
  ports: Ports,
  context: Context,
  { owner, draft }: { readonly owner: PartitionId; readonly draft: GrantDraft },
): Promise<Wanted> {
  const { name, operations, equals, subset, sourceArn } = draft
  const partyOf = async ({ arn, principal }: DraftParty): Promise<GrantParty> => {
    return { arn, meant: await principalFor(ports, context, { owner, draft: principal }) }
  }
  const grantee = await partyOf(draft.grantee)
  const retiring = draft.retiring && (await partyOf(draft.retiring))
  const { partition } = context.caller
  return {
    ...(name === undefined ? {} : { name }),
    grantee,
    ...(retiring === undefined ? {} : { retiring }),
    operations: [...new Set(operations)],
    ...(equals === undefined ? {} : { equals }),
    ...(subset === undefined ? {} : { subset }),
    ...(sourceArn === undefined ? {} : { sourceArn }),
    ...(partition === owner ? {} : { issuer: partition }),
  }
}

function pairs(all: KmsGrant["equals"]): readonly string[] | undefined {
  return (
    all &&
    Object.entries(all)
      .map((pair) => JSON.stringify(pair))
      .toSorted()
  )
}

/** The same for two grants that let the same person do the same. */
function textOf(wanted: Wanted): string {
  const { name, grantee, retiring, operations, equals, subset, sourceArn, issuer } = wanted
  const parts = [
    grantee.meant,
    retiring?.meant,
    operations.toSorted(),
    pairs(equals),
    pairs(subset),
    sourceArn,
    issuer,
  ]
  return JSON.stringify([name, grantee.arn, retiring?.arn, ...parts])
}
