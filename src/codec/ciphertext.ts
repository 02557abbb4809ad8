/**
 * Keyhold's ciphertext, format 1: names suite, key and version, so that decrypting needs no key id
 * and survives rotation. Layout, bounds and binding: docs/formats/ciphertext.md.
 */

import { CodecError } from "./error.ts"
import { decodeId, encodeId } from "./id-text.ts"

interface Suite {
  /** On the wire; frozen, never reused. */
  readonly byte: number
  readonly ivBytes: number
  /** What encryption adds at least: an authentication tag, or nothing. */
  readonly tagBytes: number
  /** Authenticated: the header is bound into the tag by {@link boundAad}. */
  readonly aead: boolean
}

/** Every suite by the identifier of its mechanism. */
export const suites = {
  XAES_256_GCM: { byte: 1, ivBytes: 24, tagBytes: 16, aead: true },
  AES_GCM: { byte: 2, ivBytes: 12, tagBytes: 16, aead: true },
  AES_CBC_PAD: { byte: 3, ivBytes: 16, tagBytes: 0, aead: false },
  AES_CTR: { byte: 4, ivBytes: 16, tagBytes: 0, aead: false },
  RSA_OAEP_SHA_256: { byte: 5, ivBytes: 0, tagBytes: 0, aead: false },
  RSA_OAEP_SHA_384: { byte: 6, ivBytes: 0, tagBytes: 0, aead: false },
  RSA_OAEP_SHA_512: { byte: 7, ivBytes: 0, tagBytes: 0, aead: false },
  AES_GCM_SIV: { byte: 8, ivBytes: 12, tagBytes: 16, aead: true },
  AES_CCM: { byte: 9, ivBytes: 12, tagBytes: 16, aead: true },
  XCHACHA20_POLY1305: { byte: 10, ivBytes: 24, tagBytes: 16, aead: true },
  CHACHA20_POLY1305: { byte: 11, ivBytes: 12, tagBytes: 16, aead: true },
  AES_CBC: { byte: 12, ivBytes: 16, tagBytes: 0, aead: false },
  AES_ECB: { byte: 13, ivBytes: 0, tagBytes: 0, aead: false },
  CAMELLIA_CBC_PAD: { byte: 14, ivBytes: 16, tagBytes: 0, aead: false },
  RSA_OAEP_SHA_1: { byte: 16, ivBytes: 0, tagBytes: 0, aead: false },
  RSA_PKCS1_ENCRYPTION: { byte: 17, ivBytes: 0, tagBytes: 0, aead: false },
  RSA_RAW: { byte: 18, ivBytes: 0, tagBytes: 0, aead: false },
  TDEA_CBC_PAD: { byte: 15, ivBytes: 8, tagBytes: 0, aead: false },
  CAMELLIA_CBC: { byte: 19, ivBytes: 16, tagBytes: 0, aead: false },
  CAMELLIA_CTR: { byte: 20, ivBytes: 16, tagBytes: 0, aead: false },
  CAMELLIA_ECB: { byte: 21, ivBytes: 0, tagBytes: 0, aead: false },
  TDEA_CBC: { byte: 22, ivBytes: 8, tagBytes: 0, aead: false },
  TDEA_ECB: { byte: 23, ivBytes: 0, tagBytes: 0, aead: false },
} as const satisfies Record<string, Suite>
export type SuiteId = keyof typeof suites

// `Object.keys` of a literal yields exactly its keys.
const suiteIds = Object.keys(suites) as readonly SuiteId[]
const suiteOfByte = new Map<number, SuiteId>(suiteIds.map((id) => [suites[id].byte, id]))

const magic = [0x4b, 0x48, 0x43] as const // "KHC"
const formatByte = 1
const keyIdAt = 5
const versionAt = 21
/** Magic, format, suite, key id, key version. */
export const ciphertextHeaderBytes = 25
/** The longest message (64 KiB), the header, and the longest IV and tag. */
export const ciphertextBytesMax = 64 * 1024 + ciphertextHeaderBytes + 24 + 16

/** What a ciphertext names in the clear. */
export interface CiphertextHeader {
  readonly suite: SuiteId
  /** Written form of the key's id. */
  readonly keyId: string
  /** 1 to 2^32 - 1. */
  readonly version: number
}

export interface Ciphertext extends CiphertextHeader {
  /** As long as the suite says. */
  readonly iv: Uint8Array
  /** Ciphertext, followed by the tag where the suite has one. */
  readonly body: Uint8Array
}

/** The first 25 bytes of a ciphertext: what {@link boundAad} binds. */
export function encodeCiphertextHeader({ suite, keyId, version }: CiphertextHeader): Uint8Array {
  const header = new Uint8Array(ciphertextHeaderBytes)
  header.set(magic)
  header[3] = formatByte
  header[4] = suites[suite].byte
  header.set(decodeId(keyId, "/keyId"), keyIdAt)
  if (!Number.isInteger(version) || version < 1 || version > 0xffff_ffff) {
    throw new CodecError("/version", "is no version")
  }
  new DataView(header.buffer).setUint32(versionAt, version)
  return header
}

