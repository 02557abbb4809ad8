/**
 * Approvers who have nothing but their keys. In the TSB dialect one proves himself by a signature
 * over the time as text: that shows him what waits for that key, and lets him reject it. To approve
 * takes a signature over the request itself.
 */

import { HsmError } from "../domain/errors.ts"
import type { MechanismId } from "../domain/algorithms.ts"
import { parseMechanism } from "../domain/algorithms.ts"
import type { Instant, PartitionId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { Caller } from "../domain/principal.ts"
import { approverAlgorithm } from "../engine/approver.ts"
import { fingerprintOf, isSignedBy } from "./approver.ts"

/** A proof, as its bringer sent it. */
export interface Possession {
  /** SPKI DER. */
  readonly publicKey: Uint8Array
  /** ISO 8601, with any offset. */
  readonly timestamp: string
  /** Over the ASCII of `timestamp`. */
  readonly signature: Uint8Array
  readonly mechanism: MechanismId
}

/** What is wrong with a proof; undefined when nothing is. */
export function flawOfPossession(
  proof: Possession,
  now: Instant,
): "time" | "signature" | undefined {
  const { publicKey, timestamp, signature, mechanism } = proof
  const at = isoPattern.test(timestamp) ? Date.parse(timestamp) : Number.NaN
  // Not a number compares as false.
  const isNow = at >= now - limits.possessionPastMs && at <= now + limits.possessionFutureMs
  if (!isNow) return "time"
  const statement = Buffer.from(timestamp)
  const approver = {
    kind: "public-key",
    name: "",
    fingerprint: fingerprintOf(publicKey),
    publicKey,
  } as const
  return isSignedBy(approver, { mechanism, statement, signature }, now) ? undefined : "signature"
}

const isoPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/

/**
 * How a key signs with a hash that its holder names.
 *
 * @param hash - ours, such as `SHA_256`; of no matter for keys that sign messages as they are.
 * @throws HsmError MALFORMED_REQUEST for what is no approver's key, or does not sign so.
 */
export function approvalMechanism(publicKey: Uint8Array, hash: string): MechanismId {
  const algorithm = approverAlgorithm(publicKey)
  if (algorithm === undefined) throw refuse("approvers' keys are EC, RSA, Ed25519 or ML-DSA")
  if (algorithm === "ED25519") return "ED25519"
  if (algorithm.startsWith("ML_DSA")) return "ML_DSA"
  const family = algorithm.startsWith("RSA") ? "RSA_PKCS1" : "ECDSA"
  const found = parseMechanism(`${family}_${hash}`)
  if (found === undefined) throw refuse(`a key of ${algorithm} does not sign with ${hash}`)
  return found
}

/** An approver without any other credential, as a caller. */
export function callerByKey(
  partition: PartitionId,
  publicKey: Uint8Array,
  address: string,
): Caller {
  return {
    partition,
    subject: `key:${fingerprintOf(publicKey)}`,
    roles: ["approver"],
    grants: [],
    credential: "approver-key",
    address,
  }
}

function refuse(message: string): HsmError {
  return new HsmError("MALFORMED_REQUEST", message, { field: "/approverPublicKey" })
}
