/** Makes principals: their records, their first credential, and the rows that find them. */

import { createHash } from "node:crypto"

import { accessKeySerials, encodeAccessKeyId } from "../codec/access-key-id.ts"
import { encodeBase64 } from "../codec/base64.ts"
import { encodeId } from "../codec/id-text.ts"
import { HsmError } from "../domain/errors.ts"
import { instant } from "../domain/ids.ts"
import type { CredentialId, Instant, PartitionId, PrincipalId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { KeyStorePolicy } from "../domain/key-store.ts"
import type { Clock } from "../domain/ports.ts"
import type { Credential, Grant, PrincipalRecord, Role } from "../domain/principal.ts"
import type { ApproverKey } from "../domain/rule.ts"
import { readCertificate } from "../identity/certificate.ts"
import { issueToken } from "../identity/token.ts"
import { fingerprintName } from "../records/identity-records.ts"
import type { NewCredential, ShownAccessKey } from "./commands.ts"
import type { Ports } from "./ports.ts"

type Makers = Pick<Ports, "records" | "random"> & { readonly clock: Clock }

export interface NewPrincipal {
  readonly partition: PartitionId
  readonly name: string
  readonly roles: readonly Role[]
  readonly credential: NewCredential
  readonly id?: PrincipalId
  readonly grants?: readonly Grant[] | undefined
  readonly addresses?: readonly string[] | undefined
  readonly keyStore?: KeyStorePolicy | undefined
}

/** A credential that is not stored yet, and what its holder is shown of it, once. */
export interface Issued {
  readonly credential: Credential
  readonly token?: string
  readonly accessKey?: ShownAccessKey
}

/** A principal that is not stored yet; with a token or an access key, which is shown once. */
export async function newPrincipal(
  ports: Makers,
  template: NewPrincipal,
): Promise<{ readonly record: PrincipalRecord } & Omit<Issued, "credential">> {
  const { partition, name, roles, grants = [], addresses = [], keyStore } = template
  const { credential, ...shown } = await newCredential(ports, partition, template.credential)
  const record: PrincipalRecord = {
    id: template.id ?? (freshId(ports) as PrincipalId),
    partition,
    name,
    roles,
    grants,
    addresses,
    state: "active",
    credentials: [credential],
    ...(keyStore === undefined ? {} : { keyStore }),
    createdAt: ports.clock.now(),
    revision: 1,
  }
  return { record, ...shown }
}

/**
 * A credential for a principal of `partition`.
 *
 * @throws HsmError MALFORMED_REQUEST for a token's life out of bounds, or no certificate.
 */
export async function newCredential(
  ports: Makers,
  partition: PartitionId,
  wanted: NewCredential,
): Promise<Issued> {
  const { records, random, clock } = ports
  const now = clock.now()
  const id = freshId({ random }) as CredentialId
  if (wanted.kind === "access-key") {
    return await newAccessKey(ports, { partition, id, now, lifeMs: lifeOf(wanted) })
  }
  if (wanted.kind === "token") {
    const lifeMs = lifeOf(wanted)
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

/** What an access key is made for. */
interface NewAccessKey {
  readonly partition: PartitionId
  readonly id: CredentialId
  readonly now: Instant
  readonly lifeMs: number
}

/** 256 random bits in 43 characters: the shortest that AWS takes for an XKS credential. */
async function newAccessKey(
  ports: Makers,
  { partition, id, now, lifeMs }: NewAccessKey,
): Promise<Issued> {
  const accessKeyId = await freshAccessKeyId(ports, partition)
  const secretAccessKey = encodeBase64(ports.random.bytes(32)).replace("=", "")
  const secret = new Uint8Array(Buffer.from(secretAccessKey, "latin1"))
  const expiresAt = instant(now + lifeMs)
  return {
    credential: { kind: "access-key", id, accessKeyId, secret, createdAt: now, expiresAt },
    accessKey: { accessKeyId, secretAccessKey },
  }
}

/** One that is free now; the commit's claim sees to it that it still is then. */
async function freshAccessKeyId(
  { records, random }: Pick<Ports, "records" | "random">,
  partition: PartitionId,
): Promise<string> {
  for (let attempt = 0; attempt < limits.commitAttemptsMax; attempt++) {
    const serial = Buffer.from(random.bytes(4)).readUInt32BE() % accessKeySerials
    const accessKeyId = encodeAccessKeyId(partition, serial)
    const taken = await records.lookup(partition, "credential", accessKeyId)
    if (taken === undefined) return accessKeyId
  }
  throw new HsmError("QUOTA_EXCEEDED", "the partition has nearly all the access keys it can have")
}

function lifeOf({ lifeMs = limits.tokenLifeDefaultMs }: { lifeMs?: number | undefined }): number {
  if (lifeMs >= 1 && lifeMs <= limits.tokenLifeMaxMs) return lifeMs
  throw new HsmError("MALFORMED_REQUEST", "tokens and access keys live at most ten years", {
    field: "/credential/lifeSeconds",
  })
}

/** Rows to claim for a new principal: his name and the credentials that find him. */
export function principalRows(
  { records }: Pick<Ports, "records">,
  principal: PrincipalRecord,
): { path: string; value: Uint8Array }[] {
  const { partition, id, name, credentials, approver } = principal
  return [
    records.claim(partition, "principal-name", name, id),
    ...credentials.map((credential) =>
      records.claim(partition, "credential", credentialName(credential), id),
    ),
    ...(approver?.key === undefined
      ? []
      : [records.claim(partition, "credential", approverName(approver.key), id)]),
  ]
}

/** How an approver's key stands there: one key is one approver's. No credential is named so. */
export function approverName({ fingerprint }: Pick<ApproverKey, "fingerprint">): string {
  return `approver:${fingerprint}`
}

/** How a credential stands in its partition's index. */
export function credentialName(credential: Credential): string {
  if (credential.kind === "access-key") return credential.accessKeyId
  return credential.kind === "token" ? credential.id : fingerprintName(credential.fingerprint)
}

function freshId({ random }: Pick<Ports, "random">): string {
  return encodeId(random.bytes(16))
}
