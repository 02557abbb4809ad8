/**
 * The vocabulary of algorithms: what a key can be and what can be done with it. The engine holds a
 * row of code for each row here; a face maps its dialect's names to these by a table.
 */

/** What a key's attributes allow it to do, in PKCS#11 terms (CKA_ENCRYPT and so on). */
export const keyUsages = [
  "encrypt",
  "decrypt",
  "sign",
  "verify",
  "wrap",
  "unwrap",
  "derive",
] as const
export type KeyUsage = (typeof keyUsages)[number]

export interface MechanismRow {
  readonly kind: "encryption" | "signature" | "mac" | "wrap"
  readonly source: string
}

/** Every mechanism, by our stable identifier. */
export const mechanisms = {
  XAES_256_GCM: { kind: "encryption", source: "C2SP XAES-256-GCM" },
  AES_GCM: { kind: "encryption", source: "SP 800-38D" },
  AES_CBC_PAD: { kind: "encryption", source: "SP 800-38A section 6.2, PKCS#7 padding" },
  AES_CTR: { kind: "encryption", source: "SP 800-38A section 6.5" },
  RSA_OAEP_SHA_256: { kind: "encryption", source: "RFC 8017 section 7.1" },
  RSA_OAEP_SHA_384: { kind: "encryption", source: "RFC 8017 section 7.1" },
  RSA_OAEP_SHA_512: { kind: "encryption", source: "RFC 8017 section 7.1" },
  ECDSA_SHA_256: { kind: "signature", source: "FIPS 186-5 section 6" },
  ECDSA_SHA_384: { kind: "signature", source: "FIPS 186-5 section 6" },
  ECDSA_SHA_512: { kind: "signature", source: "FIPS 186-5 section 6" },
  RSA_PSS_SHA_256: { kind: "signature", source: "RFC 8017 section 8.1" },
  RSA_PSS_SHA_384: { kind: "signature", source: "RFC 8017 section 8.1" },
  RSA_PSS_SHA_512: { kind: "signature", source: "RFC 8017 section 8.1" },
  RSA_PKCS1_SHA_256: { kind: "signature", source: "RFC 8017 section 8.2" },
  RSA_PKCS1_SHA_384: { kind: "signature", source: "RFC 8017 section 8.2" },
  RSA_PKCS1_SHA_512: { kind: "signature", source: "RFC 8017 section 8.2" },
  ED25519: { kind: "signature", source: "RFC 8032 section 5.1" },
  HMAC_SHA_256: { kind: "mac", source: "FIPS 198-1" },
  HMAC_SHA_384: { kind: "mac", source: "FIPS 198-1" },
  HMAC_SHA_512: { kind: "mac", source: "FIPS 198-1" },
  AES_KWP: { kind: "wrap", source: "SP 800-38F section 6.3, RFC 5649" },
} as const satisfies Record<string, MechanismRow>
export type MechanismId = keyof typeof mechanisms

export interface KeyAlgorithmRow {
  /** `secret`: raw bytes; `pair`: a PKCS#8 private key, or an SPKI public key alone. */
  readonly form: "secret" | "pair"
  /** Uses that a key of this algorithm may ever be given. */
  readonly usages: readonly KeyUsage[]
  /** Uses it gets when its creator names none. */
  readonly defaultUsages: readonly KeyUsage[]
  /** Mechanisms it serves; the first of each kind is the default. */
  readonly mechanisms: readonly MechanismId[]
  readonly source: string
}

const cipher = {
  form: "secret",
  usages: ["encrypt", "decrypt", "wrap", "unwrap"],
  defaultUsages: ["encrypt", "decrypt"],
} as const
const signer = {
  form: "pair",
  usages: ["sign", "verify"],
  defaultUsages: ["sign", "verify"],
} as const
const mac = {
  form: "secret",
  usages: ["sign", "verify"],
  defaultUsages: ["sign", "verify"],
} as const
const aes = {
  ...cipher,
  mechanisms: ["AES_GCM", "AES_CBC_PAD", "AES_CTR", "AES_KWP"],
  source: "FIPS 197",
} as const
const rsa = {
  form: "pair",
  usages: ["encrypt", "decrypt", "sign", "verify"],
  defaultUsages: ["sign", "verify"],
  mechanisms: [
    "RSA_PSS_SHA_256",
    "RSA_PSS_SHA_384",
    "RSA_PSS_SHA_512",
    "RSA_PKCS1_SHA_256",
    "RSA_PKCS1_SHA_384",
    "RSA_PKCS1_SHA_512",
    "RSA_OAEP_SHA_256",
    "RSA_OAEP_SHA_384",
    "RSA_OAEP_SHA_512",
  ],
  source: "RFC 8017",
} as const

/** Every key algorithm, by our stable identifier. */
export const keyAlgorithms = {
  AES_128: aes,
  AES_192: aes,
  AES_256: { ...aes, mechanisms: ["XAES_256_GCM", ...aes.mechanisms] },
  HMAC_SHA_256: { ...mac, mechanisms: ["HMAC_SHA_256"], source: "FIPS 198-1" },
  HMAC_SHA_384: { ...mac, mechanisms: ["HMAC_SHA_384"], source: "FIPS 198-1" },
  HMAC_SHA_512: { ...mac, mechanisms: ["HMAC_SHA_512"], source: "FIPS 198-1" },
  RSA_2048: rsa,
  RSA_3072: rsa,
  RSA_4096: rsa,
  EC_P256: {
    ...signer,
    mechanisms: ["ECDSA_SHA_256", "ECDSA_SHA_384", "ECDSA_SHA_512"],
    source: "SP 800-186 section 3.2.1.3",
  },
  EC_P384: {
    ...signer,
    mechanisms: ["ECDSA_SHA_384", "ECDSA_SHA_256", "ECDSA_SHA_512"],
    source: "SP 800-186 section 3.2.1.4",
  },
  EC_P521: {
    ...signer,
    mechanisms: ["ECDSA_SHA_512", "ECDSA_SHA_256", "ECDSA_SHA_384"],
    source: "SP 800-186 section 3.2.1.5",
  },
  ED25519: { ...signer, mechanisms: ["ED25519"], source: "RFC 8032 section 5.1" },
} as const satisfies Record<string, KeyAlgorithmRow>
export type KeyAlgorithmId = keyof typeof keyAlgorithms

/** Looks an algorithm up without narrowing it to its literal row. */
export function keyAlgorithm(id: KeyAlgorithmId): KeyAlgorithmRow {
  return keyAlgorithms[id]
}

/** The mechanism of `kind` that an algorithm uses unless told otherwise. */
export function defaultMechanism(
  algorithm: KeyAlgorithmId,
  kind: MechanismRow["kind"],
): MechanismId | undefined {
  return keyAlgorithm(algorithm).mechanisms.find((id) => mechanisms[id].kind === kind)
}

/** Narrows a string that came from outside; undefined when we have no such mechanism. */
export function parseMechanism(text: string): MechanismId | undefined {
  return Object.hasOwn(mechanisms, text) ? (text as MechanismId) : undefined
}

/** Narrows a string that came from outside; undefined when we have no such algorithm. */
export function parseKeyAlgorithm(text: string): KeyAlgorithmId | undefined {
  return Object.hasOwn(keyAlgorithms, text) ? (text as KeyAlgorithmId) : undefined
}
