/**
 * Approvers' keys and what they sign. Public values alone, so no permit is asked for: whether an
 * approval counts is the policy's to say.
 */

import { createPublicKey, type KeyObject } from "node:crypto"
import {
  keyAlgorithm,
  mechanismRow,
  type KeyAlgorithmId,
  type MechanismId,
} from "../domain/algorithms.ts"
import { importMaterial } from "./generate.ts"
import { malformed } from "./malformed.ts"
import { provider, type OpenKey } from "./open-keys.ts"
import { usualParameters, type SignatureId } from "./provider.ts"

/** An approver's public key, ready to verify with. */
export interface ApproverVerifier {
  readonly algorithm: KeyAlgorithmId
  readonly key: OpenKey
}

/** By OpenSSL's names: at least 112 bits of strength, SP 800-57 part 1 section 5.6.1. */
const ecAlgorithms: Readonly<Record<string, KeyAlgorithmId>> = {
  prime256v1: "EC_P256",
  secp384r1: "EC_P384",
  secp521r1: "EC_P521",
  secp256k1: "EC_SECP256K1",
  brainpoolP256r1: "EC_BRAINPOOL_P256",
  brainpoolP320r1: "EC_BRAINPOOL_P320",
  brainpoolP384r1: "EC_BRAINPOOL_P384",
  brainpoolP512r1: "EC_BRAINPOOL_P512",
}
const rsaAlgorithms: Readonly<Record<number, KeyAlgorithmId>> = {
  2048: "RSA_2048",
  3072: "RSA_3072",
  4096: "RSA_4096",
  8192: "RSA_8192",
}
const otherAlgorithms: Readonly<Record<string, KeyAlgorithmId>> = {
  ed25519: "ED25519",
  "ml-dsa-44": "ML_DSA_44",
  "ml-dsa-65": "ML_DSA_65",
  "ml-dsa-87": "ML_DSA_87",
}

/**
 * Reads an approver's public key, as strictly as an import.
 *
 * @param spki - canonical DER.
 * @throws HsmError MALFORMED_REQUEST, field `/material`, for what is no such key, or of a type or
 * strength that approvals do not use.
 */
export async function readApproverKey(spki: Uint8Array): Promise<ApproverVerifier> {
  const algorithm = algorithmOf(spki)
  if (algorithm === undefined) {
    throw malformed("/material", "approvers' keys are EC, RSA from 2048 bits, Ed25519 or ML-DSA")
  }
  await importMaterial(algorithm, "spki", spki)
  return openApproverKey(algorithm, spki)
}

/** Opens a key that was read once; its record is authenticated. */
export function openStoredApproverKey(spki: Uint8Array): ApproverVerifier {
  const algorithm = algorithmOf(spki)
  if (algorithm === undefined) throw malformed("/material", "is no approver's key")
  return openApproverKey(algorithm, spki)
}

function openApproverKey(algorithm: KeyAlgorithmId, spki: Uint8Array): ApproverVerifier {
  return { algorithm, key: provider.keys[algorithm].open(undefined, spki) }
}

/** What a public key is as an approver's; undefined when it is none. */
export function approverAlgorithm(spki: Uint8Array): KeyAlgorithmId | undefined {
  return algorithmOf(spki)
}

/** True when an approver with a key of this algorithm may sign like this. */
export function isApprovalMechanism(algorithm: KeyAlgorithmId, mechanism: MechanismId): boolean {
  const { kind, status, bare } = mechanismRow(mechanism)
  if (kind !== "signature" || status === "legacy" || bare === true) return false
  return keyAlgorithm(algorithm).mechanisms.includes(mechanism)
}

/**
 * True when `signature` is the approver's over `statement`; false for anything else.
 *
 * @param signed - ECDSA signatures in DER.
 */
export function verifyStatement(
  { algorithm, key }: ApproverVerifier,
  signed: {
    readonly mechanism: MechanismId
    readonly statement: Uint8Array
    readonly signature: Uint8Array
  },
): boolean {
  const { mechanism, statement, signature } = signed
  if (!isApprovalMechanism(algorithm, mechanism)) return false
  // Of the kind that was asked for just now.
  const row = provider.signature[mechanism as SignatureId]
  return row.verify(key, statement, signature, usualParameters)
}

function algorithmOf(spki: Uint8Array): KeyAlgorithmId | undefined {
  const key = parse(spki)
  const { asymmetricKeyType: type = "", asymmetricKeyDetails: details = {} } = key ?? {}
  if (type === "ec") return ecAlgorithms[details.namedCurve ?? ""]
  if (type === "rsa") return rsaAlgorithms[details.modulusLength ?? 0]
  return otherAlgorithms[type]
}

function parse(spki: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" })
  } catch {
    return undefined
  }
}
