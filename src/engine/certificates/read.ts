/** Certificates and requests as others made them: what they say, and whether they hold. */

import "reflect-metadata"
import { constants, createPublicKey, verify, X509Certificate, type KeyObject } from "node:crypto"
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate as ParsedCertificate,
} from "@peculiar/x509"

import { derContent, derElements, derTags, readDer } from "../../codec/der.ts"
import { certificatePurposes, type AlternativeNames } from "../../domain/certificate.ts"
import { instant, type Instant } from "../../domain/ids.ts"
import { limits } from "../../domain/limits.ts"
import { malformed } from "../malformed.ts"
import { keyIdentifier } from "./build.ts"

/** What a certificate says; names and keys as DER where they go into another one. */
export interface ReadCertificate {
  readonly subject: string
  readonly subjectName: Uint8Array
  readonly issuer: string
  /** Hex. */
  readonly serialNumber: string
  readonly notBefore: Instant
  readonly notAfter: Instant
  readonly publicKey: Uint8Array
  /** SHA-256 of the DER, hex. */
  readonly fingerprint: string
  /** Hex. */
  readonly keyId: string
  /** It may issue: basicConstraints and keyUsage say so. */
  readonly authority: boolean
  readonly pathLength: number | undefined
  /** It may sign timestamps, and nothing else: {@link isForTimestamps}. */
  readonly forTimestamps: boolean
}

/** @throws HsmError MALFORMED_REQUEST for what is not one certificate in DER. */
export function readCertificate(der: Uint8Array, field: string): ReadCertificate {
  return read(der, field).said
}

/**
 * Reads a certificate and its issuers, each one's issuer after it. Nobody asks whether the last one
 * is to be trusted: these are the key's own certificates, for others to judge.
 *
 * @throws HsmError MALFORMED_REQUEST, field `/chain/...`, for one that the next did not issue.
 */
export function readChain(chain: readonly Uint8Array[]): readonly ReadCertificate[] {
  const total = chain.reduce((sum, { length }) => sum + length, 0)
  if (total > limits.certificateChainBytesMax) {
    throw malformed("/chain", `has at most ${limits.certificateChainBytesMax} bytes together`)
  }
  const found = chain.map((der, at) => read(der, `/chain/${at}`))
  for (const [at, { node }] of found.entries()) {
    const next = found[at + 1]
    if (next === undefined) break
    if (!next.said.authority) throw malformed(`/chain/${at + 1}`, "is not for issuing certificates")
    if (!node.checkIssued(next.node) || !node.verify(next.node.publicKey)) {
      throw malformed(`/chain/${at}`, "was not issued by the next one")
    }
  }
  return found.map(({ said }) => said)
}

function read(
  der: Uint8Array,
  field: string,
): { readonly node: X509Certificate; readonly said: ReadCertificate } {
  try {
    const node = new X509Certificate(der)
    // X509Certificate takes PEM and trailing bytes too.
    if (node.raw.equals(der)) return { node, said: describe(node, der) }
  } catch {
    // As below.
  }
  throw malformed(field, "is no certificate in DER")
}

function describe(node: X509Certificate, der: Uint8Array): ReadCertificate {
  const parsed = new ParsedCertificate(new Uint8Array(der))
  const publicKey = new Uint8Array(parsed.publicKey.rawData)
  const constraints = parsed.getExtension(BasicConstraintsExtension)
  const usages = parsed.getExtension(KeyUsagesExtension)?.usages ?? KeyUsageFlags.keyCertSign
  return {
    subject: parsed.subject,
    subjectName: new Uint8Array(parsed.subjectName.toArrayBuffer()),
    issuer: parsed.issuer,
    serialNumber: node.serialNumber.toLowerCase(),
    notBefore: instant(node.validFromDate.getTime()),
    notAfter: instant(node.validToDate.getTime()),
    publicKey,
    fingerprint: node.fingerprint256.replaceAll(":", "").toLowerCase(),
    keyId: parsed.getExtension(SubjectKeyIdentifierExtension)?.keyId ?? keyIdentifier(publicKey),
    authority: constraints?.ca === true && (usages & KeyUsageFlags.keyCertSign) !== 0,
    pathLength: constraints?.pathLength,
    forTimestamps: constraints?.ca !== true && isForTimestamps(parsed),
  }
}

const signingFlags = KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation

/**
 * RFC 3161 section 2.3: its one purpose is timeStamping, and critical. Where it has a keyUsage,
 * that is signing alone, as OpenSSL wants it.
 */
