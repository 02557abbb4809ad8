/** AES through node:crypto: GCM, CBC, CTR, and key wrap with padding. */

import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto"
import type { EncryptionRow, WrapRow } from "../provider.ts"
import { SecretBytes } from "../secret-bytes.ts"
import { join, plain, secretHalf, type NodeKey } from "./key.ts"

/** SP 800-38D section 5.2.1.1: the one IV length that needs no hashing, and the full tag. */
const gcmIvBytes = 12
export const gcmTagBytes = 16
const blockBytes = 16

type AesBits = 128 | 192 | 256

function bitsOf(key: KeyObject): AesBits {
  // An AES key has one of three lengths; `open` admits no other.
  return ((key.symmetricKeySize ?? 0) * 8) as AesBits
}

/** Seals under a KeyObject or under derived key bytes; the tag follows the ciphertext. */
export function sealGcm({
  key,
  bits,
  iv,
  aad,
  plaintext,
}: {
  readonly key: KeyObject | Uint8Array
  readonly bits: AesBits
  readonly iv: Uint8Array
  readonly aad: Uint8Array
  readonly plaintext: Uint8Array
}): Uint8Array {
  const cipher = createCipheriv(`aes-${bits}-gcm`, key, iv, { authTagLength: gcmTagBytes })
  if (aad.length > 0) cipher.setAAD(aad)
  const body = cipher.update(plaintext)
  cipher.final()
  return join(body, cipher.getAuthTag())
}

/** Opens what {@link sealGcm} made; throws OpenSSL's error otherwise. */
export function openGcm({
  key,
  bits,
  iv,
  aad,
  ciphertext,
}: {
  readonly key: KeyObject | Uint8Array
  readonly bits: AesBits
  readonly iv: Uint8Array
  readonly aad: Uint8Array
  readonly ciphertext: Uint8Array
}): Uint8Array {
  const tagAt = ciphertext.length - gcmTagBytes
  const decipher = createDecipheriv(`aes-${bits}-gcm`, key, iv, { authTagLength: gcmTagBytes })
  decipher.setAuthTag(ciphertext.subarray(tagAt))
  if (aad.length > 0) decipher.setAAD(aad)
  const plaintext = decipher.update(ciphertext.subarray(0, tagAt))
  try {
    decipher.final()
  } catch (error) {
    // What failed authentication was never a plaintext: it must not linger.
    plaintext.fill(0)
    throw error
  }
  return plain(plaintext)
}

export const gcm: EncryptionRow<NodeKey> = {
  ivBytes: gcmIvBytes,
  aead: true,
  seal: (key, input) => {
    const secret = secretHalf(key)
    return sealGcm({ key: secret, bits: bitsOf(secret), ...input })
  },
  open: (key, input) => {
    const secret = secretHalf(key)
    return openGcm({ key: secret, bits: bitsOf(secret), ...input })
  },
}

/** CBC pads with PKCS#7, which is node's default and spelled out here; CTR needs none. */
function unauthenticated(mode: "cbc" | "ctr"): EncryptionRow<NodeKey> {
  const padding = mode === "cbc"
  return {
    ivBytes: blockBytes,
    aead: false,
    seal: (key, { iv, plaintext }) => {
      const secret = secretHalf(key)
      const cipher = createCipheriv(`aes-${bitsOf(secret)}-${mode}`, secret, iv)
      cipher.setAutoPadding(padding)
      return join(cipher.update(plaintext), cipher.final())
    },
    open: (key, { iv, ciphertext }) => {
      const secret = secretHalf(key)
      const decipher = createDecipheriv(`aes-${bitsOf(secret)}-${mode}`, secret, iv)
      decipher.setAutoPadding(padding)
      return join(decipher.update(ciphertext), decipher.final())
    },
  }
}

export const cbcPad = unauthenticated("cbc")
export const ctr = unauthenticated("ctr")

/** The alternative initial value of RFC 5649 section 3. */
const kwpIv = Uint8Array.of(0xa6, 0x59, 0x59, 0xa6)

export const kwp: WrapRow<NodeKey> = {
  wrap: (key, secret) => {
    const kek = secretHalf(key)
    const cipher = createCipheriv(`id-aes${bitsOf(kek)}-wrap-pad`, kek, kwpIv)
    return join(cipher.update(secret), cipher.final())
  },
  unwrap: (key, wrapped) => {
    const kek = secretHalf(key)
    const decipher = createDecipheriv(`id-aes${bitsOf(kek)}-wrap-pad`, kek, kwpIv)
    const first = decipher.update(wrapped)
    const secret = new SecretBytes(join(first, decipher.final()))
    first.fill(0)
    return secret
  },
}
