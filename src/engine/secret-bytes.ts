/** Secret bytes that are not printed, not serialised, and wiped when their owner is done. */

import { inspect } from "node:util"

/**
 * Owns secret bytes. Wiping is best effort: copies that V8, OpenSSL or the kernel made on the way
 * are out of reach.
 *
 * @example
 * using share = new SecretBytes(decoded)
 */
export class SecretBytes {
  readonly #bytes: Uint8Array

  /** Takes ownership: the caller must neither keep nor change `bytes`. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** How many bytes there are. */
  get length(): number {
    return this.#bytes.length
  }

  /** Lends the bytes to `use`, which must not keep them. Grep `lend(` to audit every exposure. */
  lend<T>(use: (bytes: Uint8Array) => T): T {
    return use(this.#bytes)
  }

  toJSON(): string {
    return "[secret]"
  }

  toString(): string {
    return "[secret]"
  }

  [inspect.custom](): string {
    return "[secret]"
  }

  [Symbol.dispose](): void {
    this.#bytes.fill(0)
  }
}
