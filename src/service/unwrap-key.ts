/** Keys that come wrapped under a key that is here. */

import { keyAlgorithm } from "../domain/algorithms.ts"
import { HsmError } from "../domain/errors.ts"
import { currentVersion, untrustedDefaults, type KeyRecord } from "../domain/key.ts"
import { unwrapMaterial } from "../engine/wrap.ts"
import { keyOf, mechanismOf, perform } from "./act.ts"
import type { Context, UnwrapKeyCommand } from "./commands.ts"
import { createIn } from "./create-key.ts"
import type { Ports } from "./ports.ts"

/**
 * Makes a key of what another party, or another partition, wrapped under a key of ours. It may do
 * what the unwrapping key's template admits, is sensitive, never leaves and never wraps: whoever
 * wrapped it may know it.
 *
 * @throws HsmError as `createKey`; DECRYPTION_FAILED, always the same, for whatever does not unwrap
 * to a key of that algorithm; OPERATION_FORBIDDEN: the partition takes in no keys, or the template
 * does not admit algorithm or uses.
 */
export async function unwrapKey(
  ports: Ports,
  context: Context,
  command: UnwrapKeyCommand,
): Promise<KeyRecord> {
  const { idempotencyKey, ...call } = command
  const { unwrappingKey, version: wanted, mechanism, wrapped, ...asked } = call
  const { algorithm } = asked
  if (keyAlgorithm(algorithm).form === "seed") {
    const field = { field: "/algorithm" }
    throw new HsmError("MALFORMED_REQUEST", "seeds are not wrapped", field)
  }
  const usages = asked.usages ?? untrustedDefaults(algorithm)
  const ask = {
    operation: "key.unwrap",
    key: unwrappingKey,
    version: wanted,
    mechanism,
    creates: algorithm,
    attributes: { usages },
    input: { wrapped },
  } as const
  return await perform(ports, context, ask, async (act) => {
    const unwrapping = keyOf(act)
    const version = wanted ?? currentVersion(unwrapping)?.version ?? 0
    return await createIn(ports, context, act, {
      template: { ...asked, usages, extractable: false, sensitive: true },
      call: { kind: "key.unwrap", key: idempotencyKey, command: call },
      origin: "unwrapped",
      produce: async () => {
        const handle = await ports.keys.open(unwrapping, version)
        const input = { mechanism: mechanismOf(act), wrapped, algorithm }
        return await unwrapMaterial(act.permit, handle, input)
      },
    })
  })
}
