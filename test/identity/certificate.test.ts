import "reflect-metadata"
import assert from "node:assert/strict"
import { createHash, webcrypto } from "node:crypto"
import test from "node:test"
import { X509CertificateGenerator } from "@peculiar/x509"
import { instant } from "../../src/domain/ids.ts"
import { isCurrent, readCertificate } from "../../src/identity/certificate.ts"
import { hourMs, start } from "./fixture.ts"

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }

async function makeCertificate() {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
  return X509CertificateGenerator.createSelfSigned(
    {
      name: "CN=orders",
      notBefore: new Date(start - hourMs),
      notAfter: new Date(start + hourMs),
      keys,
      signingAlgorithm: algorithm,
    },
    webcrypto,
  )
}

test("a certificate is read as the SHA-256 of its DER and its dates", async () => {
  const der = new Uint8Array((await makeCertificate()).rawData)
  const read = readCertificate(der)
  assert.ok(read)
  assert.deepEqual(Buffer.from(read.fingerprint), createHash("sha256").update(der).digest())
  assert.equal(read.notBefore, start - hourMs)
  assert.equal(read.notAfter, start + hourMs)
})

test("another encoding of a certificate, or a broken one, is none", async () => {
  const certificate = await makeCertificate()
  const der = new Uint8Array(certificate.rawData)
  assert.equal(readCertificate(Buffer.from(certificate.toString("pem"))), undefined, "PEM")
  assert.equal(readCertificate(Buffer.concat([der, Uint8Array.of(0)])), undefined, "trailing byte")
  assert.equal(readCertificate(der.subarray(0, -1)), undefined, "cut")
  assert.equal(readCertificate(new Uint8Array()), undefined, "empty")
})

test("a certificate is current from its first to its last moment", async () => {
  const read = readCertificate(new Uint8Array((await makeCertificate()).rawData))
  assert.ok(read)
  for (const [ms, expected] of [
    [-hourMs - 1, false],
    [-hourMs, true],
    [0, true],
    [hourMs, true],
    [hourMs + 1, false],
  ] as const) {
    assert.equal(isCurrent(read, instant(start + ms)), expected, `${ms}`)
  }
})
