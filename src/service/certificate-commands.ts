/** What faces hand to the services of certificates, and get back. */

import type { MechanismId } from "../domain/algorithms.ts"
import type { CertificateProfile, CertificateRecord } from "../domain/certificate.ts"
import type { Instant, KeyId } from "../domain/ids.ts"
import type { ReadCertificate } from "../engine/certificates/read.ts"
import type { KeyRef } from "./commands.ts"

interface CertifyCommand {
  readonly key: KeyRef
  /** The usual one of the key's algorithm when absent. */
  readonly mechanism?: MechanismId | undefined
  /** Set by `pinCertificate` alone, when approvers have to see what will be signed. */
  readonly pinned?: PinnedCertificate | undefined
}

/** What a certificate says beyond its command, fixed before it is signed. */
export interface PinnedCertificate {
  /** The bytes that are signed: a TBSCertificate or a CertificationRequestInfo, DER. */
  readonly info: Uint8Array
  /** Of a certificate. */
  readonly serial?: Uint8Array
  readonly notBefore?: Instant
}

export interface RequestCertificateCommand
  extends CertifyCommand, Omit<CertificateProfile, "authority"> {
  /** As people write it: `CN=shop.example,O=Example AG,C=CH`; empty for none. */
  readonly subject: string
}
export interface CertificateRequestResult {
  readonly keyId: KeyId
  readonly version: number
  readonly mechanism: MechanismId
  /** PKCS #10, DER. */
  readonly request: Uint8Array
}

interface Validity {
  /** Whole seconds, from now; limits.certificateLifeDefaultMs when absent. */
  readonly lifeMs?: number | undefined
}
export interface SelfSignCommand extends CertifyCommand, CertificateProfile, Validity {
  readonly subject: string
  /** Kept beside the key at once, by whoever may keep certificates. */
  readonly keep?: boolean | undefined
}
export interface IssueCertificateCommand extends CertifyCommand, CertificateProfile, Validity {
  /** PKCS #10, DER: whose public key is certified. */
  readonly request: Uint8Array
  /** Those of the request when absent, as the names are. */
  readonly subject?: string | undefined
  /** Id of the issuing key's own certificate; its newest that may issue when absent. */
  readonly issuer?: string | undefined
}
export interface IssuedCertificateResult {
  readonly keyId: KeyId
  readonly version: number
  readonly mechanism: MechanismId
  /** DER: the certificate, then those of its issuers that are known. */
  readonly chain: readonly Uint8Array[]
  readonly said: ReadCertificate
}

export interface StoreCertificateCommand {
  readonly key: KeyRef
  /** DER: the certificate, then each one's issuer as far as wanted. */
  readonly chain: readonly Uint8Array[]
}
export interface CertificateRef {
  readonly key: KeyRef
  /** Its id. */
  readonly certificate: string
}

/** A stored certificate, and what it says. */
export interface CertificateView {
  readonly record: CertificateRecord
  /** By which it is named. */
  readonly id: string
  readonly said: ReadCertificate
}
