/** Self-signed certificates for tests of the listener. */

import "reflect-metadata"

import { webcrypto } from "node:crypto"

import { SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509"

export interface Identity {
  readonly key: string
  readonly cert: string
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }

/** A fresh P-256 key and a certificate for it, both PEM. */
export async function selfSigned(name: string): Promise<Identity> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
  const cert = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new SubjectAlternativeNameExtension([{ type: "dns", value: name }])],
  })
  const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey))
  const lines = key.toString("base64").replaceAll(/.{64}/g, "$&\n")
  return {
    key: `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`,
    cert: cert.toString("pem"),
  }
}
