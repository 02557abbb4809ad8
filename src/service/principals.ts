/**
 * Principals: officers make them, narrow them and take their access away, in their own partition.
 * Every change holds from the next request on, since identity reads records behind the barrier.
 */

import { HsmError } from "../domain/errors.ts"
import { instant, parseId, type PartitionId, type PrincipalId } from "../domain/ids.ts"
import { isName } from "../domain/key.ts"
import { limits } from "../domain/limits.ts"
import type { Credential, PrincipalRecord } from "../domain/principal.ts"
import type { Transaction } from "../records/committer.ts"
import { perform, recordDone, type Act } from "./act.ts"
import {
  checkAddresses,
  checkGrants,
  checkKeyStore,
  checkRoles,
  malformed,
} from "./check-access.ts"
import type {
  Context,
  CreatePrincipalCommand,
  IssueAccessKeyCommand,
  IssueTokenCommand,
  NewCredential,
  Page,
  PageCommand,
  PrincipalWithToken,
  RevokeCredentialCommand,
  UpdatePrincipalCommand,
} from "./commands.ts"
import { witnessOf } from "./last-officer.ts"
import { credentialName, newCredential, newPrincipal, principalRows } from "./new-principal.ts"
import { createOnce } from "./once.ts"
import type { Ports } from "./ports.ts"

/**
 * Makes a principal with one credential; a token is shown once.
 *
 * @throws HsmError NAME_TAKEN (also for a certificate that is registered here), MALFORMED_REQUEST,
 * IDEMPOTENCY_MISMATCH, OPERATION_FORBIDDEN.
 */
export async function createPrincipal(
  ports: Ports,
  context: Context,
  command: CreatePrincipalCommand,
): Promise<PrincipalWithToken> {
  const { partition } = context.caller
  const { name, roles, grants = [], addresses = [] } = command
  if (!isName(name)) throw malformed("/name", "not a name")
  checkRoles(partition, roles)
  checkGrants(grants)
  checkAddresses(addresses)
  if (command.keyStore !== undefined) checkKeyStore(roles, command.keyStore)
  return await perform(ports, context, { operation: "principal.create" }, async (act) => {
    const { idempotencyKey: key, ...rest } = command
    const call = { kind: "principal.create", key, command: rest }
    return await createOnce(ports, context, call, async (once) => {
      const id = once.id as PrincipalId // createOnce makes ids of the object to be created.
      if (once.repeated) {
        const first = await ports.records.read("principal", partition, id)
        if (first !== undefined) return { principal: first }
      }
      const { record, ...shown } = await newPrincipal(ports, { ...rest, partition, id })
      const claims = [...once.claims, ...principalRows(ports, record)]
      await commit(ports, act, record, { changes: [{ kind: "principal", record }], claims })
      return { principal: record, ...shown }
    })
  })
}

/** One page of the partition's principals, ordered by id. */
export async function listPrincipals(
  ports: Ports,
  context: Context,
  { after, limit = limits.pageSizeDefault }: PageCommand,
): Promise<Page<PrincipalRecord>> {
  return await perform(ports, context, { operation: "principal.list" }, ({ partition }) =>
    ports.records.list("principal", partition.id, { after, limit }),
  )
}

/** @throws HsmError NOT_FOUND, also for another partition's principal. */
export async function readPrincipal(
  ports: Ports,
  context: Context,
  id: PrincipalId,
): Promise<PrincipalRecord> {
  const ask = { operation: "principal.read", target: id } as const
  return await perform(ports, context, ask, ({ partition }) => existing(ports, partition.id, id))
}

/**
 * Changes roles, grants, addresses or state; what is absent stays.
 *
 * @throws HsmError NOT_FOUND, MALFORMED_REQUEST, CONFLICT (the last officer; or changed meanwhile).
 */
