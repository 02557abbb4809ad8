/**
 * Ciphertexts opened with key material that has left. Nobody's leave is asked: whoever holds the
 * material needs none, and no key that is kept here can be named.
 */

import { keyAlgorithm, type KeyAlgorithmId, type MechanismId } from "../domain/algorithms.ts"
import { listKeyAlgorithms } from "../domain/catalogue.ts"
import { HsmError } from "../domain/errors.ts"
import { importMaterial } from "./generate.ts"
import { provider, type OpenKey } from "./open-keys.ts"
import type { EncryptionId, OpenInput } from "./provider.ts"

/** Opens one ciphertext; undefined, whatever is wrong with it. */
export type Opener = (input: OpenInput) => Promise<Uint8Array | undefined>

/**
 * What opens ciphertexts of one mechanism with an exported key; undefined when the material is no
 * key that it serves.
 *
 * @param material - as `exportKey` gives it: raw bytes, or PKCS#8 DER of a pair.
 */
export async function openerOf(
  mechanism: EncryptionId,
  material: Uint8Array,
): Promise<Opener | undefined> {
  const row = provider.encryption[mechanism]
  const key = await readKey(mechanism, material)
  if (key === undefined) return undefined
  return async (input) => {
    if (input.iv.length !== row.ivBytes) return undefined
    try {
      return await row.open(key, input)
    } catch {
      return undefined
    }
  }
}

async function readKey(mechanism: MechanismId, material: Uint8Array): Promise<OpenKey | undefined> {
  for (const { algorithm, mechanisms } of listKeyAlgorithms()) {
    const key = mechanisms.includes(mechanism) ? await readKeyOf(algorithm, material) : undefined
    if (key !== undefined) return key
  }
  return undefined
}

async function readKeyOf(
  algorithm: KeyAlgorithmId,
  bytes: Uint8Array,
): Promise<OpenKey | undefined> {
  const format = keyAlgorithm(algorithm).form === "pair" ? "pkcs8" : "raw"
  try {
    const { material } = await importMaterial(algorithm, format, bytes)
    if (material === undefined) return undefined
    using secret = material
    return provider.keys[algorithm].open(secret, undefined)
  } catch (error) {
    if (error instanceof HsmError && error.code === "MALFORMED_REQUEST") return undefined
    throw error
  }
}
