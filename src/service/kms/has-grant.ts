/** Whether a grant lives. */

import type { KeyId } from "../../domain/ids.ts"
import type { Context } from "../commands.ts"
import { kmsOf } from "../find-key.ts"
import type { UsePorts } from "../ports.ts"

/**
 * True for a grant on a key of the caller's partition. Whoever asks has its id, which is as long as
 * a secret: this tells nobody else anything, and nothing is decided by it.
 */
export async function hasGrant(
  ports: Pick<UsePorts, "records">,
  { caller: { partition } }: Context,
  { keyId, grant }: { readonly keyId: KeyId; readonly grant: string },
): Promise<boolean> {
  await ports.records.sync()
  const key = await ports.records.read("key", partition, keyId)
  const kms = key === undefined ? undefined : await kmsOf(ports, key)
  return kms?.grants?.some(({ id }) => id === grant) === true
}
