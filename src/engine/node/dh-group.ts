/**
 * Finite-field DH over the safe primes of RFC 7919. node:crypto has no raw form of these keys, so
 * their numbers are taken out of PKCS#8 and SPKI and put back.
 */

import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto"
import { promisify } from "node:util"
import {
  derContent,
  derElements,
  derTags,
  derUnsigned,
  readDer,
  writeDer,
  writeDerUnsigned,
} from "../../codec/der.ts"
import { malformed } from "../malformed.ts"
import type { PairType } from "./pair-types.ts"

/** RFC 7919 appendix A: the bits of each prime, and what its formula adds to the digits of e. */
const addends = {
  2048: 560_316n,
  3072: 2_625_351n,
  4096: 5_736_041n,
  6144: 15_705_020n,
  8192: 10_965_728n,
}
export type DhBits = keyof typeof addends

const generator = 2n
/** PKCS #3 section 9: dhKeyAgreement. */
const dhKeyAgreement = Uint8Array.fromHex("06092a864886f70d010301")
const field = "/material"
const spki = { format: "der", type: "spki" } as const
const pkcs8 = { format: "der", type: "pkcs8" } as const

/** p = 2^b - 2^(b-64) + (floor(2^(b-130) e) + X) 2^64 - 1: RFC 7919 appendix A. */
export function ffdhePrime(bits: DhBits): bigint {
  const b = BigInt(bits)
  return (1n << b) - (1n << (b - 64n)) + ((scaledE(b - 130n) + addends[bits]) << 64n) - 1n
}

/** floor(2^bits e), from e = 1/0! + 1/1! + 1/2! ..., with bits to spare for what is rounded. */
function scaledE(bits: bigint): bigint {
  const spare = 64n
  let sum = 0n
  let term = 1n << (bits + spare)
  for (let k = 1n; term > 0n; k++) {
    sum += term
    term /= k
  }
  return sum >> spare
}

/** The pairs of one group. */
export function dh(bits: DhBits): PairType {
  const prime = ffdhePrime(bits)
  const generate = promisify(generateKeyPair)
  const group = {
    prime: Buffer.from(Uint8Array.fromHex(prime.toString(16))),
    generator: Number(generator),
  }
  return {
    lane: "slow",
    generate: () => generate("dh", group),
    fits: (key) => {
      if (key.asymmetricKeyType !== "dh") return false
      const given = readNumbers(key)
      return given.prime === prime && given.generator === generator
    },
    rebuildPublic: (given) => {
      const { value } = readNumbers(given)
      checkPublic(value, prime)
      return createPublicKey({ key: Buffer.from(writePublic(prime, value)), ...spki })
    },
    rebuildPrivate: (given) => {
      const { value } = readNumbers(given)
      // SP 800-56A revision 3 section 5.6.1.1.1: at most q - 1, and q is half of p.
      if (value < 1n || value >= prime / 2n) {
        throw malformed(field, "the private value is not between 1 and the group's order")
      }
      const key = Buffer.from(writePrivate(prime, value))
      const rebuilt = createPrivateKey({ key, ...pkcs8 })
      key.fill(0)
      return rebuilt
    },
  }
}

/** SP 800-56A revision 3 section 5.6.2.3.1: in range, and in the subgroup that 2 generates. */
function checkPublic(value: bigint, prime: bigint): void {
  if (value < 2n || value > prime - 2n || jacobi(value, prime) !== 1) {
    throw malformed(field, "the public value is not in the group")
  }
}

/** The Jacobi symbol; modulo a safe prime the subgroup of order q is the squares. */
function jacobi(value: bigint, modulus: bigint): number {
  let sign = 1
  let [top, bottom] = [value % modulus, modulus]
  while (top !== 0n) {
    for (; (top & 1n) === 0n; top >>= 1n) {
      if ((bottom & 7n) === 3n || (bottom & 7n) === 5n) sign = -sign
    }
    if ((top & 3n) === 3n && (bottom & 3n) === 3n) sign = -sign
    ;[top, bottom] = [bottom % top, top]
  }
  return bottom === 1n ? sign : 0
}

interface Numbers {
  readonly prime: bigint
  readonly generator: bigint
  /** y of a public key, x of a private one. */
  readonly value: bigint
}

/** Out of OpenSSL's own encoding. */
function readNumbers(key: KeyObject): Numbers {
  const isPrivate = key.type === "private"
  const der = isPrivate ? key.export(pkcs8) : key.export(spki)
  try {
    const outer = derElements(readDer(der, field)[0], field)
    const [algorithm, wrapped] = outer.slice(isPrivate ? 1 : 0)
    const [, parameters] = derElements(algorithm, field)
    const [prime, base] = derElements(parameters, field)
    const inner = isPrivate
      ? derContent(wrapped, derTags.octetString, field)
      : derContent(wrapped, derTags.bitString, field).subarray(1)
    return {
      prime: derUnsigned(prime, field),
      generator: derUnsigned(base, field),
      value: derUnsigned(readDer(inner, field)[0], field),
    }
  } finally {
    if (isPrivate) der.fill(0)
  }
}

function writePublic(prime: bigint, value: bigint): Uint8Array {
  const bits = writeDer(derTags.bitString, Uint8Array.of(0), writeDerUnsigned(value))
  return writeDer(derTags.sequence, algorithmOf(prime), bits)
}

function writePrivate(prime: bigint, value: bigint): Uint8Array {
  const version = writeDerUnsigned(0n)
  const key = writeDer(derTags.octetString, writeDerUnsigned(value))
  return writeDer(derTags.sequence, version, algorithmOf(prime), key)
}

/** Prime and generator; how long private values are is not said. */
function algorithmOf(prime: bigint): Uint8Array {
  const numbers = [writeDerUnsigned(prime), writeDerUnsigned(generator)]
  return writeDer(derTags.sequence, dhKeyAgreement, writeDer(derTags.sequence, ...numbers))
}
