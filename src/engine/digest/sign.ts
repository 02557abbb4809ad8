/** Signatures over bare digests under a permit: for callers that hash by themselves. */

import assert from "node:assert/strict"
import type { MechanismId } from "../../domain/algorithms.ts"
import type { Permit } from "../../domain/policy.ts"
import { finishSignature, type SignatureEncoding } from "../ecdsa.ts"
import type { KeyHandle } from "../key-handle.ts"
import { malformed } from "../malformed.ts"
import { digests, openKey, provider, rowFor } from "../open-keys.ts"
import { digestMechanism, type DigestHash, type DigestRow } from "./row.ts"
import type { OpenKey } from "../open-keys.ts"

export interface SignDigestInput {
  readonly mechanism: MechanismId
  /** As long as the mechanism's hash. */
  readonly digest: Uint8Array
  /** Of ECDSA signatures; DER unless told otherwise. */
  readonly encoding?: SignatureEncoding | undefined
}

export interface VerifyDigestInput extends Omit<SignDigestInput, "encoding"> {
  /** ECDSA: DER. */
  readonly signature: Uint8Array
}

/**
 * Signs a digest. What the caller hashed is not known here: approvals and audit records of such a
 * signature say no more than the digest does.
 *
 * @param permit - covers `key.sign` with this key and mechanism.
 * @returns what `sign` returns for a message with this digest.
 * @throws HsmError MALFORMED_REQUEST, field `/mechanism`, when the mechanism takes whole messages
 * alone; field `/message` for a digest of another length; OPERATION_FORBIDDEN when only the public
 * half is here; SEALED when the handle was closed.
 */
export function signDigest(
  permit: Permit,
  handle: KeyHandle,
  { mechanism, digest, encoding }: SignDigestInput,
): Uint8Array | Promise<Uint8Array> {
  const input = { message: digest, messageType: "digest", encoding }
  assert(permit.covers({ operation: "key.sign", keyId: handle.keyId, mechanism, input }))
  const { row, hash } = rowOf(handle, mechanism, digest)
  return finishSignature(row.sign(openKey(handle), hash, digest), handle.algorithm, encoding)
}

/**
 * True when `signature` is this key's over the message that has this digest; false for anything
 * else, malformed ones too.
 *
 * @param permit - covers `key.verify` with this key and mechanism.
 * @throws HsmError MALFORMED_REQUEST as {@link signDigest} does; SEALED when the handle was closed.
 */
export function verifyDigest(
  permit: Permit,
  handle: KeyHandle,
  { mechanism, digest, signature }: VerifyDigestInput,
): boolean {
  assert(permit.covers({ operation: "key.verify", keyId: handle.keyId, mechanism }))
  const { row, hash } = rowOf(handle, mechanism, digest)
  return row.verify(openKey(handle), hash, digest, signature)
}

function rowOf(
  handle: KeyHandle,
  mechanism: MechanismId,
  digest: Uint8Array,
): { readonly row: DigestRow<OpenKey>; readonly hash: DigestHash } {
  // Refuses what does not sign at all, in the words of a message's signature.
  rowFor(provider.signature, handle, mechanism)
  const found = digestMechanism(mechanism)
  if (found === undefined) throw malformed("/mechanism", `${mechanism} takes no digest`)
  const { scheme, hash } = found
  if (digest.length !== hash.bytes) {
    throw malformed("/message", `a digest for ${mechanism} has ${hash.bytes} bytes`)
  }
  return { row: digests[scheme], hash }
}
