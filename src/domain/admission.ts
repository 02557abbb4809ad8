/**
 * Whom a key lets in, of those whose roles allow an operation: by the grants that narrow a
 * principal, by the key's own policy, and by grants on the key.
 */

import type { KeyRecord } from "./key.ts"
import {
  admits,
  isLendable,
  isMeant,
  refuses,
  statementsOn,
  type KeyPolicy,
  type PolicyFacts,
  type Saying,
} from "./key-policy.ts"
import {
  covers,
  grantsAdmit,
  grantsOn,
  isPersonal,
  retirersOf,
  type GrantScope,
  type KmsGrant,
} from "./kms-grant.ts"
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
  /** Of the grant that shall be made, where there is such a one. */
  readonly hands?: GrantScope | undefined
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

/** True for another partition's key whose own policy, or a grant on it, names the caller. */
function isLent({ key, caller, access, owner, operation, grant }: AdmissionQuestion): boolean {
  if (key === undefined || owner?.id !== key.partition || access === undefined) return false
  const { policy, grants, facts } = access
  const parties = { caller, owner: owner.id }
  const policed = policy && { policy, facts }
  if (policed !== undefined && refuses(policed, parties)) return false
  if (operation === "grant.retire") {
    return grant !== undefined && retirersOf(grant, parties, facts).length > 0
  }
  if (isLendable(facts, "grant") && grantsAdmit(grants, facts, parties)) return true
  if (policed === undefined || !isLendable(facts, "policy")) return false
  return admits(policed, parties) !== undefined
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
export function againstGrants(question: AdmissionQuestion, row: OperationRow): string | undefined {
  return againstOwnGrants(question) ?? againstHandingOn(question, row)
}

function againstOwnGrants(question: AdmissionQuestion): string | undefined {
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

/**
 * Neither the key's policy nor what narrows a principal says who retires a grant: it does. Where it
 * names another account as a whole, that one's officers say who.
 */
function againstRetiring(question: AdmissionQuestion): string | undefined {
  const { caller, grant, key, access } = question
  const isOfficer = caller.roles.includes("officer")
  const isAbroad = key !== undefined && key.partition !== caller.partition
  if (isOfficer && !isAbroad) return undefined
  const parties = { caller, owner: key?.partition ?? caller.partition }
  const his = grant && access ? retirersOf(grant, parties, access.facts) : []
  if (his.length === 0) return "the grant is not the caller's to retire"
  if (!isAbroad || isOfficer || his.some(isPersonal)) return undefined
  return againstBorrowing(question, key)
}

/**
 * Why a caller may not make a grant on a key: he was let in by grants alone, as everybody of
 * another account is, and none of them that he may hand on covers it.
 */
function againstHandingOn(question: AdmissionQuestion, row: OperationRow): string | undefined {
  const { access, caller, key, hands } = question
  if (access === undefined || hands === undefined) return undefined
  const parties = { caller, owner: key?.partition ?? caller.partition }
  const isAbroad = parties.owner !== caller.partition
  const without = { ...question, access: { ...access, grants: [] } }
  const against = againstPolicy(without, row) ?? againstOwnGrants(without)
  if (against === undefined && !isAbroad) return undefined
  const isCovered = access.grants.some(
    (grant) =>
      isMeant(grant.grantee.meant, parties, access.facts) &&
      grant.operations.includes("CreateGrant") &&
      covers(grant, hands),
  )
  return isCovered ? undefined : "a grant hands on no more than it gives"
}

/** How the key itself admits the caller; undefined: not, or it says nothing. */
function admission({ access, caller, key }: AdmissionQuestion): ReturnType<typeof admits> {
  if (access === undefined || key === undefined) return undefined
  const { policy, grants, facts } = access
  const parties = { caller, owner: key.partition }
  if (grantsAdmit(grants, facts, parties)) return "name"
  return policy === undefined ? undefined : admits({ policy, facts }, parties)
}

/** A statement of a key's policy, counted from 1, or a grant on it, by its id. */
export type AccessWord =
  | { readonly statement: number; readonly effect: Saying }
  | { readonly grant: string; readonly effect: Saying }

/** What a key says itself of a caller and what he asks for. */
export function accessWords({ access, caller, key }: AdmissionQuestion): readonly AccessWord[] {
  if (access === undefined || key === undefined) return []
  const { policy, grants, facts } = access
  const parties = { caller, owner: key.partition }
  const statements = policy === undefined ? [] : statementsOn({ policy, facts }, parties)
  return [...statements, ...grantsOn(grants, facts, parties)]
}

/** Officers bring back what a policy has locked. */
function isOverPolicy({ roles }: Caller, { overPolicy }: OperationRow): boolean {
  return overPolicy === true && roles.includes("officer")
}
