/** Keys that come wrapped under a key that is here. */

import { keyAlgorithm } from "../domain/algorithms.ts"
import { HsmError } from "../domain/errors.ts"
import { currentVersion, type KeyRecord } from "../domain/key.ts"
import { untrustedDefaults } from "../domain/unwrap-template.ts"
import { unwrapMaterial } from "../engine/wrap.ts"
import type { Transaction } from "../records/committer.ts"
import { keyOf, mechanismOf, perform, type Act } from "./act.ts"
import { duePaths } from "./change-key.ts"
import type { Context, UnwrapKeyCommand } from "./commands.ts"
import { createIn } from "./create-key.ts"
import { endOf, tombstone } from "./key-end.ts"
import type { Ports } from "./ports.ts"

/**
 * Makes a key of what another party, or another partition, wrapped under a key of ours. It may do
 * what the unwrapping key's template admits, is sensitive, never leaves and never wraps: whoever
 * wrapped it may know it. An unwrapping key that unwraps once dies in the commit that brings in the
 * new key: of several calls at the same moment one succeeds.
 *
 * @throws HsmError as `createKey`; DECRYPTION_FAILED, always the same, for whatever does not unwrap
 * to a key of that algorithm; OPERATION_FORBIDDEN: the partition takes in no keys, or the template
 * does not admit algorithm or uses, or its time is over; CONFLICT: it was changed or used up at
 * this moment; KEY_STATE or KEY_NOT_FOUND once it is destroyed, also to a repeated call.
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
  const { made, by } = await perform(ports, context, ask, async (act) => {
    const unwrapping = keyOf(act)
    const version = wanted ?? currentVersion(unwrapping)?.version ?? 0
    const created = await createIn(ports, context, act, {
      template: { ...asked, usages, extractable: false, sensitive: true },
      call: { kind: "key.unwrap", key: idempotencyKey, command: call },
      origin: "unwrapped",
      produce: async () => {
        const handle = await ports.keys.open(unwrapping, version)
        const input = { mechanism: mechanismOf(act), wrapped, algorithm }
        return await unwrapMaterial(act.permit, handle, input)
      },
      ...(unwrapsOnce(unwrapping) ? { along: await spent(ports, act) } : {}),
    })
    return { made: created, by: unwrapping }
  })
  if (unwrapsOnce(by)) await forget(ports, by)
  return made
}

function unwrapsOnce({ unwraps }: KeyRecord): boolean {
  return unwraps?.onceWithinMs !== undefined
}

/** What destroys the unwrapping key in the commit of the one that it brought in. */
export async function spent(
  ports: Ports,
  act: Act,
): Promise<Required<Pick<Transaction, "changes" | "rows" | "keys">>> {
  const key = keyOf(act)
  const record = tombstone(key, act.now, ports.records.epoch)
  const { changes, rows } = await endOf(ports, key, act.now)
  return {
    changes: [{ kind: "key", record, secret: "erase" }, ...changes],
    rows: [...rows, ...duePaths(key)],
    keys: -1,
  }
}

/** It has been opened by this call, and by those that lost against it. */
export async function forget(ports: Ports, key: KeyRecord): Promise<void> {
  await ports.inFlight.drain(key.id)
  ports.keys.evict(key.id)
}
