/** Signatures under a permit. */

import assert from "node:assert/strict"
import { mechanismRow, muBytes, type MechanismId } from "../domain/algorithms.ts"
import { formatPath, type DerivationPath } from "../domain/derivation.ts"
import { rsaHashes, type HashId } from "../domain/hashes.ts"
import { limits } from "../domain/limits.ts"
import { each, mapResults, type Outcome } from "../domain/outcome.ts"
import type { Input, Permit } from "../domain/policy.ts"
import {
  curves,
  finishSignature,
  readSignature,
  type Curve,
  type SignatureEncoding,
} from "./ecdsa.ts"
import { pairOf } from "./derived.ts"
import type { KeyHandle } from "./key-handle.ts"
import { malformed } from "./malformed.ts"
import { provider, rowFor, type OpenKey } from "./open-keys.ts"
import type { MessageType, SignatureParameters, SignatureRow } from "./provider.ts"
import { signingTested } from "./self-test.ts"
import { inJobs, inLane } from "./slow-lane.ts"

export interface SignInput {
  readonly mechanism: MechanismId
  /** At most limits.signBytesMax, which the caller checks. */
  readonly message: Uint8Array
  /** What `message` is; a whole message unless told otherwise. */
  readonly messageType?: MessageType | undefined
  /** Of ECDSA signatures; DER unless told otherwise. */
  readonly encoding?: SignatureEncoding | undefined
  /** What the signature is bound to besides its message; empty unless told otherwise. */
  readonly context?: Uint8Array | undefined
  /** True: the same message gets the same signature, by ECDSA (RFC 6979), ML-DSA or SLH-DSA. */
  readonly deterministic?: boolean | undefined
  /** Bytes of PSS's salt; as many as the hash has unless told otherwise. */
  readonly saltLength?: number | undefined
  /** Of PSS's MGF1; the message's unless told otherwise. */
  readonly mgfHash?: HashId | undefined
  /** 32 bytes that go into the nonce of BIP 340; fresh ones unless told otherwise. */
  readonly auxRandom?: Uint8Array | undefined
  /** 32 bytes or none: signs for the Taproot output key (BIP 341). */
  readonly merkleRoot?: Uint8Array | undefined
  /** Of a seed: which of its keys. */
  readonly path?: DerivationPath | undefined
  /** Of a stateful key: reserved for this signature alone, by SignatureIndexes. */
  readonly index?: number | undefined
}

export interface VerifyInput extends Omit<SignInput, "deterministic"> {
  readonly signature: Uint8Array
}

/**
 * Signs. Off the event loop, and then with a promise, when the handle is in the slow lane. What the
 * caller hashed is not known here: audit records of such a signature say no more than its digest.
 *
 * @param permit - covers `key.sign` with this key and mechanism.
 * @returns a DER Ecdsa-Sig-Value (RFC 3279 section 2.2.3) or raw r and s, as many bytes as the RSA
 * modulus, or the bytes of RFC 8032, FIPS 204 or FIPS 205.
 * @throws HsmError MALFORMED_REQUEST when the mechanism does not sign, or takes no such parameter
 * or message; OPERATION_FORBIDDEN when only the public half is here; SEALED when the handle was
 * closed.
 */
export function sign(
  permit: Permit,
  handle: KeyHandle,
  input: SignInput,
): Uint8Array | Promise<Uint8Array> {
  const { keyId, algorithm } = handle
  const { mechanism, ...rest } = input
  const { message } = rest
  const covered = { input: coveredInput(rest), path: boundPath(input) }
  assert(permit.covers({ operation: "key.sign", keyId, mechanism, ...covered }))
  const { row, key, parameters } = prepare(handle, input)
  const tested = signingTested(mechanism, algorithm)
  const run = () => inLane(handle.lane, permit, () => row.sign(key, message, parameters))
  const made = tested === undefined ? run() : tested.then(run)
  const finish = finisher(handle, input)
  return made instanceof Promise ? made.then(finish) : finish(made)
}

/**
 * As {@link sign} for many messages that share everything else: what depends on that alone is done
 * once, and slow keys do many in one job.
 *
 * @param permit - covers any message: a permit that names its input is refused.
 * @returns outcomes in the messages' order.
 * @throws HsmError as {@link sign} does for what they share.
 */