export async function updatePrincipal(
  ports: Ports,
  context: Context,
  { principal: id, ...fields }: UpdatePrincipalCommand,
): Promise<PrincipalRecord> {
  const { roles, grants, addresses, state, keyStore } = fields
  if (roles !== undefined) checkRoles(context.caller.partition, roles)
  if (grants !== undefined) checkGrants(grants)
  if (addresses !== undefined) checkAddresses(addresses)
  const ask = { operation: "principal.update", target: id } as const
  return await perform(ports, context, ask, async (act) => {
    const before = await existing(ports, act.partition.id, id)
    const after: PrincipalRecord = {
      ...before,
      ...(keyStore === undefined ? {} : { keyStore }),
      roles: roles ?? before.roles,
      grants: grants ?? before.grants,
      addresses: addresses ?? before.addresses,
      state: state ?? before.state,
      revision: before.revision + 1,
    }
    if (keyStore !== undefined && before.keyStore === undefined) {
      throw malformed("/keyStore", "a principal is made as a key store, or is none")
    }
    if (after.keyStore !== undefined) checkKeyStore(after.roles, after.keyStore)
    return await change(ports, act, before, after)
  })
}

/**
 * Removes a principal with all his credentials; his name is free again.
 *
 * @throws HsmError NOT_FOUND, CONFLICT (the last officer; or changed meanwhile).
 */
export async function deletePrincipal(
  ports: Ports,
  context: Context,
  id: PrincipalId,
): Promise<void> {
  const ask = { operation: "principal.delete", target: id } as const
  await perform(ports, context, ask, async (act) => {
    const before = await existing(ports, act.partition.id, id)
    const record = { ...before, revision: before.revision + 1 }
    const witness = await witnessOf(ports, before, undefined)
    await commit(ports, act, before, {
      changes: [{ kind: "principal", record, removes: true }, ...witness],
      rows: principalRows(ports, before).map(({ path }) => ({ del: path })),
    })
  })
}

/**
 * Gives a principal a new token, shown once. His older tokens live on for `overlapMs` at most.
 *
 * @throws HsmError NOT_FOUND, MALFORMED_REQUEST, QUOTA_EXCEEDED for more than
 * limits.credentialsMax live tokens.
 */
export async function issueToken(
  ports: Ports,
  context: Context,
  { principal: id, lifeMs, overlapMs }: IssueTokenCommand,
): Promise<PrincipalWithToken> {
  const ask = { operation: "principal.issue-token", target: id } as const
  return await perform(ports, context, ask, async (act) => {
    const before = await existing(ports, act.partition.id, id)
    return await addToken(ports, act, before, { lifeMs, overlapMs })
  })
}

/**
 * Gives a principal an access key for AWS's dialects, shown once; he may have limits.accessKeysMax.
 *
 * @throws HsmError NOT_FOUND, MALFORMED_REQUEST, QUOTA_EXCEEDED.
 */
export async function issueAccessKey(
  ports: Ports,
  context: Context,
  { principal: id, lifeMs }: IssueAccessKeyCommand,
): Promise<PrincipalWithToken> {
  const ask = { operation: "principal.issue-access-key", target: id } as const
  return await perform(ports, context, ask, async (act) => {
    const before = await existing(ports, act.partition.id, id)
    const kept = before.credentials.filter(({ expiresAt }) => expiresAt > act.now)
    if (kept.filter(({ kind }) => kind === "access-key").length >= limits.accessKeysMax) {
      throw new HsmError("QUOTA_EXCEEDED", `at most ${limits.accessKeysMax} live access keys`)
    }
    return await addCredential(ports, act, { before, kept, wanted: { kind: "access-key", lifeMs } })
  })
}

/**
 * Replaces the caller's own token. The new one lives as long as the longest that an officer gave
 * him, or shorter: nobody prolongs his own access.
 *
 * @throws HsmError OPERATION_FORBIDDEN unless a token proves who he is; otherwise as issueToken.
 */
export async function rotateOwnToken(
  ports: Ports,
  context: Context,
  { lifeMs, overlapMs }: Omit<IssueTokenCommand, "principal">,
): Promise<PrincipalWithToken> {
  const { credential, subject } = context.caller
  const ask = { operation: "principal.rotate-own-token" } as const
  return await perform(ports, context, ask, async (act) => {
    const id = parseId<PrincipalId>(subject)
    if (credential !== "token" || id === undefined) {
      throw new HsmError("OPERATION_FORBIDDEN", "only who comes with a token can replace it")
    }
    const before = await existing(ports, act.partition.id, id)
    const lives = before.credentials
      .filter(({ kind, expiresAt }) => kind === "token" && expiresAt > act.now)
      .map(({ createdAt, expiresAt }) => expiresAt - createdAt)
    const longestMs = Math.max(0, ...lives)
    return await addToken(ports, act, before, {
      lifeMs: Math.min(lifeMs ?? longestMs, longestMs),
      overlapMs,
    })
  })
}

