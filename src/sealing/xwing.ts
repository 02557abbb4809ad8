/**
 * X-Wing: the hybrid key encapsulation of X25519 and ML-KEM-768
 * (draft-connolly-cfrg-xwing-kem section 5). It holds while either of the two holds, so a share
 * recorded on the wire today does not open for the quantum computer of tomorrow.
 */

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  decapsulate,
  diffieHellman,
  encapsulate,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto"

import { decryptionFailed, HsmError } from "../domain/errors.ts"

/** Sizes in bytes: draft-connolly-cfrg-xwing-kem section 5.1. */
export const xwingSizes = { seed: 32, publicKey: 1216, ciphertext: 1120 } as const

const mlKemPublicBytes = 1184 // FIPS 203 table 3.
const mlKemCiphertextBytes = 1088 // FIPS 203 table 3.
const mlKemSeedBytes = 64 // d and z of FIPS 203 algorithm 16.
const x25519Bytes = 32
/** `\.//^\`: section 5.3. */
const label = Uint8Array.fromHex("5c2e2f2f5e5c")

/** A decapsulation key. The halves live in OpenSSL; only the seed it came from needs wiping. */
export interface XWingPrivateKey {
  readonly mlKem: KeyObject
  readonly x25519: KeyObject
  /** 1216 bytes. */
  readonly publicKey: Uint8Array
}

/** Expands a seed of 32 bytes (section 5.2); the seed stays the caller's to wipe. */
export function expandXWing(seed: Uint8Array): XWingPrivateKey {
  const expanded = createHash("shake256", { outputLength: mlKemSeedBytes + x25519Bytes })
    .update(seed)
    .digest()
  try {
    const mlKem = createPrivateKey({
      key: expanded.subarray(0, mlKemSeedBytes),
      format: "raw-seed",
      asymmetricKeyType: "ml-kem-768",
    })
    const x25519 = createPrivateKey({
      key: expanded.subarray(mlKemSeedBytes),
      format: "raw-private",
      asymmetricKeyType: "x25519",
    })
    const publicKey = Buffer.concat([rawPublic(mlKem), rawPublic(x25519)])
    return { mlKem, x25519, publicKey }
  } finally {
    expanded.fill(0)
  }
}

/**
 * A fresh shared secret for the holder of `publicKey` (section 5.4).
 *
 * @returns `sharedSecret`: 32 bytes, the caller wipes them; `ciphertext`: 1120 bytes.
 * @throws HsmError MALFORMED_REQUEST when `publicKey` is none.
 */
export function encapsulateXWing(publicKey: Uint8Array): {
  readonly sharedSecret: Uint8Array
  readonly ciphertext: Uint8Array
} {
  const peer = readPublic(publicKey)
  const ephemeral = generateKeyPairSync("x25519")
  const xCiphertext = rawPublic(ephemeral.publicKey)
  try {
    const ml = encapsulate(peer.mlKem)
    const x = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: peer.x25519 })
    const sharedSecret = combine(ml.sharedKey, x, xCiphertext, publicKey)
    return { sharedSecret, ciphertext: Buffer.concat([ml.ciphertext, xCiphertext]) }
  } catch {
    throw notAPublicKey()
  }
}

/**
 * The shared secret inside `ciphertext` (section 5.5): 32 bytes, the caller wipes them. A forged
 * ciphertext of the right size gives a secret that opens nothing (FIPS 203 section 6.3).
 *
 * @throws HsmError DECRYPTION_FAILED when it cannot be a ciphertext at all.
 */
export function decapsulateXWing(key: XWingPrivateKey, ciphertext: Uint8Array): Uint8Array {
  if (ciphertext.length !== xwingSizes.ciphertext) throw decryptionFailed()
  const xCiphertext = ciphertext.subarray(mlKemCiphertextBytes)
  try {
    const ml = decapsulate(key.mlKem, ciphertext.subarray(0, mlKemCiphertextBytes))
    const x = diffieHellman({ privateKey: key.x25519, publicKey: readX25519(xCiphertext) })
    return combine(ml, x, xCiphertext, key.publicKey)
  } catch {
    throw decryptionFailed()
  }
}

/** True when `bytes` is a public key that can be encapsulated to. */
export function isXWingPublicKey(bytes: Uint8Array): boolean {
  try {
    encapsulateXWing(bytes).sharedSecret.fill(0)
    return true
  } catch {
    return false
  }
}

/** Section 5.3; wipes the two secrets it consumes. */
function combine(
  mlSecret: Uint8Array,
  xSecret: Uint8Array,
  xCiphertext: Uint8Array,
  publicKey: Uint8Array,
): Uint8Array {
  const hash = createHash("sha3-256")
  hash.update(mlSecret).update(xSecret).update(xCiphertext)
  hash.update(publicKey.subarray(mlKemPublicBytes)).update(label)
  mlSecret.fill(0)
  xSecret.fill(0)
  return hash.digest()
}

function readPublic(bytes: Uint8Array): { mlKem: KeyObject; x25519: KeyObject } {
  if (bytes.length !== xwingSizes.publicKey) throw notAPublicKey()
  try {
    const mlKem = createPublicKey({
      key: Buffer.from(bytes.subarray(0, mlKemPublicBytes)),
      format: "raw-public",
      asymmetricKeyType: "ml-kem-768",
    })
    return { mlKem, x25519: readX25519(bytes.subarray(mlKemPublicBytes)) }
  } catch {
    throw notAPublicKey()
  }
}

function readX25519(bytes: Uint8Array): KeyObject {
  const key = Buffer.from(bytes)
  return createPublicKey({ key, format: "raw-public", asymmetricKeyType: "x25519" })
}

function rawPublic(key: KeyObject): Uint8Array {
  const half = key.type === "private" ? createPublicKey(key) : key
  return half.export({ format: "raw-public" })
}

function notAPublicKey(): HsmError {
  return new HsmError("MALFORMED_REQUEST", "not an X-Wing public key")
}
