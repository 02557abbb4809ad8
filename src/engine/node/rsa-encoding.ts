/**
 * RSA signatures over encodings made here: what node:crypto's signatures cannot be told. Its
 * private operation has no form off the event loop.
 */

import { constants, createHash, privateEncrypt, publicDecrypt, timingSafeEqual } from "node:crypto"
import { decryptionFailed } from "../../domain/errors.ts"
import type { HashId } from "../../domain/hashes.ts"
import { hashes } from "../../domain/hashes.ts"
import { hashNames } from "../hash.ts"
import { randomBytes } from "../random.ts"
import { join, plain, publicHalf, secretHalf, type NodeKey } from "./key.ts"

/** Our moduli are of whole bytes. */
export function modulusBytes(key: NodeKey): number {
  return (publicHalf(key).asymmetricKeyDetails?.modulusLength ?? 0) / 8
}

/**
 * RFC 8017 sections 7.1.2 and 7.2.2, step 1: a ciphertext is as long as the modulus. OpenSSL takes
 * one without its leading zeros for the same number.
 *
 * @throws HsmError DECRYPTION_FAILED.
 */
export function wholeCiphertext(key: NodeKey, ciphertext: Uint8Array): Uint8Array {
  if (ciphertext.length !== modulusBytes(key)) throw decryptionFailed()
  return ciphertext
}

/** EMSA-PKCS1-v1_5 (RFC 8017 section 9.2) around a DigestInfo, or around anything else. */
export function signPkcs1(key: NodeKey, content: Uint8Array): Uint8Array {
  return plain(
    privateEncrypt({ key: secretHalf(key), padding: constants.RSA_PKCS1_PADDING }, content),
  )
}

/** True when the signature holds exactly `content`. */
export function verifyPkcs1(key: NodeKey, content: Uint8Array, signature: Uint8Array): boolean {
  const found = recover(key, signature, constants.RSA_PKCS1_PADDING)
  return found !== undefined && equal(found, content)
}

/** Of one signature: its two hashes, and the salt's length. */
export interface Pss {
  readonly hash: HashId
  readonly mgfHash: HashId
  readonly saltLength: number
}

/** EMSA-PSS-ENCODE (RFC 8017 section 9.1.1), and the private operation. */
export function signPss(key: NodeKey, pss: Pss, digest: Uint8Array): Uint8Array {
  const salt = randomBytes(pss.saltLength)
  const mark = bindSalt(pss, digest, salt)
  const block = new Uint8Array(modulusBytes(key) - mark.length - 1)
  block[block.length - salt.length - 1] = 1
  block.set(salt, block.length - salt.length)
  const encoded = join(join(masked(pss, block, mark), mark), Uint8Array.of(0xbc))
  return plain(privateEncrypt({ key: secretHalf(key), padding: constants.RSA_NO_PADDING }, encoded))
}

/** EMSA-PSS-VERIFY (section 9.1.2), for a salt of that length alone. */
export function verifyPss(
  key: NodeKey,
  pss: Pss,
  { digest, signature }: { readonly digest: Uint8Array; readonly signature: Uint8Array },
): boolean {
  const encoded = recover(key, signature, constants.RSA_NO_PADDING)
  if (encoded?.length !== modulusBytes(key)) return false
  const at = encoded.length - hashes[pss.hash].bytes - 1
  const [head = 0, last] = [encoded[0], encoded.at(-1)]
  if (last !== 0xbc || head > 0x7f) return false
  const mark = encoded.slice(at, -1)
  const block = masked(pss, encoded.slice(0, at), mark)
  const salt = block.subarray(block.length - pss.saltLength)
  const padding = block.subarray(0, block.length - pss.saltLength)
  const isPadded = padding.at(-1) === 1 && padding.subarray(0, -1).every((byte) => byte === 0)
  return isPadded && equal(bindSalt(pss, digest, salt), mark)
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

/** H = Hash(eight zeros || digest || salt). */
function bindSalt({ hash }: Pss, digest: Uint8Array, salt: Uint8Array): Uint8Array {
  const hashing = createHash(hashNames[hash])
  return plain(hashing.update(new Uint8Array(8)).update(digest).update(salt).digest())
}

/** XOR with MGF1 (appendix B.2.1); the first bit is 0, since the encoding has one bit less. */
function masked({ mgfHash }: Pss, block: Uint8Array, seed: Uint8Array): Uint8Array {
  const out = new Uint8Array(block.length)
  const counter = new DataView(new ArrayBuffer(4))
  for (let done = 0, round = 0; done < out.length; round++) {
    counter.setUint32(0, round)
    const mask = createHash(hashNames[mgfHash]).update(seed).update(counter).digest()
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
