/**
 * What OpenSSL does not check when it reads an RSA key: that its numbers belong together and are
 * strong (FIPS 186-5 appendix A.1, SP 800-56B section 6.4). BigInt arithmetic takes no constant
 * time; it runs once, on an import that a manager watches, not where an attacker can repeat it.
 */

import { checkPrime } from "node:crypto"
import { promisify } from "node:util"
import { decodeBase64Url } from "../../codec/base64.ts"
import { malformed } from "../malformed.ts"

const isPrime: (candidate: bigint) => Promise<boolean> = promisify(checkPrime)

/** FIPS 186-5 appendix A.1.1: odd, above 2^16, below 2^256. */
const exponentMin = 65_537n
const exponentLimit = 1n << 256n
/** SP 800-56B section 6.4.2.2 step 6: no prime factor below 752. */
const smallFactorLimit = 752n

/** The members of a JSON Web Key (RFC 7518 section 6.3) that are read here. */
export type RsaMember = "n" | "e" | "d" | "p" | "q" | "dp" | "dq" | "qi"
export type RsaJwk = Readonly<Partial<Record<RsaMember, string>>>

/** @throws HsmError MALFORMED_REQUEST unless modulus and exponent are what `bits` promises. */
export function checkRsaPublic(jwk: RsaJwk, bits: number): void {
  const modulus = number(jwk, "n")
  const exponent = number(jwk, "e")
  demand(modulus.toString(2).length === bits, `the modulus has not exactly ${bits} bits`)
  const strong = exponent >= exponentMin && exponent < exponentLimit && exponent % 2n === 1n
  demand(strong, "the public exponent is not odd, at least 65537 and below 2^256")
  for (let factor = 2n; factor < smallFactorLimit; factor++) {
    demand(modulus % factor !== 0n, "the modulus has a small factor")
  }
}

/** @throws HsmError MALFORMED_REQUEST unless the eight numbers are one strong key of `bits`. */
export async function checkRsaPrivate(jwk: RsaJwk, bits: number): Promise<void> {
  const [n, e, d, p, q] = [
    number(jwk, "n"),
    number(jwk, "e"),
    number(jwk, "d"),
    number(jwk, "p"),
    number(jwk, "q"),
  ]
  demand(p * q === n, "the primes do not make the modulus")
  const half = bits / 2
  const halves = p.toString(2).length === half && q.toString(2).length === half
  demand(halves, "the primes are not half as long as the modulus")
  const distance = p > q ? p - q : q - p
  // FIPS 186-5 appendix A.1.3 step 5.4: otherwise Fermat's method factors the modulus.
  demand(distance > 1n << BigInt(half - 100), "the primes are too close to each other")
  // FIPS 186-5 appendix A.1.1 step 3: otherwise Wiener's method finds the exponent.
  demand(d > 1n << BigInt(half) && d < n, "the private exponent is out of range")
  const inverse = (e * d) % (p - 1n) === 1n && (e * d) % (q - 1n) === 1n
  demand(inverse, "the exponents are not inverse to each other")
  const remainders =
    number(jwk, "dp") === d % (p - 1n) &&
    number(jwk, "dq") === d % (q - 1n) &&
    (number(jwk, "qi") * q) % p === 1n
  demand(remainders, "the remainders do not belong to the primes")
  const prime = await Promise.all([isPrime(p), isPrime(q)])
  demand(prime[0] && prime[1], "the factors are not prime")
}

function number(jwk: RsaJwk, member: RsaMember): bigint {
  const text = jwk[member]
  if (text === undefined) throw malformed("/material", "the key is incomplete")
  const bytes = decodeBase64Url(text, "/material")
  const value = BigInt(`0x0${bytes.toHex()}`)
  bytes.fill(0)
  return value
}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw malformed("/material", otherwise)
}
