/** Schnorr signatures of BIP 340, under the key itself or its Taproot output key (BIP 341). */

import * as libsecp from "tiny-secp256k1"
import type { NodeKey } from "../node/key.ts"
import type { SignatureParameters, SignatureRow } from "../provider.ts"
import { randomBytes } from "../random.ts"
import { lendScalar, pointOf, taggedHash } from "./point.ts"

const bytes = 32

export const schnorr: SignatureRow<NodeKey> = {
  sign: (key, message, parameters) => {
    const { deterministic, auxRandom } = parameters
    // BIP 340: zeros where there is no randomness.
    const extra = auxRandom ?? (deterministic ? new Uint8Array(bytes) : randomBytes(bytes))
    return lendScalar(key, (scalar) => {
      const signing = outputScalar(scalar, pointOf(key), parameters)
      try {
        return libsecp.signSchnorr(message, signing, extra)
      } finally {
        if (signing !== scalar) signing.fill(0)
      }
    })
  },
  verify: (key, message, signature, parameters) => {
    try {
      return libsecp.verifySchnorr(message, outputPoint(pointOf(key), parameters), signature)
    } catch {
      return false
    }
  },
}

/** BIP 341: what is added to the internal key; the root is empty where there is no script. */
function tweakOf(internal: Uint8Array, merkleRoot: Uint8Array): Uint8Array {
  return taggedHash("TapTweak", internal, merkleRoot)
}

/** The x of the key that signatures fit. */
export function outputPoint(
  point: Uint8Array,
  { merkleRoot }: Pick<SignatureParameters, "merkleRoot">,
): Uint8Array {
  const internal = point.slice(1, 1 + bytes)
  if (merkleRoot === undefined) return internal
  const tweaked = libsecp.xOnlyPointAddTweak(internal, tweakOf(internal, merkleRoot))
  // One chance in 2^256.
  if (tweaked === null) throw new RangeError("the tweaked key is no point")
  return tweaked.xOnlyPubkey
}

/** `scalar` itself, or a fresh one that its receiver wipes. */
function outputScalar(
  scalar: Uint8Array,
  point: Uint8Array,
  { merkleRoot }: SignatureParameters,
): Uint8Array {
  if (merkleRoot === undefined) return scalar
  const isEven = ((point.at(-1) ?? 0) & 1) === 0
  const even = isEven ? scalar : libsecp.privateNegate(scalar)
  const tweaked = libsecp.privateAdd(even, tweakOf(point.slice(1, 1 + bytes), merkleRoot))
  if (even !== scalar) even.fill(0)
  if (tweaked === null) throw new RangeError("the tweaked key is none")
  return tweaked
}
