/** Checks on what gives access: roles, grants, addresses; for principals and issuers alike. */

import { HsmError } from "../domain/errors.ts"
import type { PartitionId } from "../domain/ids.ts"
import { keyStoreConditions, type KeyStorePolicy } from "../domain/key-store.ts"
import { limits } from "../domain/limits.ts"
import { rolesIn, type Grant, type Role } from "../domain/principal.ts"
import { parseRange } from "../identity/address.ts"

/** @throws HsmError MALFORMED_REQUEST unless they are roles of the partition, one or more. */
export function checkRoles(partition: PartitionId, roles: readonly Role[], field = "/roles"): void {
  const known = rolesIn(partition)
  if (roles.length === 0 || new Set(roles).size !== roles.length) {
    throw malformed(field, "one role or more, each of them once")
  }
  if (!roles.every((role) => known.includes(role))) {
    throw malformed(field, `the roles of this partition are ${known.join(", ")}`)
  }
}

/** @throws HsmError MALFORMED_REQUEST for more than limits.grantsMax. */
export function checkGrants(grants: readonly Grant[]): void {
  if (grants.length > limits.grantsMax) {
    throw malformed("/grants", `at most ${limits.grantsMax} grants`)
  }
}

/** @throws HsmError MALFORMED_REQUEST unless each is an address or a CIDR range. */
export function checkAddresses(addresses: readonly string[]): void {
  if (addresses.length > limits.addressRangesMax) {
    throw malformed("/addresses", `at most ${limits.addressRangesMax} ranges`)
  }
  const bad = addresses.findIndex((text) => parseRange(text) === undefined)
  if (bad >= 0) throw malformed(`/addresses/${bad}`, "neither an address nor a CIDR range")
}

/** @throws HsmError MALFORMED_REQUEST for other roles than user's, or too much of a policy. */
export function checkKeyStore(roles: readonly Role[], policy: KeyStorePolicy): void {
  if (roles.join() !== "user") throw malformed("/roles", "a key store has the role user alone")
  const long = ([...keyStoreConditions, "clientNames"] as const).find((name) => {
    const { length = 0 } = policy[name] ?? {}
    return length > limits.keyStoreValuesMax
  })
  if (long !== undefined) {
    throw malformed(`/keyStore/${long}`, `at most ${limits.keyStoreValuesMax} values`)
  }
}

/** The refusal of one field of a request. */
export function malformed(field: string, why: string): HsmError {
  return new HsmError("MALFORMED_REQUEST", why, { field })
}
