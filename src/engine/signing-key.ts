/** Signing keys of AWS Signature Version 4: HMAC-SHA-256 over one word after the other. */

import { HashKey } from "./keyed-hash.ts"
import { SecretBytes } from "./secret-bytes.ts"

const prefix = Buffer.from("AWS4")

/**
 * Derives the key that signs the requests of one day, region and service.
 *
 * @param secret - the secret access key, ASCII; it stays the caller's.
 * @param steps - from `signingKeySteps`.
 */
export function deriveSigningKey(secret: Uint8Array, steps: readonly string[]): HashKey {
  let bytes: Uint8Array = Buffer.concat([prefix, secret])
  for (const step of steps) {
    using own = new SecretBytes(bytes)
    using key = new HashKey(own)
    bytes = key.hash(Buffer.from(step))
  }
  using last = new SecretBytes(bytes)
  return new HashKey(last)
}