export function signMany(
  permit: Permit,
  handle: KeyHandle,
  shared: Omit<SignInput, "message" | "path" | "index">,
  messages: readonly Uint8Array[],
): readonly Outcome<Uint8Array>[] | Promise<readonly Outcome<Uint8Array>[]> {
  const { keyId, algorithm, lane } = handle
  const { mechanism } = shared
  assert(permit.covers({ operation: "key.sign", keyId, mechanism, input: {} }))
  const tested = signingTested(mechanism, algorithm)
  if (tested !== undefined) return tested.then(() => signMany(permit, handle, shared, messages))
  const row = rowFor(provider.signature, handle, mechanism)
  checkParameters(handle, shared)
  const key = pairOf(handle, undefined)
  const longest = row.messageBytesMax?.(key)
  const parameters = parametersOf(shared)
  const finish = finisher(handle, shared)
  const check = (message: Uint8Array): void => {
    checkMessage(shared, message)
    checkLength(shared, message, longest)
  }
  const many = row.signMany
  const together = messages.every((message) => passes(() => check(message)))
    ? inJobs(permit, handle, messages, many && ((some) => many(key, some, parameters)))
    : undefined
  if (together !== undefined) return together.then((made) => mapResults(made, finish))
  return each(messages, (message) => {
    check(message)
    const made = inLane(lane, permit, () => row.sign(key, message, parameters))
    return made instanceof Promise ? made.then(finish) : finish(made)
  })
}

/**
 * True when `signature` is this key's over `message`; false for anything else, malformed ones too.
 *
 * @param permit - covers `key.verify` with this key and mechanism.
 * @throws HsmError MALFORMED_REQUEST as {@link sign} does; SEALED when the handle was closed.
 */
export function verify(permit: Permit, handle: KeyHandle, input: VerifyInput): boolean {
  const { keyId } = handle
  const { mechanism, message, signature, encoding = "der" } = input
  assert(permit.covers({ operation: "key.verify", keyId, mechanism, path: boundPath(input) }))
  const { row, key, parameters } = prepare(handle, input)
  const curve = curveOf(handle, mechanism)
  const read = curve === undefined ? signature : readSignature(signature, curve, encoding)
  return read !== undefined && row.verify(key, message, read, parameters)
}

/** What a permit for a signature names, where it names its input: all that it depends on. */
export function coveredInput({
  context = none,
  deterministic,
  saltLength,
  path,
  messageType = "message",
  index: _index,
  ...rest
}: Omit<SignInput, "mechanism">): Input {
  const bound = context.length === 0 ? {} : { context }
  const chosen = {
    ...(deterministic === true ? { deterministic: "true" } : {}),
    ...(saltLength === undefined ? {} : { saltLength: `${saltLength}` }),
    ...(path === undefined ? {} : { path: formatPath(path) }),
  }
  return { ...rest, messageType, ...bound, ...chosen }
}

/** As a permit knows it. */
function boundPath({ path }: SignInput): string | undefined {
  return path === undefined ? undefined : formatPath(path)
}

/** Whose ECDSA it is; undefined where signatures have one encoding. */
function curveOf({ algorithm }: KeyHandle, mechanism: MechanismId): Curve | undefined {
  return mechanism.startsWith("ECDSA_") ? curves[algorithm] : undefined
}

/** The row, the key, and parameters that fit both. */
function prepare(
  handle: KeyHandle,
  input: SignInput,
): {
  readonly row: SignatureRow<OpenKey>
  readonly key: OpenKey
  readonly parameters: SignatureParameters
} {
  const row = rowFor(provider.signature, handle, input.mechanism)
  checkParameters(handle, input)
  checkMessage(input, input.message)
  const key = pairOf(handle, input.path)
  checkLength(input, input.message, row.messageBytesMax?.(key))
  return { row, key, parameters: parametersOf(input) }
}

function passes(check: () => void): boolean {
  try {
    check()
    return true
  } catch {
    return false
  }
}

/** Brings what a row made into the encoding that was asked for. */
function finisher(
  handle: KeyHandle,
  { mechanism, encoding }: Pick<SignInput, "mechanism" | "encoding">,
): (made: Uint8Array) => Uint8Array {
  const curve = curveOf(handle, mechanism)
  return (made) => finishSignature(made, curve, encoding)
}

