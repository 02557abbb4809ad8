/**
 * Signatures over a digest that the caller made. One row per scheme: the hash is a parameter, since
 * nothing is hashed here. A mechanism's name says both.
 */

import type { MechanismId } from "../../domain/algorithms.ts"
import type { Hash } from "../native/addon.ts"

export type DigestScheme = "ecdsa" | "pss" | "pkcs1"

export interface DigestRow<Key> {
  /** `digest` is exactly as long as the hash. ECDSA: DER, PSS: a salt of the hash's length. */
  readonly sign: (
    key: Key,
    hash: DigestHash,
    digest: Uint8Array,
  ) => Uint8Array | Promise<Uint8Array>
  /** False for anything that is no signature of this key over the digest. */
  readonly verify: (
    key: Key,
    hash: DigestHash,
    digest: Uint8Array,
    signature: Uint8Array,
  ) => boolean
}

export type DigestRows<Key> = Readonly<Record<DigestScheme, DigestRow<Key>>>

export interface DigestHash {
  /** OpenSSL's name. */
  readonly name: Hash
  readonly bytes: number
}

const hashes: Readonly<Record<string, DigestHash>> = {
  SHA_1: { name: "sha1", bytes: 20 },
  SHA_224: { name: "sha224", bytes: 28 },
  SHA_256: { name: "sha256", bytes: 32 },
  SHA_384: { name: "sha384", bytes: 48 },
  SHA_512: { name: "sha512", bytes: 64 },
  SHA3_256: { name: "sha3-256", bytes: 32 },
  SHA3_384: { name: "sha3-384", bytes: 48 },
  SHA3_512: { name: "sha3-512", bytes: 64 },
  KECCAK_256: { name: "keccak-256", bytes: 32 },
}
const schemes: Readonly<Record<string, DigestScheme>> = {
  ECDSA: "ecdsa",
  RSA_PSS: "pss",
  RSA_PKCS1: "pkcs1",
}

/** What a mechanism does with a digest; undefined for one that takes whole messages alone. */
export function digestMechanism(
  mechanism: MechanismId,
): { readonly scheme: DigestScheme; readonly hash: DigestHash } | undefined {
  const [, head = "", tail = ""] =
    /^([A-Z]+(?:_[A-Z]+\d*)??)_((?:SHA|KECCAK).*)$/.exec(mechanism) ?? []
  const [scheme, hash] = [schemes[head], hashes[tail]]
  return scheme === undefined || hash === undefined ? undefined : { scheme, hash }
}
