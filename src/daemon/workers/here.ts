/** Operations that a worker answers by itself: those that use keys and change nothing. */

import type { OperationId } from "../../faces/rest/api.generated.ts"
import { services } from "../../faces/rest/services.ts"
import type { Context } from "../../service/commands.ts"
import type { UsePorts } from "../../service/ports.ts"

/** Each with its service, which takes no more than a worker has: else this does not compile. */
const usingServices = {
  encrypt: services.encrypt,
  decrypt: services.decrypt,
  decryptRaw: services.decrypt,
  sign: services.sign,
  verify: services.verify,
  mac: services.mac,
  verifyMac: services.verifyMac,
  generateDataKey: services.generateDataKey,
  deriveAddress: services.deriveAddress,
  derivePublic: services.derivePublic,
  deriveExtendedPublic: services.deriveExtendedPublic,
  random: services.generateRandom,
} as const satisfies Partial<
  Record<OperationId, (ports: UsePorts, context: Context, command: never) => Promise<unknown>>
>

/** Batches too, when they hold nothing else. */
export const here: ReadonlySet<OperationId> = new Set<OperationId>([
  // The keys of the table are operations.
  ...(Object.keys(usingServices) as (keyof typeof usingServices)[]),
  "batch",
])
