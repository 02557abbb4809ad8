/** Routes of certificates: those beside a key, and those that it signs. */

import { encodeBase64 } from "../../../codec/base64.ts"
import type {
  CertificateRequestResult,
  CertificateView,
  IssuedCertificateResult,
} from "../../../service/certificate-commands.ts"
import type * as wire from "../api.generated.ts"
import { renderPem } from "../../../codec/pem.ts"
import { renderPage } from "../render.ts"
import { nothing, route, type Routes } from "../route.ts"
import { milliseconds, renderTime } from "../times.ts"

/** Operations of the group Certificates. */
export const certificateRoutes = {
  requestCertificate: route(
    "requestCertificate",
    ({ params: { key }, body }) => ({ key, ...body }),
    renderRequest,
  ),
  selfSignCertificate: route(
    "selfSign",
    ({ params: { key }, body }) => ({ key, ...dated(body) }),
    renderIssued,
  ),
  issueCertificate: route(
    "issueCertificate",
    ({ params: { key }, body }) => ({ key, ...dated(body) }),
    renderIssued,
  ),
  addCertificate: route(
    "storeCertificate",
    ({ params: { key }, body: { chain } }) => ({ key, chain }),
    renderStored,
  ),
  listCertificates: route(
    "listCertificates",
    ({ params }) => params,
    (page) => renderPage(page, renderStored),
  ),
  getCertificate: route("readCertificateOf", ({ params }) => params, renderStored),
  deleteCertificate: route("deleteCertificate", ({ params }) => params, nothing),
} as const satisfies Routes<
  | "requestCertificate"
  | "selfSignCertificate"
  | "issueCertificate"
  | "addCertificate"
  | "listCertificates"
  | "getCertificate"
  | "deleteCertificate"
>

function dated<Body extends { readonly lifeSeconds?: number }>({
  lifeSeconds,
  ...body
}: Body): Omit<Body, "lifeSeconds"> & { readonly lifeMs: number | undefined } {
  return { ...body, lifeMs: lifeSeconds === undefined ? undefined : milliseconds(lifeSeconds) }
}

function renderRequest(result: CertificateRequestResult): wire.CertificateRequest {
  const { keyId, version, mechanism, request } = result
  const pem = renderPem("CERTIFICATE REQUEST", request)
  return { keyId, version, mechanism, request: encodeBase64(request), pem }
}

function renderIssued(result: IssuedCertificateResult): wire.IssuedCertificate {
  const { keyId, version, mechanism } = result
  return { keyId, version, mechanism, ...renderChain(result) }
}

function renderStored({ record, id, said }: CertificateView): wire.StoredCertificate {
  const { keyId, version, chain, createdAt, createdBy } = record
  return {
    id,
    keyId,
    version,
    ...renderChain({ chain, said }),
    authority: said.authority,
    createdAt: renderTime(createdAt),
    createdBy,
  }
}

function renderChain({ chain, said }: Pick<IssuedCertificateResult, "chain" | "said">) {
  const { subject, issuer, serialNumber, notBefore, notAfter, fingerprint } = said
  return {
    chain: chain.map((der) => encodeBase64(der)),
    pem: chain.map((der) => renderPem("CERTIFICATE", der)).join(""),
    subject,
    issuer,
    serialNumber,
    notBefore: renderTime(notBefore),
    notAfter: renderTime(notAfter),
    fingerprint,
  }
}
