/** Block ciphers in modes without authentication, through node:crypto. */

import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto"
import type { EncryptionRow } from "../provider.ts"
import { join, secretHalf, type NodeKey } from "./key.ts"

interface Mode {
  /** OpenSSL's name for a key of so many bits. */
  readonly cipher: (bits: number) => string
  readonly ivBytes: number
  /** PKCS#7: node's default, and spelled out here. */
  readonly pad: boolean
  /** Without padding, what the mode takes. */
  readonly wholeBlocks?: number
}

/** One row per cipher and mode. */
export function blockCipher({ cipher, pad, ...row }: Mode): EncryptionRow<NodeKey> {
  const nameFor = (secret: KeyObject): string => cipher((secret.symmetricKeySize ?? 0) * 8)
  return {
    ...row,
    aead: false,
    seal: (key, { iv, plaintext }) => {
      const secret = secretHalf(key)
      const sealing = createCipheriv(nameFor(secret), secret, iv)
      sealing.setAutoPadding(pad)
      return join(sealing.update(plaintext), sealing.final())
    },
    open: (key, { iv, ciphertext }) => {
      const secret = secretHalf(key)
      const opening = createDecipheriv(nameFor(secret), secret, iv)
      opening.setAutoPadding(pad)
      return join(opening.update(ciphertext), opening.final())
    },
  }
}
