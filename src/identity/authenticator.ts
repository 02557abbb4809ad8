/**
 * Who is asking? One question per request, one answer for every refusal.
 *
 * What proves identity: a bearer token of Keyhold, a client certificate that TLS has checked, or a
 * JWT of an issuer that the partition trusts; in AWS's dialects, the signature of an access key. A
 * token and an access key name their partition; with a certificate or a JWT the request names it
 * (`X-Keyhold-Partition`), since both are public to third parties and another tenant could register
 * them too.
 *
 * What was verified is remembered only as long as the records of the moment say the same.
 */

import { HsmError, type ErrorDetail } from "../domain/errors.ts"
import { parseId, type Instant, type PartitionId } from "../domain/ids.ts"
import type { Clock } from "../domain/ports.ts"
import type { Caller } from "../domain/principal.ts"
import { parseAddress, sourceOf, type Address } from "./address.ts"
import type { ClientCertificate } from "./certificate.ts"
import { judgeCertificate, judgeToken, type Attempt, type Verdict } from "./credentials.ts"
import { createFailureLimiter } from "./failure-limiter.ts"
import { createKeySets } from "./jwks.ts"
import { createJwtVerifier } from "./jwt.ts"
import type { IdentityRecords, JwksFetcher, TokenHasher } from "./ports.ts"
import { createRefusalCounter, type RefusalCounter, type RefusalReason } from "./refusals.ts"
import { RememberedCallers, type Proven } from "./remembered.ts"
import { faultOf, judgeSigned } from "./signed-request.ts"
import type { SignedCaller, SignedEvidence } from "./signed-request.ts"
import { tokenPrefix } from "./token.ts"

/** What came with a request; absent parts are undefined. */
export interface Evidence {
  /** After `Bearer `: a token of Keyhold or a JWT. */
  readonly bearer?: string | undefined
  /** The header `X-Keyhold-Partition`. */
  readonly partitionHint?: string | undefined
  /** Of this connection; its handshake has proven that the client holds the key. */
  readonly certificate?: ClientCertificate | undefined
  /** The peer's address, as the socket tells it. */
  readonly address: string
}

export interface Authenticator {
  /**
   * Establishes the caller.
   *
   * @throws HsmError UNAUTHENTICATED, with one message whatever was wrong; RATE_LIMITED instead,
   * with retryAfterSeconds, when the address has failed too often; SEALED, STORE_UNAVAILABLE or
   * TAMPERED from the records.
   */
  authenticate(evidence: Evidence): Promise<Caller>
  /** The same for a signed request; UNAUTHENTICATED then says in its detail what was at fault. */
  authenticateSigned(evidence: SignedEvidence): Promise<SignedCaller>
  /** By what a token is proven that was good just now, for another process to remember. */
  proven(evidence: Evidence): Proven | undefined
  /** What was refused, for metrics and the log. */
  readonly refusals: RefusalCounter
}

/** What an authenticator is made from. */
export interface AuthenticatorParts {
  readonly records: IdentityRecords
  readonly hasher: TokenHasher
  readonly clock: Clock
  readonly jwks: JwksFetcher
  /** Per address; limits.failedAuthenticationsPerMinute when absent. */
  readonly failuresPerMinute?: number | undefined
  /** Where others count what they refuse; one of its own when absent. */
  readonly refusals?: RefusalCounter | undefined
}

/** Wires the ways to prove an identity to one answer. */
export function createAuthenticator(ports: AuthenticatorParts): Authenticator {
  const { records, hasher, clock } = ports
  const limiter = createFailureLimiter(ports.failuresPerMinute)
  const refusals = ports.refusals ?? createRefusalCounter()
  const jwts = createJwtVerifier({ records, keySets: createKeySets(ports.jwks) })
  const remembered = new RememberedCallers(records)

  async function authenticate(evidence: Evidence): Promise<Caller> {
    const now = clock.now()
    const known = remembered.recall(evidence, now)
    if (known !== undefined) return known
    const peer = parseAddress(evidence.address)
    const verdict = await judge(evidence, now, peer)
    if (typeof verdict === "object") return verdict
    refuse(verdict, now, peer)
    throw unauthenticated()
  }

  async function authenticateSigned(evidence: SignedEvidence): Promise<SignedCaller> {
    const now = clock.now()
    const peer = parseAddress(evidence.address)
    const attempt = { now, peer, address: peer?.text ?? evidence.address }
    const verdict = await judgeSigned(records, attempt, evidence)
    if (typeof verdict === "object") return verdict
    refuse(verdict, now, peer)
    throw unauthenticated({ signature: faultOf(verdict) })
  }

  /** Only after a failure: a good credential passes, whatever came from its address before. */
  function refuse(reason: RefusalReason, now: Instant, peer: Address | undefined): void {
    refusals.count(reason)
    const waitMs = limiter.fail(peer === undefined ? "" : sourceOf(peer), now)
    if (waitMs === 0) return
    throw new HsmError("RATE_LIMITED", "too many failed authentications from this address", {
      retryAfterSeconds: Math.ceil(waitMs / 1000),
    })
  }

  async function judge(
    evidence: Evidence,
    now: Instant,
    peer: Address | undefined,
  ): Promise<Verdict> {
    const { partitionHint, bearer, certificate, address } = evidence
    const partition = partitionHint === undefined ? undefined : parseId<PartitionId>(partitionHint)
    if (partitionHint !== undefined && partition === undefined) return "malformed"
    const attempt: Attempt = { partition, now, peer, address: peer?.text ?? address }
    if (bearer === undefined) {
      return certificate === undefined ? "missing" : judgeCertificate(records, attempt, certificate)
    }
    const caller = bearer.startsWith(tokenPrefix)
      ? await judgeOwn({ records, hasher, remembered }, { evidence, attempt, bearer })
      : await judgeJwt(jwts, attempt, bearer)
    if (typeof caller === "string" || certificate === undefined) return caller
    // The bearer decides. But a certificate registered here for someone else means confusion.
    const owner = await records.principalByFingerprint(caller.partition, certificate.fingerprint)
    return owner === undefined || owner.id === caller.subject ? caller : "mismatch"
  }

  const proven = (evidence: Evidence): Proven | undefined => remembered.find(evidence, clock.now())

  return { authenticate, authenticateSigned, proven, refusals }
}

async function judgeOwn(
  ports: Parameters<typeof judgeToken>[0] & { readonly remembered: RememberedCallers },
  asked: { readonly evidence: Evidence; readonly attempt: Attempt; readonly bearer: string },
): Promise<Verdict> {
  const proven = await judgeToken(ports, asked.attempt, asked.bearer)
  if (typeof proven === "string") return proven
  ports.remembered.remember(asked.evidence, proven)
  return proven.caller
}

async function judgeJwt(
  jwts: ReturnType<typeof createJwtVerifier>,
  { partition, now, address }: Attempt,
  text: string,
): Promise<Verdict> {
  if (partition === undefined) return "partition"
  const identity = await jwts.verify(text, partition, now)
  if (typeof identity === "string") return identity
  return { partition, ...identity, credential: "jwt", address }
}

/** The answer to every refusal: which part was wrong is nobody's business. */
export function unauthenticated(detail: ErrorDetail = {}): HsmError {
  return new HsmError("UNAUTHENTICATED", "the credentials are not valid here", detail)
}

/** The bearer in an `Authorization` header (RFC 6750 section 2.1); undefined for other schemes. */
export function bearerOf(header: string | undefined): string | undefined {
  return bearerPattern.exec(header ?? "")?.[1]
}
const bearerPattern = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i
