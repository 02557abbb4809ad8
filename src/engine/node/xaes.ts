/**
 * XAES-256-GCM (https://c2sp.org/XAES-256-GCM): AES-256-GCM under a key derived from half of a
 * 24-byte nonce, so that random nonces carry 2^80 messages instead of 2^32.
 */

import { createCipheriv, type Cipheriv, type KeyObject } from "node:crypto"
import type { EncryptionRow } from "../provider.ts"
import { openAead, sealAead } from "./aead.ts"
import { secretHalf, type NodeKey } from "./key.ts"

const nonceBytes = 24
/** The half that goes into the derivation; the rest is GCM's own IV. */
const contextBytes = 12
const blockBytes = 16
const cipher = "aes-256-gcm"

/** What depends on the input key alone: its AES round keys, and the CMAC subkey K1. */
interface Derivation {
  /** Electronic codebook without padding keeps no state between blocks, so it serves for good. */
  readonly block: Cipheriv
  readonly k1: Uint8Array
}

/** Lives as long as the key does. */
const derivations = new WeakMap<KeyObject, Derivation>()

function derivationOf(key: KeyObject): Derivation {
  const known = derivations.get(key)
  if (known !== undefined) return known
  const block = createCipheriv("aes-256-ecb", key, null)
  block.setAutoPadding(false)
  const made = { block, k1: doubled(block.update(new Uint8Array(blockBytes))) }
  derivations.set(key, made)
  return made
}

/** Steps 1 and 2: L << 1, reduced by x^128 + x^7 + x^2 + x + 1 (SP 800-38B section 6.1). */
function doubled(block: Uint8Array): Uint8Array {
  const result = new Uint8Array(blockBytes)
  let carry = 0
  for (let at = blockBytes - 1; at >= 0; at--) {
    const byte = block[at] ?? 0
    result[at] = (byte << 1) | carry
    carry = byte >>> 7
  }
  // Multiplied, not branched on: the carry is a bit of a secret.
  result[blockBytes - 1] = (result[blockBytes - 1] ?? 0) ^ (carry * 0b1000_0111)
  return result
}

/** Steps 3 to 5: two CMAC blocks 00 || i || "X" || 00 || nonce[0..12], i = 1 and 2. */
function deriveKey(key: KeyObject, nonce: Uint8Array): Uint8Array {
  const { block, k1 } = derivationOf(key)
  const input = new Uint8Array(2 * blockBytes)
  for (const [at, counter] of [
    [0, 1],
    [blockBytes, 2],
  ] as const) {
    input[at + 1] = counter
    input[at + 2] = 0x58
    input.set(nonce.subarray(0, contextBytes), at + 4)
  }
  for (let at = 0; at < input.length; at++) {
    input[at] = (input[at] ?? 0) ^ (k1[at % blockBytes] ?? 0)
  }
  return block.update(input)
}

function withDerived<T>(key: NodeKey, nonce: Uint8Array, use: (derived: Uint8Array) => T): T {
  const derived = deriveKey(secretHalf(key), nonce)
  try {
    return use(derived)
  } finally {
    derived.fill(0)
  }
}

export const xaes256Gcm: EncryptionRow<NodeKey> = {
  ivBytes: nonceBytes,
  aead: true,
  seal: (key, { iv, plaintext, aad }) =>
    withDerived(key, iv, (derived) =>
      sealAead({ cipher, key: derived, iv: iv.subarray(contextBytes), plaintext, aad }),
    ),
  open: (key, { iv, ciphertext, aad }) =>
    withDerived(key, iv, (derived) =>
      openAead({ cipher, key: derived, iv: iv.subarray(contextBytes), ciphertext, aad }),
    ),
}
