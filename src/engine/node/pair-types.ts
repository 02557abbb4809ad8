/** The types of key pairs: how each is made, recognised, taken apart and checked. */

import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type AsymmetricKeyType,
  type KeyObject,
} from "node:crypto"
import { promisify } from "node:util"
import { derContent, derElements, derTags, readDer } from "../../codec/der.ts"
import { malformed } from "../malformed.ts"
import type { Lane } from "../provider.ts"
import { isSoundEdwardsPoint, type EdwardsCurve } from "./edwards-point.ts"
import { checkRsaPrivate, checkRsaPublic } from "./rsa-checks.ts"

export interface PairType {
  readonly lane: Lane
  /** Runs off the event loop. */
  readonly generate: () => Promise<{ privateKey: KeyObject; publicKey: KeyObject }>
  /** True when the key is of this type and size. */
  readonly fits: (key: KeyObject) => boolean
  /** The same key from its numbers alone; throws HsmError unless they are sound. */
  readonly rebuildPublic: (given: KeyObject) => KeyObject
  readonly rebuildPrivate: (given: KeyObject) => KeyObject | Promise<KeyObject>
  /** Of a public key's numbers at the end of its SPKI, where all of the type have so many. */
  readonly numbersBytes?: (publicKey: KeyObject) => number
}

const generateLater = promisify(generateKeyPair)

/** FIPS 186-5 appendix A.1; the public exponent is 65537. */
export function rsa(modulusLength: 2048 | 3072 | 4096 | 8192): PairType {
  const format = "jwk"
  return {
    lane: "slow",
    generate: () => generateLater("rsa", { modulusLength, publicExponent: 65_537 }),
    fits: ({ asymmetricKeyType: type, asymmetricKeyDetails: details }) =>
      type === "rsa" && details?.modulusLength === modulusLength,
    rebuildPublic: (given) => {
      const key = given.export({ format })
      checkRsaPublic(key, modulusLength)
      return createPublicKey({ key, format })
    },
    rebuildPrivate: async (given) => {
      const key = given.export({ format })
      checkRsaPublic(key, modulusLength)
      await checkRsaPrivate(key, modulusLength)
      return createPrivateKey({ key, format })
    },
  }
}

/**
 * P-256 has a fast path of its own in OpenSSL, and libsecp256k1 is one; the other curves take
 * thirty times as long.
 */
const fastCurves = ["prime256v1", "secp256k1"]

export function ec(namedCurve: string): PairType {
  const type = { asymmetricKeyType: "ec", namedCurve } as const
  return {
    lane: fastCurves.includes(namedCurve) ? "fast" : "slow",
    generate: () => generateLater("ec", { namedCurve }),
    fits: ({ asymmetricKeyType, asymmetricKeyDetails: details }) =>
      asymmetricKeyType === "ec" && details?.namedCurve === namedCurve,
    // Both coordinates, behind the octet that says so.
    numbersBytes: (key) => pointOf(key).length - 1,
    // OpenSSL refuses points that are not on the curve, and these curves have cofactor 1.
    rebuildPublic: (given) =>
      createPublicKey({ key: pointOf(given), format: "raw-public", ...type }),
    // It accepts any scalar beside any point, though.
    rebuildPrivate: (given) => {
      const ecdh = createECDH(namedCurve)
      const key = given.export({ format: "raw-private" })
      try {
        ecdh.setPrivateKey(key)
      } catch {
        key.fill(0)
        throw malformed("/material", "the private value is not between 1 and the curve's order")
      }
      if (!ecdh.getPublicKey().equals(pointOf(createPublicKey(given)))) {
        key.fill(0)
        throw malformed("/material", "the two halves do not belong together")
      }
      const rebuilt = createPrivateKey({ key, format: "raw-private", ...type })
      key.fill(0)
      return rebuilt
    },
  }
}

/**
 * The uncompressed point. Infinity is refused before node:crypto is asked for it: that call leaves
 * an error behind in OpenSSL, for which the next key would be refused.
 */
function pointOf(key: KeyObject): Buffer {
  const field = "/material"
  const [spki] = readDer(key.export({ format: "der", type: "spki" }), field)
  const [, bits] = derElements(spki, field)
  if (derContent(bits, derTags.bitString, field)[1] === 0) {
    throw malformed(field, "the public key is the point at infinity")
  }
  return key.export({ format: "raw-public" })
}

/** Types with one parameter set: the public half always follows from the private one. */
function whole(
  asymmetricKeyType: AsymmetricKeyType,
  {
    lane,
    generate,
    secret = "raw-private",
    isSound = () => true,
  }: {
    readonly lane: Lane
    readonly generate: PairType["generate"]
    readonly secret?: "raw-private" | "raw-seed"
    readonly isSound?: (publicKey: Uint8Array) => boolean
  },
): PairType {
  const rebuildPublic = (given: KeyObject): KeyObject => {
    const key = given.export({ format: "raw-public" })
    if (isSound(key)) return createPublicKey({ key, format: "raw-public", asymmetricKeyType })
    throw malformed("/material", "the public key is no point of the curve's prime-order group")
  }
  return {
    lane,
    generate,
    fits: (key) => key.asymmetricKeyType === asymmetricKeyType,
    rebuildPublic,
    rebuildPrivate: (given) => {
      const key = given.export({ format: secret })
      const rebuilt = createPrivateKey({ key, format: secret, asymmetricKeyType })
      key.fill(0)
      rebuildPublic(createPublicKey(rebuilt))
      return rebuilt
    },
  }
}

export function edwards(type: "ed25519" | "ed448", curve: EdwardsCurve): PairType {
  return whole(type, {
    lane: type === "ed25519" ? "fast" : "slow",
    // Each call is one overload of its own.
    generate: () => (type === "ed25519" ? generateLater("ed25519") : generateLater("ed448")),
    isSound: (key) => isSoundEdwardsPoint(key, curve),
  })
}

/** RFC 7748: any bytes are a public key; what agrees to nothing shows when it is used. */
export function montgomery(type: "x25519" | "x448"): PairType {
  const bytes = type === "x25519" ? 32 : 56
  return {
    ...whole(type, {
      lane: type === "x25519" ? "fast" : "slow",
      generate: () => (type === "x25519" ? generateLater("x25519") : generateLater("x448")),
    }),
    numbersBytes: () => bytes,
  }
}

/** FIPS 203; a key is its seed of 64 bytes, and one that lost it is not imported. */
export function mlKem(type: "ml-kem-512" | "ml-kem-768" | "ml-kem-1024"): PairType {
  return whole(type, { lane: "fast", generate: () => generateLater(type), secret: "raw-seed" })
}

/** FIPS 204; a key is its seed of 32 bytes, and one that lost it is not imported. */
export function mlDsa(type: "ml-dsa-44" | "ml-dsa-65" | "ml-dsa-87"): PairType {
  return whole(type, { lane: "slow", generate: () => generateLater(type), secret: "raw-seed" })
}

export type SlhDsaType = `slh-dsa-${"sha2" | "shake"}-${"128" | "192" | "256"}${"s" | "f"}` &
  AsymmetricKeyType

/** FIPS 205. */
export function slhDsa(type: SlhDsaType): PairType {
  return whole(type, { lane: "slow", generate: () => generateLater(type) })
}
