/** A key's own policy: shown, and put in place of another. */

import type { KeyPolicy } from "../../domain/key-policy.ts"
import { keyOf, perform } from "../act.ts"
import type { Context, KeyRef, NewKeyPolicy } from "../commands.ts"
import { kmsOf } from "../find-key.ts"
import type { Ports } from "../ports.ts"
import { commitKms } from "./commit-kms.ts"
import { readyPolicy } from "./ready-policy.ts"

/** A key's policy; undefined: it never got one. */
export async function readKeyPolicy(
  ports: Ports,
  context: Context,
  { key }: { readonly key: KeyRef },
): Promise<KeyPolicy | undefined> {
  return await perform(ports, context, { operation: "key.read-policy", key }, async (act) => {
    return (await kmsOf(ports, keyOf(act)))?.policy
  })
}

/**
 * Puts another policy. When this answers, nothing that only the old one admitted is under way, and
 * nothing can begin.
 *
 * @throws HsmError as {@link readyPolicy}; CONFLICT; OPERATION_FORBIDDEN.
 */
export async function putKeyPolicy(
  ports: Ports,
  context: Context,
  { key, ...wanted }: NewKeyPolicy & { readonly key: KeyRef },
): Promise<void> {
  await perform(ports, context, { operation: "key.set-policy", key }, async (act) => {
    const found = keyOf(act)
    const policy = await readyPolicy(ports, context, { ...wanted, tags: found.tags })
    await commitKms(ports, act, { before: await kmsOf(ports, found), fields: { policy } })
  })
}
