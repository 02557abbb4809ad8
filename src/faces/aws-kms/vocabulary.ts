/** AWS's words for algorithms and uses, and ours: tables, so that a key answers in both. */

import type { MechanismId } from "../../domain/algorithms.ts"
import type { KeySpec, KmsUsage } from "../../service/kms/key-specs.ts"

/** SM2 is of China Regions alone; asked for here, it is unsupported rather than unknown. */
export const unsupportedSpecs = ["SM2"] as const

/** Pairs that are made for their caller and sealed for him. */
export const dataKeyPairSpecs = [
  "RSA_2048",
  "RSA_3072",
  "RSA_4096",
  "ECC_NIST_P256",
  "ECC_NIST_P384",
  "ECC_NIST_P521",
  "ECC_NIST_EDWARDS25519",
  "ECC_SECG_P256K1",
  "ML_KEM_512",
  "ML_KEM_768",
  "ML_KEM_1024",
] as const satisfies readonly KeySpec[]

/** `Object.keys` of a literal yields exactly its keys. */
function namesOf<Table extends object>(table: Table): readonly (keyof Table & string)[] {
  return Object.keys(table) as (keyof Table & string)[]
}

/** Encryption algorithms and our mechanisms; with `SYMMETRIC_DEFAULT`, plain AES-GCM inside. */
export const encryptionAlgorithms = {
  SYMMETRIC_DEFAULT: "AES_GCM",
  RSAES_OAEP_SHA_1: "RSA_OAEP_SHA_1",
  RSAES_OAEP_SHA_256: "RSA_OAEP_SHA_256",
} as const satisfies Record<string, MechanismId>
export type EncryptionAlgorithm = keyof typeof encryptionAlgorithms
export const encryptionAlgorithmNames = namesOf(encryptionAlgorithms)

export const signingAlgorithms = {
  RSASSA_PSS_SHA_256: "RSA_PSS_SHA_256",
  RSASSA_PSS_SHA_384: "RSA_PSS_SHA_384",
  RSASSA_PSS_SHA_512: "RSA_PSS_SHA_512",
  RSASSA_PKCS1_V1_5_SHA_256: "RSA_PKCS1_SHA_256",
  RSASSA_PKCS1_V1_5_SHA_384: "RSA_PKCS1_SHA_384",
  RSASSA_PKCS1_V1_5_SHA_512: "RSA_PKCS1_SHA_512",
  ECDSA_SHA_256: "ECDSA_SHA_256",
  ECDSA_SHA_384: "ECDSA_SHA_384",
  ECDSA_SHA_512: "ECDSA_SHA_512",
  ED25519_SHA_512: "ED25519",
  ED25519_PH_SHA_512: "ED25519_PH",
  ML_DSA_SHAKE_256: "ML_DSA",
} as const satisfies Record<string, MechanismId>
export type SigningAlgorithm = keyof typeof signingAlgorithms
export const signingAlgorithmNames = namesOf(signingAlgorithms)

/** How long a digest is; undefined for an algorithm that takes whole messages alone. */
export function digestBytes(name: SigningAlgorithm): number | undefined {
  const bits = /^(?:RSASSA|ECDSA|ED25519_PH)_.*SHA_(?<bits>\d+)$/.exec(name)?.groups?.["bits"]
  return bits === undefined ? undefined : Number(bits) / 8
}

export const macAlgorithms = {
  HMAC_SHA_224: "HMAC_SHA_224",
  HMAC_SHA_256: "HMAC_SHA_256",
  HMAC_SHA_384: "HMAC_SHA_384",
  HMAC_SHA_512: "HMAC_SHA_512",
} as const satisfies Record<string, MechanismId>
export type MacAlgorithm = keyof typeof macAlgorithms
export const macAlgorithmNames = namesOf(macAlgorithms)

const rsaSigning = [
  "RSASSA_PKCS1_V1_5_SHA_256",
  "RSASSA_PKCS1_V1_5_SHA_384",
  "RSASSA_PKCS1_V1_5_SHA_512",
  "RSASSA_PSS_SHA_256",
  "RSASSA_PSS_SHA_384",
  "RSASSA_PSS_SHA_512",
] as const

/** What a key of a spec can do: in AWS each curve goes with one hash. */
interface Abilities {
  readonly encryption?: readonly EncryptionAlgorithm[]
  readonly signing?: readonly SigningAlgorithm[]
  readonly mac?: readonly MacAlgorithm[]
  readonly agreement?: readonly ["ECDH"]
  readonly encapsulation?: readonly ["ML_KEM"]
}

const rsa = { encryption: ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"], signing: rsaSigning } as const
const ecdh = { agreement: ["ECDH"] } as const
const mlDsa = { signing: ["ML_DSA_SHAKE_256"] } as const
const mlKem = { encapsulation: ["ML_KEM"] } as const

export const abilities: Readonly<Record<KeySpec, Abilities>> = {
  SYMMETRIC_DEFAULT: { encryption: ["SYMMETRIC_DEFAULT"] },
  RSA_2048: rsa,
  RSA_3072: rsa,
  RSA_4096: rsa,
  ECC_NIST_P256: { signing: ["ECDSA_SHA_256"], ...ecdh },
  ECC_NIST_P384: { signing: ["ECDSA_SHA_384"], ...ecdh },
  ECC_NIST_P521: { signing: ["ECDSA_SHA_512"], ...ecdh },
  ECC_NIST_EDWARDS25519: { signing: ["ED25519_SHA_512", "ED25519_PH_SHA_512"] },
  ECC_SECG_P256K1: { signing: ["ECDSA_SHA_256"] },
  HMAC_224: { mac: ["HMAC_SHA_224"] },
  HMAC_256: { mac: ["HMAC_SHA_256"] },
  HMAC_384: { mac: ["HMAC_SHA_384"] },
  HMAC_512: { mac: ["HMAC_SHA_512"] },
  ML_DSA_44: mlDsa,
  ML_DSA_65: mlDsa,
  ML_DSA_87: mlDsa,
  ML_KEM_512: mlKem,
  ML_KEM_768: mlKem,
  ML_KEM_1024: mlKem,
}

/** Operations that grants may name, by what a key is for. */
const grantable = {
  all: ["CreateGrant", "RetireGrant", "DescribeKey"],
  pair: ["GetPublicKey"],
  ENCRYPT_DECRYPT: ["Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo"],
  dataKeys: [
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
  ],
  SIGN_VERIFY: ["Sign", "Verify"],
  GENERATE_VERIFY_MAC: ["GenerateMac", "VerifyMac"],
  KEY_AGREEMENT: ["DeriveSharedSecret"],
  ENCAPSULATE_DECAPSULATE: ["Encapsulate", "Decapsulate"],
} as const
export const grantOperations = Object.values(grantable).flat()

export function grantOperationsOf({
  spec,
  usage,
}: {
  readonly spec: KeySpec
  readonly usage: KmsUsage
}): readonly string[] {
  const isSecret = spec === "SYMMETRIC_DEFAULT" || usage === "GENERATE_VERIFY_MAC"
  return [
    ...grantable.all,
    ...grantable[usage],
    ...(isSecret ? [] : grantable.pair),
    ...(spec === "SYMMETRIC_DEFAULT" ? grantable.dataKeys : []),
  ]
}
