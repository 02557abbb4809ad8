/**
 * The node's identity: an Ed25519 key pair in a file of its own, outside the cluster master key, so
 * that a sealed node can be recognised. Share files pin its public key.
 */

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from "node:crypto"

import { canonical } from "../codec/canonical.ts"
import { encodeId } from "../codec/id-text.ts"
import { HsmError } from "../domain/errors.ts"
import type { NodeId } from "../domain/ids.ts"

/** Sizes in bytes: RFC 8032 section 5.1. */
export const nodeKeySizes = { publicKey: 32, signature: 64 } as const
const idBytes = 16

export interface NodeIdentity {
  readonly nodeId: NodeId
  /** 32 bytes, RFC 8032 section 5.1.2. */
  readonly publicKey: Uint8Array
  /** Signs a canonical naming (RFC 8032 section 5.1.6): 64 bytes. */
  sign(naming: Uint8Array): Uint8Array
}

/** A new identity, and the text of its file: PKCS#8 in PEM (RFC 8410 section 7), mode 0600. */
export function createNodeIdentity(): { readonly identity: NodeIdentity; readonly file: string } {
  const { privateKey } = generateKeyPairSync("ed25519")
  const file = privateKey.export({ type: "pkcs8", format: "pem" })
  return { identity: identityOf(privateKey), file }
}

/**
 * Reads the file of {@link createNodeIdentity}.
 *
 * @throws HsmError MALFORMED_REQUEST when it is no Ed25519 private key.
 */
export function readNodeIdentity(file: string): NodeIdentity {
  return identityOf(openPrivateKey(file))
}

/** A node's id: the first 16 bytes of its public key's SHA-256, so nobody chooses it. */
export function nodeIdOf(publicKey: Uint8Array): NodeId {
  const hash = createHash("sha256")
    .update(canonical("node-id", "", publicKey))
    .digest()
  // encodeId writes exactly the form of an id.
  return encodeId(hash.subarray(0, idBytes)) as NodeId
}

/** True when the node with this public key signed `naming`. Never throws. */
export function isSignedByNode(
  publicKey: Uint8Array,
  naming: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== nodeKeySizes.publicKey) return false
  if (signature.length !== nodeKeySizes.signature) return false
  try {
    const key = Buffer.from(publicKey)
    const peer = createPublicKey({ key, format: "raw-public", asymmetricKeyType: "ed25519" })
    return verify(null, naming, peer, signature)
  } catch {
    return false
  }
}

function openPrivateKey(file: string): KeyObject {
  try {
    const key = createPrivateKey({ key: file, format: "pem" })
    if (key.asymmetricKeyType === "ed25519") return key
  } catch {
    // Reported below: what OpenSSL says of a private key's file does not belong into a message.
  }
  throw new HsmError("MALFORMED_REQUEST", "the node's key file holds no Ed25519 private key")
}

function identityOf(privateKey: KeyObject): NodeIdentity {
  const publicKey = createPublicKey(privateKey).export({ format: "raw-public" })
  return {
    nodeId: nodeIdOf(publicKey),
    publicKey,
    sign: (naming) => sign(null, naming, privateKey),
  }
}
