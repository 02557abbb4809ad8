/** Key pairs: stored as PKCS#8 and SPKI DER in the one form that node:crypto itself writes. */

import { createPrivateKey, createPublicKey, timingSafeEqual, type KeyObject } from "node:crypto"
import type { KeyAlgorithmId } from "../../domain/algorithms.ts"
import { malformed } from "../malformed.ts"
import type { ImportedMaterial, KeyRow, Material } from "../provider.ts"
import { SecretBytes } from "../secret-bytes.ts"
import { plain, secretHalf, type NodeKey } from "./key.ts"
import type { PairType } from "./pair-types.ts"

/** One row per type and size. */
export function pairKeys(algorithm: KeyAlgorithmId, type: PairType): KeyRow<NodeKey> {
  return {
    lane: type.lane,
    generate: async () => {
      const { privateKey, publicKey } = await type.generate()
      return { material: exportPrivate(privateKey), publicKey: exportPublic(publicKey) }
    },
    import: {
      pkcs8: (bytes) => importPrivate(algorithm, type, bytes),
      spki: (bytes) => importPublic(algorithm, type, bytes),
    },
    open: (material, publicKey) => {
      const secret = material?.lend((der) => parsePrivate(der))
      return {
        algorithm,
        lane: type.lane,
        secret,
        public:
          secret === undefined
            ? parsePublic(publicKey ?? new Uint8Array())
            : createPublicKey(secret),
      }
    },
    peer: peerReader(algorithm, type),
    export: (key) => exportPrivate(secretHalf(key)),
  }
}

/**
 * Where public keys have one length, all of an algorithm are alike up to the numbers of the key: of
 * EC up to the point's coordinates, of X25519 and X448 up to the one coordinate. One that begins as
 * they do is canonical, and OpenSSL itself refuses coordinates that are out of range or off the
 * curve. Taking it apart and writing it again, as an import does, costs as much as to agree.
 */
function peerReader(algorithm: KeyAlgorithmId, type: PairType): (spki: Uint8Array) => NodeKey {
  let known: { readonly head: Uint8Array; readonly bytes: number } | undefined
  return (spki) => {
    const about = { algorithm, lane: type.lane, secret: undefined }
    if (known !== undefined && spki.length === known.bytes && beginsWith(spki, known.head)) {
      return { ...about, public: parsePublic(spki) }
    }
    const { publicKey } = importPublic(algorithm, type, spki)
    const read = parsePublic(publicKey)
    const numbers = type.numbersBytes?.(read)
    if (numbers !== undefined) {
      known = { head: publicKey.slice(0, publicKey.length - numbers), bytes: publicKey.length }
    }
    return { ...about, public: read }
  }
}

/** Public values. */
function beginsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  return head.every((byte, at) => byte === bytes[at])
}

/**
 * Other encoders leave the public point out of an EC key or add attributes. So a private key is not
 * compared with its re-encoding but taken apart into its numbers, checked, and stored in
 * our own encoding; only what follows the DER is refused.
 */
async function importPrivate(
  algorithm: KeyAlgorithmId,
  type: PairType,
  bytes: Uint8Array,
): Promise<Material> {
  if (derLength(bytes) !== bytes.length) throw malformed("/material", "the DER is not whole")
  const given = parsePrivate(bytes)
  if (!type.fits(given)) throw malformed("/material", `is no private key of ${algorithm}`)
  const secret = await type.rebuildPrivate(given)
  return { material: exportPrivate(secret), publicKey: exportPublic(createPublicKey(secret)) }
}

/** A public key has one encoding: named curve, uncompressed point, no parameters beside. */
function importPublic(
  algorithm: KeyAlgorithmId,
  type: PairType,
  bytes: Uint8Array,
): ImportedMaterial & { readonly publicKey: Uint8Array } {
  const given = parsePublic(bytes)
  if (!type.fits(given)) throw malformed("/material", `is no public key of ${algorithm}`)
  const publicKey = exportPublic(type.rebuildPublic(given))
  if (publicKey.length !== bytes.length || !timingSafeEqual(publicKey, bytes)) {
    throw malformed("/material", "is not the canonical DER of its key")
  }
  return { material: undefined, publicKey }
}

/** Length that the outermost DER element claims, its head included; 0 when there is none. */
function derLength(bytes: Uint8Array): number {
  const first = bytes[1] ?? 0
  if (first < 0x80) return 2 + first
  const lengthBytes = first & 0x7f
  const body = bytes.subarray(2, 2 + lengthBytes).reduce((sum, byte) => sum * 256 + byte, 0)
  return 2 + lengthBytes + body
}

function parsePrivate(der: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(der.buffer, der.byteOffset, der.length), ...pkcs8 })
}

function parsePublic(der: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(der.buffer, der.byteOffset, der.length), ...spki })
}

const pkcs8 = { format: "der", type: "pkcs8" } as const
const spki = { format: "der", type: "spki" } as const

function exportPrivate(key: KeyObject): SecretBytes {
  return new SecretBytes(plain(key.export(pkcs8)))
}

function exportPublic(key: KeyObject): Uint8Array {
  return plain(key.export(spki))
}
