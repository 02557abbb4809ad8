/** Names of versions in AWS's dialect: its ciphertexts and answers tell which material was used. */

import { createHash } from "node:crypto"

import { canonical } from "../../codec/canonical.ts"
import type { KeyId } from "../../domain/ids.ts"
import type { Ports } from "../ports.ts"

/** 64 hexadecimal digits that follow from a key's id and version. */
export function materialIdOf(
  { clusterId }: Pick<Ports, "clusterId">,
  { keyId, version }: { readonly keyId: KeyId; readonly version: number },
): string {
  const named = canonical("key-material-id", clusterId, keyId, version)
  return createHash("sha256").update(named).digest("hex")
}
