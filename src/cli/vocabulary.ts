/**
 * The words of the API that a command line may say. The client's own copy, since it talks to a node
 * over the wire alone; total by type, and a test compares it with the domain's tables.
 */

import type { KeyAlgorithm, KeyState, KeyUsage, Mechanism, Role } from "@keyhold/sdk"

const aes = ["AES_GCM", "AES_CBC_PAD", "AES_CTR", "AES_KWP"] as const
const rsa = [
  "RSA_PSS_SHA_256",
  "RSA_PSS_SHA_384",
  "RSA_PSS_SHA_512",
  "RSA_PKCS1_SHA_256",
  "RSA_PKCS1_SHA_384",
  "RSA_PKCS1_SHA_512",
  "RSA_OAEP_SHA_256",
  "RSA_OAEP_SHA_384",
  "RSA_OAEP_SHA_512",
] as const

/** Mechanisms by algorithm; the first of each kind is the default. */
export const algorithms: Readonly<Record<KeyAlgorithm, readonly Mechanism[]>> = {
  AES_128: aes,
  AES_192: aes,
  AES_256: ["XAES_256_GCM", ...aes],
  HMAC_SHA_256: ["HMAC_SHA_256"],
  HMAC_SHA_384: ["HMAC_SHA_384"],
  HMAC_SHA_512: ["HMAC_SHA_512"],
  RSA_2048: rsa,
  RSA_3072: rsa,
  RSA_4096: rsa,
  EC_P256: ["ECDSA_SHA_256", "ECDSA_SHA_384", "ECDSA_SHA_512"],
  EC_P384: ["ECDSA_SHA_384", "ECDSA_SHA_256", "ECDSA_SHA_512"],
  EC_P521: ["ECDSA_SHA_512", "ECDSA_SHA_256", "ECDSA_SHA_384"],
  ED25519: ["ED25519"],
}

// The keys of a total record are the type's members.
export const keyAlgorithms = Object.keys(algorithms) as readonly KeyAlgorithm[]
export const mechanisms: readonly Mechanism[] = [...new Set(Object.values(algorithms).flat())]

/** The members of a union, in order, as the keys of a total record. */
function members<T extends string>(all: Readonly<Record<T, true>>): readonly T[] {
  return Object.keys(all) as T[]
}

export const keyUsages = members<KeyUsage>({
  encrypt: true,
  decrypt: true,
  sign: true,
  verify: true,
  wrap: true,
  unwrap: true,
  derive: true,
})
export const keyStates = members<KeyState>({
  active: true,
  disabled: true,
  deleting: true,
  invalidated: true,
  destroyed: true,
})
export const roles = members<Role>({
  user: true,
  manager: true,
  auditor: true,
  officer: true,
  operator: true,
  "cluster-officer": true,
})
