/**
 * Approvers by invitation: an officer names one and gets a one-time code; with it the approver
 * brings his key, or is handed one. From then on that key is his for good. Rules hold keys, never
 * names: a name is looked up once, when a rule is written.
 */

import { encodeBase32 } from "../codec/base32.ts"
import { encodeId } from "../codec/id-text.ts"
import { HsmError } from "../domain/errors.ts"
import { instant, type PartitionId, type PrincipalId } from "../domain/ids.ts"
import { isName } from "../domain/key.ts"
import { limits } from "../domain/limits.ts"
import type {
  ApproverBinding,
  Invitation,
  KeyToMake,
  PrincipalRecord,
} from "../domain/principal.ts"
import type { ApproverKey } from "../domain/rule.ts"
import { checkKeyFilePassword } from "../engine/approver-key.ts"
import { keyFileSecrets } from "../engine/write-pkcs12.ts"
import type { ApproverTemplate } from "../identity/approver.ts"
import { perform, recordDone, type Act } from "./act.ts"
import { malformed } from "./check-access.ts"
import type { Context } from "./commands.ts"
import type { CreateApproverCommand, InvitedApprover, MakeKeyCommand } from "./govern-commands.ts"
import { principals } from "./last-officer.ts"
import { principalRows } from "./new-principal.ts"
import type { Ports } from "./ports.ts"

/**
 * Invites an approver. The code is shown this once and opens his onboarding once, for
 * limits.onboardingCodeMs.
 *
 * @throws HsmError NAME_TAKEN, MALFORMED_REQUEST, QUOTA_EXCEEDED beyond limits.approversMax,
 * OPERATION_FORBIDDEN, also for a key to be made while the flag approverKeys is off.
 */
export async function createApprover(
  ports: Ports,
  context: Context,
  { name, making }: CreateApproverCommand,
): Promise<InvitedApprover> {
  if (!isName(name)) throw malformed("/approverName", "not a name")
  if (making !== undefined) checkMaking(making)
  const operation = making === undefined ? "approver.create" : "approver.create-with-key"
  return await perform(ports, context, { operation }, async (act) => {
    const { partition } = act
    const known = await approversOf(ports, partition.id)
    if (known.length >= limits.approversMax) {
      throw new HsmError("QUOTA_EXCEEDED", `at most ${limits.approversMax} approvers`)
    }
    const id = encodeId(ports.random.bytes(16)) as PrincipalId // 16 random bytes are an id.
    const keyToMake = making === undefined ? undefined : await prepare(making)
    const { invitation, code } = invite(ports, act, id, keyToMake)
    const approver: PrincipalRecord = {
      id,
      partition: partition.id,
      name,
      roles: ["approver"],
      grants: [],
      addresses: [],
      state: "active",
      credentials: [],
      approver: { origin: making === undefined ? "brought" : "made", invitation },
      createdAt: act.now,
      revision: 1,
    }
    const committed = await ports.records.commit(partition.id, {
      changes: [{ kind: "principal", record: approver }],
      claims: principalRows(ports, approver),
    })
    await recordDone(ports, act, { target: id, committed })
    return { approver, code }
  })
}

/**
 * Gives whoever has not onboarded another code; the older one is good for nothing from now on.
 *
 * @throws HsmError NOT_FOUND; CONFLICT for an approver with a key, which stays his: to have another
 * he is deleted and invited again, and named in rules again by those who may change them.
 */
export async function renewOneTimeCode(
  ports: Ports,
  context: Context,
  name: string,
): Promise<InvitedApprover> {
  const ask = await asking(ports, context, name)
  return await perform(
    ports,
    context,
    { operation: "approver.renew-code", ...ask },
    async (act) => {
      const before = await existing(ports, act.partition.id, name)
      const { approver: binding } = before
      if (binding.key !== undefined) {
        throw new HsmError("CONFLICT", "the approver has onboarded, and keeps his key")
      }
      const { making } = binding.invitation ?? {}
      const { invitation, code } = invite(ports, act, before.id, making)
      const approver = revise(before, { ...binding, invitation })
      const committed = await ports.records.commit(act.partition.id, {
        changes: [{ kind: "principal", record: approver }],
      })
      await recordDone(ports, act, { target: before.id, committed })
      return { approver, code }
    },
  )
}

/** All approvers who were invited here. @throws HsmError OPERATION_FORBIDDEN. */
export async function listApprovers(
  ports: Ports,
  context: Context,
): Promise<readonly InvitedRecord[]> {
  return await perform(ports, context, { operation: "approver.list" }, ({ partition }) =>
    approversOf(ports, partition.id),
  )
}

/**
 * Takes an approver away; his name is free. Rules that hold his key hold it still: who may change
 * them takes it out.
 *
 * @throws HsmError NOT_FOUND; CONFLICT for one who has other roles too, or was changed meanwhile.
 */
