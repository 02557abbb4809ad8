/** Keys wrapped under keys: how they leave for another place, and come from there. */

import assert from "node:assert/strict"
import { keyAlgorithm, type KeyAlgorithmId, type MechanismId } from "../domain/algorithms.ts"
import { decryptionFailed } from "../domain/errors.ts"
import type { Permit } from "../domain/policy.ts"
import { materialOf } from "./export.ts"
import { importMaterial } from "./generate.ts"
import type { KeyHandle } from "./key-handle.ts"
import { malformed } from "./malformed.ts"
import { openKey, provider, rowFor } from "./open-keys.ts"
import type { ImportedMaterial } from "./provider.ts"
import { inLane } from "./slow-lane.ts"

/**
 * A key, as `exportMaterial` gives it, wrapped under another.
 *
 * @param permits - `wrap` covers `key.wrap` with the wrapping key and mechanism, `target` covers
 * `key.export-wrapped` with the key that leaves.
 * @returns the wrapped bytes, as the mechanism's source defines them.
 * @throws HsmError MALFORMED_REQUEST when the mechanism does not wrap, or no key of this length
 * (AES_KW: 16 bytes or more, in steps of 8; RSA_OAEP_WRAP: what the modulus leaves); otherwise as
 * `exportMaterial` does.
 */
export async function wrapMaterial(
  permits: { readonly wrap: Permit; readonly target: Permit },
  {
    wrapping,
    target,
    mechanism,
  }: {
    readonly wrapping: KeyHandle
    readonly target: KeyHandle
    readonly mechanism: MechanismId
  },
): Promise<Uint8Array> {
  assert(permits.wrap.covers({ operation: "key.wrap", keyId: wrapping.keyId, mechanism }))
  assert(permits.target.covers({ operation: "key.export-wrapped", keyId: target.keyId }))
  const row = rowFor(provider.wrap, wrapping, mechanism)
  const kek = openKey(wrapping)
  using secret = materialOf(target)
  if (!row.fits(secret.length, kek)) {
    throw malformed("/mechanism", `${mechanism} does not wrap ${secret.length} bytes`)
  }
  return await secret.lend((bytes) => row.wrap(kek, bytes))
}

/**
 * A key that was wrapped under another: as strictly read as an import.
 *
 * @param permit - covers `key.unwrap` with the unwrapping key, the mechanism and `wrapped`.
 * @param wrapped - around raw bytes for secret keys, PKCS#8 DER for pairs.
 * @throws HsmError DECRYPTION_FAILED, always the same, for whatever does not unwrap and for what
 * unwraps to no key of `algorithm`; RATE_LIMITED and KEY_STATE as the slow lane has it; SEALED when
 * the handle was closed.
 */
export async function unwrapMaterial(
  permit: Permit,
  handle: KeyHandle,
  {
    mechanism,
    wrapped,
    algorithm,
  }: {
    readonly mechanism: MechanismId
    readonly wrapped: Uint8Array
    readonly algorithm: KeyAlgorithmId
  },
): Promise<ImportedMaterial> {
  const input = { mechanism, wrapped }
  return await unwrapFor(permit, handle, input, (bytes) => readAs(algorithm, bytes))
}

/**
 * Which of some algorithms the key inside is of: the first that it can be read as. Parameters and
 * errors as {@link unwrapMaterial}.
 */
export async function recognizeWrapped(
  permit: Permit,
  handle: KeyHandle,
  {
    algorithms,
    ...input
  }: {
    readonly mechanism: MechanismId
    readonly wrapped: Uint8Array
    readonly algorithms: readonly KeyAlgorithmId[]
  },
): Promise<KeyAlgorithmId> {
  return await unwrapFor(permit, handle, input, async (bytes) => {
    for (const algorithm of algorithms) {
      const read = await readAs(algorithm, bytes).catch(() => undefined)
      read?.material?.[Symbol.dispose]()
      if (read !== undefined) return algorithm
    }
    throw decryptionFailed()
  })
}

/** Lends what is inside; whatever is wrong with it is told alike. */
async function unwrapFor<T>(
  permit: Permit,
  handle: KeyHandle,
  input: { readonly mechanism: MechanismId; readonly wrapped: Uint8Array },
  use: (bytes: Uint8Array) => Promise<T>,
): Promise<T> {
  const { keyId, lane } = handle
  const { mechanism, wrapped } = input
  assert(permit.covers({ operation: "key.unwrap", keyId, mechanism, input: { wrapped } }))
  const row = rowFor(provider.wrap, handle, mechanism)
  const kek = openKey(handle)
  return await inLane(lane, permit, async () => {
    try {
      using secret = await row.unwrap(kek, wrapped)
      return await secret.lend(use)
    } catch {
      throw decryptionFailed()
    }
  })
}

async function readAs(algorithm: KeyAlgorithmId, bytes: Uint8Array): Promise<ImportedMaterial> {
  const format = keyAlgorithm(algorithm).form === "secret" ? "raw" : "pkcs8"
  return await importMaterial(algorithm, format, bytes)
}
