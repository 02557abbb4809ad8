/** What was tampered with, a little. */

/** A copy whose byte `at` has its lowest bit the other way round; below zero, from the end. */
export function flipBit(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.with(at, (bytes.at(at) ?? 0) ^ 1)
}
