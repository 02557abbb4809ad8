/** Timestamps (RFC 3161), by the key that the partition names for them. */

import { encodeBase64 } from "../../../codec/base64.ts"
import { timestampHashes, type TimestampHash } from "../../../codec/timestamp-query.ts"
import { HsmError } from "../../../domain/errors.ts"
import { timestampPayload } from "../../../service/timestamp.ts"
import { bytes, need, text } from "../../shapes.ts"
import { Fault } from "../fault.ts"
import { operation, type Operation } from "../operation.ts"

/** `SHA256`, as the original's example has it, `SHA-256` and `SHA_256` are one. */
const plain = (name: string): string => name.replaceAll(/[-_]/g, "").toUpperCase()

// The keys of a literal table are exactly its identifiers.
const hashes: ReadonlyMap<string, TimestampHash> = new Map(
  (Object.keys(timestampHashes) as TimestampHash[]).map((hash) => [plain(hash), hash]),
)

export const timestampRoutes = {
  "POST /createRfcTimestamp": operation(
    { payload: need(bytes), hashAlgorithm: text },
    async ({ ports, context }, { payload, hashAlgorithm = "SHA256" }) => {
      const hash = hashes.get(plain(hashAlgorithm))
      if (hash === undefined) {
        const known = Object.keys(timestampHashes).join(", ")
        throw new Fault("algorithm.not.supported.by.key", `hashAlgorithm is one of ${known}`)
      }
      try {
        const { timestamp } = await timestampPayload(ports, context, { payload, hash })
        return { timestamp: encodeBase64(timestamp) }
      } catch (error) {
        throw isUnprepared(error) ? new Fault("unsupported.operation", error.message, 501) : error
      }
    },
  ),
} as const satisfies Record<string, Operation>

/** The partition names no key, or no certificate for timestamps lies beside it. */
function isUnprepared(error: unknown): error is HsmError {
  return error instanceof HsmError && error.code === "NOT_FOUND"
}
