/**
 * An approver's certificate and its issuers. The last one is trusted as it stands in the rule: an
 * officer has put it there. Everything before it has to follow from it (RFC 5280 section 6.1), and
 * all of them have to be valid at the moment. Nothing asks whether one has been revoked: the rule
 * is where an approver is removed.
 */

import { X509Certificate } from "node:crypto"
import "reflect-metadata"
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509Certificate as ParsedCertificate,
} from "@peculiar/x509"

import type { Instant } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import { isCurrent, readCertificate } from "./certificate.ts"

/** RFC 5280 section 4.2: the critical extensions that this file looks at, or that bear no harm. */
const understood: readonly string[] = [
  "2.5.29.15", // keyUsage
  "2.5.29.17", // subjectAltName: names decide nothing here
  "2.5.29.19", // basicConstraints
  "2.5.29.32", // certificatePolicies: with no policy asked for, any will do
  "2.5.29.37", // extKeyUsage
]

/**
 * What is wrong with a chain; undefined when nothing is.
 *
 * @param chain - DER, the approver's own certificate first, each one's issuer after it.
 */
export function flawOfChain(chain: readonly Uint8Array[], now: Instant): string | undefined {
  if (chain.length < 1 || chain.length > limits.chainLengthMax) {
    return `a chain has 1 to ${limits.chainLengthMax} certificates`
  }
  const read = chain.map(parse)
  const parsed = read.filter((one) => one !== undefined)
  if (parsed.length < read.length) return "is no certificate"
  for (const [depth, one] of parsed.entries()) {
    const flaw = flawOf(one, depth) ?? flawOfIssue(one, parsed[depth + 1])
    if (flaw !== undefined) return flaw
  }
  return chain.every((der) => isNow(der, now)) ? undefined : "is not valid at this time"
}

/** SPKI DER of the approver's key: of the first certificate. */
export function keyOfChain([own]: readonly Uint8Array[]): Uint8Array | undefined {
  const spki = parse(own ?? new Uint8Array())?.node.publicKey.export({
    format: "der",
    type: "spki",
  })
  return spki === undefined ? undefined : new Uint8Array(spki)
}

/** True while every certificate's own dates allow its use. */
export function isChainCurrent(chain: readonly Uint8Array[], now: Instant): boolean {
  return chain.every((der) => isNow(der, now))
}

interface Certificate {
  readonly node: X509Certificate
  readonly parsed: ParsedCertificate
}

function parse(der: Uint8Array): Certificate | undefined {
  // The strict reader: one DER, nothing before or after it.
  if (readCertificate(der) === undefined) return undefined
  try {
    return { node: new X509Certificate(der), parsed: new ParsedCertificate(new Uint8Array(der)) }
  } catch {
    return undefined
  }
}

function isNow(der: Uint8Array, now: Instant): boolean {
  const read = readCertificate(der)
  return read !== undefined && isCurrent(read, now)
}

/** @param depth - certificates below it: 0 for the approver's own. */
function flawOf({ parsed }: Certificate, depth: number): string | undefined {
  const odd = parsed.extensions.find(({ critical, type }) => critical && !understood.includes(type))
  if (odd !== undefined) return `has a critical extension ${odd.type} that is not understood`
  const usages = parsed.getExtension(KeyUsagesExtension)?.usages
  if (depth === 0) {
    const signs = KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation
    if (usages !== undefined && (usages & signs) === 0) return "is not for signing"
    return undefined
  }
  const constraints = parsed.getExtension(BasicConstraintsExtension)
  if (constraints?.ca !== true) return "issues, and is no certificate authority"
  if ((constraints.pathLength ?? depth) < depth - 1) return "has a shorter path than this chain"
  if (usages !== undefined && (usages & KeyUsageFlags.keyCertSign) === 0) {
    return "issues, and is not for signing certificates"
  }
  return undefined
}

function flawOfIssue(one: Certificate, issuer: Certificate | undefined): string | undefined {
  if (issuer === undefined) return undefined
  const follows = one.node.checkIssued(issuer.node) && one.node.verify(issuer.node.publicKey)
  return follows ? undefined : "was not issued by the next one"
}
