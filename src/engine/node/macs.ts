/** Message authentication codes through node:crypto. */

import * as crypto from "node:crypto"
import type { MacRow } from "../provider.ts"
import { plain, secretHalf, type NodeKey } from "./key.ts"

/** Node 26 has this; its types lag behind. */
interface MacModule {
  readonly createMac: (
    algorithm: "cmac" | "gmac" | "kmac-128" | "kmac-256" | "poly1305",
    key: crypto.KeyObject,
    options: {
      readonly cipher?: string
      readonly iv?: Uint8Array
      readonly outputLength?: number
    },
  ) => { update(message: Uint8Array): { final(): Buffer } }
}
const { createMac } = crypto as typeof crypto & MacModule

/** FIPS 198-1; one row per hash, the tag as long as the hash. */
export function hmac(hash: string): MacRow<NodeKey> {
  return {
    ivBytes: 0,
    tag: (key, message) => plain(crypto.createHmac(hash, secretHalf(key)).update(message).digest()),
  }
}

/** SP 800-185 section 4, without customization; the output's length is part of what is hashed. */
export function kmac(bits: 128 | 256, outputLength: 32 | 64): MacRow<NodeKey> {
  return {
    ivBytes: 0,
    tag: (key, message) =>
      plain(createMac(`kmac-${bits}`, secretHalf(key), { outputLength }).update(message).final()),
  }
}

/** SP 800-38B, over a block cipher of 128 bits; the whole block is the tag. */
export function cmac(family: "aes" | "camellia"): MacRow<NodeKey> {
  return {
    ivBytes: 0,
    tag: (key, message) => {
      const secret = secretHalf(key)
      const cipher = `${family}-${(secret.symmetricKeySize ?? 0) * 8}-cbc`
      return plain(createMac("cmac", secret, { cipher }).update(message).final())
    },
  }
}

/** SP 800-38D section 3: GCM over additional data alone, with an IV that never repeats. */
export const gmac: MacRow<NodeKey> = {
  ivBytes: 12,
  tag: (key, message, iv) => {
    const secret = secretHalf(key)
    const cipher = `aes-${(secret.symmetricKeySize ?? 0) * 8}-gcm`
    return plain(createMac("gmac", secret, { cipher, iv }).update(message).final())
  },
}

/** RFC 8439 section 2.5: the key is good for one message, which the budget of seals sees to. */
export const poly1305: MacRow<NodeKey> = {
  ivBytes: 0,
  tag: (key, message) => plain(createMac("poly1305", secretHalf(key), {}).update(message).final()),
}
