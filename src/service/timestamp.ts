/**
 * Timestamps (RFC 3161): a key with a certificate for nothing else signs that a digest was there at
 * the node's time. That time is later than the request's arrival, so what it claims holds however
 * long the decision and the signature take.
 */

import assert from "node:assert/strict"

import { writeDerObjectId } from "../codec/der.ts"
import {
  hashIdentifier,
  timestampQuery,
  type TimestampHash,
  type TimestampQuery,
} from "../codec/timestamp-query.ts"
import { encodeTimestamp, encodeTimestampInfo, signedAttributes } from "../codec/timestamp-token.ts"
import type { MechanismId } from "../domain/algorithms.ts"
import { HsmError, keyNotFound } from "../domain/errors.ts"
import type { Instant, KeyId } from "../domain/ids.ts"
import type { KeyRecord } from "../domain/key.ts"
import { limits } from "../domain/limits.ts"
import {
  isForTimestamps,
  nodeClockPolicy,
  timestampKeys,
  type TimestampSettings,
} from "../domain/timestamp.ts"
import { hash } from "../engine/hash.ts"
import { newestCertificates } from "./certificates.ts"
import type { Context, KeyRef } from "./commands.ts"
import { findKey } from "./find-key.ts"
import type { TimestampSettingsTemplate } from "./govern-commands.ts"
import type { Ports } from "./ports.ts"
import { signMade, type MadeSigner } from "./sign-made.ts"
import { refuseUnlessSure } from "./sure-clock.ts"

export interface TimestampCommand {
  readonly key: KeyRef
  readonly query: TimestampQuery
}

export interface TimestampResult {
  readonly keyId: KeyId
  readonly version: number
  readonly mechanism: MechanismId
  /** Hex. */
  readonly serialNumber: string
  readonly time: Instant
  /** Numbers with dots between them. */
  readonly policy: string
  /** TimeStampToken, DER. */
  readonly timestamp: Uint8Array
}

export interface TimestampPayloadCommand {
  /** At most limits.signBytesMax. */
  readonly payload: Uint8Array
  readonly hash: TimestampHash
}

/** RFC 3161 section 2.4.2: unique, also after a crash. */
const serialBytes = 16

/** What is put together before it is signed. */
interface Draft {
  readonly info: Uint8Array
  readonly time: Instant
  readonly digestedWith: Uint8Array
  readonly chain: readonly Uint8Array[]
}

/** What was decided for a timestamp before its key was looked at. */
interface Terms {
  readonly query: TimestampQuery
  readonly policy: string
  readonly accuracyMs: number | undefined
  readonly serial: Uint8Array
}

/**
 * Makes a timestamp of a digest.
 *
 * @throws HsmError as `sign`; NOT_FOUND without a certificate for timestamps that is valid now;
 * OPERATION_FORBIDDEN for keys of other algorithms; CONFLICT while the node's clock is in doubt and
 * MALFORMED_REQUEST for another policy, each with RFC 3161's word in its detail.
 */
export async function timestamp(
  ports: Ports,
  context: Context,
  { key, query }: TimestampCommand,
): Promise<TimestampResult> {
  const { policy = nodeClockPolicy, accuracyMs } = await settingsOf(ports, context)
  const serial = ports.random.bytes(serialBytes)
  const terms: Terms = { query, policy, accuracyMs, serial }
  const serialNumber = serial.toHex()
  const ask = {
    operation: "key.timestamp",
    key,
    mechanism: undefined,
    target: serialNumber,
    note: `${query.hash} ${policy}`,
  } as const
  const made: { draft?: Draft } = {}
  const make = async (signer: MadeSigner): Promise<Uint8Array> => {
    const { draft, attributes } = await makeDraft(ports, signer, terms)
    made.draft = draft
    return attributes
  }
  return await signMade(ports, context, { ask, make }, (_act, signed) => {
    const { draft } = made
    assert(draft !== undefined) // Nothing else was signed.
    const { info: attributes, signedWith, signature, ...about } = signed
    const { certificates } = query
    const parts = { ...draft, attributes, signedWith, signature, certificates }
    const { time } = draft
    return { ...about, serialNumber, time, policy, timestamp: encodeTimestamp(parts) }
  })
}

