/** Published private and public keys in the encodings that Keyhold takes. */
import type { KeyAlgorithmId } from "../../src/domain/algorithms.ts"

export const none = new Uint8Array()

/** A curve's object identifier (RFC 5480, SEC 2, RFC 5639), and the length of its field. */
const curves: Readonly<Partial<Record<KeyAlgorithmId, readonly [string, number]>>> = {
  EC_P256: ["06082a8648ce3d030107", 32],
  EC_P384: ["06052b81040022", 48],
  EC_P521: ["06052b81040023", 66],
  EC_SECP256K1: ["06052b8104000a", 32],
  EC_BRAINPOOL_P256: ["06092b2403030208010107", 32],
}
const ecPublicKey = "06072a8648ce3d0201"
/** RFC 8410 section 3: the last octet of the identifier, and the length of a key. */
const xdh = { X25519: [0x6e, 32], X448: [0x6f, 56] } as const
/** RFC 9935 section 3: the last octet of the identifier. */
const kemSets: Readonly<Partial<Record<KeyAlgorithmId, number>>> = {
  ML_KEM_512: 1,
  ML_KEM_768: 2,
  ML_KEM_1024: 3,
}

/** PKCS#8 of a private key of ECDH, a number with or without leading zeros, or of X25519, X448. */
export function privateKey(algorithm: KeyAlgorithmId, secret: Uint8Array): Uint8Array {
  if (algorithm === "X25519" || algorithm === "X448") {
    return pkcs8([0x30, 5, 6, 3, 0x2b, 0x65, xdh[algorithm][0]], [4, secret.length, ...secret])
  }
  const [curve = "", size = 0] = curves[algorithm] ?? []
  const identifier = [...Uint8Array.fromHex(ecPublicKey + curve)]
  const hex = secret.toHex().replace(/^(00)+/, "")
  const number = Uint8Array.fromHex(hex.padStart(2 * size, "0"))
  // RFC 5915 section 3, without the public point.
  const key = [2, 1, 1, 4, size, ...number]
  return pkcs8([0x30, identifier.length, ...identifier], [0x30, key.length, ...key])
}

/** PKCS#8 of ML-KEM's seed, of whatever length. */
export function kemKey(algorithm: KeyAlgorithmId, seed: Uint8Array): Uint8Array {
  const set = kemSets[algorithm] ?? 0
  const identifier = [0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 4, set]
  return pkcs8(identifier, [0x80, seed.length, ...seed])
}

/** SPKI of X25519 or X448; `key` may be too long. */
export function xdhPublicKey(algorithm: keyof typeof xdh, key: Uint8Array): Uint8Array {
  const identifier = [0x30, 5, 6, 3, 0x2b, 0x65, xdh[algorithm][0]]
  const bits = [3, key.length + 1, 0, ...key]
  return Uint8Array.of(0x30, identifier.length + bits.length, ...identifier, ...bits)
}

/** Short keys alone: every length fits a byte. */
function pkcs8(identifier: readonly number[], key: readonly number[]): Uint8Array {
  const body = [2, 1, 0, ...identifier, 4, ...lengthOf(key.length), ...key]
  return Uint8Array.of(0x30, ...lengthOf(body.length), ...body)
}

function lengthOf(length: number): number[] {
  return length < 0x80 ? [length] : [0x81, length]
}
