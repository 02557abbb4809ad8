/**
 * What the XKS proxy API's encryption binds and returns beside the ciphertext: XKS Proxy API
 * Specification 1.0.3, section Encrypt, and appendix C.
 */

import { CodecError } from "./error.ts"

/** Of `ciphertextMetadata`: at most 20 bytes. A byte that names the format, and the version. */
const metadataFormat = 1
const metadataBytes = 5

/** Which version of a key sealed a ciphertext: so it rotates without AWS. */
export function encodeMetadata(version: number): Uint8Array {
  const bytes = Buffer.alloc(metadataBytes)
  bytes.writeUInt8(metadataFormat)
  bytes.writeUInt32BE(version, 1)
  return new Uint8Array(bytes)
}

/** @throws {@link CodecError} for what no encryption here has returned. */
export function decodeMetadata(bytes: Uint8Array): number {
  if (bytes.length !== metadataBytes || bytes[0] !== metadataFormat) {
    throw new CodecError("/ciphertextMetadata", "is none of ours")
  }
  return Buffer.from(bytes).readUInt32BE(1)
}

/**
 * Additional data as the tag covers it: with the metadata, and both lengths, so that neither can
 * pass for the other.
 *
 * @param aad - at most 65,535 bytes.
 */
export function boundAad(aad: Uint8Array, metadata: Uint8Array): Uint8Array {
  const lengths = [Buffer.alloc(2), Buffer.alloc(1)] as const
  lengths[0].writeUInt16BE(aad.length)
  lengths[1].writeUInt8(metadata.length)
  return Buffer.concat([lengths[0], aad, lengths[1], metadata])
}

/** A ciphertext as AWS keeps it, in parts. */
export interface StoredCiphertext {
  readonly ciphertext: Uint8Array
  readonly metadata: Uint8Array
  readonly iv: Uint8Array
  readonly tag: Uint8Array
}

/** What the integrity value hashes: all that AWS keeps, without lengths. */
export function integrityInput(aad: Uint8Array, stored: StoredCiphertext): Uint8Array {
  const { metadata, iv, ciphertext, tag } = stored
  return Buffer.concat([aad, metadata, iv, ciphertext, tag])
}
