/** AWS's words for what a key is, its spec and its use, beside ours: a key answers in both. */

import type { KeyAlgorithmId, KeyUsage } from "../../domain/algorithms.ts"
import type { KeyRecord } from "../../domain/key.ts"

/** What a KMS key can be used for. */
export const keyUsages = [
  "ENCRYPT_DECRYPT",
  "SIGN_VERIFY",
  "GENERATE_VERIFY_MAC",
  "KEY_AGREEMENT",
  "ENCAPSULATE_DECAPSULATE",
] as const
export type KmsUsage = (typeof keyUsages)[number]

interface SpecRow {
  readonly algorithm: KeyAlgorithmId
  /** The first that it has is what a key of ours with several uses is shown as. */
  readonly usages: readonly KmsUsage[]
}

const rsaKey = { usages: ["SIGN_VERIFY", "ENCRYPT_DECRYPT"] } as const
const curveKey = { usages: ["SIGN_VERIFY", "KEY_AGREEMENT"] } as const
const signer = { usages: ["SIGN_VERIFY"] } as const
const macKey = { usages: ["GENERATE_VERIFY_MAC"] } as const
const kemKey = { usages: ["ENCAPSULATE_DECAPSULATE"] } as const

/** `SYMMETRIC_DEFAULT` and so on; what is not here has no KMS key. */
export const keySpecs = {
  SYMMETRIC_DEFAULT: { algorithm: "AES_256", usages: ["ENCRYPT_DECRYPT"] },
  RSA_2048: { algorithm: "RSA_2048", ...rsaKey },
  RSA_3072: { algorithm: "RSA_3072", ...rsaKey },
  RSA_4096: { algorithm: "RSA_4096", ...rsaKey },
  ECC_NIST_P256: { algorithm: "EC_P256", ...curveKey },
  ECC_NIST_P384: { algorithm: "EC_P384", ...curveKey },
  ECC_NIST_P521: { algorithm: "EC_P521", ...curveKey },
  ECC_NIST_EDWARDS25519: { algorithm: "ED25519", ...signer },
  ECC_SECG_P256K1: { algorithm: "EC_SECP256K1", ...signer },
  HMAC_224: { algorithm: "HMAC_SHA_224", ...macKey },
  HMAC_256: { algorithm: "HMAC_SHA_256", ...macKey },
  HMAC_384: { algorithm: "HMAC_SHA_384", ...macKey },
  HMAC_512: { algorithm: "HMAC_SHA_512", ...macKey },
  ML_DSA_44: { algorithm: "ML_DSA_44", ...signer },
  ML_DSA_65: { algorithm: "ML_DSA_65", ...signer },
  ML_DSA_87: { algorithm: "ML_DSA_87", ...signer },
  ML_KEM_512: { algorithm: "ML_KEM_512", ...kemKey },
  ML_KEM_768: { algorithm: "ML_KEM_768", ...kemKey },
  ML_KEM_1024: { algorithm: "ML_KEM_1024", ...kemKey },
} as const satisfies Record<string, SpecRow>
export type KeySpec = keyof typeof keySpecs

/** `Object.keys` of a literal yields exactly its keys. */
export const keySpecNames = Object.keys(keySpecs) as KeySpec[]

/** Looks a spec up without narrowing it to its literal row. */
export function specRow(spec: KeySpec): SpecRow {
  return keySpecs[spec]
}

const specByAlgorithm = new Map<KeyAlgorithmId, KeySpec>(
  keySpecNames.map((spec) => [keySpecs[spec].algorithm, spec]),
)

/** Our algorithms that KMS has a word for. */
export const algorithmsWithSpec: ReadonlySet<KeyAlgorithmId> = new Set(specByAlgorithm.keys())

/** The spec of a key of ours; undefined for one that has no place in KMS. */
export function specOf({
  algorithm,
  unwraps,
}: Pick<KeyRecord, "algorithm" | "unwraps">): KeySpec | undefined {
  // What serves one import is named by its token alone.
  return unwraps?.into === undefined ? specByAlgorithm.get(algorithm) : undefined
}

/** Our uses for one of AWS's. */
export const usagesOf: Readonly<Record<KmsUsage, readonly KeyUsage[]>> = {
  ENCRYPT_DECRYPT: ["encrypt", "decrypt"],
  SIGN_VERIFY: ["sign", "verify"],
  GENERATE_VERIFY_MAC: ["sign", "verify"],
  KEY_AGREEMENT: ["derive"],
  ENCAPSULATE_DECAPSULATE: ["encapsulate", "decapsulate"],
}

/** What a key of ours is used for, in AWS's one word: that of its first use that AWS knows. */
export function usageOf(
  key: { readonly attributes: Pick<KeyRecord["attributes"], "usages"> },
  spec: KeySpec,
): KmsUsage {
  const { usages } = specRow(spec)
  const held = usages.find((one) =>
    usagesOf[one].some((usage) => key.attributes.usages.includes(usage)),
  )
  return held ?? usages[0] ?? "ENCRYPT_DECRYPT"
}
