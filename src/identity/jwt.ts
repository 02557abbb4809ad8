/**
 * JWTs (RFC 7519, with the advice of RFC 8725) from the issuers that a partition trusts.
 *
 * The issuer is looked up in the one partition that the request names: an issuer registered by
 * another tenant under the same name is never asked, so nobody can intercept or lend identities.
 */

import { hash } from "node:crypto"
import { decodeJwt, errors, jwtVerify, type JWTPayload } from "jose"
import type { Instant, PartitionId } from "../domain/ids.ts"
import { instant } from "../domain/ids.ts"
import type { IssuerRecord } from "../domain/issuer.ts"
import { limits } from "../domain/limits.ts"
import type { Grant, Role } from "../domain/principal.ts"
import { BoundedMap } from "../records/bounded-map.ts"
import { rolesOf, subjectOf } from "./claims.ts"
import type { KeySet, KeySets } from "./jwks.ts"
import type { IdentityRecords } from "./ports.ts"
import type { RefusalReason } from "./refusals.ts"

/** Signatures with public keys only: `none` and HMAC would let who knows the keys be anyone. */
const algorithms = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"]

/** JWS compact serialization (RFC 7515 section 7.1): jose would pass over white space. */
const compactPattern = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** Who a verified JWT speaks for. */
export interface JwtIdentity {
  /** `<issuer id>:<sub>`: two issuers never name the same subject. */
  readonly subject: string
  readonly roles: readonly Role[]
  readonly grants: readonly Grant[]
}

export interface JwtVerifier {
  /** Judges a JWT for the partition that the request names. */
  verify(text: string, partition: PartitionId, now: Instant): Promise<JwtIdentity | RefusalReason>
}

/** What an unverified token says about who should verify it. */
interface Names {
  readonly iss: string
  readonly audiences: readonly string[]
}

/** Good as long as issuer and keys are the very same ones, and until `until`. */
interface Verified {
  readonly names: Names
  readonly issuer: IssuerRecord
  readonly keys: KeySet
  readonly until: Instant
  readonly identity: JwtIdentity
}

export function createJwtVerifier(ports: {
  readonly records: Pick<IdentityRecords, "issuersByIss">
  readonly keySets: KeySets
}): JwtVerifier {
  const { records, keySets } = ports
  /** By partition and SHA-256 of the token. */
  const verified = new BoundedMap<string, Verified>(limits.verifiedJwtsMax)

  async function verify(
    text: string,
    partition: PartitionId,
    now: Instant,
  ): Promise<JwtIdentity | RefusalReason> {
    if (text.length > limits.jwtBytesMax || !compactPattern.test(text)) return "malformed"
    const cacheKey = `${partition}.${hash("sha256", text, "base64url")}`
    const known = verified.get(cacheKey)
    const names = known?.names ?? readNames(text)
    if (names === undefined) return "malformed"
    // Issuer and keys are looked up every time: deleting the issuer works on the next request.
    const issuer = chooseIssuer(await records.issuersByIss(partition, names.iss), names)
    if (issuer === undefined) return "jwt-issuer"
    const keys = await keySets.current(issuer, now)
    if (keys === undefined) return "jwt-keys"
    if (known !== undefined && holds(known, issuer, keys, now)) return known.identity
    verified.delete(cacheKey)
    const fresh = await verifyWith({ text, names, issuer, keys, now })
    if (typeof fresh === "string") return fresh
    verified.set(cacheKey, fresh)
    return fresh.identity
  }

  async function verifyWith(token: TokenInQuestion): Promise<Verified | RefusalReason> {
    const outcome = await checkToken(token)
    if (outcome !== "no-key") return outcome
    const keys = await keySets.renewed(token.issuer, token.now)
    if (keys === undefined || keys === token.keys) return "jwt-invalid"
    const second = await checkToken({ ...token, keys })
    return second === "no-key" ? "jwt-invalid" : second
  }

  return { verify }
}

function holds(known: Verified, issuer: IssuerRecord, keys: KeySet, now: Instant): boolean {
  const same = known.issuer.id === issuer.id && known.issuer.revision === issuer.revision
  return same && known.keys === keys && now < known.until
}

/** Reads who must verify a token; nothing of it is believed yet. */
function readNames(text: string): Names | undefined {
  try {
    const { iss, aud } = decodeJwt(text)
    const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
    if (typeof iss !== "string") return undefined
    return { iss, audiences: audiences.filter((audience) => typeof audience === "string") }
  } catch {
    return undefined
  }
}

/** The one issuer with that name for one of the audiences; two would be ambiguous. */
function chooseIssuer(
  issuers: readonly IssuerRecord[],
  { iss, audiences }: Names,
): IssuerRecord | undefined {
  const fitting = issuers.filter(
    ({ issuer, audience }) => issuer === iss && audiences.includes(audience),
  )
  return fitting.length === 1 ? fitting[0] : undefined
}

interface TokenInQuestion {
  readonly text: string
  readonly names: Names
  readonly issuer: IssuerRecord
  readonly keys: KeySet
  readonly now: Instant
}

async function checkToken({
  text,
  names,
  issuer,
  keys,
  now,
}: TokenInQuestion): Promise<Verified | "no-key" | "jwt-invalid" | "jwt-roles"> {
  const payload = await verifySignature(text, issuer, keys, now)
  if (payload === "no-key" || payload === "jwt-invalid") return payload
  const subject = subjectOf(payload)
  // jose has checked that both are numbers; they are asked for again for the type.
  if (subject === undefined || payload.exp === undefined || payload.iat === undefined) {
    return "jwt-invalid"
  }
  const roles = rolesOf(payload, issuer)
  // Whoever has an account with the issuer but no role here must not even fill the log.
  if (roles.length === 0) return "jwt-roles"
  const endMs = Math.min(payload.exp * 1000, payload.iat * 1000 + limits.jwtAgeMaxMs)
  const until = instant(endMs + limits.jwtLeewayMs)
  const identity = { subject: `${issuer.id}:${subject}`, roles, grants: issuer.grants }
  return { names, issuer, keys, until, identity }
}

/** Signature, issuer, audience and dates, by jose. */
async function verifySignature(
  text: string,
  { issuer, audience }: IssuerRecord,
  keys: KeySet,
  now: Instant,
): Promise<JWTPayload | "no-key" | "jwt-invalid"> {
  try {
    const { payload } = await jwtVerify(text, keys, {
      algorithms,
      issuer,
      audience,
      currentDate: new Date(now),
      clockTolerance: limits.jwtLeewayMs / 1000,
      maxTokenAge: limits.jwtAgeMaxMs / 1000,
      requiredClaims: ["exp", "iat", "sub"],
    })
    return payload
  } catch (error) {
    // Whatever it is: keys and token come from outside, and the answer is the same.
    return error instanceof errors.JWKSNoMatchingKey ? "no-key" : "jwt-invalid"
  }
}
