/**
 * Keys whose owner brings the material along, as AWS's `EXTERNAL` origin: they wait for it, lose it
 * when it is deleted or its time is over, and take back the same bytes. A key that encrypts takes
 * other bytes as well, as its next version, which waits until somebody asks for the rotation.
 */

import type { Instant } from "./ids.ts"
import type { KeyRecord, KeyState, KeyVersion } from "./key.ts"

/** Every version, and last the one that waits for its rotation. */
export function broughtVersions({
  versions,
  external,
}: Pick<KeyRecord, "versions" | "external">): readonly KeyVersion[] {
  return external?.pending === undefined ? versions : [...versions, external.pending]
}

/** When the material that is here is erased; undefined: never, or none is here. */
export function versionUntil({ hasSecret, brought }: KeyVersion): Instant | undefined {
  return hasSecret ? brought?.validTo : undefined
}

/** True while the material is here and its time is not over, whoever is late to erase it. */
export function isHere(version: KeyVersion, now: Instant): boolean {
  return version.hasSecret && now < (versionUntil(version) ?? Infinity)
}

/** Instants at which material is erased, of the version that waits as well. */
export function materialEnds(key: KeyRecord): readonly Instant[] {
  return broughtVersions(key).flatMap((version) => versionUntil(version) ?? [])
}

/** When the first of the versions loses its material, and with it the key; undefined: never. */
export function materialUntil({ versions }: KeyRecord): Instant | undefined {
  const ends = versions.flatMap((version) => versionUntil(version) ?? [])
  return ends.length === 0 ? undefined : (Math.min(...ends) as Instant)
}

/** The state that counts now: a key of which some material is over has to get it back first. */
export function stateAt(key: KeyRecord, now: Instant): KeyState
export function stateAt(key: KeyRecord | undefined, now: Instant): KeyState | undefined
export function stateAt(key: KeyRecord | undefined, now: Instant): KeyState | undefined {
  const isLive = key?.state === "active" || key?.state === "disabled"
  if (!isLive || now < (materialUntil(key) ?? Infinity)) return key?.state
  return "awaiting-material"
}

/** A version whose material is away; who brings it again says anew when it ends. */
export function away(version: KeyVersion): KeyVersion {
  const { brought, ...rest } = version
  if (brought === undefined) return { ...rest, hasSecret: false }
  const { validTo: _until, ...kept } = brought
  return { ...rest, brought: kept, hasSecret: false }
}

/** What a key's record says from the moment on at which the material of these versions is away. */
export function withoutMaterial(
  key: KeyRecord,
  gone: (version: KeyVersion) => boolean,
): Partial<Pick<KeyRecord, "state" | "stateBefore">> & Pick<KeyRecord, "external" | "versions"> {
  const lose = (version: KeyVersion): KeyVersion => (gone(version) ? away(version) : version)
  const pending = key.external?.pending
  return {
    ...(key.versions.some(gone) ? waiting(key) : {}),
    external: pending === undefined ? {} : { pending: lose(pending) },
    versions: key.versions.map(lose),
  }
}

function waiting({ state }: KeyRecord): Partial<Pick<KeyRecord, "state" | "stateBefore">> {
  const waits = "awaiting-material"
  const isLive = state === "active" || state === "disabled" || state === waits
  return isLive ? { state: waits } : { stateBefore: waits }
}

/** What a key's record says when a version's material is here; it works again once all are. */
export function withMaterial(
  key: KeyRecord,
  here: KeyVersion,
): Pick<KeyRecord, "state" | "external" | "versions"> {
  const put = (one: KeyVersion): KeyVersion => (one.version === here.version ? here : one)
  const pending = key.external?.pending
  const versions = key.versions.map(put)
  const isWhole = versions.every(({ hasSecret }) => hasSecret)
  return {
    state: key.state === "awaiting-material" && isWhole ? "active" : key.state,
    external: pending === undefined ? {} : { pending: put(pending) },
    versions,
  }
}
