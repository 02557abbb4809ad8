/** Records as the wire shows them: camelCase, base64, RFC 3339, whole seconds; no hashes. */

import { accountIdOf } from "../../codec/account-id.ts"
import { encodeBase64 } from "../../codec/base64.ts"
import { materialUntil, versionUntil } from "../../domain/external-material.ts"
import type { IssuerRecord } from "../../domain/issuer.ts"
import { currentVersion, type KeyRecord, type KeyVersion } from "../../domain/key.ts"
import type { PartitionRecord } from "../../domain/partition.ts"
import type { UnwrapTemplate } from "../../domain/unwrap-template.ts"
import type { Credential, PrincipalRecord } from "../../domain/principal.ts"
import type * as commands from "../../service/commands.ts"
import type * as wire from "./api.generated.ts"
import { renderKeyRules, renderRule } from "./rules.ts"
import { renderSeconds, renderTime } from "./times.ts"

function optional<T, R>(value: T | undefined, render: (value: T) => R): R | undefined {
  return value === undefined ? undefined : render(value)
}

/** A key with its attributes beside its other fields; nothing of its material. */
export function renderKey(key: KeyRecord): wire.Key {
  const { id, name, algorithm, state, attributes, tags, description, minVersion } = key
  return {
    id,
    name,
    algorithm,
    state,
    ...attributes,
    tags,
    description,
    versions: key.versions.map(renderVersion),
    currentVersion: currentVersion(key)?.version,
    pendingVersion: optional(key.external?.pending, renderVersion),
    minVersion,
    rotationPeriodSeconds: optional(key.rotation?.periodMs, renderSeconds),
    nextRotationAt: optional(key.rotation?.nextAt, renderTime),
    paths: key.paths,
    unwraps: optional(key.unwraps, renderTemplate),
    materialExpiresAt: optional(materialUntil(key), renderTime),
    derivedFrom: key.derivedFrom,
    family: key.family,
    createdAt: renderTime(key.createdAt),
    createdBy: key.createdBy,
    updatedAt: renderTime(key.updatedAt),
    deleteAt: optional(key.deleteAt, renderTime),
    destroyedAt: optional(key.destroyedAt, renderTime),
    rules: optional(key.smart?.rules, renderKeyRules),
    blocked: key.smart?.blocked,
    revision: key.revision,
  }
}

/** But for the key whose material it brings in: that is AWS's dialect's, and its token names it. */
function renderTemplate(unwraps: UnwrapTemplate): wire.UnwrapTemplate {
  const { algorithms, usages, onceWithinMs: ms } = unwraps
  return {
    ...(algorithms && { algorithms }),
    ...(usages && { usages }),
    ...(ms === undefined ? {} : { onceWithinSeconds: renderSeconds(ms) }),
  }
}

function renderVersion(one: KeyVersion): wire.KeyVersion {
  const { version, createdAt, origin, hasSecret, publicKey, indexes } = one
  return {
    version,
    createdAt: renderTime(createdAt),
    origin,
    hasSecret,
    materialExpiresAt: optional(versionUntil(one), renderTime),
    publicKey: optional(publicKey, encodeBase64),
    reservedSignatures: indexes?.leased,
  }
}

/** A page, each item rendered. */
export function renderPage<T, R>(
  { items, next }: commands.Page<T>,
  render: (item: T) => R,
): { readonly items: readonly R[]; readonly next: string | undefined } {
  return { items: items.map(render), next }
}

/** A partition. */
export function renderPartition(record: PartitionRecord): wire.Partition {
  const { id, name, custody, state, flags, quota, createdAt, revision } = record
  const { rules, timestamps } = record
  return {
    id,
    name,
    accountId: accountIdOf(id),
    custody,
    state,
    flags,
    quota,
    timestamps,
    rules: rules && { administration: optional(rules.administration, renderRule) },
    createdAt: renderTime(createdAt),
    revision,
  }
}

/** A principal; of its credentials what is no secret. */
export function renderPrincipal(record: PrincipalRecord): wire.Principal {
  const { id, partition, name, roles, grants, addresses, state, credentials, revision } = record
  return {
    id,
    partition,
    name,
    roles,
    grants,
    addresses,
    state,
    credentials: credentials.map(renderCredential),
    keyStore: record.keyStore,
    createdAt: renderTime(record.createdAt),
    revision,
  }
}

function renderCredential(credential: Credential): wire.Credential {
  const { id, kind, createdAt, expiresAt } = credential
  return {
    id,
    kind,
    fingerprint: kind === "certificate" ? encodeBase64(credential.fingerprint) : undefined,
    accessKeyId: kind === "access-key" ? credential.accessKeyId : undefined,
    createdAt: renderTime(createdAt),
    expiresAt: renderTime(expiresAt),
  }
}

/** A principal with the token that is shown once. */
export function renderToken({
  principal,
  token,
  accessKey,
}: commands.PrincipalWithToken): wire.PrincipalWithToken {
  return { principal: renderPrincipal(principal), token, accessKey }
}

/** An approver; of his invitation its end alone. */
export function renderApprover(record: PrincipalRecord): wire.NamedApprover {
  const { id, name, state, approver, createdAt } = record
  const { key, origin, invitation } = approver ?? {}
  return {
    id,
    name,
    state,
    publicKey: key && encodeBase64(key.publicKey),
    fingerprint: key?.fingerprint,
    keySeen: key && origin === "made",
    codeExpiresAt: invitation && renderTime(invitation.expiresAt),
    createdAt: renderTime(createdAt),
  }
}

/** An approver with the code that is shown once. */
export function renderInvited({ approver, code }: commands.InvitedApprover): wire.InvitedApprover {
  return { approver: renderApprover(approver), code }
}

/** An issuer. */
export function renderIssuer(record: IssuerRecord): wire.Issuer {
  const { id, issuer, audience, jwks, jwksUri, roleClaim, roleMap, grants, createdAt } = record
  return {
    id,
    issuer,
    audience,
    // Only what the schema of a public key admits has ever been stored.
    jwks: jwks as wire.Jwks | undefined,
    jwksUri,
    roleClaim,
    roleMap,
    grants,
    createdAt: renderTime(createdAt),
    revision: record.revision,
  }
}
