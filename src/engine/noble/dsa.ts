/**
 * DSA over a digest without the addon: node:crypto hashes whatever it signs. Not in constant time.
 */

import { ecdsaFromRaw, ecdsaToRaw } from "../../codec/ecdsa-signature.ts"
import { powerModulo } from "../node/modulo.ts"
import { publicHalf, secretHalf, type NodeKey } from "../node/key.ts"
import { readDsa } from "../node/dsa.ts"
import { randomBytes } from "../random.ts"

/** FIPS 186-4 section 4.6; the nonce by its appendix B.2.1, from 64 bits more than q has. */
export function signDsa(key: NodeKey, digest: Uint8Array): Uint8Array {
  const { p, q, g, half: x } = readDsa(secretHalf(key))
  const bytes = bytesOf(q)
  for (;;) {
    const k = (numberOf(randomBytes(bytes + 8)) % (q - 1n)) + 1n
    const r = powerModulo(g, k, p) % q
    const s = (powerModulo(k, q - 2n, q) * (fitted(digest, q) + x * r)) % q
    // One chance in 2^224.
    if (r !== 0n && s !== 0n) return ecdsaFromRaw(join(r, s, bytes))
  }
}

/** Section 4.7. */
export function verifyDsa(key: NodeKey, digest: Uint8Array, der: Uint8Array): boolean {
  const { p, q, g, half: y } = readDsa(publicHalf(key))
  const bytes = bytesOf(q)
  try {
    const raw = ecdsaToRaw(der, bytes)
    if (ecdsaFromRaw(raw).toHex() !== der.toHex()) return false
    const [r, s] = [numberOf(raw.subarray(0, bytes)), numberOf(raw.subarray(bytes))]
    if (r === 0n || r >= q || s === 0n || s >= q) return false
    const w = powerModulo(s, q - 2n, q)
    const one = powerModulo(g, (fitted(digest, q) * w) % q, p)
    const two = powerModulo(y, (r * w) % q, p)
    return ((one * two) % p) % q === r
  } catch {
    return false
  }
}

/** The leftmost bits of a digest, as many as q has. */
function fitted(digest: Uint8Array, q: bigint): bigint {
  return numberOf(digest.subarray(0, bytesOf(q)))
}

/** Our q have 224 or 256 bits. */
function bytesOf(q: bigint): number {
  return q.toString(2).length / 8
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x0${bytes.toHex()}`)
}

function join(r: bigint, s: bigint, bytes: number): Uint8Array {
  const hex = [r, s].map((number) => number.toString(16).padStart(2 * bytes, "0"))
  return Uint8Array.fromHex(hex.join(""))
}
