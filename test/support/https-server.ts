/** A real HTTPS server on loopback, with a certificate of its own. */

import "reflect-metadata"
import { webcrypto } from "node:crypto"
import type { RequestListener } from "node:http"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import type { TestContext } from "node:test"
import {
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509"

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
/** A real HTTPS server on loopback, and the certificate to trust. */
export async function serveHttps(context: Pick<TestContext, "after">, answer: RequestListener) {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: "CN=issuer",
      notBefore: new Date(Date.now() - 3_600_000),
      notAfter: new Date(Date.now() + 3_600_000),
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new SubjectAlternativeNameExtension([
          { type: "dns", value: "localhost" },
          { type: "ip", value: "127.0.0.1" },
        ]),
      ],
    },
    webcrypto,
  )
  const ca = certificate.toString("pem")
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)
  const server = createServer({ cert: ca, key: PemConverter.encode(pkcs8, "PRIVATE KEY") }, answer)
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve)
  })
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  // An https server that listens on a host has an address with a port.
  const { port } = server.address() as AddressInfo
  return { ca, port }
}
