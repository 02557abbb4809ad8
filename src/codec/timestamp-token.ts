/**
 * Timestamps and what they are sent in: TSTInfo and TimeStampResp (RFC 3161), around them
 * SignedData (RFC 5652) whose one signer is named by signingCertificateV2 (RFC 5035, RFC 5816).
 */

import {
  derElements,
  derTags,
  explicit,
  readDer,
  sequence,
  writeDer,
  writeDerObjectId,
  writeDerUnsigned,
} from "./der.ts"
import { timestampFailures, type TimestampFailure, type TimestampQuery } from "./timestamp-query.ts"

const pkcs9 = "1.2.840.113549.1.9"
const ids = {
  signedData: writeDerObjectId("1.2.840.113549.1.7.2"),
  tstInfo: writeDerObjectId(`${pkcs9}.16.1.4`),
  contentType: writeDerObjectId(`${pkcs9}.3`),
  messageDigest: writeDerObjectId(`${pkcs9}.4`),
  signingCertificateV2: writeDerObjectId(`${pkcs9}.16.2.47`),
}

/** What a timestamp says. */
export interface TimestampContent {
  readonly query: TimestampQuery
  /** OBJECT IDENTIFIER, DER. */
  readonly policy: Uint8Array
  /** Big-endian, not negative. */
  readonly serial: Uint8Array
  /** Milliseconds since 1970. */
  readonly time: number
  /** Milliseconds by which that may be wrong; absent: nothing is said about it. */
  readonly accuracyMs?: number | undefined
}

/** TSTInfo, RFC 3161 section 2.4.2, without ordering, name or extensions. */
export function encodeTimestampInfo(content: TimestampContent): Uint8Array {
  const { query, policy, serial, time, accuracyMs } = content
  return sequence(
    writeDerUnsigned(1n),
    policy,
    query.imprint,
    writeDerUnsigned(BigInt(`0x${serial.toHex()}`)),
    writeDer(derTags.generalizedTime, Buffer.from(generalizedTime(time), "latin1")),
    ...(accuracyMs === undefined ? [] : [accuracy(accuracyMs)]),
    ...(query.nonce === undefined ? [] : [query.nonce]),
  )
}

/** `20261128120000.25Z`: a fraction has no zeros at its end, and no point alone. */
function generalizedTime(ms: number): string {
  const [seconds = "", fraction = ""] = new Date(ms).toISOString().split(/[.Z]/)
  const digits = fraction.replace(/0+$/, "")
  return `${seconds.replaceAll(/[-:T]/g, "")}${digits === "" ? "" : "."}${digits}Z`
}

/** SEQUENCE { seconds INTEGER, millis [0] INTEGER }, each of them left out at zero. */
function accuracy(ms: number): Uint8Array {
  const [seconds, millis] = [Math.floor(ms / 1_000), ms % 1_000]
  const parts = seconds === 0 ? [] : [writeDerUnsigned(BigInt(seconds))]
  if (millis === 0) return sequence(...parts)
  const tagged = writeDerUnsigned(BigInt(millis))
  tagged[0] = 0x80
  return sequence(...parts, tagged)
}

/**
 * The attributes that are signed, DER: RFC 5652 section 5.3 has them as a SET, in its order.
 *
 * @param digest - of the TSTInfo. @param certificateHash - SHA-256 of the signer's certificate: the
 * default, so it is not named.
 */
export function signedAttributes(digest: Uint8Array, certificateHash: Uint8Array): Uint8Array {
  const attributes = [
    attribute(ids.contentType, ids.tstInfo),
    attribute(ids.messageDigest, octets(digest)),
    attribute(ids.signingCertificateV2, sequence(sequence(sequence(octets(certificateHash))))),
  ]
  return writeDer(derTags.set, ...attributes.toSorted((a, b) => Buffer.compare(a, b)))
}

function attribute(id: Uint8Array, value: Uint8Array): Uint8Array {
  return sequence(id, writeDer(derTags.set, value))
}

function octets(bytes: Uint8Array): Uint8Array {
  return writeDer(derTags.octetString, bytes)
}

/** Everything that a timestamp is put together from, once it is signed. */
export interface SignedTimestamp {
  readonly info: Uint8Array
  /** As {@link signedAttributes} made them. */
  readonly attributes: Uint8Array
  /** AlgorithmIdentifiers, DER: of the digest, and of the signature. */
  readonly digestedWith: Uint8Array
  readonly signedWith: Uint8Array
  readonly signature: Uint8Array
  /** DER: the signer's certificate, then its issuers. */
  readonly chain: readonly Uint8Array[]
  /** Whether they come along. */
  readonly certificates: boolean
}

/** TimeStampToken: a ContentInfo with SignedData of version 3, by issuer and serial number. */
export function encodeTimestamp(signed: SignedTimestamp): Uint8Array {
  const { info, attributes, digestedWith, signedWith, signature, chain, certificates } = signed
  const unsorted = certificates ? chain : []
  const sorted = unsorted.toSorted((a, b) => Buffer.compare(a, b))
  const implicitly = Uint8Array.from(attributes)
  implicitly[0] = 0xa0
  const signer = sequence(
    writeDerUnsigned(1n),
    signerIdentifier(chain),
    digestedWith,
    implicitly,
    signedWith,
    octets(signature),
  )
  const data = sequence(
    writeDerUnsigned(3n),
    writeDer(derTags.set, digestedWith),
    sequence(ids.tstInfo, explicit(0, octets(info))),
    ...(sorted.length === 0 ? [] : [explicit(0, ...sorted)]),
    writeDer(derTags.set, signer),
  )
  return sequence(ids.signedData, explicit(0, data))
}

/** IssuerAndSerialNumber, as the certificate itself has them. */
function signerIdentifier([certificate = new Uint8Array()]: readonly Uint8Array[]): Uint8Array {
  const [outer] = readDer(certificate, "/certificate")
  const [info] = derElements(outer, "/certificate")
  const [version, ...fields] = derElements(info, "/certificate")
  // Of version 1, the serial number is the first.
  const [serial, , issuer] = version?.tag === 0xa0 ? fields : [version, ...fields]
  const whole = (element: typeof serial): Uint8Array =>
    writeDer(element?.tag ?? derTags.null, element?.content ?? new Uint8Array())
  return sequence(whole(issuer), whole(serial))
}

const granted = 0n
const rejection = 2n

/** TimeStampResp around a timestamp. */
export function grantedResponse(timestamp: Uint8Array): Uint8Array {
  return sequence(sequence(writeDerUnsigned(granted)), timestamp)
}

/** TimeStampResp that says why there is none. */
export function refusedResponse(failure: TimestampFailure, text: string): Uint8Array {
  const free = sequence(writeDer(utf8String, Buffer.from(text, "utf8")))
  return sequence(
    sequence(writeDerUnsigned(rejection), free, failureBits(timestampFailures[failure])),
  )
}

const utf8String = 0x0c

/** A BIT STRING with one bit set, and none after it: X.690 section 11.2.2. */
function failureBits(bit: number): Uint8Array {
  const bytes = new Uint8Array(2 + Math.floor(bit / 8))
  bytes[0] = 7 - (bit % 8)
  bytes[bytes.length - 1] = 0x80 >> (bit % 8)
  return writeDer(derTags.bitString, bytes)
}
