/** Keys with rules: block, unblock, change the rules, and give them to a key that has none. */

import { HsmError } from "../domain/errors.ts"
import type { KeyRecord, SmartKeyAttributes } from "../domain/key.ts"
import { keyOf, perform, type Act } from "./act.ts"
import { commitKey, revise } from "./change-key.ts"
import type { Context, KeyRef } from "./commands.ts"
import type { SetKeyRulesCommand } from "./quorum-commands.ts"
import { makeKeyRules } from "./make-rules.ts"
import type { Ports } from "./ports.ts"

/**
 * Stops all use of a key. When this answers, none is under way.
 *
 * @throws HsmError OPERATION_FORBIDDEN for a key without rules; APPROVAL_REQUIRED while its rule
 * for blocking is not met.
 */
export async function blockKey(
  ports: Ports,
  context: Context,
  { key }: { readonly key: KeyRef },
): Promise<KeyRecord> {
  return await perform(ports, context, { operation: "key.block", key }, (act) =>
    change(ports, act, { blocked: true }),
  )
}

/** Lets a blocked key be used again. Errors as {@link blockKey}. */
export async function unblockKey(
  ports: Ports,
  context: Context,
  { key }: { readonly key: KeyRef },
): Promise<KeyRecord> {
  return await perform(ports, context, { operation: "key.unblock", key }, (act) =>
    change(ports, act, { blocked: false }),
  )
}

/**
 * Replaces a key's four rules. What counts is the rule for modifying that it has now.
 *
 * @throws HsmError MALFORMED_REQUEST for rules that cannot be; otherwise as {@link blockKey}.
 */
export async function setKeyRules(
  ports: Ports,
  context: Context,
  { key, rules: template }: SetKeyRulesCommand,
): Promise<KeyRecord> {
  const rules = await makeKeyRules(template, ports.clock.now(), "")
  return await perform(ports, context, { operation: "key.set-rules", key }, (act) =>
    change(ports, act, { rules }),
  )
}

/**
 * Gives rules to a key that had none: officers do that together, by the rule of their partition.
 * From then on the key is neither extractable nor other than sensitive.
 *
 * @throws HsmError CONFLICT when it has rules already; OPERATION_FORBIDDEN while the partition has
 * no rule for its officers; MALFORMED_REQUEST, APPROVAL_REQUIRED.
 */
export async function protectKey(
  ports: Ports,
  context: Context,
  { key, rules: template }: SetKeyRulesCommand,
): Promise<KeyRecord> {
  const rules = await makeKeyRules(template, ports.clock.now(), "")
  return await perform(ports, context, { operation: "key.protect", key }, async (act) => {
    const before = keyOf(act)
    if (before.smart !== undefined) throw new HsmError("CONFLICT", "the key has rules already")
    const after = revise(before, act, {
      smart: { rules, blocked: false },
      attributes: { ...before.attributes, extractable: false, sensitive: true },
    })
    return await commitKey(ports, act, { before, after })
  })
}

async function change(
  ports: Ports,
  act: Act,
  fields: Partial<SmartKeyAttributes>,
): Promise<KeyRecord> {
  const before = keyOf(act)
  // The policy let none through that has no rules.
  const { smart = { rules: {}, blocked: false } } = before
  return await commitKey(ports, act, {
    before,
    after: revise(before, act, { smart: { ...smart, ...fields } }),
  })
}
