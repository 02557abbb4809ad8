/**
 * What src/sealing seals with: AES-256-GCM (SP 800-38D) under a key of its own for each blob, by
 * HKDF-SHA-256 (RFC 5869) from a key above it and a salt. Many at a time, as calls cost more than
 * they do.
 */

/** What a blob begins with, in the clear and bound, and what its key is derived for. */
export interface BlobForm {
  readonly head: Uint8Array
  readonly info: Uint8Array
}

export interface BlobInput {
  readonly aad: Uint8Array
  readonly plaintext: Uint8Array
}

export const blobKeyBytes = 32
export const blobSaltBytes = 16
export const blobIvBytes = 12
export const blobTagBytes = 16

export interface BlobCipher {
  /**
   * 32 bytes for each info, one behind the other.
   *
   * @param salts - 32 bytes for each info.
   */
  deriveKeys(ikm: Uint8Array, salts: Uint8Array, infos: readonly Uint8Array[]): Uint8Array
  /**
   * For each input: head || salt || IV || ciphertext || tag.
   *
   * @param keys - 32 bytes for all of them, or for each.
   * @param fresh - random bytes: a salt of 16 and an IV of 12 for each.
   */
  seal(
    keys: Uint8Array,
    form: BlobForm,
    fresh: Uint8Array,
    inputs: readonly BlobInput[],
  ): Uint8Array[]
  /** The plaintext; undefined when it does not open. The blob's head is as long as the form's. */
  open(key: Uint8Array, form: BlobForm, aad: Uint8Array, blob: Uint8Array): Buffer | undefined
}
