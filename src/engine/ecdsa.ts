/** What ECDSA signatures look like on each curve, around rows that make and take DER. */

import { ecdsaFromRaw, ecdsaToRaw } from "../codec/ecdsa-signature.ts"
import type { KeyAlgorithmId } from "../domain/algorithms.ts"

/** `raw`: r and s of the order's length each (IEEE P1363). */
export const signatureEncodings = ["der", "raw"] as const
export type SignatureEncoding = (typeof signatureEncodings)[number]

export interface Curve {
  /** Of the order, and so of r and of s. */
  readonly bytes: number
  /** Signatures are made with the lower of s and order - s, as Bitcoin (BIP 146) demands. */
  readonly order?: bigint
}

/** SEC 2 section 2.4.1: n. */
const secp256k1Order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

export const curves: Readonly<Partial<Record<KeyAlgorithmId, Curve>>> = {
  EC_P224: { bytes: 28 },
  EC_P256: { bytes: 32 },
  EC_P384: { bytes: 48 },
  EC_P521: { bytes: 66 },
  EC_SECP256K1: { bytes: 32, order: secp256k1Order },
  EC_BRAINPOOL_P224: { bytes: 28 },
  EC_BRAINPOOL_P256: { bytes: 32 },
  EC_BRAINPOOL_P320: { bytes: 40 },
  EC_BRAINPOOL_P384: { bytes: 48 },
  EC_BRAINPOOL_P512: { bytes: 64 },
}

/**
 * What a row made, and for ECDSA in the encoding that was asked for, with the lower s where the
 * curve wants it.
 */
export function finishSignature(
  made: Uint8Array | Promise<Uint8Array>,
  algorithm: KeyAlgorithmId,
  encoding: SignatureEncoding = "der",
): Uint8Array | Promise<Uint8Array> {
  const curve = curves[algorithm]
  if (curve === undefined) return made
  return made instanceof Promise
    ? made.then((der) => encode(der, curve, encoding))
    : encode(made, curve, encoding)
}

function encode(der: Uint8Array, { bytes, order }: Curve, encoding: SignatureEncoding): Uint8Array {
  if (order === undefined && encoding === "der") return der
  const raw = ecdsaToRaw(der, bytes)
  if (order !== undefined) lowerS(raw, order)
  return encoding === "raw" ? raw : ecdsaFromRaw(raw)
}

/** A signature is public: no need for constant time. */
function lowerS(raw: Uint8Array, order: bigint): void {
  const at = raw.length / 2
  const s = BigInt(`0x${raw.subarray(at).toHex()}`)
  if (s <= order / 2n) return
  const hex = (order - s).toString(16).padStart(2 * at, "0")
  raw.set(Uint8Array.fromHex(hex), at)
}

/** A signature as rows take it; undefined when it cannot be one. */
export function readSignature(
  signature: Uint8Array,
  { bytes }: Curve,
  encoding: SignatureEncoding,
): Uint8Array | undefined {
  if (encoding === "der") return signature
  return signature.length === 2 * bytes ? ecdsaFromRaw(signature) : undefined
}
