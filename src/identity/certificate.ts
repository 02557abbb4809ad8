/**
 * Client certificates: one registered certificate stands for one principal, by its fingerprint.
 *
 * There is no authority to trust and no chain to follow: TLS has proven that the client holds the
 * private key (RFC 8446 section 4.4.3), and an officer has registered exactly this certificate.
 */

import { X509Certificate } from "node:crypto"
import { instant, type Instant } from "../domain/ids.ts"

/** What identity needs of a certificate; read once per connection, judged on every request. */
export interface ClientCertificate {
  /** SHA-256 of the DER, 32 bytes. */
  readonly fingerprint: Uint8Array
  readonly notBefore: Instant
  /** The last moment of validity, inclusive: RFC 5280 section 4.1.2.5. */
  readonly notAfter: Instant
}

/** Reads a certificate's DER, nothing before or after it; undefined when it is not one. */
export function readCertificate(der: Uint8Array): ClientCertificate | undefined {
  try {
    const certificate = new X509Certificate(der)
    // X509Certificate takes PEM and trailing bytes too, which would be another fingerprint.
    if (!certificate.raw.equals(der)) return undefined
    return {
      fingerprint: Uint8Array.fromHex(certificate.fingerprint256.replaceAll(":", "")),
      notBefore: instant(certificate.validFromDate.getTime()),
      notAfter: instant(certificate.validToDate.getTime()),
    }
  } catch {
    return undefined
  }
}

/** The one common name of a certificate's subject; undefined when it has none, or several. */
export function commonNameOf(der: Uint8Array): string | undefined {
  const { CN: name }: { CN?: unknown } = new X509Certificate(der).toLegacyObject().subject
  return typeof name === "string" ? name : undefined
}

/** True while the certificate's own dates allow its use. */
export function isCurrent({ notBefore, notAfter }: ClientCertificate, now: Instant): boolean {
  return notBefore <= now && now <= notAfter
}
