/** Certificates that Keyhold makes itself: a certificate authority and the listener's leaf. */

import "reflect-metadata"
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type JsonGeneralName,
} from "@peculiar/x509"

import type { Instant } from "../domain/ids.ts"
import { dayMs } from "../domain/limits.ts"
import type { RandomSource } from "../domain/ports.ts"

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const
/** Apple's and the CA/Browser Forum's bound on leafs is 825 days; clients enforce it. */
const leafDays = 800
const authorityDays = 3_650

export interface Certificates {
  /** PEM of the authority that clients trust. */
  readonly authority: string
  /** PEM of the listener's certificate and its PKCS#8 key. */
  readonly certificate: string
  readonly key: string
}

/**
 * Makes an authority and one leaf for `hosts`. The authority's key is forgotten: it signs once.
 *
 * @param hosts - DNS names and IP addresses that clients use.
 */
export async function makeCertificates(parts: {
  readonly hosts: readonly string[]
  readonly name: string
  readonly now: Instant
  readonly random: RandomSource
}): Promise<Certificates> {
  const { hosts, name, now, random } = parts
  const { subtle } = globalThis.crypto
  const authorityKeys = await subtle.generateKey(algorithm, false, ["sign", "verify"])
  const leafKeys = await subtle.generateKey(algorithm, true, ["sign", "verify"])
  const notBefore = new Date(now - dayMs) // Clients' clocks may be behind.
  const authority = await X509CertificateGenerator.createSelfSigned({
    serialNumber: random.bytes(16).toHex(),
    name: `CN=${name} CA`,
    notBefore,
    notAfter: new Date(now + authorityDays * dayMs),
    signingAlgorithm: algorithm,
    keys: authorityKeys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  })
  const leaf = await X509CertificateGenerator.create({
    serialNumber: random.bytes(16).toHex(),
    subject: `CN=${name}`,
    issuer: authority.subject,
    notBefore,
    notAfter: new Date(now + leafDays * dayMs),
    signingAlgorithm: algorithm,
    publicKey: leafKeys.publicKey,
    signingKey: authorityKeys.privateKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(hosts.map(generalName)),
    ],
  })
  const pkcs8 = await subtle.exportKey("pkcs8", leafKeys.privateKey)
  return {
    authority: authority.toString("pem"),
    certificate: leaf.toString("pem"),
    key: PemConverter.encode(pkcs8, "PRIVATE KEY"),
  }
}

function generalName(host: string): JsonGeneralName {
  return /^[0-9.]+$|:/.test(host) ? { type: "ip", value: host } : { type: "dns", value: host }
}
