/** Data keys for envelope encryption: random bytes, in the clear once and wrapped for keeping. */

import { HsmError } from "../domain/errors.ts"
import { perform } from "./act.ts"
import type { Context, DataKeyCommand, DataKeyResult } from "./commands.ts"
import { encryptWith } from "./encrypt.ts"
import type { Ports } from "./ports.ts"

const lengths: readonly number[] = [16, 24, 32, 64]

/**
 * Makes a data key under a key's current version.
 *
 * @throws HsmError as `encrypt`; MALFORMED_REQUEST for another length than 16, 24, 32 or 64.
 */
export async function generateDataKey(
  ports: Ports,
  context: Context,
  command: DataKeyCommand,
): Promise<DataKeyResult> {
  const { key, length = 32, aad, withPlaintext = true } = command
  if (!lengths.includes(length)) {
    throw new HsmError("MALFORMED_REQUEST", `length is one of ${lengths.join(", ")}`, {
      field: "/length",
    })
  }
  const plaintext = ports.random.bytes(length)
  const ask = { operation: "key.data-key", key, input: { plaintext } } as const
  return await perform(ports, context, ask, async (act) => {
    const { keyId, version, ciphertext } = await encryptWith(ports, act, { plaintext, aad })
    if (withPlaintext) return { keyId, version, ciphertext, plaintext }
    plaintext.fill(0)
    return { keyId, version, ciphertext }
  })
}
