/**
 * The vocabulary of mechanisms: what can be done with a key, by our stable identifiers. The engine
 * holds a row of code for each row here; a face maps its dialect's names to these by a table.
 */

import { limits } from "./limits.ts"

/**
 * `recommended`: for new work. `acceptable`: sound, where something else asks for it. `legacy`: for
 * old data alone, and refused unless the partition's flag `legacyAlgorithms` is on.
 */
export const algorithmStatuses = ["recommended", "acceptable", "legacy"] as const
export type AlgorithmStatus = (typeof algorithmStatuses)[number]

export interface MechanismRow {
  readonly kind: "encryption" | "signature" | "mac" | "wrap" | "kem" | "agreement"
  readonly status: AlgorithmStatus
  /** Seals under one key version with IVs drawn at random here; absent: without a bound. */
  readonly sealsMax?: number
  /** A signature can be bound to a context of up to limits.contextBytesMax bytes. */
  readonly context?: true
  readonly source: string
}

const recommended = "recommended"
const acceptable = "acceptable"
const legacy = "legacy"

/** IVs of 96 random bits: SP 800-38D section 8.3, and the same birthday bound for the others. */
const sealsMax = limits.sealsPerVersionMax

const encryption = { kind: "encryption", status: recommended } as const
const cipher = { kind: "encryption", status: acceptable } as const
const oldCipher = { kind: "encryption", status: legacy } as const
const signature = { kind: "signature", status: recommended } as const
const plainSignature = { kind: "signature", status: acceptable } as const
const oldSignature = { kind: "signature", status: legacy } as const
const mac = { kind: "mac", status: recommended } as const
const wrap = { kind: "wrap", status: recommended } as const
const agreement = { kind: "agreement", status: recommended } as const

