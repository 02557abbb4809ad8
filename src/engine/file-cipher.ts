/**
 * Files encrypted to a pair's public half: a pair made for the file alone agrees with it (SP
 * 800-56A section 6.2.2.2, C(1e, 1s, ECC CDH)), HKDF-SHA-384 makes a key and an IV of what they
 * agree on (RFC 5869), and AES-256-GCM seals. The key serves once, so its IV meets no other.
 */

import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
} from "node:crypto"

import { canonical } from "../codec/canonical.ts"
import { encodeFileHeader, fileTagBytes, type FileHeader } from "../codec/file-ciphertext.ts"
import { decryptionFailed } from "../domain/errors.ts"
import { malformed } from "./malformed.ts"

const cipher = "aes-256-gcm"
const keyBytes = 32
const ivBytes = 12

/** To whom a file is encrypted. */
export interface FileRecipient extends Omit<FileHeader, "peer"> {
  readonly clusterId: string
  /** SPKI DER. */
  readonly publicKey: Uint8Array
}

/**
 * Encrypts a file; needs no private key but the one that it makes and forgets.
 *
 * @returns header, ciphertext and tag, docs/formats/file.md.
 * @throws HsmError MALFORMED_REQUEST for a public key of no elliptic curve.
 */
export function sealFile(recipient: FileRecipient, plaintext: Uint8Array): Uint8Array {
  const { clusterId, publicKey: spki, ...named } = recipient
  const publicKey = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" })
  const namedCurve = publicKey.asymmetricKeyDetails?.namedCurve
  if (publicKey.asymmetricKeyType !== "ec" || namedCurve === undefined) {
    throw malformed("/key", "files are encrypted to keys on elliptic curves")
  }
  const own = generateKeyPairSync("ec", { namedCurve })
  const shared = diffieHellman({ privateKey: own.privateKey, publicKey })
  const peer = own.publicKey.export({ format: "der", type: "spki" })
  const header = encodeFileHeader({ ...named, peer })
  const { key, iv } = keysFor(clusterId, header, shared)
  const sealing = createCipheriv(cipher, key, iv, { authTagLength: fileTagBytes })
  key.fill(0)
  sealing.setAAD(header)
  const sealed = [header, sealing.update(plaintext), sealing.final(), sealing.getAuthTag()]
  return Buffer.concat(sealed)
}

/**
 * Opens what {@link sealFile} made.
 *
 * @param shared - what the key and the file's peer agree on; wiped here.
 * @throws HsmError DECRYPTION_FAILED, always the same.
 */
export function openFile(
  { clusterId }: Pick<FileRecipient, "clusterId">,
  { header, body }: { readonly header: Uint8Array; readonly body: Uint8Array },
  shared: Uint8Array,
): Uint8Array {
  const { key, iv } = keysFor(clusterId, header, shared)
  const end = body.length - fileTagBytes
  try {
    const opening = createDecipheriv(cipher, key, iv, { authTagLength: fileTagBytes })
    opening.setAAD(header)
    opening.setAuthTag(body.subarray(end))
    const plaintext = opening.update(body.subarray(0, end))
    opening.final()
    return plaintext
  } catch {
    throw decryptionFailed()
  } finally {
    key.fill(0)
  }
}

function keysFor(clusterId: string, header: Uint8Array, shared: Uint8Array) {
  const info = canonical("file-ciphertext", clusterId, header)
  const salt = new Uint8Array(0)
  const made = Buffer.from(hkdfSync("sha384", shared, salt, info, keyBytes + ivBytes))
  shared.fill(0)
  return { key: made.subarray(0, keyBytes), iv: made.subarray(keyBytes) }
}
