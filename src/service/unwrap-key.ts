/** Keys that come wrapped under a key that is here. */

import { keyAlgorithm, type KeyAlgorithmId } from "../domain/algorithms.ts"
import { HsmError } from "../domain/errors.ts"
import { currentVersion, type KeyRecord } from "../domain/key.ts"
import { untrustedDefaults } from "../domain/unwrap-template.ts"
import { recognizeWrapped, unwrapMaterial } from "../engine/wrap.ts"
import type { Transaction } from "../records/committer.ts"
import { keyOf, mechanismOf, perform, type Act, type Ask } from "./act.ts"
import { duePaths } from "./change-key.ts"
import type { Context, UnwrapKeyCommand } from "./commands.ts"
import { createIn } from "./create-key.ts"
import { endOf, tombstone } from "./key-end.ts"
import { findKey } from "./find-key.ts"
import { makeKeyRules } from "./make-rules.ts"
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
  const { orAlgorithms, ...rest } = command
  if (orAlgorithms === undefined) return await unwrapOne(ports, context, rest)
  const algorithm = await algorithmInside(ports, context, command)
  return await unwrapOne(ports, context, { ...rest, algorithm })
}

type UnwrapOneCommand = Omit<UnwrapKeyCommand, "orAlgorithms">

async function unwrapOne(
  ports: Ports,
  context: Context,
  command: UnwrapOneCommand,
): Promise<KeyRecord> {
  const { idempotencyKey, ...call } = command
  const { unwrappingKey: _by, mechanism: _how, version: wanted, wrapped, ...asked } = call
  const { algorithm } = asked
  if (keyAlgorithm(algorithm).form === "seed") {
    const field = { field: "/algorithm" }
    throw new HsmError("MALFORMED_REQUEST", "seeds are not wrapped", field)
  }
  const usages = asked.usages ?? untrustedDefaults(algorithm)
  const rules = asked.rules && (await makeKeyRules(asked.rules, ports.clock.now(), "/rules"))
  const { made, by } = await perform(ports, context, askOf(command), async (act) => {
    const unwrapping = keyOf(act)
    const version = wanted ?? currentVersion(unwrapping)?.version ?? 0
    const created = await createIn(ports, context, act, {
      template: { ...asked, usages, extractable: false, sensitive: true },
      call: { kind: "key.unwrap", key: idempotencyKey, command: call },
      origin: "unwrapped",
      rules,
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

function askOf({ unwrappingKey, version, mechanism, wrapped, ...asked }: UnwrapOneCommand): Ask {
  const { algorithm, usages = untrustedDefaults(algorithm) } = asked
  const unwrap = { operation: "key.unwrap", key: unwrappingKey, version, mechanism } as const
  return { ...unwrap, creates: algorithm, attributes: { usages }, input: { wrapped } }
}

/**
 * Which algorithm the wrapped key is of, among those that may be and that the unwrapping key's
 * template admits. It is asked for like the unwrapping itself, which is decided on anew for what
 * came out.
 */
async function algorithmInside(
  ports: Ports,
  context: Context,
  command: UnwrapKeyCommand,
): Promise<KeyAlgorithmId> {
  const { unwrappingKey, version: wanted, wrapped, algorithm, orAlgorithms = [] } = command
  await ports.records.sync()
  const { unwraps } = (await findKey(ports, context, unwrappingKey))?.key ?? {}
  const all = [algorithm, ...orAlgorithms]
  const algorithms = all.filter((one) => unwraps?.algorithms?.includes(one) !== false)
  const [first = algorithm] = algorithms
  return await perform(ports, context, askOf({ ...command, algorithm: first }), async (act) => {
    const unwrapping = keyOf(act)
    const version = wanted ?? currentVersion(unwrapping)?.version ?? 0
    const handle = await ports.keys.open(unwrapping, version)
    const input = { mechanism: mechanismOf(act), wrapped, algorithms }
    return await recognizeWrapped(act.permit, handle, input)
  })
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
