/** What ECDSA signatures look like on each curve, around rows that make and take DER. */

import { ecdsaFromRaw, ecdsaToRaw } from "../codec/ecdsa-signature.ts"
import type { KeyAlgorithmId } from "../domain/algorithms.ts"

/** `raw`: r and s of the order's length each (IEEE P1363); `recoverable`: a byte more. */
export const signatureEncodings = ["der", "raw", "recoverable"] as const
export type SignatureEncoding = (typeof signatureEncodings)[number]

export interface Curve {
  /** Of the order, and so of r and of s. */
  readonly bytes: number
  /** Signatures can lead to their key, as Ethereum's do. */
  readonly recovers?: true
}

export const curves: Readonly<Partial<Record<KeyAlgorithmId, Curve>>> = {
  EC_P224: { bytes: 28 },
  EC_P256: { bytes: 32 },
  EC_P384: { bytes: 48 },
  EC_P521: { bytes: 66 },
  EC_SECP256K1: { bytes: 32, recovers: true },
  BIP32_SECP256K1: { bytes: 32, recovers: true },
  SLIP10_P256: { bytes: 32 },
  EC_BRAINPOOL_P224: { bytes: 28 },
  EC_BRAINPOOL_P256: { bytes: 32 },
  EC_BRAINPOOL_P320: { bytes: 40 },
  EC_BRAINPOOL_P384: { bytes: 48 },
  EC_BRAINPOOL_P512: { bytes: 64 },
}

/** What a row made, in the encoding that was asked for: of ECDSA, rows make DER. */
export function finishSignature(
  made: Uint8Array,
  curve: Curve | undefined,
  encoding: SignatureEncoding = "der",
): Uint8Array {
  return curve === undefined || encoding !== "raw" ? made : ecdsaToRaw(made, curve.bytes)
}

/** A signature as rows take it; undefined when it cannot be one. */
export function readSignature(
  signature: Uint8Array,
  { bytes }: Curve,
  encoding: SignatureEncoding,
): Uint8Array | undefined {
  if (encoding !== "raw") return signature
  return signature.length === 2 * bytes ? ecdsaFromRaw(signature) : undefined
}
