/**
 * Whom a key lets in, of those whose roles allow an operation: by the grants that narrow a
 * principal, and by the key's own policy.
 */

import type { KeyRecord } from "./key.ts"
import { admits, refuses, type Policed } from "./key-policy.ts"
import type { OperationId, OperationRow } from "./operation.ts"
import { grantAdmits, type Caller } from "./principal.ts"

/** What of a question bears on it. */
export interface AdmissionQuestion {
  readonly operation: OperationId
  readonly caller: Caller
  readonly key?: KeyRecord | undefined
  /** The key's own policy, where it has one, and what it is asked about. */
  readonly policed?: Policed | undefined
}

/** Why a key's policy refuses; undefined: no statement of it does. */
export function againstDenial(
  { policed, caller, key }: AdmissionQuestion,
  row: OperationRow,
): string | undefined {
  if (policed === undefined || key === undefined || isOverPolicy(caller, row)) return undefined
  if (!refuses(policed, { caller, owner: key.partition })) return undefined
  return "a statement of the key's policy refuses it"
}

/** Why a key's policy does not admit the caller; undefined: it does, or there is none. */
export function againstPolicy(question: AdmissionQuestion, row: OperationRow): string | undefined {
  const { policed, caller } = question
  if (policed === undefined || isOverPolicy(caller, row)) return undefined
  return admission(question) === undefined ? "the key's policy does not admit it" : undefined
}

/** Why the caller's own grants do not reach so far; undefined: they do, or he has none. */
export function againstGrants(question: AdmissionQuestion): string | undefined {
  const { caller, operation, key } = question
  const { grants } = caller
  if (grants.length === 0) return undefined
  if (grants.some((grant) => grantAdmits(grant, operation, key))) return undefined
  // A key that names him is his, whichever keys his grants name; what he may do stays theirs.
  const isNamed = key !== undefined && admission(question) === "name"
  if (isNamed && grants.some((grant) => grantAdmits(grant, operation, undefined))) return undefined
  return "no grant of the caller admits this operation on this key"
}

/** How the key's own policy admits the caller; undefined: not, or there is none. */
function admission({ policed, caller, key }: AdmissionQuestion): ReturnType<typeof admits> {
  if (policed === undefined || key === undefined) return undefined
  return admits(policed, { caller, owner: key.partition })
}

/** Officers bring back what a policy has locked. */
function isOverPolicy({ roles }: Caller, { overPolicy }: OperationRow): boolean {
  return overPolicy === true && roles.includes("officer")
}
