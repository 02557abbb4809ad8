/** Signatures under a permit. */

import assert from "node:assert/strict"
import { mechanismRow, type MechanismId } from "../domain/algorithms.ts"
import { limits } from "../domain/limits.ts"
import type { Input, Permit } from "../domain/policy.ts"
import { signDigest, verifyDigest } from "./digest/sign.ts"
import { curves, finishSignature, readSignature, type SignatureEncoding } from "./ecdsa.ts"
import type { KeyHandle } from "./key-handle.ts"
import { malformed } from "./malformed.ts"
import { openKey, provider, rowFor } from "./open-keys.ts"
import { signingTested } from "./self-test.ts"

export { signDigest, verifyDigest }

export interface SignInput {
  readonly mechanism: MechanismId
  /** At most limits.signBytesMax, which the caller checks. */
  readonly message: Uint8Array
  /** `digest`: `message` is what the mechanism's hash made of it; else it is the whole message. */
  readonly messageType?: "message" | "digest" | undefined
  /** Of ECDSA signatures; DER unless told otherwise. */
  readonly encoding?: SignatureEncoding | undefined
  /** What the signature is bound to besides its message; empty unless told otherwise. */
  readonly context?: Uint8Array | undefined
}

export interface VerifyInput extends SignInput {
  readonly signature: Uint8Array
}

/**
 * Signs. Off the event loop, and then with a promise, when the handle is in the slow lane.
 *
 * @param permit - covers `key.sign` with this key and mechanism.
 * @returns a DER Ecdsa-Sig-Value (RFC 3279 section 2.2.3) or raw r and s, as many bytes as the RSA
 * modulus, or the bytes of RFC 8032, FIPS 204 or FIPS 205.
 * @throws HsmError MALFORMED_REQUEST when the mechanism does not sign, or takes no such parameter;
 * OPERATION_FORBIDDEN when only the public half is here; SEALED when the handle was closed.
 */
export function sign(
  permit: Permit,
  handle: KeyHandle,
  input: SignInput,
): Uint8Array | Promise<Uint8Array> {
  const { keyId, algorithm } = handle
  const { mechanism, message, messageType, encoding, context } = input
  const covered = coveredInput(input)
  assert(permit.covers({ operation: "key.sign", keyId, mechanism, input: covered }))
  const row = rowFor(provider.signature, handle, mechanism)
  checkParameters(handle, input)
  if (messageType === "digest") {
    return signDigest(permit, handle, { mechanism, digest: message, encoding })
  }
  const key = openKey(handle)
  const tested = signingTested(algorithm)
  const run = () => row.sign(key, message, context)
  return finishSignature(tested === undefined ? run() : tested.then(run), algorithm, encoding)
}

/**
 * True when `signature` is this key's over `message`; false for anything else, malformed ones too.
 *
 * @param permit - covers `key.verify` with this key and mechanism.
 * @throws HsmError MALFORMED_REQUEST when the mechanism does not sign, or takes no such parameter;
 * SEALED when the handle was closed.
 */
export function verify(permit: Permit, handle: KeyHandle, input: VerifyInput): boolean {
  const { keyId, algorithm } = handle
  const { mechanism, message, messageType, signature, encoding = "der", context } = input
  assert(permit.covers({ operation: "key.verify", keyId, mechanism }))
  const row = rowFor(provider.signature, handle, mechanism)
  checkParameters(handle, input)
  const key = openKey(handle)
  const curve = curves[algorithm]
  const read = curve === undefined ? signature : readSignature(signature, curve, encoding)
  if (read === undefined) return false
  return messageType === "digest"
    ? verifyDigest(permit, handle, { mechanism, digest: message, signature: read })
    : row.verify(key, message, read, context)
}

/** What a permit for a signature names, where it names its input. */
export function coveredInput({
  message,
  messageType = "message",
  encoding,
  context = new Uint8Array(),
}: Omit<SignInput, "mechanism">): Input {
  const bound = context.length === 0 ? {} : { context }
  return { message, messageType, encoding, ...bound }
}

/** Whoever sends a parameter relies on it: a mechanism that ignores it must not take it. */
function checkParameters(
  { algorithm }: KeyHandle,
  { mechanism, encoding, context = new Uint8Array() }: SignInput,
): void {
  if (encoding !== undefined && curves[algorithm] === undefined) {
    throw malformed("/encoding", `signatures of ${algorithm} have one encoding`)
  }
  if (context.length > 0 && mechanismRow(mechanism).context !== true) {
    throw malformed("/context", `${mechanism} takes no context`)
  }
  if (context.length > limits.contextBytesMax) {
    throw malformed("/context", `a context has at most ${limits.contextBytesMax} bytes`)
  }
}
