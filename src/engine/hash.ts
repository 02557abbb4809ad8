/** Hashes, by our identifiers. */

import { createHash, hash as hashOnce } from "node:crypto"
import { hashes, type HashId } from "../domain/hashes.ts"
import { plain } from "./node/key.ts"

/** OpenSSL's names. Bitcoin's hash is none of its own. */
export const hashNames = {
  SHA_1: "sha1",
  SHA_224: "sha224",
  SHA_256: "sha256",
  SHA_384: "sha384",
  SHA_512: "sha512",
  SHA_512_224: "sha512-224",
  SHA_512_256: "sha512-256",
  SHA3_224: "sha3-224",
  SHA3_256: "sha3-256",
  SHA3_384: "sha3-384",
  SHA3_512: "sha3-512",
  KECCAK_224: "keccak-224",
  KECCAK_256: "keccak-256",
  KECCAK_384: "keccak-384",
  KECCAK_512: "keccak-512",
  BLAKE2B_512: "blake2b512",
  BLAKE2S_256: "blake2s256",
  DOUBLE_SHA_256: "sha256",
  RIPEMD_160: "ripemd160",
  SHAKE_128: "shake128",
  SHAKE_256: "shake256",
} as const satisfies Record<HashId, string>

/** The digest of a message. */
export function hash(id: HashId, message: Uint8Array): Uint8Array {
  const name = hashNames[id]
  if (id === "SHAKE_128" || id === "SHAKE_256") {
    return plain(createHash(name, { outputLength: hashes[id].bytes }).update(message).digest())
  }
  const digest = shortHash(name, message)
  return id === "DOUBLE_SHA_256" ? shortHash(name, digest) : digest
}

/** By way of text of one character per byte: a third of what a buffer of OpenSSL's costs. */
function shortHash(name: string, message: Uint8Array): Uint8Array {
  return plain(Buffer.from(hashOnce(name, message, "latin1"), "latin1"))
}

/** What a signature is made over: the digest that came, or that of the message. */
export function digestOf(
  id: HashId,
  message: Uint8Array,
  { messageType }: { readonly messageType: "message" | "digest" | "mu" },
): Uint8Array {
  return messageType === "digest" ? message : hash(id, message)
}