/** Every mechanism. */
export const mechanisms = {
  XAES_256_GCM: { ...encryption, source: "C2SP XAES-256-GCM" },
  AES_GCM: { ...encryption, sealsMax, source: "SP 800-38D" },
  AES_GCM_SIV: { ...encryption, sealsMax, source: "RFC 8452" },
  AES_CCM: { ...encryption, status: acceptable, sealsMax, source: "SP 800-38C" },
  XCHACHA20_POLY1305: { ...encryption, source: "draft-irtf-cfrg-xchacha-03 section 2" },
  CHACHA20_POLY1305: { ...encryption, sealsMax, source: "RFC 8439 section 2.8" },
  AES_CBC_PAD: { ...cipher, source: "SP 800-38A section 6.2, PKCS#7 padding" },
  AES_CBC: { ...cipher, source: "SP 800-38A section 6.2, whole blocks" },
  AES_CTR: { ...cipher, source: "SP 800-38A section 6.5" },
  AES_ECB: { ...oldCipher, source: "SP 800-38A section 6.1, whole blocks" },
  CAMELLIA_CBC_PAD: { ...cipher, source: "RFC 3713, SP 800-38A section 6.2, PKCS#7 padding" },
  TDEA_CBC_PAD: { ...oldCipher, source: "SP 800-67, SP 800-38A section 6.2, PKCS#7 padding" },
  RSA_OAEP_SHA_1: { ...cipher, source: "RFC 8017 section 7.1" },
  RSA_OAEP_SHA_256: { ...encryption, source: "RFC 8017 section 7.1" },
  RSA_OAEP_SHA_384: { ...encryption, source: "RFC 8017 section 7.1" },
  RSA_OAEP_SHA_512: { ...encryption, source: "RFC 8017 section 7.1" },
  RSA_PKCS1_ENCRYPTION: { ...oldCipher, source: "RFC 8017 section 7.2, implicit rejection" },
  RSA_RAW: { ...oldCipher, source: "RFC 8017 section 5.1, as many bytes as the modulus" },
  ECDSA_SHA_1: { ...oldSignature, source: "FIPS 186-5 section 6" },
  ECDSA_SHA_224: { ...plainSignature, source: "FIPS 186-5 section 6" },
  ECDSA_SHA_256: { ...signature, source: "FIPS 186-5 section 6" },
  ECDSA_SHA_384: { ...signature, source: "FIPS 186-5 section 6" },
  ECDSA_SHA_512: { ...signature, source: "FIPS 186-5 section 6" },
  ECDSA_SHA3_256: { ...signature, source: "FIPS 186-5 section 6, FIPS 202" },
  ECDSA_SHA3_384: { ...signature, source: "FIPS 186-5 section 6, FIPS 202" },
  ECDSA_SHA3_512: { ...signature, source: "FIPS 186-5 section 6, FIPS 202" },
  ECDSA_KECCAK_256: { ...plainSignature, source: "FIPS 186-5 section 6, Keccak team 2011" },
  RSA_PSS_SHA_1: { ...oldSignature, source: "RFC 8017 section 8.1" },
  RSA_PSS_SHA_224: { ...plainSignature, source: "RFC 8017 section 8.1" },
  RSA_PSS_SHA_256: { ...signature, source: "RFC 8017 section 8.1" },
  RSA_PSS_SHA_384: { ...signature, source: "RFC 8017 section 8.1" },
  RSA_PSS_SHA_512: { ...signature, source: "RFC 8017 section 8.1" },
  RSA_PSS_SHA3_256: { ...signature, source: "RFC 8017 section 8.1, FIPS 202" },
  RSA_PSS_SHA3_384: { ...signature, source: "RFC 8017 section 8.1, FIPS 202" },
  RSA_PSS_SHA3_512: { ...signature, source: "RFC 8017 section 8.1, FIPS 202" },
  RSA_PKCS1_SHA_1: { ...oldSignature, source: "RFC 8017 section 8.2" },
  RSA_PKCS1_SHA_224: { ...plainSignature, source: "RFC 8017 section 8.2" },
  RSA_PKCS1_SHA_256: { ...plainSignature, source: "RFC 8017 section 8.2" },
  RSA_PKCS1_SHA_384: { ...plainSignature, source: "RFC 8017 section 8.2" },
  RSA_PKCS1_SHA_512: { ...plainSignature, source: "RFC 8017 section 8.2" },
  RSA_PKCS1_SHA3_256: { ...plainSignature, source: "RFC 8017 section 8.2, FIPS 202" },
  RSA_PKCS1_SHA3_384: { ...plainSignature, source: "RFC 8017 section 8.2, FIPS 202" },
  RSA_PKCS1_SHA3_512: { ...plainSignature, source: "RFC 8017 section 8.2, FIPS 202" },
  ED25519: { ...signature, source: "RFC 8032 section 5.1" },
  ED448: { ...signature, context: true, source: "RFC 8032 section 5.2" },
  ML_DSA: { ...signature, context: true, source: "FIPS 204 section 5.2, hedged" },
  SLH_DSA: { ...signature, context: true, source: "FIPS 205 section 10.2, hedged" },
  HMAC_SHA_1: { ...mac, status: legacy, source: "FIPS 198-1" },
  HMAC_SHA_224: { ...mac, status: acceptable, source: "FIPS 198-1" },
  HMAC_SHA_256: { ...mac, source: "FIPS 198-1" },
  HMAC_SHA_384: { ...mac, source: "FIPS 198-1" },
  HMAC_SHA_512: { ...mac, source: "FIPS 198-1" },
  HMAC_SHA3_256: { ...mac, source: "FIPS 198-1, FIPS 202" },
  HMAC_SHA3_384: { ...mac, source: "FIPS 198-1, FIPS 202" },
  HMAC_SHA3_512: { ...mac, source: "FIPS 198-1, FIPS 202" },
  KMAC_128: { ...mac, source: "SP 800-185 section 4, 256 bits of output" },
  KMAC_256: { ...mac, source: "SP 800-185 section 4, 512 bits of output" },
  AES_CMAC: { ...mac, source: "SP 800-38B" },
  AES_GMAC: { ...mac, status: acceptable, sealsMax, source: "SP 800-38D, IV before the tag" },
  CAMELLIA_CMAC: { ...mac, status: acceptable, source: "RFC 3713, SP 800-38B" },
  AES_KWP: { ...wrap, source: "SP 800-38F section 6.3, RFC 5649" },
  AES_KW: { ...wrap, source: "SP 800-38F section 6.2, RFC 3394" },
  ML_KEM: { kind: "kem", status: recommended, source: "FIPS 203 section 7" },
  ECDH: { ...agreement, source: "SP 800-56A revision 3 section 5.7.1.2" },
  X25519: { ...agreement, source: "RFC 7748 section 6.1" },
  X448: { ...agreement, source: "RFC 7748 section 6.2" },
  DH: { ...agreement, status: acceptable, source: "SP 800-56A revision 3 section 5.7.1.1" },
} as const satisfies Record<string, MechanismRow>
export type MechanismId = keyof typeof mechanisms

/** Looks a mechanism up without narrowing it to its literal row. */
export function mechanismRow(id: MechanismId): MechanismRow {
  return mechanisms[id]
}

/** Narrows a string that came from outside; undefined when we have no such mechanism. */
export function parseMechanism(text: string): MechanismId | undefined {
  return Object.hasOwn(mechanisms, text) ? (text as MechanismId) : undefined
}
