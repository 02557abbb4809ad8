/**
 * Principals that are external key stores: through each of them AWS's services use keys of one
 * partition, and what AWS tells of a request has to pass the store's own policy as well.
 */

import type { Caller } from "./principal.ts"
import { matchesPattern } from "./principal.ts"

/** Which requests a key store passes on. What is absent is not looked at; `*` is any run. */
export interface KeyStorePolicy {
  /** Patterns of ARNs, or of what AWS shows for its own services. */
  readonly principals?: readonly string[]
  /** Of the KMS key. */
  readonly accounts?: readonly string[]
  readonly regions?: readonly string[]
  /** Called on behalf of: `s3`, `ebs`. */
  readonly viaServices?: readonly string[]
  readonly vpcs?: readonly string[]
  readonly vpcEndpoints?: readonly string[]
  /** KMS operations: `Decrypt`, `GenerateDataKey`. */
  readonly operations?: readonly string[]
  /** Common names of AWS's client certificate: whoever shows none of them is not let in at all. */
  readonly clientNames?: readonly string[]
}

/** What AWS tells of a request, one value for each condition; absent: it told nothing. */
export type KeyStoreOrigin = {
  readonly [Condition in keyof Omit<KeyStorePolicy, "clientNames">]?: string | undefined
} & {
  /** By which AWS's own log calls the request. */
  readonly requestId: string
}

/** Conditions on what AWS tells, in the order in which they are looked at. */
export const keyStoreConditions = [
  "principals",
  "accounts",
  "regions",
  "viaServices",
  "vpcs",
  "vpcEndpoints",
  "operations",
] as const satisfies readonly (keyof KeyStorePolicy & keyof KeyStoreOrigin)[]

/** Whether a client of this name may come as the key store. */
export function admitsClient(
  { clientNames }: KeyStorePolicy,
  clientName: string | undefined,
): boolean {
  if (clientNames === undefined) return true
  return clientName !== undefined && clientNames.some((one) => matchesPattern(one, clientName))
}

/** Why a caller may not ask as he does; undefined: he is no key store, or his policy admits it. */
export function againstKeyStore({ keyStore, origin }: Caller): string | undefined {
  if (keyStore === undefined) return origin === undefined ? undefined : "the caller is no key store"
  if (origin === undefined) return "a key store is used by AWS alone, in its own dialect"
  const failed = keyStoreConditions.find((name) => {
    const value = origin[name]
    return (
      keyStore[name]?.some((one) => value !== undefined && matchesPattern(one, value)) === false
    )
  })
  return failed === undefined ? undefined : `the key store's policy does not admit this: ${failed}`
}
