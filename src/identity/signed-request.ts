/**
 * Requests that an access key has signed: AWS Signature Version 4.
 *
 * The key's id names its partition. A signing key is derived once per day, region and service, and
 * kept beside the very credential that it comes from: a change of the record, such as a revocation,
 * makes other credentials, and what was derived from the old ones is found no more.
 */

import { timingSafeEqual } from "node:crypto"

import { partitionOfAccessKey } from "../codec/access-key-id.ts"
import { CodecError } from "../codec/error.ts"
import {
  parseAmzDate,
  parseSignatureClaim,
  signingKeySteps,
  stringToSign,
  type SignatureClaim,
  type SignedRequest,
} from "../codec/sigv4.ts"
import type { SignatureFault } from "../domain/errors.ts"
import type { Instant, PartitionId } from "../domain/ids.ts"
import { admitsClient } from "../domain/key-store.ts"
import { limits } from "../domain/limits.ts"
import type { AccessKey, Caller } from "../domain/principal.ts"
import type { HashKey } from "../engine/keyed-hash.ts"
import { deriveSigningKey } from "../engine/signing-key.ts"
import { BoundedMap } from "../records/bounded-map.ts"
import { judgePrincipal, type Attempt } from "./credentials.ts"
import type { IdentityRecords } from "./ports.ts"
import type { RefusalReason } from "./refusals.ts"

/** A signed request and what it has to be signed for. */
export interface SignedEvidence {
  readonly request: SignedRequest
  /** What the key's scope has to name: `kms`, `sts`, `kms-xks-proxy`. */
  readonly service: string
  /** Headers that the signature has to cover, whatever else it covers. */
  readonly headers: readonly string[]
  /** The peer's address, as the socket tells it. */
  readonly address: string
  /** Common name of the client's certificate, where an authority of ours vouches for it. */
  readonly clientName?: string | undefined
}

/** A claim in good form, not verified yet. */
export interface ReadClaim {
  readonly claim: SignatureClaim
  /** What the signature is over. */
  readonly text: Uint8Array
}

/** Reads what a request claims, and refuses what no key could make good. */
export function readClaim(
  { request, service, headers }: SignedEvidence,
  now: Instant,
): ReadClaim | RefusalReason {
  const { header } = request
  const authorization = header("authorization")
  if (authorization === undefined) return "missing"
  try {
    const claim = parseSignatureClaim(authorization)
    const amzDate = header("x-amz-date") ?? ""
    const at = parseAmzDate(amzDate)
    if (!headers.every((name) => claim.signedHeaders.includes(name))) return "malformed"
    if (claim.service !== service || !amzDate.startsWith(claim.date)) return "malformed"
    // There are no temporary credentials here, so a token beside the key belongs somewhere else.
    if (header("x-amz-security-token") !== undefined) return "unknown-credential"
    if (Math.abs(now - at) > limits.signatureSkewMs) return "clock"
    return { claim, text: Buffer.from(stringToSign(request, claim, amzDate)) }
  } catch (error) {
    if (error instanceof CodecError) return "malformed"
    throw error
  }
}

/** Tried when there is no such key: unknown and wrong cost the same. */
const nobodysKey: Pick<AccessKey, "secret"> = { secret: new Uint8Array(43) }

/** True when the key's secret made the signature; compared in constant time. */
export function isSignedBy(
  { claim, text }: ReadClaim,
  key: Pick<AccessKey, "secret"> = nobodysKey,
): boolean {
  return timingSafeEqual(signingKey(key, claim).hash(text), claim.signature)
}

/** Who signed a request, and for which region. */
export interface SignedCaller {
  readonly caller: Caller
  readonly region: string
}

/** Judges a request that a principal's access key has signed. */
export async function judgeSigned(
  records: IdentityRecords,
  attempt: Omit<Attempt, "partition">,
  evidence: SignedEvidence,
): Promise<SignedCaller | RefusalReason> {
  const read = readClaim(evidence, attempt.now)
  if (typeof read === "string") return read
  const { accessKeyId, region } = read.claim
  const named = partitionOfAccessKey(accessKeyId)
  const partition = named as PartitionId | undefined // It is the written form of an id.
  const principal =
    partition === undefined ? undefined : await records.principalByAccessKey(partition, accessKeyId)
  const credential = principal?.credentials.find(
    (one): one is AccessKey => one.kind === "access-key" && one.accessKeyId === accessKeyId,
  )
  const matches = isSignedBy(read, credential)
  if (partition === undefined || principal === undefined || credential === undefined) {
    return "unknown-credential"
  }
  if (!matches) return "wrong-secret"
  if (!admitsClient(principal.keyStore ?? {}, evidence.clientName)) return "mismatch"
  const caller = judgePrincipal({ ...attempt, partition }, partition, principal, credential)
  return typeof caller === "string" ? caller : { caller, region }
}

/** What a refused sender may be told: what his own request shows, and whether his key counts. */
export function faultOf(reason: RefusalReason): SignatureFault {
  if (reason === "missing" || reason === "malformed" || reason === "clock") return reason
  return reason === "wrong-secret" ? "mismatch" : "unknown"
}

/** Days turn, and few keys are used in more than one region. */
const scopesMax = 8
const derived = new WeakMap<Pick<AccessKey, "secret">, BoundedMap<string, HashKey>>()

function signingKey(key: Pick<AccessKey, "secret">, claim: SignatureClaim): HashKey {
  const steps = signingKeySteps(claim)
  const scope = steps.join("/")
  let known = derived.get(key)
  if (known === undefined) {
    known = new BoundedMap(scopesMax)
    derived.set(key, known)
  }
  let found = known.get(scope)
  if (found === undefined) {
    found = deriveSigningKey(key.secret, steps)
    known.set(scope, found)
  }
  return found
}
