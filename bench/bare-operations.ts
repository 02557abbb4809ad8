/** What a row of the engine is compared with: the same operation bare, as node:crypto has it. */

import {
  constants,
  createCipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  decapsulate,
  diffieHellman,
  encapsulate,
  publicEncrypt,
  randomBytes,
  sign,
  type KeyObject,
} from "node:crypto"
import * as secp256k1 from "tiny-secp256k1"

import { keyAlgorithm, type KeyAlgorithmId, type MechanismId } from "../src/domain/algorithms.ts"
import { hashes, type HashId } from "../src/domain/hashes.ts"

export type Operation = () => unknown

/** A key in its stored form: raw bytes, or PKCS#8. */
export interface BareKey {
  readonly algorithm: KeyAlgorithmId
  readonly mechanism: MechanismId
  readonly material: Uint8Array
  readonly message: Uint8Array
}

/** Undefined where node:crypto has no such operation. */
export function bareOperation(key: BareKey): Operation | undefined {
  const { algorithm, mechanism } = key
  if (keyAlgorithm(algorithm).form === "secret") return secretOperation(key)
  if (keyAlgorithm(algorithm).form === "seed" || /^(LMS|HSS|XMSS)/.test(algorithm)) return undefined
  const pair = createPrivateKey({ key: Buffer.from(key.material), format: "der", type: "pkcs8" })
  if (algorithm === "EC_SECP256K1" && mechanism !== "ECDH") return onSecp256k1(key, pair)
  return pairOperation(key, pair)
}

function pairOperation({ mechanism, message }: BareKey, pair: KeyObject): Operation | undefined {
  const hash = hashOf(mechanism)
  if (mechanism.startsWith("RSA_PSS")) {
    const padding = constants.RSA_PKCS1_PSS_PADDING
    const saltLength = constants.RSA_PSS_SALTLEN_DIGEST
    return hash === undefined ? hash : () => sign(hash, message, { key: pair, padding, saltLength })
  }
  if (/^(RSA_PKCS1|ECDSA|DSA)_(?!ENCRYPTION|NONE)/.test(mechanism)) {
    return hash === undefined ? hash : () => sign(hash, message, pair)
  }
  if (/^(ED25519|ED448|ML_DSA|SLH_DSA)$/.test(mechanism)) return () => sign(null, message, pair)
  if (mechanism === "ML_KEM") {
    const { ciphertext } = encapsulate(createPublicKey(pair))
    return () => decapsulate(pair, ciphertext)
  }
  if (/^(ECDH|X25519|X448|DH)$/.test(mechanism)) {
    const publicKey = createPublicKey(pair)
    return () => diffieHellman({ privateKey: pair, publicKey })
  }
  const oaepHash = mechanism.startsWith("RSA_OAEP") ? hash : undefined
  const publicKey = createPublicKey(pair)
  return oaepHash === undefined
    ? oaepHash
    : () => publicEncrypt({ key: publicKey, oaepHash }, message.subarray(0, 32))
}

function onSecp256k1({ mechanism, message }: BareKey, pair: KeyObject): Operation | undefined {
  const { d = "" } = pair.export({ format: "jwk" })
  const secret = Buffer.from(d, "base64url")
  const digest = message.subarray(0, 32)
  return mechanism === "BIP340_SCHNORR"
    ? () => secp256k1.signSchnorr(digest, secret)
    : () => secp256k1.sign(digest, secret)
}

function secretOperation({ mechanism, material, message }: BareKey): Operation | undefined {
  const hash = hashOf(mechanism)
  if (mechanism.startsWith("HMAC_")) {
    return hash === undefined ? hash : () => createHmac(hash, material).update(message).digest()
  }
  const [, mode] = /^AES_(GCM|CBC_PAD|CTR)$/.exec(mechanism) ?? []
  if (mode === undefined) return undefined
  const ivBytes = mode === "GCM" ? 12 : 16
  const pool = randomBytes(ivBytes * 1_024)
  let at = 0
  const iv = (): Uint8Array => pool.subarray((at = (at + ivBytes) % pool.length), at + ivBytes)
  const bits = material.length * 8
  if (mode !== "GCM") {
    return () => {
      const sealing = createCipheriv(`aes-${bits}-${mode.slice(0, 3)}`, material, iv())
      return Buffer.concat([sealing.update(message), sealing.final()])
    }
  }
  return () => {
    // One of three names, all of AES-GCM.
    const sealing = createCipheriv(`aes-${bits}-gcm` as "aes-256-gcm", material, iv())
    return Buffer.concat([sealing.update(message), sealing.final(), sealing.getAuthTag()])
  }
}

/** OpenSSL's name of the hash at a mechanism's end. */
function hashOf(mechanism: MechanismId): string | undefined {
  const ids = Object.keys(hashes).toSorted((a, b) => b.length - a.length) as readonly HashId[]
  const id = ids.find((one) => mechanism.endsWith(`_${one}`))
  return id === undefined || /KECCAK|DOUBLE|BLAKE/.test(id) ? undefined : opensslNames(id)
}

/** SHA_512_256 is sha512-256, SHA3_224 is sha3-224, RIPEMD_160 is ripemd160. */
function opensslNames(id: HashId): string {
  return id
    .toLowerCase()
    .replace(/^(sha|ripemd)_/, "$1")
    .replaceAll("_", "-")
}
