/** The TSB's words for what certificates say, and ours. */

import { decodeBase64 } from "../../codec/base64.ts"
import { readPem, renderPem } from "../../codec/pem.ts"
import type { MechanismId } from "../../domain/algorithms.ts"
import type {
  CertificatePurpose,
  CertificateProfile,
  CertificateUsage,
} from "../../domain/certificate.ts"
import { dayMs } from "../../domain/limits.ts"
import { Fault, invalid } from "./fault.ts"
import { anything, count, flag, list, object, text } from "../shapes.ts"
import { signingOf } from "./vocabulary.ts"

/** Members of a subject, in the order in which they are written, and how we write them. */
const parts = {
  country: "C",
  stateOrProvinceName: "ST",
  locality: "L",
  organizationName: "O",
  organizationIdentifier: "ORGANIZATIONIDENTIFIER",
  organizationUnitName: "OU",
  commonName: "CN",
  email: "E",
  title: "T",
  surname: "SN",
  givenName: "GN",
  initials: "INITIALS",
  pseudonym: "PSEUDONYM",
  generationQualifier: "GENERATIONQUALIFIER",
} as const

const usages: Readonly<Record<string, CertificateUsage>> = {
  DIGITAL_SIGNATURE: "digitalSignature",
  NON_REPUDIATION: "nonRepudiation",
  KEY_ENCIPHERMENT: "keyEncipherment",
  DATA_ENCIPHERMENT: "dataEncipherment",
  KEY_AGREEMENT: "keyAgreement",
  KEY_CERT_SIGN: "keyCertSign",
  CRL_SIGN: "crlSign",
}

const purposes: Readonly<Record<string, CertificatePurpose>> = {
  ANY_EXTENDED_KEY_USAGE: "any",
  SERVER_AUTH: "serverAuth",
  CLIENT_AUTH: "clientAuth",
  CODE_SIGNING: "codeSigning",
  EMAIL_PROTECTION: "emailProtection",
  TIME_STAMPING: "timeStamping",
  OCSP_SIGNING: "ocspSigning",
}

/** What every call about a certificate may say. */
export const profileMembers = {
  validity: count,
  commonName: text,
  standardCertificateAttributes: object({
    country: text,
    stateOrProvinceName: text,
    locality: text,
    organizationName: text,
    organizationIdentifier: text,
    organizationUnitName: text,
    commonName: text,
    email: text,
    title: text,
    surname: text,
    givenName: text,
    initials: text,
    pseudonym: text,
    generationQualifier: text,
  }),
  certificateAuthority: flag,
  keyUsage: list(text),
  extendedKeyUsage: list(text),
  subjectAlternativeNames: list(anything),
} as const
const profile = object(profileMembers)
export type ProfileInput = ReturnType<typeof profile.read>

/** @throws Fault for what there is not, rather than to leave it out. */
export function profileOf(input: ProfileInput): Omit<CertificateProfile, "names" | "authority"> {
  const { keyUsage = [], extendedKeyUsage = [], subjectAlternativeNames: others = [] } = input
  if (others.length > 0) {
    throw new Fault("unsupported.operation", "other names are given in Keyhold's own API", 501)
  }
  const used = wordsOf(keyUsage, usages, "/keyUsage")
  const meant = wordsOf(extendedKeyUsage, purposes, "/extendedKeyUsage")
  return {
    ...(used.length === 0 ? {} : { keyUsage: used }),
    ...(meant.length === 0 ? {} : { extendedKeyUsage: meant }),
  }
}

/** Clients join several by commas, and send one that is empty for none. */
function wordsOf<Word>(
  given: readonly string[],
  table: Readonly<Record<string, Word>>,
  field: string,
): readonly Word[] {
  const names = given.flatMap((one) => one.split(",")).map((one) => one.trim())
  const wanted = new Set(names.filter((one) => one !== ""))
  return [...wanted].map((name) => {
    const found = Object.hasOwn(table, name) ? table[name] : undefined
    if (found === undefined) throw invalid(`${field} knows no ${name}`)
    return found
  })
}

/** As services read it; undefined where nothing is said. @throws Fault where two are. */
export function subjectOf(input: ProfileInput): string | undefined {
  const { commonName, standardCertificateAttributes: said = {} } = input
  const all: Partial<Record<string, string>> = { commonName, ...said }
  if (commonName !== undefined && all["commonName"] !== commonName) {
    throw invalid("commonName is said twice, and differently")
  }
  const written = Object.entries(parts).flatMap(([name, type]) => {
    const value = all[name]
    return value === undefined ? [] : [`${type}=${value.replaceAll(/[\\,+]/g, "\\$&")}`]
  })
  return written.length === 0 ? undefined : written.join(",")
}

/** Days, from now. */
export function lifeOf({ validity }: ProfileInput): { readonly lifeMs?: number } {
  return validity === undefined ? {} : { lifeMs: validity * dayMs }
}

/** How a certificate is signed. @throws Fault. */
export function certificateMechanism(name: string): MechanismId {
  const { mechanism, ...chosen } = signingOf(name)
  if (Object.keys(chosen).length === 0) return mechanism
  throw new Fault("algorithm.not.supported.by.key", `no certificate is signed by ${name}`)
}

const requestLabel = "NEW CERTIFICATE REQUEST"

/** A certificate as text. */
export function certificatePem(der: Uint8Array): string {
  return renderPem("CERTIFICATE", der)
}

/** A request for one as text. */
export function requestPem(der: Uint8Array): string {
  return renderPem(requestLabel, der)
}

/** DER in base64, as the original's documents have it, or the PEM that its answers have. */
export function readDerText(given: string, what: "certificate" | "request", at: string) {
  if (!given.startsWith("-----")) return decodeBase64(given, at)
  const labels = what === "certificate" ? ["CERTIFICATE"] : ["CERTIFICATE REQUEST", requestLabel]
  return readPem(given, labels, at)
}

/** A request's result, where it is a certificate or a request for one. */
export function pemOf(result: object): string | undefined {
  if ("request" in result && result.request instanceof Uint8Array) return requestPem(result.request)
  if (!("chain" in result) || !Array.isArray(result.chain)) return undefined
  const [own] = result.chain as readonly unknown[]
  return own instanceof Uint8Array ? certificatePem(own) : undefined
}
