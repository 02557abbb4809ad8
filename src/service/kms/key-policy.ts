/** A key's own policy: shown, and put in place of another. */

import type { KeyPolicy } from "../../domain/key-policy.ts"
import { keyOf, perform, type Act } from "../act.ts"
import type { Context, KeyRef, NewKeyPolicy } from "../commands.ts"
import { familyOf, kmsOf } from "../find-key.ts"
import type { Ports } from "../ports.ts"
import { namesOf } from "./aliases.ts"
import { commitKms, inTurn } from "./commit-kms.ts"
import { policedOf } from "./facts.ts"
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
  const ask = { operation: "key.set-policy", key } as const
  const put = async (act: Act): Promise<void> => {
    const found = keyOf(act)
    const [before, family] = [await kmsOf(ports, found), await familyOf(ports, found)]
    const aliases = await namesOf(ports, found)
    const policed = { ...policedOf({ key: found, kms: before, family }), aliases }
    const policy = await readyPolicy(ports, context, { ...wanted, key: policed })
    await commitKms(ports, act, { before, fields: { policy, aliases } })
  }
  await inTurn(ports, context.caller.partition, key, () => perform(ports, context, ask, put))
}