function parametersOf(input: Omit<SignInput, "message">): SignatureParameters {
  const { messageType = "message", context = none, deterministic = false } = input
  const { saltLength, mgfHash, encoding, auxRandom, merkleRoot, index } = input
  const recoverable = encoding === "recoverable"
  const bitcoin = { recoverable, auxRandom, merkleRoot, index }
  return { messageType, context, deterministic, saltLength, mgfHash, ...bitcoin }
}

const none = new Uint8Array()

/** Whoever sends a parameter relies on it: a mechanism that ignores it must not take it. */
function checkParameters(handle: KeyHandle, input: Omit<SignInput, "message">): void {
  const { mechanism, encoding, context = none, deterministic = false } = input
  const row = mechanismRow(mechanism)
  const curve = curveOf(handle, mechanism)
  if (encoding !== undefined && curve === undefined) {
    throw malformed("/encoding", `signatures of ${mechanism} have one encoding`)
  }
  if (encoding === "recoverable" && curve?.recovers !== true) {
    throw malformed("/encoding", "signatures of this curve do not lead to their key")
  }
  if (context.length > 0 && row.context === undefined) {
    throw malformed("/context", `${mechanism} takes no context`)
  }
  if (context.length === 0 && row.context === "required") {
    throw malformed("/context", `${mechanism} needs a context`)
  }
  if (context.length > limits.contextBytesMax) {
    throw malformed("/context", `a context has at most ${limits.contextBytesMax} bytes`)
  }
  if (deterministic && row.deterministic !== true) {
    throw malformed("/deterministic", `${mechanism} leaves no choice`)
  }
  checkPss(handle.algorithm, input)
  checkTaproot(input)
}

function checkTaproot({ mechanism, auxRandom, merkleRoot }: Omit<SignInput, "message">): void {
  const { taproot } = mechanismRow(mechanism)
  for (const [field, bytes, lengths] of [
    ["/auxRandom", auxRandom, [32]],
    ["/merkleRoot", merkleRoot, [0, 32]],
  ] as const) {
    if (bytes === undefined) continue
    if (taproot !== true) throw malformed(field, `${mechanism} knows no Taproot`)
    if (!lengths.some((length) => length === bytes.length)) {
      throw malformed(field, `has ${lengths.join(" or ")} bytes`)
    }
  }
}

function checkPss(
  algorithm: string,
  { mechanism, saltLength, mgfHash }: Omit<SignInput, "message">,
): void {
  if (saltLength === undefined && mgfHash === undefined) return
  const { pss, digestBytes = 0 } = mechanismRow(mechanism)
  if (pss !== true) {
    const field = saltLength === undefined ? "/mgfHash" : "/saltLength"
    throw malformed(field, `${mechanism} is no PSS`)
  }
  if (mgfHash !== undefined && !rsaHashes.some((known) => known === mgfHash)) {
    throw malformed("/mgfHash", `${mgfHash} is no hash of PSS`)
  }
  // RFC 8017 section 9.1.1, step 3; a modulus has as many bits as the key's name says.
  const room = Number(algorithm.slice("RSA_".length)) / 8 - digestBytes - 2
  if (saltLength !== undefined && (saltLength < 0 || saltLength > room)) {
    throw malformed("/saltLength", `a salt has 0 to ${room} bytes here`)
  }
}

/** What its sender prepared is as long as what it stands for. */
function checkMessage(
  { mechanism, messageType = "message" }: Pick<SignInput, "mechanism" | "messageType">,
  message: Uint8Array,
): void {
  const { digestBytes, messageBytes, mu } = mechanismRow(mechanism)
  if (messageType === "message") {
    if (messageBytes === undefined || message.length === messageBytes) return
    throw malformed("/message", `${mechanism} signs ${messageBytes} bytes`)
  }
  const bytes = messageType === "digest" ? digestBytes : mu === true ? muBytes : undefined
  if (bytes === undefined) throw malformed("/messageType", `${mechanism} takes no ${messageType}`)
  if (message.length !== bytes) {
    throw malformed("/message", `a ${messageType} for ${mechanism} has ${bytes} bytes`)
  }
}

function checkLength(
  { mechanism }: Pick<SignInput, "mechanism">,
  message: Uint8Array,
  longest: number | undefined,
): void {
  if (longest === undefined || message.length <= longest) return
  throw malformed("/message", `${mechanism} takes at most ${longest} bytes`)
}
