/** Approvers: their keys as rules hold them, and whether what they signed is theirs. */

import { createHash } from "node:crypto"

import type { MechanismId } from "../domain/algorithms.ts"
import { HsmError } from "../domain/errors.ts"
import type { Instant } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { ApproverKey } from "../domain/rule.ts"
import {
  openStoredApproverKey,
  readApproverKey,
  verifyStatement,
  type ApproverVerifier,
} from "../engine/approver.ts"
import { BoundedMap } from "../records/bounded-map.ts"
import { flawOfChain, isChainCurrent, keyOfChain } from "./certificate-chain.ts"

/** An approver as an officer names him: by a public key, or by a certificate with its issuers. */
export type ApproverTemplate =
  | { readonly kind: "public-key"; readonly name: string; readonly publicKey: Uint8Array }
  | { readonly kind: "certificate"; readonly name: string; readonly chain: readonly Uint8Array[] }

/** What rules count keys by: SHA-256 of the SPKI DER, lower-case hex. */
export function fingerprintOf(publicKey: Uint8Array): string {
  return createHash("sha256").update(publicKey).digest("hex")
}

/**
 * Reads an approver for a rule.
 *
 * @param field - JSON pointer of the approver in the request.
 * @throws HsmError MALFORMED_REQUEST: no key that approvals use, or a chain that does not hold.
 */
export async function readApprover(
  template: ApproverTemplate,
  now: Instant,
  field: string,
): Promise<ApproverKey> {
  const { kind, name } = template
  const flaw = kind === "certificate" ? flawOfChain(template.chain, now) : undefined
  if (flaw !== undefined) throw refuse(`${field}/chain`, `a certificate ${flaw}`)
  const publicKey = kind === "certificate" ? keyOfChain(template.chain) : template.publicKey
  if (publicKey === undefined) throw refuse(`${field}/chain`, "is no certificate")
  await readApproverKey(publicKey).catch(() => {
    const types = "EC, RSA from 2048 bits, Ed25519 or ML-DSA"
    throw refuse(field, `is no public key of ${types}, in the DER of its SubjectPublicKeyInfo`)
  })
  const found = { kind, name, fingerprint: fingerprintOf(publicKey), publicKey }
  return kind === "certificate" ? { ...found, chain: template.chain } : found
}

/** Something that an approver signed. */
export interface Signed {
  readonly mechanism: MechanismId
  readonly statement: Uint8Array
  /** ECDSA: DER. */
  readonly signature: Uint8Array
}

/** Opened keys of approvers who signed lately; public, so nobody has to wipe them. */
const verifiers = new BoundedMap<string, ApproverVerifier>(limits.approverKeysMax)

/** True when the approver signed this, and his certificate, where he has one, is valid now. */
export function isSignedBy(approver: ApproverKey, signed: Signed, now: Instant): boolean {
  const { fingerprint, publicKey, chain } = approver
  if (chain !== undefined && !isChainCurrent(chain, now)) return false
  const known = verifiers.get(fingerprint)
  const verifier = known ?? openStoredApproverKey(publicKey)
  if (known === undefined) verifiers.set(fingerprint, verifier)
  return verifyStatement(verifier, signed)
}

function refuse(field: string, message: string): HsmError {
  return new HsmError("MALFORMED_REQUEST", message, { field })
}
