/** The vocabulary of hashes: what signatures are made over, by our stable identifiers. */

import type { AlgorithmStatus } from "./mechanisms.ts"

export interface HashRow {
  readonly bytes: number
  readonly status: AlgorithmStatus
  readonly source: string
}

const sha2 = { status: "recommended", source: "FIPS 180-4" } as const
const sha3 = { status: "recommended", source: "FIPS 202" } as const
const keccak = { status: "acceptable", source: "Keccak team 2011, as Ethereum pads" } as const

/** Every hash. 224 bits are acceptable, and SHA-1 is not (SP 800-131A revision 2 section 9). */
export const hashes = {
  SHA_256: { ...sha2, bytes: 32 },
  SHA_384: { ...sha2, bytes: 48 },
  SHA_512: { ...sha2, bytes: 64 },
  SHA_512_256: { ...sha2, bytes: 32 },
  SHA3_256: { ...sha3, bytes: 32 },
  SHA3_384: { ...sha3, bytes: 48 },
  SHA3_512: { ...sha3, bytes: 64 },
  SHA_224: { ...sha2, bytes: 28, status: "acceptable" },
  SHA_512_224: { ...sha2, bytes: 28, status: "acceptable" },
  SHA3_224: { ...sha3, bytes: 28, status: "acceptable" },
  KECCAK_224: { ...keccak, bytes: 28 },
  KECCAK_256: { ...keccak, bytes: 32 },
  KECCAK_384: { ...keccak, bytes: 48 },
  KECCAK_512: { ...keccak, bytes: 64 },
  BLAKE2B_512: { bytes: 64, status: "acceptable", source: "RFC 7693" },
  BLAKE2S_256: { bytes: 32, status: "acceptable", source: "RFC 7693" },
  DOUBLE_SHA_256: { bytes: 32, status: "acceptable", source: "FIPS 180-4, twice, as in Bitcoin" },
  RIPEMD_160: { bytes: 20, status: "legacy", source: "ISO/IEC 10118-3" },
  SHA_1: { bytes: 20, status: "legacy", source: "FIPS 180-4" },
  /** As much output as FIPS 204 section 5.4 and FIPS 205 section 10.2.2 take. */
  SHAKE_128: { ...sha3, bytes: 32 },
  SHAKE_256: { ...sha3, bytes: 64 },
} as const satisfies Record<string, HashRow>
export type HashId = keyof typeof hashes

const common = [
  "SHA_256",
  "SHA_384",
  "SHA_512",
  "SHA_512_256",
  "SHA3_256",
  "SHA3_384",
  "SHA3_512",
  "SHA_224",
  "SHA_512_224",
  "SHA3_224",
] as const
const old = ["RIPEMD_160", "SHA_1"] as const

/** With an object identifier for RSA's DigestInfo (RFC 8017 appendix B.1, RFC 8702). */
export const rsaHashes = [...common, ...old] as const satisfies readonly HashId[]

/** Those of FIPS 186-4 and its successors, and what there was before. */
export const dsaHashes = [...common, "SHA_1"] as const satisfies readonly HashId[]

/** Any hash may stand under ECDSA. */
export const ecdsaHashes = [
  ...common,
  "KECCAK_224",
  "KECCAK_256",
  "KECCAK_384",
  "KECCAK_512",
  "BLAKE2B_512",
  "BLAKE2S_256",
  "DOUBLE_SHA_256",
  ...old,
] as const satisfies readonly HashId[]

/** For a digest of 128 bits of strength or more: FIPS 204 section 5.4, FIPS 205 section 10.2.2. */
export const preHashes = [
  "SHA_512",
  "SHA3_512",
  "SHAKE_256",
  "SHA_384",
  "SHA3_384",
  "SHA_256",
  "SHA_512_256",
  "SHA3_256",
  "SHAKE_128",
] as const satisfies readonly HashId[]
export type PreHashId = (typeof preHashes)[number]

/** Those of so many bits of strength against collisions. */
export function preHashesOf(strength: 128 | 192 | 256): readonly PreHashId[] {
  return preHashes.filter((hash) => hashes[hash].bytes * 4 >= strength)
}
