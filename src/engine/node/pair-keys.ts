/** Key pairs: stored as PKCS#8 and SPKI DER in the one form that node:crypto itself writes. */

import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  timingSafeEqual,
  type KeyObject,
  type webcrypto,
} from "node:crypto"
import { promisify } from "node:util"
import { decodeBase64Url } from "../../codec/base64.ts"
import type { KeyAlgorithmId } from "../../domain/algorithms.ts"
import { malformed } from "../malformed.ts"
import type { ImportedMaterial, KeyRow, Lane, Material } from "../provider.ts"
import { SecretBytes } from "../secret-bytes.ts"
import { isSoundEdwardsPoint } from "./edwards-point.ts"
import { plain, secretHalf, type NodeKey } from "./key.ts"
import { checkRsaPrivate, checkRsaPublic } from "./rsa-checks.ts"

interface PairType {
  readonly lane: Lane
  /** Runs off the event loop. */
  readonly generate: () => Promise<{ privateKey: KeyObject; publicKey: KeyObject }>
  /** True when the key is of this type and size. */
  readonly fits: (key: KeyObject) => boolean
  /** Throws HsmError unless the numbers of a public or private key are sound. */
  readonly checkPublic: (jwk: webcrypto.JsonWebKey) => void
  readonly checkPrivate: (jwk: webcrypto.JsonWebKey) => void | Promise<void>
}

const generateLater = promisify(generateKeyPair)

/** FIPS 186-5 appendix A.1; the public exponent is 65537. */
export function rsa(modulusLength: 2048 | 3072 | 4096): PairType {
  return {
    lane: "slow",
    generate: () => generateLater("rsa", { modulusLength, publicExponent: 65_537 }),
    fits: ({ asymmetricKeyType: type, asymmetricKeyDetails: details }) =>
      type === "rsa" && details?.modulusLength === modulusLength,
    checkPublic: (jwk) => checkRsaPublic(jwk, modulusLength),
    checkPrivate: (jwk) => checkRsaPrivate(jwk, modulusLength),
  }
}

/** P-256 has a fast path of its own in OpenSSL; the other curves take thirty times as long. */
export function ec(namedCurve: "prime256v1" | "secp384r1" | "secp521r1"): PairType {
  return {
    lane: namedCurve === "prime256v1" ? "fast" : "slow",
    generate: () => generateLater("ec", { namedCurve }),
    fits: ({ asymmetricKeyType: type, asymmetricKeyDetails: details }) =>
      type === "ec" && details?.namedCurve === namedCurve,
    // OpenSSL refuses points that are not on the curve, and these curves have cofactor 1.
    checkPublic: () => {},
    // It accepts any scalar beside any point, though.
    checkPrivate: ({ d = "", x = "", y = "" }) => {
      const ecdh = createECDH(namedCurve)
      const scalar = decodeBase64Url(d, "/material")
      try {
        ecdh.setPrivateKey(scalar)
      } catch {
        throw malformed("/material", "the private value is not between 1 and the curve's order")
      } finally {
        scalar.fill(0)
      }
      const point = [[4], ...[x, y].map((part) => [...decodeBase64Url(part, "/material")])].flat()
      if (!ecdh.getPublicKey().equals(Uint8Array.from(point))) throw foreignHalf()
    },
  }
}

export const edwards25519: PairType = {
  lane: "fast",
  generate: () => generateLater("ed25519"),
  fits: (key) => key.asymmetricKeyType === "ed25519",
  checkPublic: ({ x = "" }) => {
    if (isSoundEdwardsPoint(decodeBase64Url(x, "/material"))) return
    throw malformed("/material", "the public key is no point of the curve's prime-order group")
  },
  // The public half is always computed from the seed.
  checkPrivate: () => {},
}

/** One row per type and size. */
export function pairKeys(algorithm: KeyAlgorithmId, type: PairType): KeyRow<NodeKey> {
  return {
    lane: type.lane,
    generate: async () => {
      const { privateKey, publicKey } = await type.generate()
      return { material: exportPrivate(privateKey), publicKey: exportPublic(publicKey) }
    },
    import: {
      pkcs8: (bytes) => importPrivate(algorithm, type, bytes),
      spki: (bytes) => importPublic(algorithm, type, bytes),
    },
    open: (material, publicKey) => {
      const secret = material?.lend((der) => parsePrivate(der))
      return {
        algorithm,
        lane: type.lane,
        secret,
        public:
          secret === undefined
            ? parsePublic(publicKey ?? new Uint8Array())
            : createPublicKey(secret),
      }
    },
    export: (key) => exportPrivate(secretHalf(key)),
  }
}

/**
 * Other encoders leave the public point out of an EC key or add attributes. So a private key is not
 * compared with its re-encoding but taken apart into its numbers (a JSON Web Key), checked, and
 * stored in our own encoding; only what follows the DER is refused.
 */
async function importPrivate(
  algorithm: KeyAlgorithmId,
  type: PairType,
  bytes: Uint8Array,
): Promise<Material> {
  if (derLength(bytes) !== bytes.length) throw malformed("/material", "the DER is not whole")
  const given = parsePrivate(bytes)
  if (!type.fits(given)) throw malformed("/material", `is no private key of ${algorithm}`)
  const jwk = given.export({ format: "jwk" })
  type.checkPublic(jwk)
  await type.checkPrivate(jwk)
  const secret = createPrivateKey({ key: jwk, format: "jwk" })
  return { material: exportPrivate(secret), publicKey: exportPublic(createPublicKey(secret)) }
}

/** A public key has one encoding: named curve, uncompressed point, no parameters beside. */
function importPublic(
  algorithm: KeyAlgorithmId,
  type: PairType,
  bytes: Uint8Array,
): ImportedMaterial {
  const given = parsePublic(bytes)
  if (!type.fits(given)) throw malformed("/material", `is no public key of ${algorithm}`)
  const jwk = given.export({ format: "jwk" })
  type.checkPublic(jwk)
  const publicKey = exportPublic(createPublicKey({ key: jwk, format: "jwk" }))
  if (publicKey.length !== bytes.length || !timingSafeEqual(publicKey, bytes)) {
    throw malformed("/material", "is not the canonical DER of its key")
  }
  return { material: undefined, publicKey }
}

function foreignHalf(): Error {
  return malformed("/material", "the two halves do not belong together")
}

/** Length that the outermost DER element claims, its head included; 0 when there is none. */
function derLength(bytes: Uint8Array): number {
  const first = bytes[1] ?? 0
  if (first < 0x80) return 2 + first
  const lengthBytes = first & 0x7f
  const body = bytes.subarray(2, 2 + lengthBytes).reduce((sum, byte) => sum * 256 + byte, 0)
  return 2 + lengthBytes + body
}

function parsePrivate(der: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(der.buffer, der.byteOffset, der.length), ...pkcs8 })
}

function parsePublic(der: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(der.buffer, der.byteOffset, der.length), ...spki })
}

const pkcs8 = { format: "der", type: "pkcs8" } as const
const spki = { format: "der", type: "spki" } as const

function exportPrivate(key: KeyObject): SecretBytes {
  return new SecretBytes(plain(key.export(pkcs8)))
}

function exportPublic(key: KeyObject): Uint8Array {
  return plain(key.export(spki))
}
