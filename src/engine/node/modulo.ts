/** Arithmetic of whole numbers, not in constant time. */

/** base^exponent mod p. */
export function powerModulo(base: bigint, exponent: bigint, p: bigint): bigint {
  let result = 1n
  let square = base % p
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % p
    square = (square * square) % p
  }
  return result
}
