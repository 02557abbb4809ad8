/** Certificates that lie beside a key, and what the ones that it signs say. */

import type { Instant, KeyId, PartitionId } from "./ids.ts"

/** A certificate of a key's public half. */
export interface CertificateRecord {
  /** Begins with the key's id, so that a key's certificates lie together. */
  readonly id: string
  readonly partition: PartitionId
  readonly keyId: KeyId
  /** The version whose public half it names. */
  readonly version: number
  /** DER: the certificate, then each one's issuer as far as it is known. */
  readonly chain: readonly Uint8Array[]
  readonly createdAt: Instant
  readonly createdBy: string
  readonly revision: number
}

/** RFC 5280 section 4.2.1.3. */
export const certificateUsages = [
  "digitalSignature",
  "nonRepudiation",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "keyCertSign",
  "crlSign",
] as const
export type CertificateUsage = (typeof certificateUsages)[number]

/** RFC 5280 section 4.2.1.12, by object identifier. */
export const certificatePurposes = {
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
  codeSigning: "1.3.6.1.5.5.7.3.3",
  emailProtection: "1.3.6.1.5.5.7.3.4",
  timeStamping: "1.3.6.1.5.5.7.3.8",
  ocspSigning: "1.3.6.1.5.5.7.3.9",
  any: "2.5.29.37.0",
} as const
export type CertificatePurpose = keyof typeof certificatePurposes

/** Other names of a subject, RFC 5280 section 4.2.1.6. */
export interface AlternativeNames {
  readonly dns?: readonly string[] | undefined
  readonly ip?: readonly string[] | undefined
  readonly email?: readonly string[] | undefined
  readonly uri?: readonly string[] | undefined
}

/** What a certificate, or a request for one, says besides its subject. */
export interface CertificateProfile {
  readonly names?: AlternativeNames | undefined
  readonly keyUsage?: readonly CertificateUsage[] | undefined
  readonly extendedKeyUsage?: readonly CertificatePurpose[] | undefined
  /** Present: an authority, that may issue, with at most so many others below it. */
  readonly authority?: { readonly pathLength?: number | undefined } | undefined
}
