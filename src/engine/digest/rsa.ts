/**
 * RSA signatures over a digest without the addon: node:crypto's private operation around an
 * encoding made here. It blocks the event loop, for node:crypto has no other form.
 */

import { constants, createHash, privateEncrypt, publicDecrypt, timingSafeEqual } from "node:crypto"
import type { Hash } from "../native/addon.ts"
import { join, plain, publicHalf, secretHalf, type NodeKey } from "../node/key.ts"
import { randomBytes } from "../random.ts"
import type { DigestHash, DigestRow } from "./row.ts"

/** The last part of NIST's object identifiers for hashes: RFC 8017 appendix B.1, RFC 8702. */
const nistHash: Readonly<Partial<Record<Hash, number>>> = {
  sha224: 4,
  sha256: 1,
  sha384: 2,
  sha512: 3,
  "sha3-256": 8,
  "sha3-384": 9,
  "sha3-512": 10,
}
const sha1Prefix = Uint8Array.fromHex("3021300906052b0e03021a05000414")

/** DigestInfo (RFC 8017 section 9.2, note 1). */
function digestInfo({ name, bytes }: DigestHash, digest: Uint8Array): Uint8Array {
  if (name === "sha1") return join(sha1Prefix, digest)
  const id = nistHash[name] ?? 0
  const head = Uint8Array.of(0x30, 17 + bytes, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2)
  return join(join(head, Uint8Array.of(id, 5, 0, 4, bytes)), digest)
}

export const pkcs1Digest: DigestRow<NodeKey> = {
  sign: (key, hash, digest) => {
    const given = { key: secretHalf(key), padding: constants.RSA_PKCS1_PADDING }
    return plain(privateEncrypt(given, digestInfo(hash, digest)))
  },
  verify: (key, hash, digest, signature) => {
    const found = recover(key, signature, constants.RSA_PKCS1_PADDING)
    return found !== undefined && equal(found, digestInfo(hash, digest))
  },
}

export const pssDigest: DigestRow<NodeKey> = {
  sign: (key, hash, digest) => {
    const secret = secretHalf(key)
    const encoded = encodePss(hash, digest, modulusBytes(key))
    return plain(privateEncrypt({ key: secret, padding: constants.RSA_NO_PADDING }, encoded))
  },
  verify: (key, hash, digest, signature) => {
    const found = recover(key, signature, constants.RSA_NO_PADDING)
    return found?.length === modulusBytes(key) && isPss(hash, digest, found)
  },
}

/** What the signature holds; undefined when it is none of this key, or badly padded. */
function recover(key: NodeKey, signature: Uint8Array, padding: number): Uint8Array | undefined {
  if (signature.length !== modulusBytes(key)) return undefined
  try {
    return plain(publicDecrypt({ key: publicHalf(key), padding }, signature))
  } catch {
    return undefined
  }
}

/** Our moduli are of whole bytes. */
function modulusBytes(key: NodeKey): number {
  return (publicHalf(key).asymmetricKeyDetails?.modulusLength ?? 0) / 8
}

/** EMSA-PSS-ENCODE (RFC 8017 section 9.1.1) with a salt as long as the hash. */
function encodePss(hash: DigestHash, digest: Uint8Array, bytes: number): Uint8Array {
  const salt = randomBytes(hash.bytes)
  const mark = bindSalt(hash, digest, salt)
  const block = new Uint8Array(bytes - hash.bytes - 1)
  block[block.length - salt.length - 1] = 1
  block.set(salt, block.length - salt.length)
  return join(join(masked(hash, block, mark), mark), Uint8Array.of(0xbc))
}

/** EMSA-PSS-VERIFY (section 9.1.2), for a salt as long as the hash alone. */
function isPss(hash: DigestHash, digest: Uint8Array, encoded: Uint8Array): boolean {
  const at = encoded.length - hash.bytes - 1
  const [head = 0, last] = [encoded[0], encoded.at(-1)]
  if (last !== 0xbc || head > 0x7f) return false
  const mark = encoded.slice(at, -1)
  const block = masked(hash, encoded.slice(0, at), mark)
  const salt = block.subarray(block.length - hash.bytes)
  const padding = block.subarray(0, block.length - hash.bytes)
  const isPadded = padding.at(-1) === 1 && padding.subarray(0, -1).every((byte) => byte === 0)
  return isPadded && equal(bindSalt(hash, digest, salt), mark)
}

/** H = Hash(eight zeros || digest || salt). */
function bindSalt({ name }: DigestHash, digest: Uint8Array, salt: Uint8Array): Uint8Array {
  return plain(createHash(name).update(new Uint8Array(8)).update(digest).update(salt).digest())
}

/** XOR with MGF1 (appendix B.2.1); the first bit is 0, since the encoding has one bit less. */
function masked({ name }: DigestHash, block: Uint8Array, seed: Uint8Array): Uint8Array {
  const out = new Uint8Array(block.length)
  const counter = new DataView(new ArrayBuffer(4))
  for (let done = 0, round = 0; done < out.length; round++) {
    counter.setUint32(0, round)
    const mask = createHash(name).update(seed).update(counter).digest()
    for (const byte of mask.subarray(0, out.length - done)) {
      out[done] = (block[done] ?? 0) ^ byte
      done++
    }
  }
  out[0] = (out[0] ?? 0) & 0x7f
  return out
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}
