/**
 * ECDSA over a digest without the addon, by @noble/curves: tens of times slower than OpenSSL, and
 * not in constant time, since JavaScript's numbers are not. Where an attacker can time signatures
 * closely, install a C compiler.
 */

import { ecdsa, weierstrass, type ECDSA } from "@noble/curves/abstract/weierstrass.js"
import { brainpoolP256r1, brainpoolP384r1, brainpoolP512r1 } from "@noble/curves/misc.js"
import { p256, p384, p521 } from "@noble/curves/nist.js"
import { blake2b, blake2s } from "@noble/hashes/blake2.js"
import { ripemd160, sha1 } from "@noble/hashes/legacy.js"
import * as sha2 from "@noble/hashes/sha2.js"
import * as sha3 from "@noble/hashes/sha3.js"
import type { KeyObject } from "node:crypto"
import type { HashId } from "../../domain/hashes.ts"
import { publicHalf, secretHalf, type NodeKey } from "../node/key.ts"
import { randomBytes } from "../random.ts"

type Point = ECDSA["Point"]

/** Curves that noble does not name, of cofactor 1. */
function curve([p, a, b, Gx, Gy, n]: readonly [
  bigint,
  bigint,
  bigint,
  bigint,
  bigint,
  bigint,
]): Point {
  return weierstrass({ p, a, b, Gx, Gy, n, h: 1n })
}

/** SP 800-186 section 3.2.1.2. */
const p224 = curve([
  0xffffffffffffffffffffffffffffffff000000000000000000000001n,
  0xfffffffffffffffffffffffffffffffefffffffffffffffffffffffen,
  0xb4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4n,
  0xb70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21n,
  0xbd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34n,
  0xffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3dn,
])
/** RFC 5639 section 3.3. */
const brainpoolP224r1 = curve([
  0xd7c134aa264366862a18302575d1d787b09f075797da89f57ec8c0ffn,
  0x68a5e62ca9ce6c1c299803a6c1530b514e182ad8b0042a59cad29f43n,
  0x2580f63ccfe44138870713b1a92369e33e2135d266dbb372386c400bn,
  0x0d9029ad2c7e5cf4340823b2a87dc68c9e4ce3174c1e6efdee12c07dn,
  0x58aa56f772c0726f24c6b89e4ecdac24354b9e99caa3f6d3761402cdn,
  0xd7c134aa264366862a18302575d0fb98d116bc4b6ddebca3a5a7939fn,
])
/** RFC 5639 section 3.5. */
const brainpoolP320r1 = curve([
  0xd35e472036bc4fb7e13c785ed201e065f98fcfa6f6f40def4f92b9ec7893ec28fcd412b1f1b32e27n,
  0x3ee30b568fbab0f883ccebd46d3f3bb8a2a73513f5eb79da66190eb085ffa9f492f375a97d860eb4n,
  0x520883949dfdbc42d3ad198640688a6fe13f41349554b49acc31dccd884539816f5eb4ac8fb1f1a6n,
  0x43bd7e9afb53d8b85289bcc48ee5bfe6f20137d10a087eb6e7871e2a10a599c710af8d0d39e20611n,
  0x14fdd05545ec1cc8ab4093247f77275e0743ffed117182eaa9c77877aaac6ac7d35245d1692e8ee1n,
  0xd35e472036bc4fb7e13c785ed201e065f98fcfa5b68f12a32d482ec7ee8658e98691555b44c59311n,
])

/** By OpenSSL's names. */
const points: Readonly<Record<string, Point>> = {
  secp224r1: p224,
  prime256v1: p256.Point,
  secp384r1: p384.Point,
  secp521r1: p521.Point,
  brainpoolP224r1,
  brainpoolP256r1: brainpoolP256r1.Point,
  brainpoolP320r1,
  brainpoolP384r1: brainpoolP384r1.Point,
  brainpoolP512r1: brainpoolP512r1.Point,
}

type NonceHash = Parameters<typeof ecdsa>[1]
/** RFC 6979 draws a nonce by the HMAC of the message's hash. */
const nonceHashes: Readonly<Partial<Record<HashId, NonceHash>>> = {
  SHA_1: sha1,
  SHA_224: sha2.sha224,
  SHA_256: sha2.sha256,
  SHA_384: sha2.sha384,
  SHA_512: sha2.sha512,
  SHA_512_224: sha2.sha512_224,
  SHA_512_256: sha2.sha512_256,
  SHA3_224: sha3.sha3_224,
  SHA3_256: sha3.sha3_256,
  SHA3_384: sha3.sha3_384,
  SHA3_512: sha3.sha3_512,
  KECCAK_224: sha3.keccak_224,
  KECCAK_256: sha3.keccak_256,
  KECCAK_384: sha3.keccak_384,
  KECCAK_512: sha3.keccak_512,
  BLAKE2B_512: blake2b,
  BLAKE2S_256: blake2s,
  DOUBLE_SHA_256: sha2.sha256,
  RIPEMD_160: ripemd160,
}

/** Made when first needed, one for each curve and hash. */
const schemes = new Map<string, ECDSA>()

function schemeOf({ asymmetricKeyDetails: details }: KeyObject, hash: HashId): ECDSA {
  const curveName = details?.namedCurve ?? ""
  const name = `${curveName} ${hash}`
  const known = schemes.get(name)
  if (known !== undefined) return known
  const [point, nonceHash] = [points[curveName], nonceHashes[hash]]
  if (point === undefined || nonceHash === undefined) {
    throw new TypeError("the key is on no curve that is known here")
  }
  const made = ecdsa(point, nonceHash)
  schemes.set(name, made)
  return made
}

/** The digest is there already; both s are valid; signatures are DER. */
const options = { prehash: false, lowS: false, format: "der" } as const

/** What is signed, and the hash that made it: of bare bytes, one that draws nonces. */
export interface Digested {
  readonly hash: HashId
  readonly digest: Uint8Array
}

/** DER, with a nonce of RFC 6979; of its section 3.6, random bytes added, unless told otherwise. */
export function signEcdsa(
  key: NodeKey,
  { hash, digest }: Digested,
  deterministic: boolean,
): Uint8Array {
  const secret = secretHalf(key)
  const scalar = secret.export({ format: "raw-private" })
  try {
    // The digest makes nonces unique, the random part hides them.
    const extraEntropy = !deterministic && randomBytes(scalar.length)
    const scheme = schemeOf(secret, hash)
    return new Uint8Array(scheme.sign(digest, scalar, { ...options, extraEntropy }))
  } finally {
    scalar.fill(0)
  }
}

/** True when the DER is this key's over the digest. */
export function verifyEcdsa(
  key: NodeKey,
  { hash, digest }: Digested,
  signature: Uint8Array,
): boolean {
  const half = publicHalf(key)
  const scheme = schemeOf(half, hash)
  const point = half.export({ format: "raw-public" })
  try {
    return scheme.verify(signature, digest, point, options)
  } catch {
    return false
  }
}
