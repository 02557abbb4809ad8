/** What the services of certificates and timestamps answer in the face's tests. */

import { clusterPartition, instant, type KeyId } from "../../../src/domain/ids.ts"

const id = "01k2v7x9q4m8w3r5t6y1z0a2bc"
const at = instant(Date.UTC(2026, 10, 23, 9, 30))
const bytes = Uint8Array.of(1, 2, 3)
const about = { keyId: id as KeyId, version: 1, mechanism: "ECDSA_SHA_256" } as const

const said = {
  subject: "CN=a",
  subjectName: bytes,
  issuer: "CN=b",
  serialNumber: "4d",
  notBefore: at,
  notAfter: at,
  publicKey: bytes,
  fingerprint: "0".repeat(64),
  keyId: "aa",
  authority: false,
  pathLength: undefined,
  forTimestamps: false,
}
const issuedCertificate = { ...about, chain: [bytes], said }
const certificateView = {
  id,
  said,
  record: {
    id: `${id}.${id}`,
    partition: clusterPartition,
    keyId: about.keyId,
    version: 1,
    chain: [bytes],
    createdAt: at,
    createdBy: id,
    revision: 1,
  },
}

/** By service. */
export const certificateAnswers = {
  deleteCertificate: undefined,
  issueCertificate: issuedCertificate,
  listCertificates: { items: [certificateView], next: undefined },
  readCertificateOf: certificateView,
  requestCertificate: { ...about, request: bytes },
  selfSign: issuedCertificate,
  storeCertificate: certificateView,
  timestamp: { ...about, serialNumber: "4d", time: at, policy: "1.2.3", timestamp: bytes },
} as const
