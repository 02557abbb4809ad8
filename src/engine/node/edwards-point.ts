/**
 * Validation of Edwards curves' public keys, which OpenSSL takes as any bytes: the encoding is
 * canonical, the point is on the curve (RFC 8032 sections 5.1.3 and 5.2.3), and it is not one of
 * the few points of small order, under which one signature can fit many messages.
 */

import { powerModulo } from "./modulo.ts"

/** a x^2 + y^2 = 1 + d x^2 y^2 over the field of p elements. */
export interface EdwardsCurve {
  readonly p: bigint
  readonly a: bigint
  readonly d: bigint
  /** Of an encoded point: y, and the sign of x in the uppermost bit. */
  readonly bytes: number
}

const p25519 = (1n << 255n) - 19n
/** RFC 8032 section 5.1. */
export const edwards25519: EdwardsCurve = {
  p: p25519,
  a: p25519 - 1n,
  d: ((p25519 - 121_665n) * powerModulo(121_666n, p25519 - 2n, p25519)) % p25519,
  bytes: 32,
}

const p448 = (1n << 448n) - (1n << 224n) - 1n
/** RFC 8032 section 5.2. */
export const edwards448: EdwardsCurve = { p: p448, a: 1n, d: p448 - 39_081n, bytes: 57 }

/** True when `key` is the encoding of a point that signatures can be trusted under. */
export function isSoundEdwardsPoint(key: Uint8Array, { p, a, d, bytes }: EdwardsCurve): boolean {
  if (key.length !== bytes) return false
  const y = BigInt(`0x${key.toReversed().toHex()}`) & ((1n << BigInt(8 * bytes - 1)) - 1n)
  if (y >= p) return false
  // x^2 = (y^2 - 1) / (d y^2 - a).
  const y2 = (y * y) % p
  const x2 = ((y2 + p - 1n) * powerModulo(d * y2 + p - a, p - 2n, p)) % p
  // Order 1, 2 and 4: x or y is zero. Order 8: doubling gives such a point, whose y is zero.
  if (x2 === 0n || y === 0n) return false
  if (powerModulo(x2, (p - 1n) / 2n, p) !== 1n) return false
  return (y2 + p * p - a * x2) % p !== 0n
}
