/** The curve secp256k1 by libsecp256k1 (in WebAssembly): numbers and points as bytes. */

import { hash } from "../hash.ts"
import { publicHalf, secretHalf, type NodeKey } from "../node/key.ts"

/** Lends the private scalar, which is wiped afterwards. */
export function lendScalar<T>(key: NodeKey, use: (scalar: Uint8Array) => T): T {
  const scalar = secretHalf(key).export({ format: "raw-private" })
  try {
    return use(scalar)
  } finally {
    scalar.fill(0)
  }
}

/** 0x04 || x || y. */
export function pointOf(key: NodeKey): Uint8Array {
  return publicHalf(key).export({ format: "raw-public" })
}

/** SHA-256 with the domain separation of BIP 340. */
export function taggedHash(tag: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const prefix = hash("SHA_256", new TextEncoder().encode(tag))
  const all = [prefix, prefix, ...parts]
  return hash("SHA_256", Buffer.concat(all))
}
