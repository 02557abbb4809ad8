/** Opaque handles: whoever holds one can ask the engine for work, and never sees the key. */

import type { KeyAlgorithmId } from "../domain/algorithms.ts"
import type { KeyId } from "../domain/ids.ts"
import { forgetDerived } from "./hd/derived-keys.ts"
import { openKeys, provider } from "./open-keys.ts"
import type { Lane } from "./provider.ts"
import type { SecretBytes } from "./secret-bytes.ts"

/** One version of one key, opened. */
export interface KeyHandle {
  readonly keyId: KeyId
  readonly version: number
  readonly algorithm: KeyAlgorithmId
  /** Where its private operations run; a job of the slow lane checks its permit again. */
  readonly lane: Lane
}

export interface KeyToOpen {
  readonly keyId: KeyId
  readonly version: number
  readonly algorithm: KeyAlgorithmId
  /** From `generateMaterial` or `importMaterial`, by way of authenticated storage; undefined for a
   * key that only verifies. Stays the caller's, who wipes it. */
  readonly material: SecretBytes | undefined
  /** SPKI DER; needed when there is no `material`. */
  readonly publicKey?: Uint8Array | undefined
}

/**
 * Opens a key. Its material is trusted to be what the engine once made or checked: this runs on
 * every cache miss, and repeats none of import's checks.
 */
export function openHandle({
  keyId,
  version,
  algorithm,
  material,
  publicKey,
}: KeyToOpen): KeyHandle {
  const row = provider.keys[algorithm]
  const handle = Object.freeze({ keyId, version, algorithm, lane: row.lane })
  openKeys.set(handle, row.open(material, publicKey))
  return handle
}

/**
 * Makes a handle useless at once. OpenSSL's copy of the key is cleansed when the garbage collector
 * finds it: node offers no earlier moment.
 */
export function closeHandle(handle: KeyHandle): void {
  openKeys.delete(handle)
  forgetDerived(handle)
}
