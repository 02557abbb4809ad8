/** Derived pairs that stay open: a bounded number, each as long as its seed's handle. */

import { formatPath, type DerivationPath } from "../../domain/derivation.ts"
import { limits } from "../../domain/limits.ts"
import type { KeyHandle } from "../key-handle.ts"
import { openKey, provider, type OpenKey } from "../open-keys.ts"
import { openChild } from "./seed-keys.ts"

interface Derived {
  readonly handle: KeyHandle
  readonly key: OpenKey
}

/** By key, version and path; the one that was used longest ago goes first. */
const derived = new Map<string, Derived>()

/**
 * The pair behind a seed's handle and a path.
 *
 * @throws HsmError MALFORMED_REQUEST, field `/path`, for a path that the seed's curve does not
 * have; SEALED when the handle was closed.
 */
export function openDerived(handle: KeyHandle, path: DerivationPath): OpenKey {
  const seed = openKey(handle)
  const name = `${handle.keyId}/${handle.version}/${formatPath(path)}`
  const known = derived.get(name)
  derived.delete(name)
  const entry = known?.handle === handle ? known : { handle, key: openChild(provider, seed, path) }
  derived.set(name, entry)
  if (derived.size > limits.derivedKeysMax) {
    const [oldest] = derived.keys()
    if (oldest !== undefined) derived.delete(oldest)
  }
  return entry.key
}

/** Forgets what was derived under a handle that is closed. */
export function forgetDerived(handle: KeyHandle): void {
  for (const [name, entry] of derived) if (entry.handle === handle) derived.delete(name)
}

/** For tests: how many are open. */
export function derivedCount(): number {
  return derived.size
}
