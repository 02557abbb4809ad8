/** Whether a grant lives. */

import type { KeyId } from "../../domain/ids.ts"
import type { Context } from "../commands.ts"
import { kmsOf } from "../find-key.ts"
import type { UsePorts } from "../ports.ts"
import { partitionOf } from "./locate-key.ts"

/**
 * True for a grant on an account's key. Whoever asks has its id, which is as long as a secret: this
 * tells nobody else anything, and nothing is decided by it.
 */
export async function hasGrant(
  ports: Pick<UsePorts, "records">,
  context: Context,
  named: { readonly account: string; readonly keyId: KeyId; readonly grant: string },
): Promise<boolean> {
  await ports.records.sync()
  const { account, keyId, grant } = named
  const owner = await partitionOf(ports, context, account)
  const key = owner && (await ports.records.read("key", owner, keyId))
  const kms = key && (await kmsOf(ports, key))
  return kms?.grants?.some(({ id }) => id === grant) === true
}
