/** Key encapsulation under a permit. */

import assert from "node:assert/strict"
import type { MechanismId } from "../domain/algorithms.ts"
import { decryptionFailed } from "../domain/errors.ts"
import type { Permit } from "../domain/policy.ts"
import type { KeyHandle } from "./key-handle.ts"
import { openKey, provider, rowFor } from "./open-keys.ts"
import type { Encapsulated } from "./provider.ts"

export interface EncapsulateInput {
  readonly mechanism: MechanismId
}

export interface DecapsulateInput extends EncapsulateInput {
  readonly ciphertext: Uint8Array
}

/**
 * Makes a shared secret for whoever may decapsulate with the key.
 *
 * @param permit - covers `key.encapsulate` with this key and mechanism.
 * @returns `sharedSecret`: 32 bytes (FIPS 203 section 8), which the receiver wipes.
 * @throws HsmError MALFORMED_REQUEST when the mechanism is no KEM; SEALED when the handle was
 * closed.
 */
export function encapsulate(
  permit: Permit,
  handle: KeyHandle,
  { mechanism }: EncapsulateInput,
): Encapsulated {
  assert(permit.covers({ operation: "key.encapsulate", keyId: handle.keyId, mechanism }))
  return rowFor(provider.kem, handle, mechanism).encapsulate(openKey(handle))
}

/**
 * The shared secret inside a ciphertext. A forged one of the right length gives another secret,
 * always the same for the same ciphertext (implicit rejection, FIPS 203 section 6.3).
 *
 * @param permit - covers `key.decapsulate` with this key and mechanism.
 * @returns 32 bytes, which the receiver wipes.
 * @throws HsmError DECRYPTION_FAILED for another length; OPERATION_FORBIDDEN when only the public
 * half is here; otherwise as {@link encapsulate}.
 */
export function decapsulate(
  permit: Permit,
  handle: KeyHandle,
  { mechanism, ciphertext }: DecapsulateInput,
): Uint8Array | Promise<Uint8Array> {
  const { keyId } = handle
  const input = { ciphertext }
  assert(permit.covers({ operation: "key.decapsulate", keyId, mechanism, input }))
  const row = rowFor(provider.kem, handle, mechanism)
  const key = openKey(handle)
  if (ciphertext.length !== row.ciphertextBytes(key)) throw decryptionFailed()
  return row.decapsulate(key, ciphertext)
}
