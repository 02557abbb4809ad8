/** Grants on a key: made, shown, retired, revoked. They lie in the record beside the key's own. */

import { againstHandingOn } from "../../domain/admission.ts"
import { HsmError } from "../../domain/errors.ts"
import type { GrantParty, KmsGrant } from "../../domain/kms-grant.ts"
import { limits } from "../../domain/limits.ts"
import { operation } from "../../domain/operation.ts"
import { keyOf, perform, type Act, type Ask } from "../act.ts"
import type { Context, DraftParty, GrantDraft, KeyRef } from "../commands.ts"
import { familyOf, kmsOf, type FoundKey } from "../find-key.ts"
import type { Ports } from "../ports.ts"
import { commitKms, inTurn } from "./commit-kms.ts"
import { accessOf, type Moment } from "./facts.ts"
import { lookUpPrincipal } from "./look-up-principal.ts"

type Wanted = Omit<KmsGrant, "id" | "createdAt">

/**
 * Makes a grant; a named one that is there already, in every respect, is found again.
 *
 * @throws HsmError MALFORMED_REQUEST as `lookUpPrincipal`; QUOTA_EXCEEDED for more than
 * limits.kmsGrantsPerKeyMax; OPERATION_FORBIDDEN for more than the caller's own grant hands on.
 */
export async function createGrant(
  ports: Ports,
  context: Context,
  { key: ref, grant: draft }: { readonly key: KeyRef; readonly grant: GrantDraft },
): Promise<KmsGrant> {
  const ask = { operation: "grant.create", key: ref } as const
  return await changeGrants(ports, context, ask, async (act) => {
    const key = keyOf(act)
    const kms = await kmsOf(ports, key)
    const wanted = await readied(ports, context, draft)
    const moment = { now: act.now, timeSure: ports.clock.isSure() }
    checkHandingOn(context, { key, kms, family: await familyOf(ports, key) }, moment, wanted)
    const { grants = [] } = kms ?? {}
    const same = grants.find((one) => one.name !== undefined && textOf(one) === textOf(wanted))
    if (same !== undefined) return same
    if (grants.length >= limits.kmsGrantsPerKeyMax) {
      const most = `a key has at most ${limits.kmsGrantsPerKeyMax} grants`
      throw new HsmError("QUOTA_EXCEEDED", most)
    }
    const id = Buffer.from(ports.random.bytes(32)).toString("hex")
    const grant = { id, ...wanted, createdAt: act.now }
    const sorted = [...grants, grant].toSorted((one, other) => (one.id < other.id ? -1 : 1))
    const target = subjectOf(grant.grantee)
    await commitKms(ports, act, { before: kms, fields: { grants: sorted }, target })
    return grant
  })
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

async function changeGrants<T>(
  ports: Ports,
  context: Context,
  ask: Ask & { readonly key: KeyRef },
  work: (act: Act) => Promise<T>,
): Promise<T> {
  return await inTurn(ports, context, ask.key, () => perform(ports, context, ask, work))
}

async function endGrant(ports: Ports, act: Act, id: string): Promise<void> {
  const kms = await kmsOf(ports, keyOf(act))
  const { grants = [] } = kms ?? {}
  const ended = grants.find((grant) => grant.id === id)
  if (ended === undefined) throw new HsmError("NOT_FOUND", `Grant ID ${id} not found`)
  const left = grants.filter((grant) => grant !== ended)
  const target = subjectOf(ended.grantee)
  await commitKms(ports, act, { before: kms, fields: { grants: left }, target })
}

/** For the log: whom a grant is to. */
function subjectOf({ meant }: GrantParty): string {
  return meant.kind === "one" ? meant.subject : meant.partition
}

async function readied(ports: Ports, context: Context, draft: GrantDraft): Promise<Wanted> {
  const { name, operations, equals, subset } = draft
  const grantee = await partyOf(ports, context, draft.grantee)
  const retiring = draft.retiring && (await partyOf(ports, context, draft.retiring))
  return {
    ...(name === undefined ? {} : { name }),
    grantee,
    ...(retiring === undefined ? {} : { retiring }),
    operations: [...new Set(operations)],
    ...(equals === undefined ? {} : { equals }),
    ...(subset === undefined ? {} : { subset }),
  }
}

async function partyOf(
  ports: Ports,
  context: Context,
  { arn, principal }: DraftParty,
): Promise<GrantParty> {
  return { arn, meant: await lookUpPrincipal(ports, context, principal) }
}

function checkHandingOn(context: Context, found: FoundKey, moment: Moment, wanted: Wanted): void {
  const id = "grant.create"
  const access = accessOf(context, id, found, moment)
  const question = { operation: id, caller: context.caller, key: found.key, access } as const
  const reason = againstHandingOn(question, operation(id), wanted)
  if (reason !== undefined) throw new HsmError("OPERATION_FORBIDDEN", reason, { rule: "grant" })
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
function textOf({ name, grantee, retiring, operations, equals, subset }: Wanted): string {
  const parts = [
    grantee.meant,
    retiring?.meant,
    operations.toSorted(),
    pairs(equals),
    pairs(subset),
  ]
  return JSON.stringify([name, grantee.arn, retiring?.arn, ...parts])
}
