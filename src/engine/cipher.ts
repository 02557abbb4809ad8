/** Encryption and decryption under a permit. */

import assert from "node:assert/strict"
import type { MechanismId } from "../domain/algorithms.ts"
import { decryptionFailed } from "../domain/errors.ts"
import { each, Failed, type Outcome } from "../domain/outcome.ts"
import type { Input, Permit } from "../domain/policy.ts"
import type { KeyHandle } from "./key-handle.ts"
import { malformed } from "./malformed.ts"
import { openKey, provider, rowFor } from "./open-keys.ts"
import { pooledRandomBytes } from "./random.ts"
import { inJobs, inLane } from "./slow-lane.ts"

export interface EncryptInput {
  readonly mechanism: MechanismId
  /** At most limits.messageBytesMax, which the caller checks; for OAEP what the modulus leaves. */
  readonly plaintext: Uint8Array
  /** Empty unless the mechanism is an AEAD. */
  readonly aad: Uint8Array
  /** Only where the partition lets callers choose it; otherwise made here, at random. */
  readonly iv?: Uint8Array | undefined
}

export interface Encrypted {
  /** As long as the mechanism's row says; empty for RSA. */
  readonly iv: Uint8Array
  /** With the tag at its end, for an AEAD. */
  readonly ciphertext: Uint8Array
}

export interface DecryptInput extends Encrypted {
  readonly mechanism: MechanismId
  readonly aad: Uint8Array
}

/**
 * Encrypts for whoever may decrypt with the key.
 *
 * @param permit - covers `key.encrypt` with this key and mechanism.
 * @throws HsmError MALFORMED_REQUEST for an IV of another length, for additional data that the
 * mechanism would not authenticate, for a plaintext too long for the modulus or not of whole
 * blocks; SEALED when the
 * handle was closed.
 */
export function encrypt(
  permit: Permit,
  handle: KeyHandle,
  { mechanism, plaintext, aad, iv: chosen }: EncryptInput,
): Encrypted {
  const { keyId } = handle
  assert(permit.covers({ operation: "key.encrypt", keyId, mechanism, input: { plaintext } }))
  const row = rowFor(provider.encryption, handle, mechanism)
  const key = openKey(handle)
  refuseLostAad(row.aead, aad)
  if (chosen !== undefined && chosen.length !== row.ivBytes) {
    throw malformed("/iv", `${mechanism} takes an IV of ${row.ivBytes} bytes`)
  }
  const bytesMax = row.plaintextBytesMax?.(key) ?? Infinity
  if (plaintext.length > bytesMax) {
    throw malformed("/plaintext", `this key encrypts at most ${bytesMax} bytes with ${mechanism}`)
  }
  const bytesMin = row.plaintextBytesMin?.(key) ?? 0
  if (plaintext.length < bytesMin) {
    throw malformed("/plaintext", `${mechanism} encrypts ${bytesMin} bytes with this key`)
  }
  const { wholeBlocks = 1 } = row
  if (plaintext.length % wholeBlocks !== 0) {
    throw malformed("/plaintext", `${mechanism} encrypts whole blocks of ${wholeBlocks} bytes`)
  }
  if (chosen === undefined && row.sealFresh !== undefined) {
    return row.sealFresh(key, { plaintext, aad })
  }
  const iv = chosen ?? pooledRandomBytes(row.ivBytes)
  return { iv, ciphertext: row.seal(key, { iv, plaintext, aad }) }
}

/** Messages that share everything but themselves and what is bound to them. */
export interface EncryptManyInput {
  readonly mechanism: MechanismId
  /** What each answer begins with, in the clear. */
  readonly prefix: Uint8Array
  readonly messages: readonly Pick<EncryptInput, "plaintext" | "aad">[]
}

/**
 * As {@link encrypt} for many messages in one step, under random IVs; undefined for mechanisms
 * that know no such step.
 *
 * @returns for each message the prefix, its IV and its ciphertext.
 * @throws HsmError as {@link encrypt} does, for all of them.
 */
