/** Ed25519 private keys from their 32-byte seeds. */

import { createPrivateKey, type KeyObject } from "node:crypto"

/** RFC 8410 section 7: PKCS#8 of an Ed25519 private key is this prefix and 32 bytes of seed. */
const pkcs8Prefix = Uint8Array.fromHex("302e020100300506032b657004220420")

/** The private key of a seed (RFC 8032 section 5.1.5). */
export function ed25519FromSeed(seed: Uint8Array): KeyObject {
  const key = Buffer.concat([pkcs8Prefix, seed])
  try {
    return createPrivateKey({ key, format: "der", type: "pkcs8" })
  } finally {
    key.fill(0)
  }
}
