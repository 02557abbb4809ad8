/**
 * DSA key pairs (FIPS 186-4), for what was signed with them: FIPS 186-5 makes no more. OpenSSL
 * reads any numbers, so what SP 800-89 section 4.1 asks of them is checked here.
 */

import { checkPrime, createPrivateKey, createPublicKey, generateKeyPair } from "node:crypto"
import type { KeyObject } from "node:crypto"
import { promisify } from "node:util"
import { derContent, derElements, derTags, derUnsigned, readDer } from "../../codec/der.ts"
import { malformed } from "../malformed.ts"
import { powerModulo } from "./modulo.ts"
import type { PairType } from "./pair-types.ts"

const generateLater = promisify(generateKeyPair)
const isPrime: (candidate: bigint) => Promise<boolean> = promisify(checkPrime)

/** Domain parameters, and one half: y, or x. */
export interface DsaNumbers {
  readonly p: bigint
  readonly q: bigint
  readonly g: bigint
  readonly half: bigint
}

/** FIPS 186-4 section 4.2: a subgroup of 256 bits, or of 224 beside 2048. */
export function dsa(modulusLength: 2048 | 3072): PairType {
  const divisors = modulusLength === 2048 ? [224, 256] : [256]
  return {
    lane: "slow",
    generate: () => generateLater("dsa", { modulusLength, divisorLength: 256 }),
    fits: ({ asymmetricKeyType: type, asymmetricKeyDetails: details }) =>
      type === "dsa" &&
      details?.modulusLength === modulusLength &&
      divisors.includes(details.divisorLength ?? 0),
    rebuildPublic: (given) => {
      checkPublic(readDsa(given))
      return createPublicKey({ key: exported(given), format: "der", type: "spki" })
    },
    rebuildPrivate: async (given) => {
      const { p, q, g, half: x } = readDsa(given)
      const publicHalf = createPublicKey(given)
      const { half: y } = readDsa(publicHalf)
      checkPublic({ p, q, g, half: y })
      demand((await isPrime(p)) && (await isPrime(q)), "p and q are not prime")
      demand(x > 0n && x < q && powerModulo(g, x, p) === y, "the two halves do not belong together")
      const key = given.export({ format: "der", type: "pkcs8" })
      const rebuilt = createPrivateKey({ key, format: "der", type: "pkcs8" })
      key.fill(0)
      return rebuilt
    },
  }
}

/** The numbers of a key: RFC 3279 section 2.3.2, and PKCS#8. */
export function readDsa(key: KeyObject): DsaNumbers {
  const field = "/material"
  const isPrivate = key.type === "private"
  const der = isPrivate ? key.export({ format: "der", type: "pkcs8" }) : exported(key)
  try {
    const whole = derElements(readDer(der, field)[0], field)
    const [, algorithm, value] = isPrivate ? whole : [undefined, ...whole]
    const [, parameters] = derElements(algorithm, field)
    const numbers = derElements(parameters, field)
    const [p, q, g] = [0, 1, 2].map((at) => derUnsigned(numbers[at], field))
    const [tag, from] = isPrivate ? [derTags.octetString, 0] : [derTags.bitString, 1]
    const [half] = readDer(derContent(value, tag, field).subarray(from), field)
    return { p: p ?? 0n, q: q ?? 0n, g: g ?? 0n, half: derUnsigned(half, field) }
  } finally {
    if (isPrivate) der.fill(0)
  }
}

function exported(key: KeyObject): Buffer {
  return key.export({ format: "der", type: "spki" })
}

/** Both q and y are of the order that they promise; whether p and q are prime takes longer. */
function checkPublic({ p, q, g, half: y }: DsaNumbers): void {
  demand((p - 1n) % q === 0n, "q does not divide p - 1")
  demand(g > 1n && g < p && powerModulo(g, q, p) === 1n, "g is of another order than q")
  demand(y > 1n && y < p - 1n && powerModulo(y, q, p) === 1n, "y is of another order than q")
}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw malformed("/material", otherwise)
}
