/** Makes principals: their records, their first credential, and the rows that find them. */

import { createHash } from "node:crypto"

import { encodeId } from "../codec/id-text.ts"
import { HsmError } from "../domain/errors.ts"
import type { CredentialId, PartitionId, PrincipalId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { Credential, Grant, PrincipalRecord, Role } from "../domain/principal.ts"
import { readCertificate } from "../identity/certificate.ts"
import { issueToken } from "../identity/token.ts"
import { fingerprintName } from "../records/identity-records.ts"
import type { NewCredential } from "./commands.ts"
import type { Ports } from "./ports.ts"

type Makers = Pick<Ports, "records" | "random" | "clock">

export interface NewPrincipal {
  readonly partition: PartitionId
  readonly name: string
  readonly roles: readonly Role[]
  readonly credential: NewCredential
  readonly id?: PrincipalId
  readonly grants?: readonly Grant[] | undefined
  readonly addresses?: readonly string[] | undefined
}

/** A principal that is not stored yet; with a token, which is shown once. */
export function newPrincipal(
  ports: Makers,
  template: NewPrincipal,
): { readonly record: PrincipalRecord; readonly token?: string } {
  const { partition, name, roles, grants = [], addresses = [] } = template
  const { credential, token } = newCredential(ports, partition, template.credential)
  const record: PrincipalRecord = {
    id: template.id ?? (freshId(ports) as PrincipalId),
    partition,
    name,
    roles,
    grants,
    addresses,
    state: "active",
    credentials: [credential],
    createdAt: ports.clock.now(),
    revision: 1,
  }
  return token === undefined ? { record } : { record, token }
}

/**
 * A credential for a principal of `partition`.
 *
 * @throws HsmError MALFORMED_REQUEST for a token's life out of bounds, or no certificate.
 */
export function newCredential(
  { records, random, clock }: Makers,
  partition: PartitionId,
  wanted: NewCredential,
): { readonly credential: Credential; readonly token?: string } {
  const now = clock.now()
  const id = freshId({ random }) as CredentialId
  if (wanted.kind === "token") {
    const { lifeMs = limits.tokenLifeDefaultMs } = wanted
    if (lifeMs < 1 || lifeMs > limits.tokenLifeMaxMs) {
      throw new HsmError("MALFORMED_REQUEST", "a token lives at most ten years", {
        field: "/credential/lifeSeconds",
      })
    }
    const hash = (of: PartitionId, secret: Uint8Array): Uint8Array =>
      records.keyholder.hashToken(of, secret)
    return issueToken({ partition, id, now, lifeMs, random, hasher: { hash } })
  }
  const read = readCertificate(wanted.certificate)
  if (read === undefined) {
    throw new HsmError("MALFORMED_REQUEST", "not a certificate", {
      field: "/credential/certificate",
    })
  }
  const fingerprint = new Uint8Array(createHash("sha256").update(wanted.certificate).digest())
  return {
    credential: {
      kind: "certificate",
      id,
      fingerprint,
      createdAt: now,
      expiresAt: read.notAfter,
    },
  }
}

/** Rows to claim for a new principal: his name and the credentials that find him. */
export function principalRows(
  { records }: Pick<Ports, "records">,
  principal: PrincipalRecord,
): { path: string; value: Uint8Array }[] {
  const { partition, id, name, credentials } = principal
  return [
    records.claim(partition, "principal-name", name, id),
    ...credentials.map((credential) =>
      records.claim(partition, "credential", credentialName(credential), id),
    ),
  ]
}

/** How a credential stands in its partition's index. */
export function credentialName(credential: Credential): string {
  return credential.kind === "token" ? credential.id : fingerprintName(credential.fingerprint)
}

function freshId({ random }: Pick<Ports, "random">): string {
  return encodeId(random.bytes(16))
}
