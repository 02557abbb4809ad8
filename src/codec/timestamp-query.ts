/**
 * Requests for timestamps (RFC 3161 section 2.4.1), read strictly: DER alone, nothing before or
 * after it. What an answer has to repeat is kept as it came.
 */

import {
  derContent,
  derElements,
  derTags,
  derUnsigned,
  readDer,
  sequence,
  writeDer,
  writeDerObjectId,
  type DerElement,
} from "./der.ts"
import { CodecError } from "./error.ts"

const nist = "2.16.840.1.101.3.4.2"

/** Hashes that timestamps are of, by our identifiers: object identifier, bytes of a digest. */
export const timestampHashes = {
  SHA_256: { oid: `${nist}.1`, bytes: 32 },
  SHA_384: { oid: `${nist}.2`, bytes: 48 },
  SHA_512: { oid: `${nist}.3`, bytes: 64 },
  SHA3_256: { oid: `${nist}.8`, bytes: 32 },
  SHA3_384: { oid: `${nist}.9`, bytes: 48 },
  SHA3_512: { oid: `${nist}.10`, bytes: 64 },
} as const
export type TimestampHash = keyof typeof timestampHashes

/** Their AlgorithmIdentifiers, as RFC 5754 section 2 and RFC 8702 prefer them. */
const algorithmsByHash = Object.fromEntries(
  Object.entries(timestampHashes).map(([name, { oid }]) => [name, sequence(writeDerObjectId(oid))]),
) as Record<TimestampHash, Uint8Array>

const hashesByOid: ReadonlyMap<string, TimestampHash> = new Map(
  Object.entries(timestampHashes).map(([name, { oid }]) => [
    writeDerObjectId(oid).toHex(),
    name as TimestampHash, // The table's own keys.
  ]),
)

/** What somebody wants a timestamp of. Parts that are repeated are DER, whole elements. */
export interface TimestampQuery {
  readonly hash: TimestampHash
  /** MessageImprint. */
  readonly imprint: Uint8Array
  /** OBJECT IDENTIFIER; absent: whichever policy there is. */
  readonly policy?: Uint8Array | undefined
  /** INTEGER. */
  readonly nonce?: Uint8Array | undefined
  /** The timestamp brings its signer's certificates. */
  readonly certificates: boolean
}

/** PKIFailureInfo of RFC 3161 section 2.4.2, by the numbers of its bits. */
export const timestampFailures = {
  badAlg: 0,
  badRequest: 2,
  badDataFormat: 5,
  timeNotAvailable: 14,
  unacceptedPolicy: 15,
  unacceptedExtension: 16,
  systemFailure: 25,
} as const
export type TimestampFailure = keyof typeof timestampFailures

/** A request that says what gets no timestamp, in the words of the protocol. */
export class TimestampRefusal extends CodecError {
  readonly failure: TimestampFailure

  constructor(failure: TimestampFailure, message: string, field = "/query") {
    super(field, message)
    this.failure = failure
  }
}

/**
 * Of the digest of something.
 *
 * @param policy - numbers with dots between them.
 * @throws {@link TimestampRefusal} for a digest that is not as long as its hash has it.
 */
export function timestampQuery(asked: {
  readonly hash?: TimestampHash
  readonly digest: Uint8Array
  readonly policy?: string
  readonly certificates?: boolean
}): TimestampQuery {
  const { hash = "SHA_256", digest, policy, certificates = true } = asked
  checkLength(hash, digest, "/digest")
  const imprint = sequence(hashIdentifier(hash), writeDer(derTags.octetString, digest))
  const named = policy === undefined ? {} : { policy: writeDerObjectId(policy) }
  return { hash, imprint, ...named, certificates }
}

/** AlgorithmIdentifier of a hash, DER. */
export function hashIdentifier(hash: TimestampHash): Uint8Array {
  return algorithmsByHash[hash]
}

/** 256 bits and a sign: clients send 64. */
const nonceBytesMax = 33

/**
 * Reads a TimeStampReq.
 *
 * @param bytes - at most limits.timestampQueryBytesMax, which the caller checks.
 * @throws {@link TimestampRefusal} with what the protocol calls it.
 */
