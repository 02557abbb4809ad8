/** Names of versions in AWS's dialect: its answers tell which material was used. */

import { createHash } from "node:crypto"

import { canonical } from "../../codec/canonical.ts"
import { broughtVersions } from "../../domain/external-material.ts"
import { sealedAs, type KeyRecord, type KeyVersion } from "../../domain/key.ts"
import type { Ports } from "../ports.ts"

type Named = Pick<KeyRecord, "id" | "family" | "versions" | "external">

/**
 * 64 hexadecimal digits that follow from a key's id, or its family's, and the version; of material
 * that its owner brings, from its keyed hash, since other bytes may take the place of those that
 * wait.
 */
export function materialIdOf(
  { clusterId }: Pick<Ports, "clusterId">,
  key: Named,
  version: number,
): string {
  const brought = broughtVersions(key).find((one) => one.version === version)?.brought
  const of = brought?.fingerprint ?? version
  const named = canonical("key-material-id", clusterId, sealedAs(key), of)
  return createHash("sha256").update(named).digest("hex")
}

/** The version that an id names, of those that a key has and the one that waits. */
export function versionNamed(
  ports: Pick<Ports, "clusterId">,
  key: Named,
  id: string,
): KeyVersion | undefined {
  return broughtVersions(key).find(({ version }) => materialIdOf(ports, key, version) === id)
}
