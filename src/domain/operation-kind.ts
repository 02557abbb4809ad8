/** What operations have in common: the kind of mechanism, and those that others are made of. */

import type { MechanismRow } from "./algorithms.ts"
import type { OperationId } from "./operation.ts"

/** The mechanism's kind that an operation works with; undefined for those without one. */
export function mechanismKind(id: OperationId): MechanismRow["kind"] | undefined {
  return kindByOperation[id]
}

const kindByOperation: Partial<Record<OperationId, MechanismRow["kind"]>> = {
  "key.encrypt": "encryption",
  "key.decrypt": "encryption",
  "key.data-key": "encryption",
  "key.sign": "signature",
  "key.verify": "signature",
  "key.timestamp": "signature",
  "certificate.request": "signature",
  "certificate.self-sign": "signature",
  "certificate.issue": "signature",
  "key.mac": "mac",
  "key.verify-mac": "mac",
  "key.encapsulate": "kem",
  "key.decapsulate": "kem",
  "key.agree": "agreement",
  "key.wrap": "wrap",
  "key.unwrap": "wrap",
  "key.derive": "derivation",
}

/**
 * A data key is random bytes, encrypted; certificates and timestamps are messages of ours, signed:
 * leave for the one is leave for the other.
 */
export const includes: Partial<Record<OperationId, OperationId>> = {
  "key.data-key": "key.encrypt",
  "key.timestamp": "key.sign",
  "certificate.request": "key.sign",
  "certificate.self-sign": "key.sign",
  "certificate.issue": "key.sign",
}
