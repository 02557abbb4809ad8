/**
 * What the log needs of cryptography with secret keys: a port, because only engine/ and sealing/
 * touch secret keys. The daemon implements it in the writer's thread.
 */

import type { RandomSource } from "../domain/ports.ts"

/**
 * Whose key a body is written under: a partition id, or `node` for what happens while that
 * partition's key is not at hand (the node or the partition is sealed).
 */
export type Scope = string
export const nodeScope: Scope = "node"

export interface CheckpointSigner {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array
  /** Ed25519 (RFC 8032), 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array
}

export interface AuditCrypto extends RandomSource {
  /** True when the scope's key is at hand; always for {@link nodeScope}. */
  has(scope: Scope): boolean
  /** Authenticated encryption; the result carries its own nonce. */
  sealBodies(scope: Scope, aad: Uint8Array, bodies: Uint8Array): Uint8Array
  /**
   * @returns undefined when the scope's key is not at hand (sealed, or erased for good).
   * @throws HsmError DECRYPTION_FAILED when the bytes do not open under it.
   */
  openBodies(scope: Scope, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined
  /** Undefined while the node is sealed: the log then grows without checkpoints. */
  readonly signer: CheckpointSigner | undefined
  /** HMAC-SHA-256, 32 bytes. */
  mac(key: Uint8Array, bytes: Uint8Array): Uint8Array
  /** Seals a segment's secrets under the node's own key, which is there in every state. */
  sealSecrets(aad: Uint8Array, secrets: Uint8Array): Uint8Array
  /** @throws HsmError DECRYPTION_FAILED when they do not open. */
  openSecrets(aad: Uint8Array, sealed: Uint8Array): Uint8Array
}
