/** What the algorithms of a family have in common; the rows of algorithms.ts build on these. */

import { dsaHashes, ecdsaHashes, preHashesOf, rsaHashes } from "./hashes.ts"
import { derivations, mechanisms, type MechanismId } from "./mechanisms.ts"
import type { KeyUsage } from "./usages.ts"

export const cipher = {
  form: "secret",
  status: "recommended",
  usages: ["encrypt", "decrypt"],
  defaultUsages: ["encrypt", "decrypt"],
} as const
export const signer = {
  form: "pair",
  status: "recommended",
  usages: ["sign", "verify"],
  defaultUsages: ["sign", "verify"],
} as const
export const mac = {
  form: "secret",
  status: "recommended",
  usages: ["sign", "verify"],
  defaultUsages: ["sign", "verify"],
  source: "FIPS 198-1",
} as const
/** What others are derived from, and nothing else. */
export const deriver = { form: "secret", usages: ["derive"], defaultUsages: ["derive"] } as const
/** RFC 8452 knows no keys of 192 bits. */
export const aes192 = {
  ...cipher,
  usages: ["encrypt", "decrypt", "wrap", "unwrap", "sign", "verify", "derive"],
  mechanisms: [
    "AES_GCM",
    "AES_CCM",
    "AES_CBC_PAD",
    "AES_CBC",
    "AES_CTR",
    "AES_ECB",
    "AES_CMAC",
    "AES_GMAC",
    "AES_KWP",
    "AES_KW",
    ...derivations.cipher,
  ],
  source: "FIPS 197",
} as const
export const aes = { ...aes192, mechanisms: [...aes192.mechanisms, "AES_GCM_SIV"] } as const
export const camellia = {
  ...cipher,
  status: "acceptable",
  usages: ["encrypt", "decrypt", "sign", "verify"],
  mechanisms: ["CAMELLIA_CBC_PAD", "CAMELLIA_CBC", "CAMELLIA_CTR", "CAMELLIA_ECB", "CAMELLIA_CMAC"],
  source: "RFC 3713",
} as const
/** Of OAEP around keys. */
const wrapHashes = ["SHA_256", "SHA_384", "SHA_512", "SHA_1"] as const
export const rsa = {
  form: "pair",
  status: "recommended",
  usages: ["encrypt", "decrypt", "sign", "verify", "wrap", "unwrap"],
  defaultUsages: ["sign", "verify"],
  mechanisms: [
    ...rsaHashes.map((hash) => `RSA_PSS_${hash}` as const),
    ...rsaHashes.map((hash) => `RSA_PKCS1_${hash}` as const),
    "RSA_PKCS1_NONE",
    "RSA_OAEP_SHA_256",
    "RSA_OAEP_SHA_384",
    "RSA_OAEP_SHA_512",
    "RSA_OAEP_SHA_1",
    "RSA_PKCS1_ENCRYPTION",
    "RSA_RAW",
    ...wrapHashes.map((hash) => `RSA_AES_KWP_${hash}` as const),
    ...wrapHashes.map((hash) => `RSA_OAEP_WRAP_${hash}` as const),
  ],
  source: "RFC 8017",
} as const

/** Any hash with any curve; by default the one of the curve's strength. */
export function curve(source: string, hash: (typeof ecdsaHashes)[number], orderBytes: number) {
  const others = ecdsaHashes.filter((other) => other !== hash)
  return {
    ...signer,
    signatureBytes: 2 * orderBytes,
    usages: ["sign", "verify", "derive"] as const,
    mechanisms: [
      ...[hash, ...others].map((one) => `ECDSA_${one}` as const),
      "ECDSA_NONE" as const,
      "ECDH" as const,
      ...derivations.agreement,
    ],
    source,
  }
}

const ecdsaSecp256k1 = curve("SEC 2 section 2.4.1, the lower s", "SHA_256", 32)
export const secp256k1 = {
  ...ecdsaSecp256k1,
  status: "acceptable",
  mechanisms: [...ecdsaSecp256k1.mechanisms, "BIP340_SCHNORR"],
} as const

/** Keys wrapped under it, besides. */
export function wrapping<Row extends Agreeing, Wrap extends MechanismId>(row: Row, by: Wrap) {
  return {
    ...row,
    usages: [...row.usages, "wrap", "unwrap"] as const,
    mechanisms: [...row.mechanisms, by] as const,
  }
}

interface Agreeing {
  readonly usages: readonly KeyUsage[]
  readonly mechanisms: readonly MechanismId[]
}

export const agreement = {
  form: "pair",
  status: "recommended",
  usages: ["derive"],
  defaultUsages: ["derive"],
} as const
export const dh = { ...agreement, mechanisms: ["DH", ...derivations.agreement] } as const
const kem = {
  form: "pair",
  status: "recommended",
  usages: ["encapsulate", "decapsulate"],
  defaultUsages: ["encapsulate", "decapsulate"],
  mechanisms: ["ML_KEM"],
  source: "FIPS 203",
} as const
export const mlKem = wrapping(kem, "ML_KEM_AES_KWP")

/** FIPS 186-5 section 3: for verifying what there is. */
export const dsa = {
  ...signer,
  status: "legacy",
  mechanisms: [...dsaHashes.map((hash) => `DSA_${hash}` as const), "DSA_NONE"],
  source: "FIPS 186-4 section 4",
} as const

/** Of FIPS 204 table 1, and of FIPS 205 table 2. */
type Strength = Parameters<typeof preHashesOf>[0]

export function mlDsa(strength: Strength) {
  const preHashed = preHashesOf(strength).map((hash) => `HASH_ML_DSA_${hash}` as const)
  return { ...signer, mechanisms: ["ML_DSA" as const, ...preHashed], source: "FIPS 204" }
}

export function slhDsa(strength: Strength) {
  const preHashed = preHashesOf(strength).map((hash) => `HASH_SLH_DSA_${hash}` as const)
  return { ...signer, mechanisms: ["SLH_DSA" as const, ...preHashed], source: "FIPS 205" }
}

/** SP 800-208: trees of 2^height one-time keys; it wants hardware, which this is not. */
export function stateful(height: number, lease: number) {
  return {
    ...signer,
    status: "acceptable" as const,
    stateful: { signatures: 2 ** height, lease },
    mechanisms: ["HSS_LMS"] as const,
    source: "RFC 8554 section 5.1, LM-OTS with w = 4",
  }
}

export const seed = { ...signer, form: "seed" } as const
export const nistP256 = curve("SP 800-186 section 3.2.1.3", "SHA_256", 32)
export const ed25519 = {
  ...signer,
  signatureBytes: 64,
  mechanisms: ["ED25519", "ED25519_CTX", "ED25519_PH"],
  source: "RFC 8032 section 5.1",
} as const

/** Seeds only sign: what is agreed under a derived key is its own child key's. */
export function signatures(row: { readonly mechanisms: readonly MechanismId[] }): MechanismId[] {
  return row.mechanisms.filter((id) => mechanisms[id].kind === "signature")
}