export async function deleteApprover(ports: Ports, context: Context, name: string): Promise<void> {
  const ask = await asking(ports, context, name)
  await perform(ports, context, { operation: "approver.delete", ...ask }, async (act) => {
    const before = await existing(ports, act.partition.id, name)
    if (before.roles.some((role) => role !== "approver")) {
      throw new HsmError("CONFLICT", "he has other roles too: delete the principal")
    }
    const record = { ...before, revision: before.revision + 1 }
    const committed = await ports.records.commit(act.partition.id, {
      changes: [{ kind: "principal", record, removes: true }],
      rows: principalRows(ports, before).map(({ path }) => ({ del: path })),
    })
    await ports.inFlight.drain(before.id)
    await recordDone(ports, act, { target: before.id, committed })
  })
}

/**
 * The keys of approvers, as a rule takes them: what their names mean now, and will not mean when
 * somebody else has the name.
 *
 * @throws HsmError NOT_FOUND for who has not onboarded, is disabled, or is not there.
 */
export async function resolveApprovers(
  ports: Ports,
  context: Context,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, ApproverTemplate>> {
  if (names.size === 0) return new Map()
  return await perform(ports, context, { operation: "approver.resolve" }, async (act) => {
    const found = new Map<string, ApproverTemplate>()
    for (const name of names) {
      const { state, roles, approver } = await existing(ports, act.partition.id, name)
      const isOne = state === "active" && roles.includes("approver")
      if (!isOne || approver.key === undefined) throw noApprover()
      found.set(name, templateOf(approver.key))
    }
    return found
  })
}

function templateOf({ name, publicKey, chain }: ApproverKey): ApproverTemplate {
  if (chain === undefined) return { kind: "public-key", name, publicKey }
  return { kind: "certificate", name, chain }
}

/** A principal whom approver management has made. */
export type InvitedRecord = PrincipalRecord & { readonly approver: ApproverBinding }

/** The approver of this name; undefined for none, and for principals of other kinds. */
export async function findApprover(
  { records }: Pick<Ports, "records">,
  partition: PartitionId,
  name: string,
): Promise<InvitedRecord | undefined> {
  const id = await records.lookup(partition, "principal-name", name)
  const found = id === undefined ? undefined : await records.read("principal", partition, id)
  return found !== undefined && isInvited(found) ? found : undefined
}

/** The keyed hash of a code, which is good for one approver alone. */
export function hashCode(
  { records }: Pick<Ports, "records">,
  { partition, id }: Pick<PrincipalRecord, "partition" | "id">,
  code: string,
): Uint8Array {
  return records.keyholder.hashName(partition, "onboarding-code", `${id}\n${code}`)
}

/** The approver's record with another binding. */
export function revise(before: InvitedRecord, approver: ApproverBinding): InvitedRecord {
  return { ...before, approver, revision: before.revision + 1 }
}

function isInvited(record: PrincipalRecord): record is InvitedRecord {
  return record.approver !== undefined
}

async function approversOf(ports: Ports, partition: PartitionId): Promise<InvitedRecord[]> {
  const found: InvitedRecord[] = []
  for await (const one of principals(ports, partition)) if (isInvited(one)) found.push(one)
  return found
}

async function existing(ports: Ports, partition: PartitionId, name: string) {
  const found = await findApprover(ports, partition, name)
  if (found === undefined) throw noApprover()
  return found
}

/** For the log, which has ids alone: whom a name stands for. */
async function asking(
  ports: Ports,
  { caller: { partition } }: Context,
  name: string,
): Promise<{ readonly target?: PrincipalId }> {
  await ports.records.sync()
  const found = await findApprover(ports, partition, name)
  return found === undefined ? {} : { target: found.id }
}

function noApprover(): HsmError {
  return new HsmError("NOT_FOUND", "no approver of this name has onboarded here")
}

function invite(
  ports: Ports,
  { partition, now }: Act,
  id: PrincipalId,
  making: KeyToMake | undefined,
): { readonly invitation: Invitation; readonly code: string } {
  const code = encodeBase32(ports.random.bytes(limits.onboardingCodeBytes))
  const codeHash = hashCode(ports, { partition: partition.id, id }, code)
  const expiresAt = instant(now + limits.onboardingCodeMs)
  return { code, invitation: { codeHash, expiresAt, ...(making === undefined ? {} : { making }) } }
}

function checkMaking({ lifeMs, password }: MakeKeyCommand): void {
  checkKeyFilePassword(password)
  if (lifeMs >= 1 && lifeMs <= limits.certificateLifeMaxMs) return
  throw malformed("/validity", "a certificate lives at most 30 years")
}

/** The password itself is forgotten. */
async function prepare({ algorithm, lifeMs, password }: MakeKeyCommand): Promise<KeyToMake> {
  return { algorithm, lifeMs, file: await keyFileSecrets(password) }
}
