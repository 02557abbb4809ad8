/** Key derivation through node:crypto. */

import { argon2, createHmac, hkdfSync, pbkdf2 } from "node:crypto"
import { promisify } from "node:util"
import type { DerivationInput, DerivationRow } from "../provider.ts"
import { SecretBytes } from "../secret-bytes.ts"
import { agreement } from "./agreement.ts"
import { plain, secretHalf, type NodeKey } from "./key.ts"
import { cmac } from "./macs.ts"

type Hash = "sha256" | "sha384" | "sha512"
const none = new Uint8Array()

const argon2Later = promisify(argon2)
const pbkdf2Later = promisify(pbkdf2)

/** RFC 5869, extract and expand; a salt that is absent is as many zeros as the hash has bytes. */
export function hkdf(hash: Hash): DerivationRow<NodeKey> {
  return {
    derive: (key, { salt = none, info = none }, bytes) =>
      new Uint8Array(hkdfSync(hash, secretHalf(key), salt, info, bytes)),
  }
}

/** The same, over what two keys agree on. */
export function agreedHkdf(hash: Hash): DerivationRow<NodeKey> {
  return {
    derive: async (key, { peer, salt = none, info = none }, bytes) => {
      if (peer === undefined) throw new Error("nobody to agree with")
      using shared = new SecretBytes(await agreement.agree(key, peer))
      return shared.lend((secret) => new Uint8Array(hkdfSync(hash, secret, salt, info, bytes)))
    },
  }
}

type Prf = (key: NodeKey, message: Uint8Array) => Uint8Array

export function hmacPrf(hash: Hash): Prf {
  return (key, message) => plain(createHmac(hash, secretHalf(key)).update(message).digest())
}

const aesCmac = cmac("aes")
export const cmacPrf: Prf = (key, message) => aesCmac.tag(key, message, none)

/** SP 800-108 revision 1 section 4.1: PRF over counter, label, a zero byte, context and length. */
export function counterMode(prf: Prf): DerivationRow<NodeKey> {
  return {
    derive: (key, input, bytes) =>
      blocks(bytes, (counter) =>
        prf(key, Buffer.concat([uint32(counter), ...fixedInput(input, bytes)])),
      ),
  }
}

/** Section 4.2: the block before stands ahead of the counter; an IV ahead of the first. */
export function feedbackMode(prf: Prf): DerivationRow<NodeKey> {
  return {
    derive: (key, input, bytes) => {
      let last = input.iv ?? none
      return blocks(bytes, (counter) => {
        last = prf(key, Buffer.concat([last, uint32(counter), ...fixedInput(input, bytes)]))
        return last.slice() // `blocks` wipes what it was given.
      })
    },
  }
}

function fixedInput(
  { label = none, context = none }: DerivationInput<NodeKey>,
  bytes: number,
): readonly Uint8Array[] {
  return [label, Uint8Array.of(0), context, uint32(bytes * 8)]
}

/** The first `bytes` of what `next` makes, from 1 on. */
function blocks(bytes: number, next: (counter: number) => Uint8Array): Uint8Array {
  const derived = new Uint8Array(bytes)
  for (let at = 0, counter = 1; at < bytes; counter += 1) {
    const block = next(counter)
    derived.set(block.subarray(0, bytes - at), at)
    at += block.length
    block.fill(0)
  }
  return derived
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

/** RFC 8018 section 5.2. */
export function pbkdf2Hmac(hash: Hash): DerivationRow<NodeKey> {
  return {
    slow: true,
    derive: async (key, { salt = none, iterations = 0 }, bytes) => {
      using password = new SecretBytes(plain(secretHalf(key).export()))
      const derived = password.lend((secret) => pbkdf2Later(secret, salt, iterations, bytes, hash))
      return plain(await derived)
    },
  }
}

/** RFC 9106 section 3, version 1.3. */
export const argon2id: DerivationRow<NodeKey> = {
  slow: true,
  derive: async (key, { salt = none, iterations = 0, memoryKiB = 0, parallelism = 0 }, bytes) => {
    using password = new SecretBytes(plain(secretHalf(key).export()))
    const costs = { parallelism, memory: memoryKiB, passes: iterations }
    const derived = password.lend((message) =>
      argon2Later("argon2id", { message, nonce: salt, tagLength: bytes, ...costs }),
    )
    return plain(await derived)
  },
}
