/** Keys derived from keys that are here. */

import { currentVersion, type KeyRecord } from "../domain/key.ts"
import { untrustedDefaults } from "../domain/unwrap-template.ts"
import { coveredParameters, deriveMaterial } from "../engine/derivation.ts"
import { keyOf, mechanismOf, perform } from "./act.ts"
import type { Context, DeriveKeyCommand } from "./commands.ts"
import { createIn } from "./create-key.ts"
import type { Ports } from "./ports.ts"

/**
 * Derives a new key inside. It has the rules of the one that it comes from, may leave only where
 * that one may, and neither wraps, nor unwraps, nor is derived from again: the same key can be
 * derived a second time, for another use.
 *
 * @throws HsmError as `createKey`; MALFORMED_REQUEST for parameters that are missing, out of bounds
 * or not the mechanism's.
 */
export async function deriveKey(
  ports: Ports,
  context: Context,
  command: DeriveKeyCommand,
): Promise<KeyRecord> {
  const { idempotencyKey, ...call } = command
  const { key, version: wanted, mechanism: chosen, parameters, ...asked } = call
  const { algorithm, extractable, sensitive } = asked
  const usages = asked.usages ?? untrustedDefaults(algorithm)
  const ask = {
    operation: "key.derive",
    key,
    version: wanted,
    mechanism: chosen,
    creates: algorithm,
    attributes: { usages, extractable, sensitive },
    input: coveredParameters(parameters),
  } as const
  return await perform(ports, context, ask, async (act) => {
    const parent = keyOf(act)
    const used = parent.versions.find(({ version }) => version === wanted) ?? currentVersion(parent)
    const { version = 0, origin = "generated" } = used ?? {}
    const mechanism = mechanismOf(act)
    return await createIn(ports, context, act, {
      template: { ...asked, usages },
      call: { kind: "key.derive", key: idempotencyKey, command: call },
      origin,
      parent: parent.attributes,
      rules: parent.smart?.rules,
      derivedFrom: { key: parent.id, version, mechanism },
      produce: async () => {
        const handle = await ports.keys.open(parent, version)
        return await deriveMaterial(act.permit, handle, { mechanism, algorithm, parameters })
      },
    })
  })
}
