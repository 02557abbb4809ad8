/**
 * EdDSA with a prefix (RFC 8032 sections 5.1 and 5.2) without the addon, by @noble/curves: slower
 * than OpenSSL, and not in constant time.
 */

import { eddsa, type EdDSA } from "@noble/curves/abstract/edwards.js"
import { ed25519 } from "@noble/curves/ed25519.js"
import { ed448 } from "@noble/curves/ed448.js"
import { sha512 } from "@noble/hashes/sha2.js"
import { shake256 } from "@noble/hashes/sha3.js"
import type { KeyObject } from "node:crypto"
import { hash } from "../hash.ts"
import { publicHalf, secretHalf, type NodeKey } from "../node/key.ts"
import type { SignatureRow } from "../provider.ts"

/** dom2 and dom4 differ in their first words; `flag` is 1 where the message was hashed before. */
function prefix(words: string, flag: 0 | 1) {
  const head = new TextEncoder().encode(words)
  return (message: Uint8Array, context: Uint8Array): Uint8Array =>
    Uint8Array.of(...head, flag, context.length, ...context, ...message)
}

const dom2 = "SigEd25519 no Ed25519 collisions"
const dom4 = "SigEd448"

/** RFC 8032 section 5.1.5, step 2. */
function clamp25519(bytes: Uint8Array): Uint8Array {
  bytes[0] = (bytes[0] ?? 0) & 0xf8
  bytes[31] = ((bytes[31] ?? 0) & 0x7f) | 0x40
  return bytes
}

/** Section 5.2.5, step 2. */
function clamp448(bytes: Uint8Array): Uint8Array {
  bytes[0] = (bytes[0] ?? 0) & 0xfc
  bytes[55] = (bytes[55] ?? 0) | 0x80
  bytes[56] = 0
  return bytes
}

function scheme25519(flag: 0 | 1): EdDSA {
  const options = { domain: prefix(dom2, flag), adjustScalarBytes: clamp25519, zip215: false }
  return eddsa(ed25519.Point, sha512, options)
}

const ctx = scheme25519(0)
const ph = scheme25519(1)
const ph448 = eddsa(ed448.Point, (bytes: Uint8Array) => shake256(bytes, { dkLen: 114 }), {
  domain: prefix(dom4, 1),
  adjustScalarBytes: clamp448,
  zip215: false,
})

function row(scheme: EdDSA, preHash?: (message: Uint8Array) => Uint8Array): SignatureRow<NodeKey> {
  const read = (message: Uint8Array, type: string): Uint8Array =>
    preHash === undefined || type === "digest" ? message : preHash(message)
  return {
    sign: (key, message, { context, messageType }) => {
      const secret = rawOf(secretHalf(key), "raw-private")
      try {
        return scheme.sign(read(message, messageType), secret, { context })
      } finally {
        secret.fill(0)
      }
    },
    verify: (key, message, signature, { context, messageType }) => {
      const half = rawOf(publicHalf(key), "raw-public")
      try {
        return scheme.verify(signature, read(message, messageType), half, { context })
      } catch {
        return false
      }
    },
  }
}

function rawOf(key: KeyObject, format: "raw-private" | "raw-public"): Uint8Array {
  return key.export({ format })
}

export const ed25519Ctx = row(ctx)
export const ed25519Ph = row(ph, (message) => hash("SHA_512", message))
export const ed448Ph = row(ph448, (message) => hash("SHAKE_256", message))