export function encryptMany(
  permit: Permit,
  handle: KeyHandle,
  { mechanism, prefix, messages }: EncryptManyInput,
): Uint8Array[] | undefined {
  const { keyId } = handle
  const { sealMany } = rowFor(provider.encryption, handle, mechanism)
  if (sealMany === undefined) return undefined
  for (const { plaintext } of messages) {
    assert(permit.covers({ operation: "key.encrypt", keyId, mechanism, input: { plaintext } }))
  }
  return sealMany(openKey(handle), prefix, messages)
}

/**
 * Decrypts. Off the event loop, and then with a promise, when the handle is in the slow lane.
 *
 * @param permit - covers `key.decrypt` with this key and mechanism.
 * @throws HsmError DECRYPTION_FAILED, always the same, whatever is wrong with IV, ciphertext, tag,
 * padding or additional data; MALFORMED_REQUEST for additional data that the mechanism does not
 * authenticate; SEALED when the handle was closed.
 */
export function decrypt(
  permit: Permit,
  handle: KeyHandle,
  { mechanism, ...input }: DecryptInput,
): Uint8Array | Promise<Uint8Array> {
  const { keyId } = handle
  assert(permit.covers({ operation: "key.decrypt", keyId, mechanism, input: coveredInput(input) }))
  const row = rowFor(provider.encryption, handle, mechanism)
  const key = openKey(handle)
  refuseLostAad(row.aead, input.aad)
  if (input.iv.length !== row.ivBytes) throw decryptionFailed()
  return inLane(handle.lane, permit, () => openAlike(() => row.open(key, input)))
}

/** What one of many ciphertexts consists of. */
export type SealedInput = Omit<DecryptInput, "mechanism">

/**
 * As {@link decrypt} for many ciphertexts of one mechanism; slow keys open many in one job.
 *
 * @param permit - covers any input: a permit that names its own is refused.
 * @returns outcomes in the ciphertexts' order.
 */
export function decryptMany(
  permit: Permit,
  handle: KeyHandle,
  mechanism: MechanismId,
  inputs: readonly SealedInput[],
): readonly Outcome<Uint8Array>[] | Promise<readonly Outcome<Uint8Array>[]> {
  const { keyId } = handle
  const { openMany, ivBytes, aead } = rowFor(provider.encryption, handle, mechanism)
  assert(permit.covers({ operation: "key.decrypt", keyId, mechanism, input: {} }))
  const fit = inputs.every(({ iv, aad }) => iv.length === ivBytes && (aead || aad.length === 0))
  const open = async (some: readonly SealedInput[]): Promise<readonly Outcome<Uint8Array>[]> => {
    const key = openKey(handle)
    const opened = await openMany?.(key, some).catch(() => [])
    return some.map((_, index) => opened?.[index] ?? new Failed(decryptionFailed()))
  }
  const together = fit ? inJobs(permit, handle, inputs, openMany && open) : undefined
  return together ?? each(inputs, (input) => decrypt(permit, handle, { mechanism, ...input }))
}

/** Whatever is wrong has one answer. */
function openAlike(open: () => Uint8Array | Promise<Uint8Array>): Uint8Array | Promise<Uint8Array> {
  try {
    const opened = open()
    return opened instanceof Promise ? opened.catch(failDecryption) : opened
  } catch {
    throw decryptionFailed()
  }
}

/** What a permit for a decryption names, where it names its input. */
export function coveredInput({ iv, ciphertext, aad }: SealedInput): Input {
  return { iv, ciphertext, aad }
}

function failDecryption(): never {
  throw decryptionFailed()
}

/** Whoever sends additional data relies on it: a mechanism that ignores it must not take it. */
function refuseLostAad(aead: boolean, aad: Uint8Array): void {
  if (aead || aad.length === 0) return
  throw malformed("/aad", "this mechanism authenticates no additional data")
}
