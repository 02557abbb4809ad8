/** Message authentication codes under a permit. */

import assert from "node:assert/strict"
import { timingSafeEqual } from "node:crypto"
import type { MechanismId } from "../domain/algorithms.ts"
import type { Permit } from "../domain/policy.ts"
import type { KeyHandle } from "./key-handle.ts"
import { openKey, provider, rowFor } from "./open-keys.ts"

export interface MacInput {
  readonly mechanism: MechanismId
  /** At most limits.messageBytesMax, which the caller checks. */
  readonly message: Uint8Array
}

/**
 * Computes a MAC, as long as its hash.
 *
 * @param permit - covers `key.mac` with this key and mechanism.
 * @throws HsmError MALFORMED_REQUEST when the mechanism makes no MAC; SEALED when the handle was
 * closed.
 */
export function mac(
  permit: Permit,
  handle: KeyHandle,
  { mechanism, message }: MacInput,
): Uint8Array {
  const { keyId } = handle
  assert(permit.covers({ operation: "key.mac", keyId, mechanism }))
  return rowFor(provider.mac, handle, mechanism).mac(openKey(handle), message)
}

/**
 * Compares in constant time. A shortened MAC is refused: how much of it would be enough is not for
 * its sender to say.
 *
 * @param permit - covers `key.verify-mac` with this key and mechanism.
 * @throws HsmError as {@link mac} does.
 */
export function verifyMac(
  permit: Permit,
  handle: KeyHandle,
  { mechanism, message, mac: candidate }: MacInput & { readonly mac: Uint8Array },
): boolean {
  const { keyId } = handle
  assert(permit.covers({ operation: "key.verify-mac", keyId, mechanism }))
  const expected = rowFor(provider.mac, handle, mechanism).mac(openKey(handle), message)
  return candidate.length === expected.length && timingSafeEqual(candidate, expected)
}
