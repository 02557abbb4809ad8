/**
 * Private keys from a seed, one step after the other: BIP 32, and SLIP-10 where it goes beyond.
 * Every intermediate key is wiped.
 */

import { createECDH, createHmac } from "node:crypto"
import * as libsecp from "tiny-secp256k1"
import { hardenedOffset, type DerivationPath } from "../../domain/derivation.ts"
import { malformed } from "../malformed.ts"

/** A private key and what its children are drawn with. Its holder wipes both. */
export interface ExtendedKey {
  readonly secret: Uint8Array
  readonly chainCode: Uint8Array
}

interface Curve {
  /** SLIP-10, "Master key generation". */
  readonly word: string
  /** The compressed public point; undefined where steps are hardened alone. */
  readonly point?: (secret: Uint8Array) => Uint8Array
  /** The sum modulo the order; undefined when the addend or the sum is no private key. */
  readonly add: (secret: Uint8Array, addend: Uint8Array) => Uint8Array | undefined
}

/** FIPS 186-5, SP 800-186 section 3.2.1.3: n. */
const orderP256 = Uint8Array.fromHex(
  "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
)

export const slip10Curves = {
  secp256k1: {
    word: "Bitcoin seed",
    // What was derived is a private key, so it has a point.
    point: (secret) => libsecp.pointFromScalar(secret, true) ?? new Uint8Array(),
    add: (secret, addend) => {
      if (isZero(secret)) return libsecp.isPrivate(addend) ? addend.slice() : undefined
      return libsecp.isPrivate(addend)
        ? (libsecp.privateAdd(secret, addend) ?? undefined)
        : undefined
    },
  },
  p256: {
    word: "Nist256p1 seed",
    point: (secret) => {
      const ecdh = createECDH("prime256v1")
      ecdh.setPrivateKey(secret)
      return Uint8Array.from(ecdh.getPublicKey(undefined, "compressed"))
    },
    add: (secret, addend) => addModulo(secret, addend, orderP256),
  },
  // Steps replace the key: there is nothing to add to.
  ed25519: { word: "ed25519 seed", add: (_, addend) => addend.slice() },
} as const satisfies Record<string, Curve>
export type Slip10Curve = keyof typeof slip10Curves

/**
 * The key that a path leads to.
 *
 * @throws HsmError MALFORMED_REQUEST, field `/path`, for a step that is not hardened on Ed25519.
 */
export function deriveSlip10(
  name: Slip10Curve,
  seed: Uint8Array,
  path: DerivationPath,
): ExtendedKey {
  const curve: Curve = slip10Curves[name]
  let key = master(curve, seed)
  for (const index of path) {
    const next = child(curve, key, index)
    wipe(key)
    key = next
  }
  return key
}

/** The public point of a key, compressed. */
export function pointOf(name: "secp256k1" | "p256", { secret }: ExtendedKey): Uint8Array {
  return slip10Curves[name].point(secret)
}

function master(curve: Curve, seed: Uint8Array): ExtendedKey {
  const zero = new Uint8Array(32)
  let input = seed
  for (;;) {
    const digest = hmac(Buffer.from(curve.word), input)
    const secret = curve.add(zero, digest.subarray(0, 32))
    if (secret !== undefined) return finish(secret, digest)
    // SLIP-10: the digest takes the seed's place.
    input = digest
  }
}

function child(curve: Curve, { secret, chainCode }: ExtendedKey, index: number): ExtendedKey {
  const isHardened = index >= hardenedOffset
  if (!isHardened && curve.point === undefined) {
    throw malformed("/path", "on Ed25519 every step is hardened (SLIP-10)")
  }
  const data = new Uint8Array(37)
  new DataView(data.buffer).setUint32(33, index)
  data.set(isHardened ? secret : (curve.point?.(secret) ?? []), isHardened ? 1 : 0)
  for (;;) {
    const digest = hmac(chainCode, data)
    const next = curve.add(secret, digest.subarray(0, 32))
    if (next !== undefined) {
      data.fill(0)
      return finish(next, digest)
    }
    // SLIP-10, step 5: the chain code takes the key's place.
    data[0] = 1
    data.set(digest.subarray(32), 1)
  }
}

function finish(secret: Uint8Array, digest: Uint8Array): ExtendedKey {
  const chainCode = digest.slice(32)
  digest.fill(0)
  return { secret, chainCode }
}

/** Wipes what a derivation made. */
export function wipe({ secret, chainCode }: ExtendedKey): void {
  secret.fill(0)
  chainCode.fill(0)
}

function hmac(key: Uint8Array, data: Uint8Array): Uint8Array {
  return Uint8Array.from(createHmac("sha512", key).update(data).digest())
}

/**
 * a + b mod n, big-endian, without a branch on the numbers; undefined unless b is below n and the
 * sum is not zero, which one seed in 2^32 or less ever shows.
 */
function addModulo(a: Uint8Array, b: Uint8Array, n: Uint8Array): Uint8Array | undefined {
  const zero = new Uint8Array(n.length)
  const isBelow = subtract(b, n).borrow
  const { sum, carry } = add(a, b)
  const { difference, borrow } = subtract(sum, n)
  // The difference counts unless it went below zero and no bit was carried.
  const mask = 0xff * (carry | (borrow ^ 1))
  const result = sum.map((byte, at) => (byte & ~mask) | ((difference[at] ?? 0) & mask))
  for (const spent of [sum, difference]) spent.fill(0)
  if (isBelow === 1 && subtract(zero, result).borrow === 1) return result
  result.fill(0)
  return undefined
}

function add(a: Uint8Array, b: Uint8Array): { sum: Uint8Array; carry: number } {
  const sum = new Uint8Array(a.length)
  let carry = 0
  for (let at = a.length - 1; at >= 0; at--) {
    const digit = (a[at] ?? 0) + (b[at] ?? 0) + carry
    sum[at] = digit
    carry = digit >> 8
  }
  return { sum, carry }
}

function subtract(a: Uint8Array, b: Uint8Array): { difference: Uint8Array; borrow: number } {
  const difference = new Uint8Array(a.length)
  let borrow = 0
  for (let at = a.length - 1; at >= 0; at--) {
    const digit = (a[at] ?? 0) - (b[at] ?? 0) - borrow
    difference[at] = digit
    borrow = (digit >> 8) & 1
  }
  return { difference, borrow }
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}