function isForTimestamps(parsed: ParsedCertificate): boolean {
  const purposes = parsed.getExtension(ExtendedKeyUsageExtension)
  const usages = parsed.getExtension(KeyUsagesExtension)?.usages ?? signingFlags
  const [purpose, ...others] = purposes?.usages ?? []
  const isSole = purpose === certificatePurposes.timeStamping && others.length === 0
  return isSole && purposes?.critical === true && usages !== 0 && (usages & ~signingFlags) === 0
}

/** What a request asks for, once its maker has proven to have the private key. */
export interface ReadRequest {
  readonly subjectName: Uint8Array
  readonly publicKey: Uint8Array
  readonly names: AlternativeNames
}

/**
 * Reads a PKCS #10 request and verifies it with the key that it names.
 *
 * @throws HsmError MALFORMED_REQUEST, field `/request`.
 */
export function readRequest(der: Uint8Array): ReadRequest {
  let parsed: Pkcs10CertificateRequest
  try {
    parsed = new Pkcs10CertificateRequest(new Uint8Array(der))
  } catch {
    throw malformed("/request", "is no request for a certificate (PKCS #10) in DER")
  }
  if (!isSigned(der, parsed)) throw malformed("/request", "is not signed with the key it names")
  return {
    subjectName: new Uint8Array(parsed.subjectName.toArrayBuffer()),
    publicKey: new Uint8Array(parsed.publicKey.rawData),
    names: namesOf(parsed),
  }
}

const sanKinds = { dns: "dns", ip: "ip", email: "email", url: "uri" } as const

function namesOf(request: Pkcs10CertificateRequest): AlternativeNames {
  const extension = request.extensions.find((one) => one instanceof SubjectAlternativeNameExtension)
  const names: Record<"dns" | "ip" | "email" | "uri", string[]> = {
    dns: [],
    ip: [],
    email: [],
    uri: [],
  }
  for (const { type, value } of extension?.names.items ?? []) {
    if (!Object.hasOwn(sanKinds, type)) throw malformed("/request", `holds a name of kind ${type}`)
    names[sanKinds[type as keyof typeof sanKinds]].push(value)
  }
  return names
}

/** Those that new keys may have, whatever the flag legacyAlgorithms says. */
const curves: readonly string[] = [
  "prime256v1",
  "secp384r1",
  "secp521r1",
  "secp256k1",
  "brainpoolP256r1",
  "brainpoolP320r1",
  "brainpoolP384r1",
  "brainpoolP512r1",
]
const hashBits = [224, 256, 384, 512] as const

function isSigned(der: Uint8Array, parsed: Pkcs10CertificateRequest): boolean {
  try {
    const publicKey = createPublicKey({
      key: Buffer.from(parsed.publicKey.rawData),
      format: "der",
      type: "spki",
    })
    const [outer, ...after] = readDer(der, "/request")
    const [info, , bits] = derElements(outer, "/request")
    if (after.length > 0 || info === undefined || !isSound(publicKey)) return false
    const signature = derContent(bits, derTags.bitString, "/request").subarray(1)
    const content = Buffer.from(outer?.content ?? []).subarray(0, headBytes(info.content))
    return isSignature(publicKey, content, signature, parsed)
  } catch {
    return false
  }
}

/** Of one element: its tag, its length and its content. */
function headBytes(content: Uint8Array): number {
  const lengthBytes = content.length < 0x80 ? 1 : content.length < 0x100 ? 2 : 3
  return 1 + lengthBytes + content.length
}

function isSound(key: KeyObject): boolean {
  const { asymmetricKeyType: type = "", asymmetricKeyDetails: details = {} } = key
  if (type === "rsa") return (details.modulusLength ?? 0) >= 2048
  if (type === "ec") return curves.includes(details.namedCurve ?? "")
  return /^(?:ed25519|ed448|ml-dsa-\d+|slh-dsa-.*)$/.test(type)
}

/** The hash is not said to the caller, so each sound one is tried: a request names but one. */
function isSignature(
  key: KeyObject,
  content: Uint8Array,
  signature: Uint8Array,
  { signatureAlgorithm }: Pkcs10CertificateRequest,
): boolean {
  const type = key.asymmetricKeyType
  if (type !== "rsa" && type !== "ec") return verify(null, content, key, signature)
  const { name } = signatureAlgorithm
  const padding = name === "RSA-PSS" ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING
  const hashes = hashBits.flatMap((bits) => [`sha${bits}`, `sha3-${bits}`])
  return hashes.some((hash) =>
    verify(hash, content, type === "rsa" ? { key, padding } : { key }, signature),
  )
}
