/**
 * Ed25519 with an extended key, kL || kR, in place of a seed: what OpenSSL cannot be given. By
 * @noble/curves, not in constant time; what is signed verifies as Ed25519.
 */

import { ed25519 } from "@noble/curves/ed25519.js"
import { verify as verifyPlain } from "node:crypto"
import { hash } from "../hash.ts"
import { publicHalf, secretHalf, type NodeKey } from "../node/key.ts"
import type { SignatureRow } from "../provider.ts"

const { Point } = ed25519
const half = 32

/** A = kL B. */
export function publicOf(extended: Uint8Array): Uint8Array {
  return Point.BASE.multiply(reduced(extended.subarray(0, half))).toBytes()
}

/** RFC 8032 section 5.1.6, from its step 2 on. */
function sign(extended: Uint8Array, own: Uint8Array, message: Uint8Array): Uint8Array {
  const r = reduced(hash("SHA_512", Buffer.concat([extended.subarray(half), message])))
  const point = Point.BASE.multiply(r).toBytes()
  const challenge = hash("SHA_512", Buffer.concat([point, own, message]))
  const k = reduced(challenge)
  const s = Point.Fn.create(r + k * reduced(extended.subarray(0, half)))
  return Uint8Array.of(...point, ...Point.Fn.toBytes(s))
}

/** Little-endian, modulo the order. */
function reduced(bytes: Uint8Array): bigint {
  return Point.Fn.create(BigInt(`0x${bytes.toReversed().toHex()}`))
}

/** A row of Ed25519 that serves extended keys too. */
export function withExtended<Key extends NodeKey>(row: SignatureRow<Key>): SignatureRow<Key> {
  return {
    ...row,
    sign: (key, message, parameters) => {
      if (key.algorithm !== "BIP32_ED25519_CARDANO") return row.sign(key, message, parameters)
      const extended = secretHalf(key).export()
      try {
        const own = publicHalf(key).export({ format: "raw-public" })
        return sign(extended, own, message)
      } finally {
        extended.fill(0)
      }
    },
    verify: (key, message, signature, parameters) =>
      key.algorithm === "BIP32_ED25519_CARDANO"
        ? verifyPlain(null, message, publicHalf(key), signature)
        : row.verify(key, message, signature, parameters),
  }
}
