/**
 * The provider that calls OpenSSL through the addon: node:crypto's tables, with the rows that one
 * call serves better put in place of theirs. Only what is measured to be faster is here.
 */

import assert from "node:assert/strict"
import { decryptionFailed, HsmError } from "../../domain/errors.ts"
import type { KeyAlgorithmId } from "../../domain/algorithms.ts"
import type { NodeKey } from "../node/key.ts"
import { nodeProvider } from "../node/provider.ts"
import type { EncryptionRow, KeyRow, MacRow, Provider, SignatureRow } from "../provider.ts"
import { randomBytes } from "../random.ts"
import {
  noncePoolBytes,
  type Addon,
  type AesKey,
  type Hash,
  type HmacKey,
  type PairKey,
} from "./addon.ts"

/** A key as both hold it: node:crypto for the rows that stay with it, the addon for its own. */
export interface NativeKey extends NodeKey {
  readonly aes?: AesKey
  readonly hmac?: HmacKey
  readonly pair?: PairKey
}

type Opened = Pick<NativeKey, "aes" | "hmac" | "pair">
type Opener = (addon: Addon, key: NodeKey, raw: Uint8Array | undefined) => Opened

/** What the row of this provider for the key's algorithm has put there. */
export function half<T>(native: T | undefined): T {
  if (native === undefined)
    throw new HsmError("OPERATION_FORBIDDEN", "only the public half is here")
  return native
}

const openAes: Opener = (addon, _key, raw) => ({ aes: addon.aesKey(half(raw)) })

function openHmac(hash: Hash): Opener {
  return (addon, _key, raw) => ({ hmac: addon.hmacKey(half(raw), hash) })
}

const openPair: Opener = (addon, key, pkcs8) => ({
  pair:
    pkcs8 === undefined
      ? addon.publicKey(half(key.public).export({ format: "der", type: "spki" }))
      : addon.privateKey(pkcs8),
})

/** What the addon holds, by algorithm; the others are node:crypto's alone. */
export const openers: Partial<Record<KeyAlgorithmId, Opener>> = {
  AES_128: openAes,
  AES_192: openAes,
  AES_256: openAes,
  HMAC_SHA_1: openHmac("sha1"),
  HMAC_SHA_224: openHmac("sha224"),
  HMAC_SHA_256: openHmac("sha256"),
  HMAC_SHA_384: openHmac("sha384"),
  HMAC_SHA_512: openHmac("sha512"),
  HMAC_SHA3_256: openHmac("sha3-256"),
  HMAC_SHA3_384: openHmac("sha3-384"),
  HMAC_SHA3_512: openHmac("sha3-512"),
  RSA_2048: openPair,
  RSA_3072: openPair,
  RSA_4096: openPair,
  EC_P256: openPair,
  EC_P384: openPair,
  EC_P521: openPair,
}

function opening(row: KeyRow<NodeKey>, addon: Addon, open: Opener): KeyRow<NativeKey> {
  return {
    ...row,
    open: (material, publicKey) => {
      const key = row.open(material, publicKey)
      const native = material?.lend((raw) => open(addon, key, raw)) ?? open(addon, key, undefined)
      return { ...key, ...native }
    },
  }
}

/** AES-GCM and XAES-256-GCM differ in the length of their nonces alone. */
function gcm(addon: Addon, row: EncryptionRow<NodeKey>): EncryptionRow<NativeKey> {
  const { ivBytes } = row
  return {
    ...row,
    seal: ({ aes }, { iv, aad, plaintext }) => addon.seal(half(aes), iv, aad, plaintext),
    sealFresh: ({ aes }, { aad, plaintext }) => {
      const sealed = sealFresh(addon, half(aes), { ivBytes, aad, plaintext })
      return { iv: sealed.subarray(0, ivBytes), ciphertext: sealed.subarray(ivBytes) }
    },
    open: ({ aes }, { iv, aad, ciphertext }) => {
      const opened = addon.open(half(aes), iv, aad, ciphertext)
      if (opened === undefined) throw decryptionFailed()
      return opened
    },
  }
}

/** The nonces are our own random bytes, health tests included: the addon only deals them out. */
function sealFresh(
  addon: Addon,
  key: AesKey,
  given: { readonly ivBytes: number; readonly aad: Uint8Array; readonly plaintext: Uint8Array },
): Uint8Array {
  const { ivBytes, aad, plaintext } = given
  const sealed = addon.sealFresh(key, ivBytes, aad, plaintext)
  if (sealed !== undefined) return sealed
  const random = randomBytes(noncePoolBytes)
  addon.feed(random)
  random.fill(0)
  const again = addon.sealFresh(key, ivBytes, aad, plaintext)
  assert(again !== undefined, "a full pool has a nonce")
  return again
}

function hmac(addon: Addon, row: MacRow<NodeKey>): MacRow<NativeKey> {
  return { ...row, tag: ({ hmac }, message) => addon.hmac(half(hmac), message) }
}

/** In the fast lane alone: off the event loop node:crypto costs no more. */
function ecdsa(addon: Addon, row: SignatureRow<NodeKey>, hash: Hash): SignatureRow<NativeKey> {
  return {
    ...row,
    sign: (key, message) =>
      key.lane === "fast" && key.secret !== undefined
        ? addon.sign(half(key.pair), "ecdsa", hash, message)
        : row.sign(key, message),
  }
}

/** node:crypto's tables with the addon's rows. */
export function nativeProvider(addon: Addon): Provider<NativeKey> {
  const { keys, encryption, signature, mac } = nodeProvider
  // The table's keys are algorithms.
  const algorithms = Object.keys(keys) as KeyAlgorithmId[]
  const opened = algorithms.map((algorithm) => {
    const open = openers[algorithm]
    const row: KeyRow<NativeKey> =
      open === undefined ? keys[algorithm] : opening(keys[algorithm], addon, open)
    return [algorithm, row] as const
  })
  return {
    ...nodeProvider,
    name: "native",
    keys: { ...keys, ...Object.fromEntries(opened) },
    encryption: {
      ...encryption,
      XAES_256_GCM: gcm(addon, encryption.XAES_256_GCM),
      AES_GCM: gcm(addon, encryption.AES_GCM),
    },
    signature: {
      ...signature,
      ECDSA_SHA_256: ecdsa(addon, signature.ECDSA_SHA_256, "sha256"),
      ECDSA_SHA_384: ecdsa(addon, signature.ECDSA_SHA_384, "sha384"),
      ECDSA_SHA_512: ecdsa(addon, signature.ECDSA_SHA_512, "sha512"),
    },
    mac: {
      ...mac,
      HMAC_SHA_1: hmac(addon, mac.HMAC_SHA_1),
      HMAC_SHA_224: hmac(addon, mac.HMAC_SHA_224),
      HMAC_SHA_256: hmac(addon, mac.HMAC_SHA_256),
      HMAC_SHA_384: hmac(addon, mac.HMAC_SHA_384),
      HMAC_SHA_512: hmac(addon, mac.HMAC_SHA_512),
      HMAC_SHA3_256: hmac(addon, mac.HMAC_SHA3_256),
      HMAC_SHA3_384: hmac(addon, mac.HMAC_SHA3_384),
      HMAC_SHA3_512: hmac(addon, mac.HMAC_SHA3_512),
    },
  }
}
