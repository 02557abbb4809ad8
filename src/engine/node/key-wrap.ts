/** AES key wrap, with and without padding, through node:crypto. */

import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto"
import { decryptionFailed } from "../../domain/errors.ts"
import type { WrapRow } from "../provider.ts"
import { SecretBytes } from "../secret-bytes.ts"
import { join, secretHalf, type NodeKey } from "./key.ts"

const semiblock = 8
/** The initial value of RFC 3394 section 2.2.3.1. */
const kwIv = new Uint8Array(semiblock).fill(0xa6)
/** The alternative initial value of RFC 5649 section 3. */
const kwpIv = Uint8Array.of(0xa6, 0x59, 0x59, 0xa6)

/** A way to wrap bytes under an AES key. */
export interface AesWrap {
  readonly fits: (secretBytes: number) => boolean
  readonly wrap: (kek: KeyObject, secret: Uint8Array) => Uint8Array
  /** Throws anything at all when it does not unwrap. */
  readonly unwrap: (kek: KeyObject, wrapped: Uint8Array) => SecretBytes
}

function aesWrap({
  suffix,
  iv,
  fits,
}: {
  readonly suffix: "wrap" | "wrap-pad"
  readonly iv: Uint8Array
  readonly fits: AesWrap["fits"]
}): AesWrap {
  const keyed = (kek: KeyObject) =>
    [`id-aes${(kek.symmetricKeySize ?? 0) * 8}-${suffix}`, kek, iv] as const
  return {
    fits,
    wrap: (kek, secret) => {
      const wrapping = createCipheriv(...keyed(kek))
      return join(wrapping.update(secret), wrapping.final())
    },
    unwrap: (kek, wrapped) => {
      // OpenSSL would also unwrap what no wrapping makes.
      if (!fits(wrapped.length - semiblock)) throw decryptionFailed()
      const unwrapping = createDecipheriv(...keyed(kek))
      const first = unwrapping.update(wrapped)
      const secret = new SecretBytes(join(first, unwrapping.final()))
      first.fill(0)
      return secret
    },
  }
}

/** SP 800-38F section 5.3.1: two semiblocks or more. */
const aesKw = aesWrap({
  suffix: "wrap",
  iv: kwIv,
  fits: (bytes) => bytes >= 2 * semiblock && bytes % semiblock === 0,
})
export const aesKwp = aesWrap({ suffix: "wrap-pad", iv: kwpIv, fits: (bytes) => bytes > 0 })

/** How a fresh AES-256 key goes ahead of the secret that is wrapped under it. */
export interface Carrier {
  /** Of every head under this key. */
  readonly headBytes: (key: NodeKey) => number
  readonly send: (key: NodeKey) => { readonly kek: SecretBytes; readonly head: Uint8Array }
  readonly receive: (key: NodeKey, head: Uint8Array) => SecretBytes | Promise<SecretBytes>
}

/** As long a secret as one likes: the head, and the secret by AES-KWP. */
export function kwpUnder({ headBytes, send, receive }: Carrier): WrapRow<NodeKey> {
  return {
    fits: (bytes) => aesKwp.fits(bytes),
    wrap: (key, secret) => {
      const { kek, head } = send(key)
      using fresh = kek
      return fresh.lend((bytes) => join(head, aesKwp.wrap(createSecretKey(bytes), secret)))
    },
    unwrap: async (key, wrapped) => {
      const length = headBytes(key)
      using fresh = await receive(key, wrapped.subarray(0, length))
      const kek = fresh.lend((bytes) => createSecretKey(bytes))
      return aesKwp.unwrap(kek, wrapped.subarray(length))
    },
  }
}

function row({ fits, wrap, unwrap }: AesWrap): WrapRow<NodeKey> {
  return {
    fits,
    deterministic: true,
    wrap: (key, secret) => wrap(secretHalf(key), secret),
    unwrap: (key, wrapped) => unwrap(secretHalf(key), wrapped),
  }
}

export const kw = row(aesKw)
export const kwp = row(aesKwp)
