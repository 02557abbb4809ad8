/** A key as node:crypto holds it: the bytes live in OpenSSL's memory, not in V8's. */

import type { KeyObject } from "node:crypto"
import { HsmError } from "../../domain/errors.ts"
import type { KeyAlgorithmId } from "../../domain/algorithms.ts"
import type { Lane } from "../provider.ts"

export interface NodeKey {
  readonly algorithm: KeyAlgorithmId
  readonly lane: Lane
  /** The secret key, or the private half; undefined for a verify-only import. */
  readonly secret: KeyObject | undefined
  /** The public half of a pair. */
  readonly public: KeyObject | undefined
  /** Of hash-based signatures, which OpenSSL does not know, in its place. */
  readonly raw?: Uint8Array
}

/** @throws {@link HsmError} OPERATION_FORBIDDEN when only the public half is here. */
export function secretHalf({ secret }: NodeKey): KeyObject {
  if (secret === undefined)
    throw new HsmError("OPERATION_FORBIDDEN", "only the public half is here")
  return secret
}

/** @throws {@link HsmError} OPERATION_FORBIDDEN for a secret key, which has no public half. */
export function publicHalf({ public: half }: NodeKey): KeyObject {
  if (half === undefined) throw new HsmError("OPERATION_FORBIDDEN", "the key has no public half")
  return half
}

/**
 * The same bytes as a plain array: a Buffer's `slice` shares memory where every other copies, and
 * whoever gets these bytes must not have to know.
 */
export function plain({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length)
}

/** Joins two byte strings into a fresh one. */
export function join(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length)
  bytes.set(head)
  bytes.set(tail, head.length)
  return bytes
}
