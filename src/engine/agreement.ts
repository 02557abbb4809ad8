/** Key agreement under a permit. */

import assert from "node:assert/strict"
import type { KeyAlgorithmId, MechanismId } from "../domain/algorithms.ts"
import { HsmError } from "../domain/errors.ts"
import type { Permit } from "../domain/policy.ts"
import type { KeyHandle } from "./key-handle.ts"
import { malformed } from "./malformed.ts"
import { openKey, provider, rowFor, type OpenKey } from "./open-keys.ts"
import { inLane } from "./slow-lane.ts"

export interface AgreeInput {
  readonly mechanism: MechanismId
  /** The other side's public key: SPKI DER, on the same curve or in the same group. */
  readonly publicKey: Uint8Array
}

/**
 * The shared secret of a key and somebody's public key, whole: the x-coordinate of ECDH in the
 * field's length, the secret of DH in the prime's. Whoever uses it as a key derives one first.
 *
 * @param permit - covers `key.agree` with this key and mechanism.
 * @returns bytes that the receiver wipes.
 * @throws HsmError MALFORMED_REQUEST, field `/publicKey`, for a public key of another curve or
 * group, that is not canonical, not in the group, or of so low an order that X25519 or X448 would
 * give zeros; when the mechanism does not agree; OPERATION_FORBIDDEN when only the public half is
 * here; SEALED when the handle was closed.
 */
export async function agree(
  permit: Permit,
  handle: KeyHandle,
  { mechanism, publicKey }: AgreeInput,
): Promise<Uint8Array> {
  const { keyId, algorithm } = handle
  assert(permit.covers({ operation: "key.agree", keyId, mechanism, input: { publicKey } }))
  const row = rowFor(provider.agreement, handle, mechanism)
  const key = openKey(handle)
  const peer = readPeer(algorithm, publicKey)
  return await orNothing(() => inLane(handle.lane, permit, () => row.agree(key, peer)))
}

/** For modules of the engine. What fails without a word of ours is that two keys do not agree. */
export async function orNothing<T>(agreeing: () => T | Promise<T>): Promise<T> {
  try {
    return await agreeing()
  } catch (error) {
    if (error instanceof HsmError) throw error
    throw malformed("/publicKey", "the two keys agree to nothing")
  }
}

/** For modules of the engine. @throws HsmError as {@link agree} does for a public key. */
export function readPeer(algorithm: KeyAlgorithmId, spki: Uint8Array): OpenKey {
  const { peer } = provider.keys[algorithm]
  assert(peer !== undefined, "pairs alone agree")
  try {
    return peer(spki)
  } catch (error) {
    const why = error instanceof HsmError ? error.message : `is no public key of ${algorithm}`
    throw malformed("/publicKey", why)
  }
}
