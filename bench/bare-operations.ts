/** What a row of the engine is compared with: the same operation bare, as node:crypto has it. */

import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  decapsulate,
  diffieHellman,
  encapsulate,
  hkdfSync,
  pbkdf2Sync,
  privateDecrypt,
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
  const agrees = /^(ECDH|AGREEMENT)/.test(mechanism)
  if (algorithm === "EC_SECP256K1" && !agrees) return onSecp256k1(key, pair)
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
  if (mechanism.startsWith("ML_KEM")) {
    const { ciphertext } = encapsulate(createPublicKey(pair))
    return () => decapsulate(pair, ciphertext)
  }
  if (/^(ECDH|X25519|X448|DH$|AGREEMENT)/.test(mechanism)) {
    const publicKey = createPublicKey(pair)
    return () => diffieHellman({ privateKey: pair, publicKey })
  }
  return hash === undefined ? hash : oaepOperation({ mechanism, message }, pair, hash)
}

/** Encrypting, or what unwrapping cannot do without. */
function oaepOperation(
  { mechanism, message }: Pick<BareKey, "mechanism" | "message">,
  pair: KeyObject,
  oaepHash: string,
): Operation | undefined {
  const publicKey = createPublicKey(pair)
  const encrypt = () => publicEncrypt({ key: publicKey, oaepHash }, message.subarray(0, 32))
  if (mechanism.startsWith("RSA_OAEP_SHA")) return encrypt
  if (!/^RSA_(OAEP_WRAP|AES_KWP)/.test(mechanism)) return undefined
  const ciphertext = encrypt()
  return () => privateDecrypt({ key: pair, oaepHash }, ciphertext)
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
  if (hash !== undefined && mechanism.startsWith("HKDF_")) {
    return () => hkdfSync(hash, material, "", "", 32)
  }
  if (hash !== undefined && mechanism.startsWith("PBKDF2_")) {
    return () => pbkdf2Sync(material, message.subarray(0, 16), 1_000, 32, hash)
  }
  if (mechanism.startsWith("AES_KW")) return unwrapOperation({ mechanism, material, message })
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

function unwrapOperation({ mechanism, material, message }: Omit<BareKey, "algorithm">): Operation {
  const [suffix, iv] =
    mechanism === "AES_KW" ? ["wrap", "a6a6a6a6a6a6a6a6"] : ["wrap-pad", "a65959a6"]
  const keyed = [
    `id-aes${material.length * 8}-${suffix}`,
    material,
    Uint8Array.fromHex(iv),
  ] as const
  const wrapped = createCipheriv(...keyed).update(message.subarray(0, 32))
  return () => {
    const unwrapping = createDecipheriv(...keyed)
    return Buffer.concat([unwrapping.update(wrapped), unwrapping.final()])
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
