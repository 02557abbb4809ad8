/**
 * HMAC-SHA-256 (RFC 2104) under a key of Keyhold's own, which no policy governs: for what is done
 * on every request, such as recognising a bearer token.
 */

import { HsmError } from "../domain/errors.ts"
import { provider, type OpenKey } from "./open-keys.ts"
import type { SecretBytes } from "./secret-bytes.ts"

const noIv = new Uint8Array(0) // HMAC takes none.

/** A key that stays open between hashes; OpenSSL's copy of it lives until it is collected. */
export class HashKey {
  #key: OpenKey | undefined

  /** `secret`: at least 16 bytes, copied; it stays the caller's. */
  constructor(secret: SecretBytes) {
    this.#key = provider.keys.HMAC_SHA_256.open(secret, undefined)
  }

  /**
   * The keyed hash of `message`: 32 bytes.
   *
   * @throws {@link HsmError} SEALED after the key was disposed of.
   */
  hash(message: Uint8Array): Uint8Array {
    if (this.#key === undefined) throw new HsmError("SEALED", "the key has been forgotten")
    return provider.mac.HMAC_SHA_256.tag(this.#key, message, noIv)
  }

  [Symbol.dispose](): void {
    this.#key = undefined
  }
}