/**
 * Makes a timestamp of a message by the key that the partition names; certificates come along.
 *
 * @throws HsmError as {@link timestamp}; NOT_FOUND also where no key is named; PAYLOAD_TOO_LARGE.
 */
export async function timestampPayload(
  ports: Ports,
  context: Context,
  { payload, hash: named }: TimestampPayloadCommand,
): Promise<TimestampResult> {
  if (payload.length > limits.signBytesMax) {
    throw new HsmError("PAYLOAD_TOO_LARGE", "the message is longer than its bound")
  }
  const { key } = await settingsOf(ports, context)
  if (key === undefined) {
    throw new HsmError("NOT_FOUND", "the partition names no key for timestamps")
  }
  const query = timestampQuery({ hash: named, digest: hash(named, payload) })
  return await timestamp(ports, context, { key, query })
}

/**
 * What a partition's record says from then on: a key by its id, whatever it is called later.
 *
 * @throws HsmError KEY_NOT_FOUND; OPERATION_FORBIDDEN for a key that makes no timestamps.
 */
export async function timestampSettings(
  ports: Ports,
  context: Context,
  { key: ref, policy, accuracyMs }: TimestampSettingsTemplate,
): Promise<TimestampSettings> {
  const key = ref === undefined ? undefined : (await findKey(ports, context, ref))?.key
  if (ref !== undefined && key === undefined) throw keyNotFound()
  if (key !== undefined && !isForTimestamps(key.algorithm)) throw notForTimestamps()
  return {
    ...(key === undefined ? {} : { key: key.id }),
    ...(policy === undefined ? {} : { policy }),
    ...(accuracyMs === undefined ? {} : { accuracyMs }),
  }
}

async function settingsOf(
  { records }: Ports,
  { caller: { partition } }: Context,
): Promise<TimestampSettings> {
  await records.sync()
  return (await records.read("partition", partition, partition))?.timestamps ?? {}
}

async function makeDraft(
  ports: Ports,
  { record, publicKey }: MadeSigner,
  { query, policy, accuracyMs, serial }: Terms,
): Promise<{ readonly draft: Draft; readonly attributes: Uint8Array }> {
  const { algorithm } = record
  if (!isForTimestamps(algorithm)) throw notForTimestamps()
  const time = sureTime(ports)
  const named = writeDerObjectId(policy)
  if (query.policy !== undefined && Buffer.compare(query.policy, named) !== 0) {
    const text = `the policy of timestamps here is ${policy}`
    throw new HsmError("MALFORMED_REQUEST", text, { timestamp: "unacceptedPolicy" })
  }
  const chain = await chainOf(ports, record, { publicKey, time })
  const info = encodeTimestampInfo({ query, policy: named, serial, time, accuracyMs })
  const hashed = timestampKeys[algorithm]
  const [own = new Uint8Array()] = chain
  const attributes = signedAttributes(hash(hashed, info), hash("SHA_256", own))
  return { draft: { info, time, digestedWith: hashIdentifier(hashed), chain }, attributes }
}

function notForTimestamps(): HsmError {
  const text = `timestamps are made by ${Object.keys(timestampKeys).join(", ")}`
  return new HsmError("OPERATION_FORBIDDEN", text)
}

/** While the clock is in doubt nothing is said about the time. */
function sureTime(ports: Ports): Instant {
  refuseUnlessSure(ports, "makes no timestamp", { timestamp: "timeNotAvailable" })
  return ports.clock.now()
}

/** The key's newest certificate for timestamps that is valid, and its issuers. */
async function chainOf(
  ports: Ports,
  key: KeyRecord,
  { publicKey, time }: { readonly publicKey: Uint8Array; readonly time: Instant },
): Promise<readonly Uint8Array[]> {
  const found = (await newestCertificates(ports, key)).find(
    ({ said }) =>
      said.forTimestamps &&
      said.notBefore <= time &&
      time < said.notAfter &&
      Buffer.compare(said.publicKey, publicKey) === 0,
  )
  if (found !== undefined) return found.record.chain
  throw new HsmError("NOT_FOUND", "no certificate for timestamps, valid now, lies beside the key")
}
