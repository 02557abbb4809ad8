/**
 * XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): ChaCha20-Poly1305 under a key derived from the
 * first 16 bytes of a 24-byte nonce, so that random nonces never run out.
 *
 * OpenSSL has no HChaCha20, but it is a ChaCha20 block without its last step, the addition of the
 * initial state. The eight words that HChaCha20 gives were added to constants and to the nonce, so
 * subtracting those gives them back; the key's own words are neither needed nor touched here.
 */

import { createCipheriv } from "node:crypto"
import type { EncryptionRow } from "../provider.ts"
import { openAead, sealAead } from "./aead.ts"
import { secretHalf, type NodeKey } from "./key.ts"

const nonceBytes = 24
/** What goes into the derivation. */
const contextBytes = 16
const cipher = "chacha20-poly1305"
/** "expand 32-byte k": RFC 8439 section 2.3. */
const constants = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const

/** Section 2.2: words 0 to 3 and 12 to 15 of the state, before the final addition. */
function deriveKey(key: NodeKey, context: Uint8Array): Uint8Array {
  const block = createCipheriv("chacha20", secretHalf(key), context).update(new Uint8Array(64))
  const sums = new DataView(block.buffer, block.byteOffset, block.length)
  const nonce = new DataView(context.buffer, context.byteOffset, contextBytes)
  const derived = new Uint8Array(32)
  const words = new DataView(derived.buffer)
  constants.forEach((constant, word) => {
    const at = 4 * word
    words.setUint32(at, sums.getUint32(at, true) - constant, true)
    words.setUint32(at + 16, sums.getUint32(at + 48, true) - nonce.getUint32(at, true), true)
  })
  block.fill(0)
  return derived
}

/** The rest of the nonce behind four zeros: section 2.3. */
function inner<T>(key: NodeKey, nonce: Uint8Array, use: (key: Uint8Array, iv: Uint8Array) => T): T {
  const derived = deriveKey(key, nonce.subarray(0, contextBytes))
  const iv = new Uint8Array(12)
  iv.set(nonce.subarray(contextBytes), 4)
  try {
    return use(derived, iv)
  } finally {
    derived.fill(0)
  }
}

export const xchacha20Poly1305: EncryptionRow<NodeKey> = {
  ivBytes: nonceBytes,
  aead: true,
  seal: (key, { iv: nonce, plaintext, aad }) =>
    inner(key, nonce, (derived, iv) => sealAead({ cipher, key: derived, iv, plaintext, aad })),
  open: (key, { iv: nonce, ciphertext, aad }) =>
    inner(key, nonce, (derived, iv) => openAead({ cipher, key: derived, iv, ciphertext, aad })),
}
