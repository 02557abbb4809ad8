/** Certificates of keys, behind `kh.certificates`. Each method is one operation of the API. */

import type {
  CertificateRequest,
  IssueCertificateRequest,
  IssuedCertificate,
  RequestCertificateRequest,
  SelfSignRequest,
  StoredCertificate,
} from "./api.generated.ts"
import { encodeBase64 } from "./base64.ts"
import type { Keyhold } from "./keyhold.ts"

/** Ask for certificates, issue them, and keep them beside their key; `key` is a name or an id. */
export class Certificates {
  readonly #client: Keyhold

  constructor(client: Keyhold) {
    this.#client = client
  }

  /** A request for a certificate (PKCS #10), signed with the key. */
  request(key: string, body: RequestCertificateRequest): Promise<CertificateRequest> {
    return this.#client.call("requestCertificate", { params: { key }, body })
  }

  /** A certificate that the key signs for itself. It is not stored: see {@link add}. */
  selfSign(key: string, body: SelfSignRequest): Promise<IssuedCertificate> {
    return this.#client.call("selfSignCertificate", { params: { key }, body })
  }

  /** Certifies the public key of a request (DER) under a key with an authority's certificate. */
  issue(
    key: string,
    request: Uint8Array,
    profile: Omit<IssueCertificateRequest, "request"> = {},
  ): Promise<IssuedCertificate> {
    const body = { ...profile, request: encodeBase64(request) }
    return this.#client.call("issueCertificate", { params: { key }, body })
  }

  /** Keeps a certificate (DER) of the key, with its issuers after it. */
  add(key: string, chain: readonly Uint8Array[]): Promise<StoredCertificate> {
    const body = { chain: chain.map((der) => encodeBase64(der)) }
    return this.#client.call("addCertificate", { params: { key }, body })
  }

  /** Every certificate of the key. */
  list(key: string): AsyncGenerator<StoredCertificate, void, void> {
    return this.#client.list("listCertificates", { key })
  }

  get(key: string, certificate: string): Promise<StoredCertificate> {
    return this.#client.call("getCertificate", { params: { key, certificate } })
  }

  /** Forgets a certificate; that does not revoke it. */
  async delete(key: string, certificate: string): Promise<void> {
    await this.#client.call("deleteCertificate", { params: { key, certificate } })
  }
}
