/**
 * An approver comes with his one-time code. The code is used up in the commit that binds his key,
 * before anything is answered; what is wrong with a code nobody is told.
 */

import { timingSafeEqual } from "node:crypto"

import { derContent, derElements, derTags, readDer } from "../codec/der.ts"
import { HsmError } from "../domain/errors.ts"
import type { Instant, PrincipalId } from "../domain/ids.ts"
import type { ApproverKey } from "../domain/rule.ts"
import { makeApproverKey, sealForTransport, transportKey } from "../engine/approver-key.ts"
import { readRequest } from "../engine/certificates/read.ts"
import { readApprover } from "../identity/approver.ts"
import { perform, recordDone, type Act } from "./act.ts"
import { refuseUnlessSure } from "./sure-clock.ts"
import { findApprover, hashCode, revise, type InvitedRecord } from "./approvers.ts"
import { malformed } from "./check-access.ts"
import type { Context } from "./commands.ts"
import type { OnboardApproverCommand, OnboardedApprover } from "./govern-commands.ts"
import { approverName } from "./new-principal.ts"
import type { Ports } from "./ports.ts"

/** Where a code is compared although there is none. */
const nobody = "0".repeat(26) as PrincipalId
const noHash = new Uint8Array(32)

/**
 * Binds an approver to his key, for good. He proves that he has it by a request for a certificate
 * in his name, or is handed one that is made now, where his invitation and the partition allow it.
 *
 * @param context - whoever brings the code; without a credential he is nobody yet.
 * @throws HsmError UNAUTHENTICATED for a code that is wrong, expired, used, another's or another
 * partition's, all alike; RATE_LIMITED for too many of those; MALFORMED_REQUEST; NAME_TAKEN for a
 * key that is an approver's already; OPERATION_FORBIDDEN while the flag approverKeys is off;
 * CONFLICT while the node's clock is in doubt: an expired code must not come to life again.
 */
export async function onboardApprover(
  ports: Ports,
  context: Context,
  command: OnboardApproverCommand,
): Promise<OnboardedApprover> {
  const { partition } = context.caller
  refuseUnlessSure(ports)
  // One after the other here; other nodes meet in the commit.
  return await ports.inFlight.alone(`${partition}\napprover\n${command.name}`, async () => {
    const found = await admit(ports, context, command)
    const caller = callerOf(context, found)
    const { request } = command
    const isHanded = request === undefined && found.approver.invitation?.making !== undefined
    const operation = isHanded ? "approver.receive-key" : "approver.onboard"
    const ask = { operation, target: found.id } as const
    return await perform(ports, { ...context, caller }, ask, async (act) =>
      request === undefined
        ? await hand(ports, act, found, command.transportPassword)
        : await take(ports, act, found, request),
    )
  })
}

/** Whose code it is. The work is the same whether or not there is such an approver. */
async function admit(
  ports: Ports,
  { caller: { partition, address } }: Context,
  { name, code }: OnboardApproverCommand,
): Promise<InvitedRecord> {
  const { records, clock } = ports
  await records.sync()
  const now = clock.now()
  const isThere = (await records.read("partition", partition, partition)) !== undefined
  const found = isThere ? await findApprover(ports, partition, name) : undefined
  if (isThere) {
    const given = hashCode(ports, found ?? { partition, id: nobody }, code)
    const { codeHash = noHash, expiresAt = 0 } = found?.approver.invitation ?? {}
    const isSame = timingSafeEqual(given, codeHash)
    if (isSame && found?.state === "active" && now < expiresAt) return found
  }
  throw refuse(ports, address, now)
}

function refuse({ onboarding }: Ports, address: string, now: Instant): HsmError {
  const waitMs = onboarding.fail(address, now)
  if (waitMs === 0) return unknown()
  const retryAfterSeconds = Math.ceil(waitMs / 1_000)
  return new HsmError("RATE_LIMITED", "too many codes that do not hold", { retryAfterSeconds })
}

function unknown(): HsmError {
  return new HsmError("UNAUTHENTICATED", "no such approver, or not his one-time code")
}

/** Whoever has the code and nothing else is the approver himself. */
function callerOf({ caller }: Context, { id, name }: InvitedRecord): Context["caller"] {
  return caller.credential === "approver-key" ? { ...caller, subject: id, name } : caller
}

/** He has made his key where nobody else sees it. */
async function take(
  ports: Ports,
  act: Act,
  found: InvitedRecord,
  request: Uint8Array,
): Promise<OnboardedApprover> {
  const { subjectName, publicKey } = readRequest(request)
  if (commonNameOf(subjectName) !== found.name) {
    throw malformed("/request", "is for another subject than CN and the approver's name")
  }
  const template = { kind: "public-key", name: found.name, publicKey } as const
  const key = await readApprover(template, act.now, "/request")
  return { approver: await bind(ports, act, found, { origin: "brought", key }), key }
}

/** It is made now, and leaves when the commit has it as his; a copy stays nowhere. */
async function hand(
  ports: Ports,
  act: Act,
  found: InvitedRecord,
  transportPassword: string | undefined,
): Promise<OnboardedApprover> {
  const { name, approver } = found
  const making = approver.invitation?.making
  if (making === undefined) {
    throw malformed("/certificateSigningRequest", "is missing: he is to bring a key of his own")
  }
  if (transportPassword === undefined) throw malformed("/transportPassword", "is missing")
  transportKey(transportPassword).fill(0) // Refused before the code is used up.
  const { certificate, file } = await makeApproverKey(act.permit, making, { name, now: act.now })
  using own = file
  const template = { kind: "certificate", name, chain: [certificate] } as const
  const key = await readApprover(template, act.now, "/approverCertificate")
  const bound = await bind(ports, act, found, { origin: "made", key })
  return { approver: bound, key, file: sealForTransport(transportPassword, own) }
}

/** The invitation is gone with the same commit, and what would have made a key with it. */
async function bind(
  ports: Ports,
  act: Act,
  found: InvitedRecord,
  binding: { readonly origin: "brought" | "made"; readonly key: ApproverKey },
): Promise<InvitedRecord> {
  const { partition, id } = found
  const record = revise(found, binding)
  const name = approverName(binding.key)
  try {
    const committed = await ports.records.commit(partition, {
      changes: [{ kind: "principal", record }],
      claims: [ports.records.claim(partition, "credential", name, id)],
    })
    await recordDone(ports, act, { target: id, note: binding.origin, committed })
    return record
  } catch (error) {
    // Another node was faster: then the code is used.
    if (error instanceof HsmError && error.code === "CONFLICT") throw unknown()
    throw error
  }
}

/** OpenSSL writes UTF-8; names have ASCII alone. */
const stringTags: readonly number[] = [0x0c, 0x13, 0x16]
const commonNameId = "550403"

/** Of a subject that is one common name and no more. */
function commonNameOf(subject: Uint8Array): string | undefined {
  const at = "/request"
  const [name] = readDer(subject, at)
  const [first, ...others] = derElements(name, at)
  const [attribute, ...more] = readDer(derContent(first, derTags.set, at), at)
  const [type, value] = derElements(attribute, at)
  const isOne = others.length + more.length === 0
  const id = derContent(type, derTags.objectId, at).toHex()
  if (!isOne || id !== commonNameId || !stringTags.includes(value?.tag ?? 0)) return undefined
  return Buffer.from(value?.content ?? []).toString()
}
