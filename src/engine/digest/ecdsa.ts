/**
 * ECDSA over a digest without the addon, by @noble/curves: tens of times slower than OpenSSL, and
 * not in constant time, since JavaScript's numbers are not. Where an attacker can time signatures
 * closely, install a C compiler.
 */

import { ecdsa, weierstrass, type ECDSA } from "@noble/curves/abstract/weierstrass.js"
import { brainpoolP256r1, brainpoolP384r1, brainpoolP512r1 } from "@noble/curves/misc.js"
import { p256, p384, p521 } from "@noble/curves/nist.js"
import { secp256k1 } from "@noble/curves/secp256k1.js"
import { sha224, sha384 } from "@noble/hashes/sha2.js"
import type { KeyObject } from "node:crypto"
import { publicHalf, secretHalf, type NodeKey } from "../node/key.ts"
import { randomBytes } from "../random.ts"
import type { DigestRow } from "./row.ts"

/** Curves that noble does not name, of cofactor 1; nonces are drawn with `hash`. */
function curve(
  hash: typeof sha224 | typeof sha384,
  [p, a, b, Gx, Gy, n]: readonly [bigint, bigint, bigint, bigint, bigint, bigint],
): ECDSA {
  return ecdsa(weierstrass({ p, a, b, Gx, Gy, n, h: 1n }), hash)
}

/** SP 800-186 section 3.2.1.2. */
const p224 = curve(sha224, [
  0xffffffffffffffffffffffffffffffff000000000000000000000001n,
  0xfffffffffffffffffffffffffffffffefffffffffffffffffffffffen,
  0xb4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4n,
  0xb70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21n,
  0xbd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34n,
  0xffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3dn,
])
/** RFC 5639 section 3.3. */
const brainpoolP224r1 = curve(sha224, [
  0xd7c134aa264366862a18302575d1d787b09f075797da89f57ec8c0ffn,
  0x68a5e62ca9ce6c1c299803a6c1530b514e182ad8b0042a59cad29f43n,
  0x2580f63ccfe44138870713b1a92369e33e2135d266dbb372386c400bn,
  0x0d9029ad2c7e5cf4340823b2a87dc68c9e4ce3174c1e6efdee12c07dn,
  0x58aa56f772c0726f24c6b89e4ecdac24354b9e99caa3f6d3761402cdn,
  0xd7c134aa264366862a18302575d0fb98d116bc4b6ddebca3a5a7939fn,
])
/** RFC 5639 section 3.5. */
const brainpoolP320r1 = curve(sha384, [
  0xd35e472036bc4fb7e13c785ed201e065f98fcfa6f6f40def4f92b9ec7893ec28fcd412b1f1b32e27n,
  0x3ee30b568fbab0f883ccebd46d3f3bb8a2a73513f5eb79da66190eb085ffa9f492f375a97d860eb4n,
  0x520883949dfdbc42d3ad198640688a6fe13f41349554b49acc31dccd884539816f5eb4ac8fb1f1a6n,
  0x43bd7e9afb53d8b85289bcc48ee5bfe6f20137d10a087eb6e7871e2a10a599c710af8d0d39e20611n,
  0x14fdd05545ec1cc8ab4093247f77275e0743ffed117182eaa9c77877aaac6ac7d35245d1692e8ee1n,
  0xd35e472036bc4fb7e13c785ed201e065f98fcfa5b68f12a32d482ec7ee8658e98691555b44c59311n,
])

/** By OpenSSL's names. */
const curves: Readonly<Record<string, ECDSA>> = {
  secp224r1: p224,
  prime256v1: p256,
  secp384r1: p384,
  secp521r1: p521,
  secp256k1,
  brainpoolP224r1,
  brainpoolP256r1,
  brainpoolP320r1,
  brainpoolP384r1,
  brainpoolP512r1,
}
/** The digest is there already; both s are valid; signatures are DER. */
const options = { prehash: false, lowS: false, format: "der" } as const

export const ecdsaDigest: DigestRow<NodeKey> = {
  sign: (key, _hash, digest) => {
    const secret = secretHalf(key)
    const scalar = scalarOf(secret)
    try {
      // RFC 6979 section 3.6: the digest makes nonces unique, the random part hides them.
      const extraEntropy = randomBytes(scalar.length)
      return new Uint8Array(curveOf(secret).sign(digest, scalar, { ...options, extraEntropy }))
    } finally {
      scalar.fill(0)
    }
  },
  verify: (key, _hash, digest, signature) => {
    const half = publicHalf(key)
    try {
      return curveOf(half).verify(signature, digest, pointOf(half), options)
    } catch {
      return false
    }
  },
}

function curveOf({ asymmetricKeyDetails: details }: KeyObject): ECDSA {
  const found = curves[details?.namedCurve ?? ""]
  if (found === undefined) throw new TypeError("the key is on no curve that is known here")
  return found
}

/** RFC 5915: SEQUENCE { INTEGER 1, OCTET STRING scalar, ... }, as OpenSSL writes it. */
function scalarOf(secret: KeyObject): Uint8Array {
  const der = secret.export({ format: "der", type: "sec1" })
  const at = (der[1] ?? 0) < 0x80 ? 7 : 8
  const scalar = Uint8Array.from(der.subarray(at, at + (der[at - 1] ?? 0)))
  der.fill(0)
  return scalar
}

/** RFC 5480: an SPKI ends with the uncompressed point. */
function pointOf(half: KeyObject): Uint8Array {
  const der = half.export({ format: "der", type: "spki" })
  const { publicKeyUncompressed: bytes = 0 } = curveOf(half).lengths
  return new Uint8Array(der.subarray(der.length - bytes))
}
