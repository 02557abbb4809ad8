/** Tokens and certificates, judged against the principals' records of this moment. */

import { timingSafeEqual } from "node:crypto"
import { clusterPartition, type Instant, type PartitionId } from "../domain/ids.ts"
import type { Caller, Credential, PrincipalRecord } from "../domain/principal.ts"
import { isAdmitted, type Address } from "./address.ts"
import { isCurrent, type ClientCertificate } from "./certificate.ts"
import type { IdentityRecords, TokenHasher } from "./ports.ts"
import type { RefusalReason } from "./refusals.ts"
import type { Proven } from "./remembered.ts"
import { parseToken } from "./token.ts"

/** The circumstances of a request, whatever its credential. */
export interface Attempt {
  /** The partition that the request names; undefined when it names none. */
  readonly partition: PartitionId | undefined
  readonly now: Instant
  readonly peer: Address | undefined
  /** The peer's address as the log shows it. */
  readonly address: string
}

/** A caller, or why there is none: for counting, never for the caller's eyes. */
export type Verdict = Caller | RefusalReason

/** Compared with when there is no such credential: unknown and wrong cost the same. */
const nobodysHash = new Uint8Array(32)

/** Judges a bearer token of Keyhold; answers also by which record it was proven. */
export async function judgeToken(
  ports: { readonly records: IdentityRecords; readonly hasher: TokenHasher },
  attempt: Attempt,
  text: string,
): Promise<Proven | RefusalReason> {
  const token = parseToken(text)
  if (token === undefined) return "malformed"
  const { partition, credential: id, secret } = token
  const principal = await ports.records.principalByCredential(partition, id)
  const credential = principal?.credentials.find(
    (candidate) => candidate.kind === "token" && candidate.id === id,
  )
  // Hashed and compared in any case, before anything else is looked at; for a partition that does
  // not exist under the cluster's key, as it has none of its own.
  const hash = ports.hasher.hash(principal === undefined ? clusterPartition : partition, secret)
  secret.fill(0)
  const matches = isEqual(hash, credential?.kind === "token" ? credential.hash : nobodysHash)
  if (principal === undefined || credential === undefined) return "unknown-credential"
  if (!matches) return "wrong-secret"
  if (attempt.partition !== undefined && attempt.partition !== partition) return "partition"
  const caller = judgePrincipal(attempt, partition, principal, credential)
  return typeof caller === "string" ? caller : { caller, principal, credential }
}

/** Judges a client certificate in the partition that the request names. */
export async function judgeCertificate(
  records: IdentityRecords,
  attempt: Attempt,
  certificate: ClientCertificate,
): Promise<Verdict> {
  const { partition, now } = attempt
  if (partition === undefined) return "partition"
  const { fingerprint } = certificate
  const principal = await records.principalByFingerprint(partition, fingerprint)
  const credential = principal?.credentials.find(
    (candidate) => candidate.kind === "certificate" && isEqual(candidate.fingerprint, fingerprint),
  )
  if (principal === undefined || credential === undefined) return "unknown-credential"
  if (!isCurrent(certificate, now)) return "certificate-dates"
  return judgePrincipal(attempt, partition, principal, credential)
}

/** The credential is proven; what remains is whether it counts now, from here. */
export function judgePrincipal(
  { now, peer, address }: Attempt,
  partition: PartitionId,
  principal: PrincipalRecord,
  credential: Credential,
): Verdict {
  // Records answer for the partition asked; a row that says otherwise is not trusted to.
  if (principal.partition !== partition) return "partition"
  if (credential.expiresAt <= now) return "expired"
  if (principal.state !== "active") return "disabled"
  if (!isAdmitted(principal.addresses, peer)) return "address"
  return {
    partition,
    subject: principal.id,
    name: principal.name,
    roles: principal.roles,
    grants: principal.grants,
    credential: credential.kind,
    address,
    ...(principal.keyStore === undefined ? {} : { keyStore: principal.keyStore }),
  }
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right)
}