/**
 * Ends one credential at once.
 *
 * @throws HsmError NOT_FOUND, CONFLICT (the last officer's last credential; or changed meanwhile).
 */
export async function revokeCredential(
  ports: Ports,
  context: Context,
  { principal: id, credential }: RevokeCredentialCommand,
): Promise<PrincipalRecord> {
  const ask = { operation: "principal.revoke-token", target: id } as const
  return await perform(ports, context, ask, async (act) => {
    const before = await existing(ports, act.partition.id, id)
    const credentials = before.credentials.filter((known) => known.id !== credential)
    if (credentials.length === before.credentials.length) {
      throw new HsmError("NOT_FOUND", "no such credential")
    }
    return await change(ports, act, before, revise(before, credentials))
  })
}

async function addToken(
  ports: Ports,
  act: Act,
  before: PrincipalRecord,
  { lifeMs, overlapMs = 0 }: Omit<IssueTokenCommand, "principal">,
): Promise<PrincipalWithToken> {
  if (overlapMs < 0 || overlapMs > limits.tokenOverlapMaxMs) {
    throw malformed("/overlapSeconds", "older tokens live on for at most seven days")
  }
  const kept = before.credentials
    .map((known) => (known.kind === "token" ? shortened(known, act.now + overlapMs) : known))
    .filter(({ expiresAt }) => expiresAt > act.now)
  if (kept.filter(({ kind }) => kind === "token").length >= limits.credentialsMax) {
    throw new HsmError("QUOTA_EXCEEDED", `at most ${limits.credentialsMax} live tokens`)
  }
  return await addCredential(ports, act, { before, kept, wanted: { kind: "token", lifeMs } })
}

/** Gives a principal one credential more than the ones that he keeps. */
async function addCredential(
  ports: Ports,
  act: Act,
  parts: {
    readonly before: PrincipalRecord
    readonly kept: PrincipalRecord["credentials"]
    readonly wanted: NewCredential
  },
): Promise<PrincipalWithToken> {
  const { before, kept, wanted } = parts
  const { credential, ...shown } = await newCredential(ports, before.partition, wanted)
  const principal = await change(ports, act, before, revise(before, [...kept, credential]))
  return { principal, ...shown }
}

function shortened<C extends Credential>(credential: C, endMs: number): C {
  return { ...credential, expiresAt: instant(Math.min(credential.expiresAt, endMs)) }
}

function revise(
  before: PrincipalRecord,
  credentials: PrincipalRecord["credentials"],
): PrincipalRecord {
  return { ...before, credentials, revision: before.revision + 1 }
}

/** Commits a changed principal with the index rows of the credentials that came and went. */
async function change(
  ports: Ports,
  act: Act,
  before: PrincipalRecord,
  after: PrincipalRecord,
): Promise<PrincipalRecord> {
  const { records } = ports
  const { partition, id } = before
  const had = new Set(before.credentials.map(credentialName))
  const has = new Set(after.credentials.map(credentialName))
  const witness = await witnessOf(ports, before, after)
  await commit(ports, act, after, {
    changes: [{ kind: "principal", record: after }, ...witness],
    claims: [...has.difference(had)].map((name) =>
      records.claim(partition, "credential", name, id),
    ),
    rows: [...had.difference(has)].map((name) => ({
      del: records.indexPath(partition, "credential", name),
    })),
  })
  return after
}

async function commit(
  ports: Ports,
  act: Act,
  { partition, id }: PrincipalRecord,
  transaction: Transaction,
): Promise<void> {
  const committed = await ports.records.commit(partition, transaction)
  await ports.inFlight.drain(id) // Nothing that he was allowed before leaves after this answer.
  await recordDone(ports, act, { target: id, committed })
}

async function existing(
  { records }: Ports,
  partition: PartitionId,
  id: PrincipalId,
): Promise<PrincipalRecord> {
  const found = await records.read("principal", partition, id)
  if (found === undefined) throw new HsmError("NOT_FOUND", "no such principal")
  return found
}
