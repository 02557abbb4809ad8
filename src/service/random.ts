/** Random bytes for applications. */

import { HsmError } from "../domain/errors.ts"
import { limits } from "../domain/limits.ts"
import { perform } from "./act.ts"
import type { Context, RandomCommand } from "./commands.ts"
import type { UsePorts } from "./ports.ts"

/**
 * @returns 1 to limits.randomBytesMax bytes from the node's health-tested source.
 * @throws HsmError MALFORMED_REQUEST, OPERATION_FORBIDDEN, RATE_LIMITED, AUDIT_UNAVAILABLE.
 */
export async function generateRandom(
  ports: UsePorts,
  context: Context,
  { length }: RandomCommand,
): Promise<Uint8Array> {
  if (!Number.isInteger(length) || length < 1 || length > limits.randomBytesMax) {
    throw new HsmError("MALFORMED_REQUEST", `length is 1 to ${limits.randomBytesMax}`, {
      field: "/length",
    })
  }
  return await perform(ports, context, { operation: "random.generate" }, () =>
    ports.random.bytes(length),
  )
}
