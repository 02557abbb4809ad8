/** What a seed's paths lead to: public keys, addresses, extended public keys, child keys. */

import { childAlgorithm } from "../domain/algorithms.ts"
import { formatPath, parsePath, type DerivationPath } from "../domain/derivation.ts"
import { HsmError } from "../domain/errors.ts"
import { currentVersion, type KeyRecord } from "../domain/key.ts"
import * as derived from "../engine/derived.ts"
import type { KeyHandle } from "../sealing/handles.ts"
import { keyOf, perform, type Act, type Ask } from "./act.ts"
import type { Context, PublicKeyResult } from "./commands.ts"
import { createIn } from "./create-key.ts"
import type {
  AddressCommand,
  AddressResult,
  DeriveChildCommand,
  DerivePublicCommand,
  ExtendedPublicCommand,
  ExtendedPublicResult,
} from "./derived-commands.ts"
import type { Ports, UsePorts } from "./ports.ts"

/** Reads a path strictly. @throws HsmError MALFORMED_REQUEST, field `/path`. */
export function readPath(text: string): DerivationPath {
  const path = parsePath(text)
  if (path !== undefined) return path
  throw new HsmError("MALFORMED_REQUEST", "a path is like m/44'/60'/0'/0/0", { field: "/path" })
}

/**
 * The public key at a path of a seed.
 *
 * @throws HsmError KEY_NOT_FOUND, KEY_STATE, OPERATION_FORBIDDEN, MALFORMED_REQUEST, RATE_LIMITED,
 * AUDIT_UNAVAILABLE.
 */
export async function derivePublic(
  ports: UsePorts,
  context: Context,
  { key, path: text }: DerivePublicCommand,
): Promise<PublicKeyResult> {
  const path = readPath(text)
  const ask = { operation: "key.derive-public", key, path: formatPath(path) } as const
  return await withKey(ports, context, ask, ({ permit }, handle) => ({
    publicKey: derived.derivePublic(permit, handle, path),
  }))
}

/** An address of a pair, or of the pair at a path of a seed. Errors as {@link derivePublic}. */
export async function deriveAddress(
  ports: UsePorts,
  context: Context,
  { key, path: text, chain, network }: AddressCommand,
): Promise<AddressResult> {
  const path = text === undefined ? undefined : readPath(text)
  const named = path === undefined ? {} : { path: formatPath(path) }
  const ask = { operation: "key.address", key, ...named } as const
  return await withKey(ports, context, ask, ({ permit }, handle) =>
    derived.deriveAddress(permit, handle, { chain, network, path }),
  )
}

/**
 * The extended public key at a path of a seed: with it and one private key below, its receiver has
 * the private key itself. Errors as {@link derivePublic}.
 */
export async function deriveExtendedPublic(
  ports: UsePorts,
  context: Context,
  { key, path: text, network }: ExtendedPublicCommand,
): Promise<ExtendedPublicResult> {
  const path = readPath(text)
  const ask = { operation: "key.extended-public", key, path: formatPath(path) } as const
  const chosen = { path, ...(network === undefined ? {} : { network }) }
  return await withKey(ports, context, ask, ({ permit }, handle) => ({
    extendedPublicKey: derived.deriveExtendedPublic(permit, handle, chosen),
  }))
}

/**
 * Makes the pair at a path a key of its own, which signs without its seed. It never leaves, has
 * been as far outside as its seed has, and has the rules that its seed has now: whoever they name
 * has agreed to this.
 *
 * @throws HsmError NAME_TAKEN, QUOTA_EXCEEDED, IDEMPOTENCY_MISMATCH; otherwise as
 * {@link derivePublic}.
 */
export async function deriveChild(
  ports: Ports,
  context: Context,
  command: DeriveChildCommand,
): Promise<KeyRecord> {
  const { key: ref, path: text, idempotencyKey, ...rest } = command
  const path = readPath(text)
  const canonical = formatPath(path)
  const ask = {
    operation: "key.derive-child",
    key: ref,
    path: canonical,
    creates: "child",
  } as const
  return await perform(ports, context, ask, async (act) => {
    const seed = keyOf(act)
    const version = currentVersion(seed)
    const algorithm = childAlgorithm(seed.algorithm)
    if (algorithm === undefined || version === undefined) {
      throw new HsmError("OPERATION_FORBIDDEN", `keys of ${seed.algorithm} have no children`)
    }
    const template = { ...rest, algorithm }
    const identity = { parent: seed.id, path: canonical, ...rest }
    return await createIn(ports, context, act, {
      template,
      call: { kind: "key.derive-child", key: idempotencyKey, command: identity },
      origin: version.origin,
      rules: seed.smart?.rules,
      produce: async () =>
        derived.deriveChild(act.permit, await ports.keys.open(seed, version.version), path),
      derivedFrom: { key: seed.id, version: version.version, path: canonical },
    })
  })
}

/** Runs `work` with the current version, and says which it was. */
async function withKey<T>(
  ports: UsePorts,
  context: Context,
  ask: Ask,
  work: (act: Act, handle: KeyHandle) => T,
): Promise<T & Pick<PublicKeyResult, "keyId" | "version">> {
  return await perform(ports, context, ask, async (act) => {
    const key = keyOf(act)
    const version = currentVersion(key)?.version ?? 0
    return { ...work(act, await ports.keys.open(key, version)), keyId: key.id, version }
  })
}
