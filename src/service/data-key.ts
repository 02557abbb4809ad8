/** Data keys for envelope encryption: random bytes, in the clear once and wrapped for keeping. */

import assert from "node:assert/strict"

import { HsmError } from "../domain/errors.ts"
import { limits } from "../domain/limits.ts"
import { generateMaterial } from "../engine/generate.ts"
import { keyOf, perform } from "./act.ts"
import type {
  Context,
  DataKeyCommand,
  DataKeyPairCommand,
  DataKeyPairResult,
  DataKeyResult,
} from "./commands.ts"
import { encryptWith } from "./encrypt.ts"
import type { UsePorts } from "./ports.ts"

/**
 * Makes a data key under a key's current version.
 *
 * @throws HsmError as `encrypt`; MALFORMED_REQUEST for a length out of bounds.
 */
export async function generateDataKey(
  ports: UsePorts,
  context: Context,
  command: DataKeyCommand,
): Promise<DataKeyResult> {
  const { key, length = 32, aad, mechanism, withPlaintext = true } = command
  if (!Number.isInteger(length) || length < 1 || length > limits.dataKeyBytesMax) {
    throw new HsmError("MALFORMED_REQUEST", `length is 1 to ${limits.dataKeyBytesMax}`, {
      field: "/length",
    })
  }
  const plaintext = ports.random.bytes(length)
  const ask = { operation: "key.data-key", key, mechanism, input: { plaintext } } as const
  return await perform(ports, context, ask, async (act) => {
    const { keyId, version, ciphertext } = await encryptWith(ports, act, { plaintext, aad })
    if (withPlaintext) return { keyId, version, ciphertext, plaintext }
    plaintext.fill(0)
    return { keyId, version, ciphertext }
  })
}

/**
 * Makes a pair for its caller, whose private half is sealed under a key's current version. The pair
 * is made when the caller has leave, in the slow lane where that takes long.
 *
 * @throws HsmError as `encrypt`; OPERATION_FORBIDDEN for a key with rules, whose approvers could
 * not see what they seal.
 */
export async function generateDataKeyPair(
  ports: UsePorts,
  context: Context,
  { key, algorithm, mechanism, aad, withPlaintext }: DataKeyPairCommand,
): Promise<DataKeyPairResult> {
  const ask = { operation: "key.data-key", key, mechanism } as const
  return await perform(ports, context, ask, async (act) => {
    if (keyOf(act).smart !== undefined) {
      throw new HsmError("OPERATION_FORBIDDEN", "a key with rules seals no pairs unseen")
    }
    const { material, publicKey } = await generateMaterial(algorithm, act.permit)
    using secret = material
    assert(publicKey !== undefined)
    const plaintext = secret.lend((bytes) => new Uint8Array(bytes))
    const { keyId, version, ciphertext } = await encryptWith(ports, act, { plaintext, aad })
    if (withPlaintext) return { keyId, version, ciphertext, publicKey, plaintext }
    plaintext.fill(0)
    return { keyId, version, ciphertext, publicKey }
  })
}
