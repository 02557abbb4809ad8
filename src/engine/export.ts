/** How key material leaves: in the clear where the partition allows that, or wrapped. */

import assert from "node:assert/strict"
import type { MechanismId } from "../domain/algorithms.ts"
import { HsmError } from "../domain/errors.ts"
import type { Permit } from "../domain/policy.ts"
import type { KeyHandle } from "./key-handle.ts"
import { malformed } from "./malformed.ts"
import { openKey, provider, rowFor } from "./open-keys.ts"
import type { SecretBytes } from "./secret-bytes.ts"

/**
 * The key itself: raw bytes, or PKCS#8 DER.
 *
 * @param permit - covers `key.export-plain` with this key.
 * @returns bytes that the receiver wipes.
 * @throws HsmError OPERATION_FORBIDDEN when only the public half is here; SEALED when the handle
 * was closed.
 */
export function exportMaterial(permit: Permit, handle: KeyHandle): SecretBytes {
  assert(permit.covers({ operation: "key.export-plain", keyId: handle.keyId }))
  return material(handle)
}

/**
 * The key, as {@link exportMaterial} gives it, wrapped under another.
 *
 * @param permits - `wrap` covers `key.wrap` with the wrapping key and mechanism, `target` covers
 * `key.export-wrapped` with the key that leaves.
 * @returns the wrapped bytes; as SP 800-38F section 6 defines.
 * @throws HsmError MALFORMED_REQUEST when the mechanism does not wrap, or no key
 * of this length (AES_KW: 16 bytes or more, in steps of 8); otherwise as
 * {@link exportMaterial} does.
 */
export function wrapMaterial(
  permits: { readonly wrap: Permit; readonly target: Permit },
  {
    wrapping,
    target,
    mechanism,
  }: {
    readonly wrapping: KeyHandle
    readonly target: KeyHandle
    readonly mechanism: MechanismId
  },
): Uint8Array {
  assert(permits.wrap.covers({ operation: "key.wrap", keyId: wrapping.keyId, mechanism }))
  assert(permits.target.covers({ operation: "key.export-wrapped", keyId: target.keyId }))
  const row = rowFor(provider.wrap, wrapping, mechanism)
  const kek = openKey(wrapping)
  using secret = material(target)
  if (row.fits(secret.length)) return secret.lend((bytes) => row.wrap(kek, bytes))
  throw malformed("/mechanism", `${mechanism} does not wrap ${secret.length} bytes`)
}

function material(handle: KeyHandle): SecretBytes {
  const exported = provider.keys[handle.algorithm].export(openKey(handle))
  if (exported !== undefined) return exported
  throw new HsmError("OPERATION_FORBIDDEN", "only the public half is here")
}
