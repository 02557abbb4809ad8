/** Names of versions in AWS's dialect: its ciphertexts and answers tell which material was used. */

import { createHash } from "node:crypto"

import { canonical } from "../../codec/canonical.ts"
import { sealedAs, type KeyRecord } from "../../domain/key.ts"
import type { Ports } from "../ports.ts"

/** 64 hexadecimal digits that follow from a key's id, or its family's, and the version. */
export function materialIdOf(
  { clusterId }: Pick<Ports, "clusterId">,
  key: Pick<KeyRecord, "id" | "family">,
  version: number,
): string {
  const named = canonical("key-material-id", clusterId, sealedAs(key), version)
  return createHash("sha256").update(named).digest("hex")
}