/** True when two ciphertexts begin alike, as far as their headers go. */
export function haveSameHeader(one: Uint8Array, other: Uint8Array): boolean {
  for (let at = 0; at < ciphertextHeaderBytes; at++) if (one[at] !== other[at]) return false
  return true
}

/**
 * Joins a ciphertext's parts.
 *
 * @throws {@link CodecError} when a part is longer or shorter than its suite allows.
 */
export function encodeCiphertext({ iv, body, ...named }: Ciphertext): Uint8Array {
  return joinCiphertext(named.suite, encodeCiphertextHeader(named), { iv, body })
}

/** As {@link encodeCiphertext}, behind a header that was made before, of the same suite. */
export function joinCiphertext(
  suite: SuiteId,
  header: Uint8Array,
  { iv, body }: { readonly iv: Uint8Array; readonly body: Uint8Array },
): Uint8Array {
  const { ivBytes, tagBytes } = suites[suite]
  if (iv.length !== ivBytes) throw new CodecError("/iv", `has to be ${ivBytes} bytes`)
  if (body.length < tagBytes) throw new CodecError("/body", "is shorter than its tag")
  const bytes = new Uint8Array(ciphertextHeaderBytes + ivBytes + body.length)
  if (bytes.length > ciphertextBytesMax) throw new CodecError("/body", "is too long")
  bytes.set(header)
  bytes.set(iv, ciphertextHeaderBytes)
  bytes.set(body, ciphertextHeaderBytes + ivBytes)
  return bytes
}

/**
 * Takes a ciphertext apart. `iv`, `body` and `header` are views of `bytes`.
 *
 * @throws {@link CodecError} for another magic, format or suite, for version 0, and for fewer bytes
 * than the suite needs or more than {@link ciphertextBytesMax}.
 */
export function decodeCiphertext(
  bytes: Uint8Array,
  field = "/ciphertext",
): Ciphertext & { readonly header: Uint8Array } {
  const refuse = (why: string): never => {
    throw new CodecError(field, why)
  }
  if (bytes.length < ciphertextHeaderBytes) return refuse("is shorter than its header")
  if (bytes.length > ciphertextBytesMax) return refuse("is too long")
  if (magic.some((byte, at) => bytes[at] !== byte)) return refuse("is no Keyhold ciphertext")
  if (bytes[3] !== formatByte) return refuse("has a format that this version does not know")
  const suite = suiteOfByte.get(bytes[4] ?? 0)
  if (suite === undefined) return refuse("has a suite that this version does not know")
  const version = new DataView(bytes.buffer, bytes.byteOffset).getUint32(versionAt)
  if (version === 0) return refuse("names no version")
  const { ivBytes, tagBytes } = suites[suite]
  const bodyAt = ciphertextHeaderBytes + ivBytes
  if (bytes.length < bodyAt + tagBytes) return refuse("is shorter than its suite needs")
  return {
    suite,
    keyId: encodeId(bytes.subarray(keyIdAt, versionAt)),
    version,
    header: bytes.subarray(0, ciphertextHeaderBytes),
    iv: bytes.subarray(ciphertextHeaderBytes, bodyAt),
    body: bytes.subarray(bodyAt),
  }
}

const ascii = new TextEncoder()
const purpose = ascii.encode("keyhold/ciphertext/v1")
const clusterIdLength = 26

/**
 * The additional data that an authenticated suite is really given: whatever changes in the header,
 * or the cluster, breaks the tag. Everything before the caller's part has a fixed length, so no two
 * inputs give the same bytes.
 *
 * @param cluster - the cluster id in its written form.
 * @param header - from {@link encodeCiphertextHeader} or {@link decodeCiphertext}.
 * @param aad - the caller's own additional data; may be empty.
 */
export function boundAad({
  cluster,
  header,
  aad,
}: {
  readonly cluster: string
  readonly header: Uint8Array
  readonly aad: Uint8Array
}): Uint8Array {
  if (cluster.length !== clusterIdLength) throw new CodecError("/cluster", "is not an id")
  if (header.length !== ciphertextHeaderBytes) throw new CodecError("/header", "is no header")
  const headerAt = purpose.length + clusterIdLength
  const aadAt = headerAt + ciphertextHeaderBytes
  const bytes = new Uint8Array(aadAt + aad.length)
  bytes.set(purpose)
  ascii.encodeInto(cluster, bytes.subarray(purpose.length, headerAt))
  bytes.set(header, headerAt)
  bytes.set(aad, aadAt)
  return bytes
}
