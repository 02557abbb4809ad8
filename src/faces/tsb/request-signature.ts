/**
 * Digests and signatures that callers of this dialect make: over a request's inner object, over the
 * time, over tokens.
 */

import { parseJson, type JsonObject, type JsonValue } from "../../codec/json.ts"
import { HsmError } from "../../domain/errors.ts"
import { limits } from "../../domain/limits.ts"
import { isSignedBy, fingerprintOf } from "../../identity/approver.ts"
import { keyOfChain } from "../../identity/certificate-chain.ts"
import { approvalMechanism } from "../../identity/possession.ts"
import { Fault, invalid } from "./fault.ts"
import type { Call } from "./operation.ts"
import { bytes, need, object, text } from "../shapes.ts"

/** The dialect's names of hashes, and ours. */
const digests: Readonly<Record<string, string>> = {
  "SHA-1": "SHA_1",
  "SHA-224": "SHA_224",
  "SHA-256": "SHA_256",
  "SHA-384": "SHA_384",
  "SHA-512": "SHA_512",
  "SHA3-224": "SHA3_224",
  "SHA3-256": "SHA3_256",
  "SHA3-384": "SHA3_384",
  "SHA3-512": "SHA3_512",
  EdDSA: "",
}

/** How a key signs with a digest of that name. @throws Fault. */
export function mechanismOf(publicKey: Uint8Array, digest = "SHA-256") {
  const hash = Object.hasOwn(digests, digest) ? digests[digest] : undefined
  if (hash === undefined) throw invalid(`there is no digest ${digest} here`)
  try {
    return approvalMechanism(publicKey, hash)
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    throw new Fault("unsupported.approver.key.type", error.message)
  }
}

/** An approver's key, named by itself or by a certificate of it. @throws Fault. */
export function approverKeyOf(input: {
  readonly approverPublicKey: Uint8Array | undefined
  readonly approverCertificate: Uint8Array | undefined
}): Uint8Array {
  const { approverPublicKey: spki, approverCertificate: certificate } = input
  if (spki !== undefined) return spki
  if (certificate === undefined) throw invalid("approverPublicKey or approverCertificate is needed")
  const key = keyOfChain([certificate])
  if (key === undefined) throw new Fault("invalid.certificate", "the certificate is none")
  return key
}

/** Whose request it is, as he says himself: approvers see the key, and that the signature holds. */
export const requestSignature = object({
  signature: need(bytes),
  digestAlgorithm: text,
  publicKey: need(bytes),
})

/**
 * Checks the signature that came with a request: over the compact JSON of its inner object.
 *
 * @throws Fault for one that does not hold.
 */
export function checkRequestSignature(
  { body, ports }: Pick<Call, "body" | "ports">,
  member: string,
  signed: ReturnType<typeof requestSignature.read> | undefined,
): void {
  if (signed === undefined) return
  const { signature, digestAlgorithm, publicKey } = signed
  const inner = (parseJson(body, limits.jsonDepthMax) as JsonObject)[member] ?? null
  const statement = Buffer.from(JSON.stringify(inner satisfies JsonValue))
  const approver = {
    kind: "public-key",
    name: "",
    fingerprint: fingerprintOf(publicKey),
    publicKey,
  } as const
  const mechanism = mechanismOf(publicKey, digestAlgorithm)
  if (isSignedBy(approver, { mechanism, statement, signature }, ports.clock.now())) return
  throw new Fault("invalid.signature", "requestSignature is not one over the request")
}
