/**
 * Keys whose owner brings the material along, as AWS's `EXTERNAL` origin: they wait for it, lose it
 * when it is deleted or its time is over, and take back the same bytes and no others.
 */

import type { Instant } from "./ids.ts"
import { currentVersion, type KeyRecord, type KeyState } from "./key.ts"

/** When the material that is here is erased; undefined: never, or none is here. */
export function materialUntil(key: KeyRecord): Instant | undefined {
  return currentVersion(key)?.hasSecret === true ? key.external?.validTo : undefined
}

/** The state that counts now: material whose time is over is away, whoever is late to erase it. */
export function stateAt(key: KeyRecord, now: Instant): KeyState
export function stateAt(key: KeyRecord | undefined, now: Instant): KeyState | undefined
export function stateAt(key: KeyRecord | undefined, now: Instant): KeyState | undefined {
  const isLive = key?.state === "active" || key?.state === "disabled"
  if (!isLive || now < (materialUntil(key) ?? Infinity)) return key?.state
  return "awaiting-material"
}

/** What a key's record says from the moment on at which its material is away. */
export function withoutMaterial(
  key: KeyRecord,
): Pick<KeyRecord, "state" | "stateBefore" | "external" | "versions"> {
  const { validTo: _until, ...external } = key.external ?? {}
  const waits = "awaiting-material"
  const isLive = key.state === "active" || key.state === "disabled"
  return {
    ...(isLive ? { state: waits } : { state: key.state, stateBefore: waits }),
    external,
    versions: key.versions.map((version) => ({ ...version, hasSecret: false })),
  }
}
