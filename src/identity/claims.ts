/** What a verified JWT's claims mean here: subject and roles. */

import type { IssuerRecord } from "../domain/issuer.ts"
import { limits } from "../domain/limits.ts"
import { rolesIn, type Role } from "../domain/principal.ts"

/** Claims by name, as RFC 7519 section 4. */
export type Claims = Readonly<Record<string, unknown>>

/** Printable ASCII: what stands in the log looks like what was sent. */
const subjectPattern = /^[\x20-\x7e]+$/

/** The `sub` claim when it is fit to be logged; undefined otherwise. */
export function subjectOf(claims: Claims): string | undefined {
  const subject = claims["sub"]
  if (typeof subject !== "string" || subject.length > limits.subjectLengthMax) return undefined
  return subjectPattern.test(subject) ? subject : undefined
}

/**
 * The roles that the issuer's map gives for the claim's values, in the order of the role table.
 * Roles that do not exist in the issuer's partition are left out.
 */
export function rolesOf(claims: Claims, issuer: IssuerRecord): readonly Role[] {
  const { partition, roleClaim, roleMap } = issuer
  const named = new Set(
    valuesOf(claimAt(claims, roleClaim))
      .filter((value) => Object.hasOwn(roleMap, value))
      .map((value) => roleMap[value]),
  )
  return rolesIn(partition).filter((role) => named.has(role))
}

/** A string is one value; an array counts with its strings. */
function valuesOf(claim: unknown): readonly string[] {
  if (typeof claim === "string") return [claim]
  if (!Array.isArray(claim)) return []
  return claim.filter((value) => typeof value === "string")
}

/** A claim by its name, or by a path with dots into objects; a name with dots goes first. */
function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  let value: unknown = claims
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined
    if (!Object.hasOwn(value, name)) return undefined
    value = (value as Claims)[name] // An object with this very member: just checked.
  }
  return value
}
