/** What certificates and requests for them consist of, before and after they are signed. */

import "reflect-metadata"
import { createHash } from "node:crypto"
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  SubjectKeyIdentifierExtension,
  type Extension,
} from "@peculiar/x509"

import {
  derContent,
  derElements,
  derTags,
  explicit,
  readDer,
  sequence,
  writeDer,
  writeDerObjectId,
  writeDerUnsigned,
} from "../../codec/der.ts"
import {
  certificatePurposes,
  certificateUsages,
  type CertificateProfile,
  type CertificateUsage,
} from "../../domain/certificate.ts"
import type { Instant } from "../../domain/ids.ts"
import { encodeNames } from "./names.ts"

/** A CertificationRequestInfo, RFC 2986 section 4.1. Subject and public key are DER. */
export function requestInfo(
  subject: Uint8Array,
  publicKey: Uint8Array,
  profile: CertificateProfile,
): Uint8Array {
  const { names, keyUsage, extendedKeyUsage } = profile
  const asked = profileExtensions({ names, keyUsage, extendedKeyUsage }, isEmptyName(subject))
  // extensionRequest: RFC 2985 section 5.4.2.
  const attribute = sequence(
    writeDerObjectId("1.2.840.113549.1.9.14"),
    writeDer(derTags.set, sequence(...asked)),
  )
  const attributes = asked.length === 0 ? explicit(0) : explicit(0, attribute)
  return sequence(writeDerUnsigned(0n), subject, publicKey, attributes)
}

/** What a certificate says, RFC 5280 section 4.1; names, key and algorithm are DER. */
export interface CertificateContent {
  readonly serial: Uint8Array
  readonly signedWith: Uint8Array
  readonly issuer: Uint8Array
  /** Of the issuer's key, hex. */
  readonly issuerKeyId: string
  readonly notBefore: Instant
  readonly notAfter: Instant
  readonly subject: Uint8Array
  readonly publicKey: Uint8Array
  readonly profile: CertificateProfile
}

/** A TBSCertificate of version 3. */
export function certificateInfo(content: CertificateContent): Uint8Array {
  const { serial, signedWith, issuer, issuerKeyId, notBefore, notAfter } = content
  const { subject, publicKey, profile } = content
  const { authority, keyUsage } = profile
  const usual: readonly CertificateUsage[] =
    authority === undefined ? ["digitalSignature"] : ["keyCertSign", "crlSign"]
  const extensions = [
    der(new BasicConstraintsExtension(authority !== undefined, authority?.pathLength, true)),
    ...profileExtensions({ ...profile, keyUsage: keyUsage ?? usual }, isEmptyName(subject)),
    der(new SubjectKeyIdentifierExtension(keyIdentifier(publicKey))),
    der(new AuthorityKeyIdentifierExtension(issuerKeyId)),
  ]
  return sequence(
    explicit(0, writeDerUnsigned(2n)),
    writeDerUnsigned(BigInt(`0x${serial.toHex()}`)),
    signedWith,
    issuer,
    sequence(time(notBefore), time(notAfter)),
    subject,
    publicKey,
    explicit(3, sequence(...extensions)),
  )
}

/** Certificate and CertificationRequest alike: what was signed, with what, the signature. */
export function withSignature(
  info: Uint8Array,
  signedWith: Uint8Array,
  signature: Uint8Array,
): Uint8Array {
  return sequence(info, signedWith, writeDer(derTags.bitString, Uint8Array.of(0), signature))
}

/** RFC 7093 section 2, method 1: the first 160 bits of SHA-256 over the key, hex. */
export function keyIdentifier(publicKey: Uint8Array): string {
  const [outer] = readDer(publicKey, "/publicKey")
  const [, bits] = derElements(outer, "/publicKey")
  const key = derContent(bits, derTags.bitString, "/publicKey").subarray(1)
  return createHash("sha256").update(key).digest("hex").slice(0, 40)
}

function profileExtensions(profile: CertificateProfile, nameless: boolean): Uint8Array[] {
  const { names = {}, keyUsage = [], extendedKeyUsage = [] } = profile
  const found: Uint8Array[] = []
  if (keyUsage.length > 0) found.push(usageExtension(keyUsage))
  if (extendedKeyUsage.length > 0) {
    const purposes = extendedKeyUsage.map((purpose) => certificatePurposes[purpose])
    // Of a key that makes timestamps, and nothing else: RFC 3161 section 2.3.
    const isTimestamping = extendedKeyUsage.every((purpose) => purpose === "timeStamping")
    found.push(der(new ExtendedKeyUsageExtension(purposes, isTimestamping)))
  }
  const alternative = encodeNames(names, nameless)
  return alternative === undefined ? found : [...found, alternative]
}

/** keyUsage, critical: RFC 5280 section 4.2.1.3 counts bits in the order of the table, from 0. */
function usageExtension(keyUsage: readonly CertificateUsage[]): Uint8Array {
  const numbers = keyUsage.map((usage) => certificateUsages.indexOf(usage))
  const bits = numbers.reduce((all, number) => all | (0x80 >> number), 0)
  const unused = 7 - Math.max(...numbers)
  return sequence(
    writeDerObjectId("2.5.29.15"),
    writeDer(derTags.boolean, Uint8Array.of(0xff)),
    writeDer(derTags.octetString, writeDer(derTags.bitString, Uint8Array.of(unused, bits))),
  )
}

function der(extension: Extension): Uint8Array {
  return new Uint8Array(extension.rawData)
}

/** An empty SEQUENCE. */
function isEmptyName(name: Uint8Array): boolean {
  return name.length === 2
}

/** RFC 5280 section 4.1.2.5: two digits of the year until 2049, whole seconds, in UTC. */
function time(at: Instant): Uint8Array {
  const digits = new Date(at).toISOString().replaceAll(/[-:T]/g, "").slice(0, 14)
  const early = digits < "2050"
  const text = Buffer.from(`${early ? digits.slice(2) : digits}Z`, "latin1")
  return writeDer(early ? derTags.utcTime : derTags.generalizedTime, text)
}
