/** A JWT issuer that a partition trusts: its keys, and what its claims mean here. */

import type { Instant, PartitionId } from "./ids.ts"
import type { Grant, Role } from "./principal.ts"

/** A JSON Web Key Set (RFC 7517 section 5); its keys are public. */
export interface JwkSet {
  readonly keys: readonly Readonly<Record<string, unknown>>[]
}

export interface IssuerRecord {
  readonly id: string
  readonly partition: PartitionId
  /** The `iss` claim. */
  readonly issuer: string
  readonly audience: string
  /** The keys themselves, or where to fetch them over HTTPS: one of the two. */
  readonly jwks?: JwkSet
  readonly jwksUri?: string
  /** Claim that holds role names or groups, and what its values mean here. */
  readonly roleClaim: string
  readonly roleMap: Readonly<Record<string, Role>>
  readonly grants: readonly Grant[]
  readonly createdAt: Instant
  readonly revision: number
}
