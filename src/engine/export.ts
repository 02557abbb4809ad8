/** How key material leaves in the clear, where the partition allows that. */

import assert from "node:assert/strict"
import { HsmError } from "../domain/errors.ts"
import type { Permit } from "../domain/policy.ts"
import type { KeyHandle } from "./key-handle.ts"
import { openKey, provider } from "./open-keys.ts"
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
  return materialOf(handle)
}

/** For modules of the engine. Throws as {@link exportMaterial}. */
export function materialOf(handle: KeyHandle): SecretBytes {
  const exported = provider.keys[handle.algorithm].export(openKey(handle))
  if (exported !== undefined) return exported
  throw new HsmError("OPERATION_FORBIDDEN", "only the public half is here")
}
