/** Data keys for envelope encryption: random bytes, in the clear once and wrapped for keeping. */

import { HsmError } from "../domain/errors.ts"
import { limits } from "../domain/limits.ts"
import { perform } from "./act.ts"
import type { Context, DataKeyCommand, DataKeyResult } from "./commands.ts"
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
