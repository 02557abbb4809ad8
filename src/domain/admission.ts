/**
 * Whom a key lets in, of those whose roles allow an operation: by the grants that narrow a
 * principal, by the key's own policy, and by grants on the key.
 */

import type { KeyRecord } from "./key.ts"
import { admits, isMeant, lends, refuses, type KeyPolicy, type PolicyFacts } from "./key-policy.ts"
import { covers, grantsAdmit, mayRetire, type KmsGrant } from "./kms-grant.ts"
import type { OperationId, OperationRow } from "./operation.ts"
import type { PartitionRecord } from "./partition.ts"
import { grantAdmits, type Caller } from "./principal.ts"

/** What a key says itself of who may use it, and what it is asked about. */
export interface KeyAccess {
  readonly policy: KeyPolicy | undefined
  readonly grants: readonly KmsGrant[]
  readonly facts: PolicyFacts
}

/** What of a question bears on it. */
export interface AdmissionQuestion {
  readonly operation: OperationId
  readonly caller: Caller
  readonly key?: KeyRecord | undefined
  /** Of the key, where that is another partition than the caller's. */
  readonly owner?: PartitionRecord | undefined
  /** Absent: the key says nothing. */
  readonly access?: KeyAccess | undefined
  /** The grant that shall be retired, where there is such a one. */
  readonly grant?: KmsGrant | undefined
}

/**
 * Why there is no such key for the caller: it is not there, or another partition's that does not
 * lend it. One answer for all of it.
 */
export function againstAbsence(question: AdmissionQuestion): string | undefined {
  const { key, caller } = question
  if (key?.partition === caller.partition || isLent(question)) return undefined
  return "no such key in this partition"
}

/** True for another partition's key whose own policy names the caller or his account. */
function isLent({ key, caller, access, owner }: AdmissionQuestion): boolean {
  if (key === undefined || owner?.id !== key.partition || access?.policy === undefined) return false
  const { policy, facts } = access
  return lends({ policy, facts }, { caller, owner: owner.id })
}

/** Why a key's policy refuses; undefined: no statement of it does. */
export function againstDenial(
  { access, caller, key }: AdmissionQuestion,
  row: OperationRow,
): string | undefined {
  if (access?.policy === undefined || key === undefined || isOverPolicy(caller, row))
    return undefined
  const { policy, facts } = access
  if (!refuses({ policy, facts }, { caller, owner: key.partition })) return undefined
  return "a statement of the key's policy refuses it"
}

/** Why a key's policy does not admit the caller; undefined: it does, or there is none. */
export function againstPolicy(question: AdmissionQuestion, row: OperationRow): string | undefined {
  const { access, caller, operation } = question
  if (access?.policy === undefined || isOverPolicy(caller, row)) return undefined
  if (operation === "grant.retire" || admission(question) !== undefined) return undefined
  return "neither the key's policy nor a grant on it admits the caller"
}

/** Why the caller's own grants do not reach so far; undefined: they do, or he has none. */
export function againstGrants(question: AdmissionQuestion): string | undefined {
  const { caller, operation, key } = question
  if (operation === "grant.retire") return againstRetiring(question)
  const { grants } = caller
  if (key !== undefined && key.partition !== caller.partition)
    return againstBorrowing(question, key)
  if (grants.length === 0) return undefined
  if (grants.some((grant) => grantAdmits(grant, operation, key))) return undefined
  // A key that names him is his, whichever keys his grants name; what he may do stays theirs.
  const isNamed = key !== undefined && admission(question) === "name"
  if (isNamed && grants.some((grant) => grantAdmits(grant, operation, undefined))) return undefined
  return "no grant of the caller admits this operation on this key"
}

/**
 * His own side has to name another account's key, by its id: the key's name and tags are that
 * account's to set.
 */
function againstBorrowing(
  { caller, operation }: AdmissionQuestion,
  key: KeyRecord,
): string | undefined {
  const names = caller.grants.some(
    (grant) => grant.keyIds?.includes(key.id) === true && grantAdmits(grant, operation, key),
  )
  return names ? undefined : "no grant of the caller names this key of another account"
}

/** Neither the key's policy nor what narrows a principal says who retires a grant: it does. */
function againstRetiring({ caller, grant }: AdmissionQuestion): string | undefined {
  if (caller.roles.includes("officer")) return undefined
  if (grant !== undefined && mayRetire(grant, { caller })) return undefined
  return "the grant is not the caller's to retire"
}

/**
 * Why a caller may not make a grant on a key: he was let in by grants alone, and none of them that
 * he may hand on covers it.
 */
export function againstHandingOn(
  question: AdmissionQuestion,
  row: OperationRow,
  wanted: Parameters<typeof covers>[1],
): string | undefined {
  const { access, caller } = question
  if (access === undefined) return undefined
  const without = { ...question, access: { ...access, grants: [] } }
  const against = againstPolicy(without, row) ?? againstGrants(without)
  if (against === undefined) return undefined
  const isCovered = access.grants.some(
    (grant) =>
      isMeant(grant.grantee.meant, { caller }) &&
      grant.operations.includes("CreateGrant") &&
      covers(grant, wanted),
  )
  return isCovered ? undefined : "a grant hands on no more than it gives"
}

/** How the key itself admits the caller; undefined: not, or it says nothing. */
function admission({ access, caller, key }: AdmissionQuestion): ReturnType<typeof admits> {
  if (access === undefined || key === undefined) return undefined
  const { policy, grants, facts } = access
  const parties = { caller, owner: key.partition }
  // Grants are of the key's own account alone.
  if (grantsAdmit(grants, facts, parties)) return "name"
  return policy === undefined ? undefined : admits({ policy, facts }, parties)
}

/** Officers bring back what a policy has locked. */
function isOverPolicy({ roles }: Caller, { overPolicy }: OperationRow): boolean {
  return overPolicy === true && roles.includes("officer")
}
