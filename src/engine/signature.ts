/** Signatures under a permit. */

import assert from "node:assert/strict"
import type { MechanismId } from "../domain/algorithms.ts"
import type { Permit } from "../domain/policy.ts"
import type { KeyHandle } from "./key-handle.ts"
import { openKey, provider, rowFor } from "./open-keys.ts"

export { signDigest, verifyDigest } from "./digest/sign.ts"

export interface SignInput {
  readonly mechanism: MechanismId
  /** The whole message, not a digest; at most limits.messageBytesMax, which the caller checks. */
  readonly message: Uint8Array
}

export interface VerifyInput extends SignInput {
  readonly signature: Uint8Array
}

/**
 * Signs. Off the event loop, and then with a promise, when the handle is in the slow lane.
 *
 * @param permit - covers `key.sign` with this key and mechanism.
 * @returns a DER Ecdsa-Sig-Value (RFC 3279 section 2.2.3), as many bytes as the RSA modulus, or the
 * 64 bytes of RFC 8032.
 * @throws HsmError MALFORMED_REQUEST when the mechanism does not sign; OPERATION_FORBIDDEN when
 * only the public half is here; SEALED when the handle was closed.
 */
export function sign(
  permit: Permit,
  handle: KeyHandle,
  { mechanism, message }: SignInput,
): Uint8Array | Promise<Uint8Array> {
  const { keyId } = handle
  assert(permit.covers({ operation: "key.sign", keyId, mechanism }))
  return rowFor(provider.signature, handle, mechanism).sign(openKey(handle), message)
}

/**
 * True when `signature` is this key's over `message`; false for anything else, malformed ones too.
 *
 * @param permit - covers `key.verify` with this key and mechanism.
 * @throws HsmError MALFORMED_REQUEST when the mechanism does not sign; SEALED when the handle was
 * closed.
 */
export function verify(
  permit: Permit,
  handle: KeyHandle,
  { mechanism, message, signature }: VerifyInput,
): boolean {
  const { keyId } = handle
  assert(permit.covers({ operation: "key.verify", keyId, mechanism }))
  return rowFor(provider.signature, handle, mechanism).verify(openKey(handle), message, signature)
}
