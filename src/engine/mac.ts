/** Message authentication codes under a permit. */

import assert from "node:assert/strict"
import { timingSafeEqual } from "node:crypto"
import type { MechanismId } from "../domain/algorithms.ts"
import type { Permit } from "../domain/policy.ts"
import type { KeyHandle } from "./key-handle.ts"
import { openKey, provider, rowFor } from "./open-keys.ts"
import { pooledRandomBytes } from "./random.ts"

export interface MacInput {
  readonly mechanism: MechanismId
  /** At most limits.messageBytesMax, which the caller checks. */
  readonly message: Uint8Array
}

/**
 * Computes a MAC: the whole tag, behind the random IV that AES_GMAC alone has.
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
  assert(permit.covers({ operation: "key.mac", keyId, mechanism, input: { message } }))
  const row = rowFor(provider.mac, handle, mechanism)
  const iv = pooledRandomBytes(row.ivBytes)
  const tag = row.tag(openKey(handle), message, iv)
  return iv.length === 0 ? tag : Uint8Array.of(...iv, ...tag)
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
  const input = { message, mac: candidate }
  assert(permit.covers({ operation: "key.verify-mac", keyId, mechanism, input }))
  const row = rowFor(provider.mac, handle, mechanism)
  if (candidate.length <= row.ivBytes) return false
  const given = candidate.subarray(row.ivBytes)
  const expected = row.tag(openKey(handle), message, candidate.subarray(0, row.ivBytes))
  return given.length === expected.length && timingSafeEqual(given, expected)
}
