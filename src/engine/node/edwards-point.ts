/**
 * Validation of Ed25519 public keys, which OpenSSL takes as any 32 bytes: the encoding is
 * canonical, the point is on the curve (RFC 8032 section 5.1.3), and it is not one of the eight
 * points of small order, under which one signature can fit many messages.
 */

/** The field's prime and the curve's d (RFC 8032 section 5.1). */
const p = (1n << 255n) - 19n
const d = ((p - 121_665n) * power(121_666n, p - 2n)) % p

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = base % p
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % p
    square = (square * square) % p
  }
  return result
}

/** True when `key` is the encoding of a point that signatures can be trusted under. */
export function isSoundEdwardsPoint(key: Uint8Array): boolean {
  if (key.length !== 32) return false
  const bits = BigInt(`0x${key.toReversed().toHex()}`)
  const y = bits & ((1n << 255n) - 1n)
  if (y >= p) return false
  const square = xSquare(y)
  // Order 1, 2 and 4: x or y is zero. Order 8: doubling gives such a point.
  if (square === 0n || y === 0n) return false
  if (power(square, (p - 1n) / 2n) !== 1n) return false
  return doubledY(y, square) !== 0n
}

/** x^2 = (y^2 - 1) / (d y^2 + 1). */
function xSquare(y: bigint): bigint {
  const y2 = (y * y) % p
  return ((y2 + p - 1n) * power(d * y2 + 1n, p - 2n)) % p
}

/** Numerator of the doubled point's y: y^2 + x^2 (a = -1), zero for points of order 8. */
function doubledY(y: bigint, square: bigint): bigint {
  return (y * y + square) % p
}