export function parseTimestampQuery(bytes: Uint8Array): TimestampQuery {
  try {
    return readQuery(bytes)
  } catch (error) {
    if (error instanceof TimestampRefusal || !(error instanceof CodecError)) throw error
    throw malformed()
  }
}

const extensionsTag = 0xa0

function readQuery(bytes: Uint8Array): TimestampQuery {
  const [outer, ...after] = readDer(bytes, "/query")
  if (after.length > 0) throw malformed()
  const [version, imprint, ...optional] = derElements(outer, "/query")
  if (derUnsigned(version, "/query") !== 1n) {
    throw new TimestampRefusal("badRequest", "the version is not 1")
  }
  const hash = readImprint(imprint)
  const take = (tag: number) => (optional[0]?.tag === tag ? optional.shift() : undefined)
  const policy = wholeElement(take(derTags.objectId))
  const nonce = wholeElement(checkedNonce(take(derTags.integer)))
  const certificates = readCertReq(take(derTags.boolean))
  const extensions = take(extensionsTag)
  if (optional.length > 0) throw malformed()
  if (extensions !== undefined) {
    // Critical or not: what is asked for and not known is refused, RFC 3161 section 2.4.1.
    throw new TimestampRefusal("unacceptedExtension", "no extension is known here")
  }
  return { hash, imprint: wholeElement(imprint) ?? new Uint8Array(), policy, nonce, certificates }
}

/** SEQUENCE { AlgorithmIdentifier, OCTET STRING }; parameters are absent or NULL. */
function readImprint(element: DerElement | undefined): TimestampHash {
  const [algorithm, hashed, ...after] = derElements(element, "/query")
  const [oid, parameters, ...more] = derElements(algorithm, "/query")
  const digest = derContent(hashed, derTags.octetString, "/query")
  if (oid?.tag !== derTags.objectId || after.length > 0 || more.length > 0) throw malformed()
  const hash = hashesByOid.get((wholeElement(oid) ?? new Uint8Array()).toHex())
  if (hash === undefined || !isNothing(parameters)) {
    throw new TimestampRefusal("badAlg", `hashes are ${Object.keys(timestampHashes).join(", ")}`)
  }
  checkLength(hash, digest, "/query")
  return hash
}

function isNothing(parameters: DerElement | undefined): boolean {
  if (parameters === undefined) return true
  return parameters.tag === derTags.null && parameters.content.length === 0
}

function checkLength(hash: TimestampHash, digest: Uint8Array, field: string): void {
  const { bytes } = timestampHashes[hash]
  if (digest.length === bytes) return
  throw new TimestampRefusal("badDataFormat", `a digest of ${hash} has ${bytes} bytes`, field)
}

/** It is only repeated, so it may be negative; the form is the shortest: X.690 section 8.3.2. */
function checkedNonce(element: DerElement | undefined): DerElement | undefined {
  if (element === undefined) return undefined
  const [first, second] = element.content
  const isPadded =
    second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))
  if (first === undefined || isPadded) throw malformed()
  if (element.content.length > nonceBytesMax) {
    throw new TimestampRefusal("badDataFormat", "a nonce has at most 256 bits")
  }
  return element
}

/** DEFAULT FALSE: in DER it is there when it is true. */
function readCertReq(element: DerElement | undefined): boolean {
  if (element === undefined) return false
  if (element.content.length !== 1 || element.content[0] !== 0xff) throw malformed()
  return true
}

/** An OBJECT IDENTIFIER's numbers are in their shortest form, the last one ends: X.690 8.19.2. */
function isObjectId(content: Uint8Array): boolean {
  const last = content.at(-1)
  if (last === undefined || last >= 0x80) return false
  return content.every((byte, at) => byte !== 0x80 || (content[at - 1] ?? 0) >= 0x80)
}

function wholeElement(element: DerElement | undefined): Uint8Array | undefined {
  if (element === undefined) return undefined
  if (element.tag === derTags.objectId && !isObjectId(element.content)) throw malformed()
  return writeDer(element.tag, element.content)
}

function malformed(): TimestampRefusal {
  return new TimestampRefusal("badDataFormat", "is no TimeStampReq in DER")
}
