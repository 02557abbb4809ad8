/** Who acts: a principal of one partition, his roles, and the grants that narrow them. */

import type { KeyAlgorithmId } from "./algorithms.ts"
import { clusterPartition } from "./ids.ts"
import type { CredentialId, Instant, PartitionId, PrincipalId } from "./ids.ts"
import type { KeyRecord } from "./key.ts"
import type { KeyStoreOrigin, KeyStorePolicy } from "./key-store.ts"
import type { OperationId } from "./operation.ts"
import type { ApproverKey } from "./rule.ts"

/**
 * `user` uses keys, `manager` makes and retires them, `approver` sees requests and brings
 * approvals, `auditor` reads the log, `officer` sets the partition's policy (PSO). `operator` and
 * `cluster-officer` exist in the cluster's own partition.
 */
export const roles = [
  "user",
  "manager",
  "approver",
  "auditor",
  "officer",
  "operator",
  "cluster-officer",
] as const
export type Role = (typeof roles)[number]

/** Roles that a principal of an ordinary partition can hold. */
export const partitionRoles: readonly Role[] = ["user", "manager", "approver", "auditor", "officer"]
/** Roles that a principal of the cluster's own partition can hold. */
export const clusterRoles: readonly Role[] = ["operator", "cluster-officer"]

/** The roles that exist in a partition. */
export function rolesIn(partition: PartitionId): readonly Role[] {
  return partition === clusterPartition ? clusterRoles : partitionRoles
}

/** Narrows a principal's roles. Every condition that is present must hold. */
export interface Grant {
  readonly operations?: readonly OperationId[]
  readonly keyIds?: readonly string[]
  /** Names that match; `*` stands for any run of characters. */
  readonly keyNames?: string
  /** A tag that the key must carry, with this value. */
  readonly tag?: { readonly name: string; readonly value: string }
}

/**
 * How one proves to be a principal. Secrets are kept only as keyed hashes; that of an access key
 * alone is kept whole, sealed with its record, since a signature is checked by making it again.
 */
export type Credential =
  | {
      readonly kind: "token"
      readonly id: CredentialId
      /** HMAC-SHA-256 of the secret part, 32 bytes, under a key of the partition. */
      readonly hash: Uint8Array
      readonly createdAt: Instant
      readonly expiresAt: Instant
    }
  | {
      readonly kind: "certificate"
      readonly id: CredentialId
      /** SHA-256 of the certificate's DER, 32 bytes. */
      readonly fingerprint: Uint8Array
      readonly createdAt: Instant
      readonly expiresAt: Instant
    }
  | AccessKey

/** Signs requests of AWS's dialects: codec/sigv4.ts. */
export interface AccessKey {
  readonly kind: "access-key"
  readonly id: CredentialId
  /** 30 characters that name the partition: codec/access-key-id.ts. */
  readonly accessKeyId: string
  /** The secret as its holder has it: ASCII. */
  readonly secret: Uint8Array
  readonly createdAt: Instant
  readonly expiresAt: Instant
}

/** How an approver was invited, and the key that he has since. */
export interface ApproverBinding {
  /** `brought`: from a device of his own. `made`: by a node, which saw it, and does not keep it. */
  readonly origin: "brought" | "made"
  /** Absent until he has onboarded; from then on it never changes. */
  readonly key?: ApproverKey
  /** Until then. */
  readonly invitation?: Invitation
}

/** Opens the onboarding of one approver, once. */
export interface Invitation {
  /** Keyed hash of the one-time code, 32 bytes. */
  readonly codeHash: Uint8Array
  readonly expiresAt: Instant
  /** The key that a node shall make for him; absent: he brings one. */
  readonly making?: KeyToMake
}

/** A key that is made when its approver comes, and leaves at once in a file under his password. */
export interface KeyToMake {
  readonly algorithm: KeyAlgorithmId
  /** Of its certificate. */
  readonly lifeMs: number
  readonly file: KeyFileSecrets
}

/** What a password became: enough to write one PKCS#12 under it, when nobody has the password. */
export interface KeyFileSecrets {
  readonly iterations: number
  readonly salt: Uint8Array
  /** AES-256, by PBKDF2. */
  readonly cipherKey: Uint8Array
  readonly macSalt: Uint8Array
  /** HMAC-SHA-256, by RFC 7292 appendix B.2. */
  readonly macKey: Uint8Array
}

export interface PrincipalRecord {
  readonly id: PrincipalId
  readonly partition: PartitionId
  readonly name: string
  readonly roles: readonly Role[]
  /** Empty: the roles hold in full. Otherwise at least one grant must match. */
  readonly grants: readonly Grant[]
  /** CIDR ranges the caller must come from; empty: anywhere. */
  readonly addresses: readonly string[]
  readonly state: "active" | "disabled"
  readonly credentials: readonly Credential[]
  /** He is an external key store of AWS's, and nothing else. */
  readonly keyStore?: KeyStorePolicy
  /** He was made by approver management; his role is `approver`, and his key is all he needs. */
  readonly approver?: ApproverBinding
  readonly createdAt: Instant
  readonly revision: number
}

/** An authenticated caller, as identity/ establishes him for one request. */
export interface Caller {
  readonly partition: PartitionId
  /** The principal's id, or `issuer:subject` for a JWT. */
  readonly subject: string
  /** The principal's name; absent for a JWT. */
  readonly name?: string
  readonly roles: readonly Role[]
  readonly grants: readonly Grant[]
  /** `approver-key`: he is whoever holds a key, and only says what approvers say. */
  readonly credential: "token" | "certificate" | "jwt" | "access-key" | "approver-key"
  /** The peer's address, for the log. */
  readonly address: string
  readonly keyStore?: KeyStorePolicy
  /** What AWS tells of this request, of a key store. */
  readonly origin?: KeyStoreOrigin
}

/** True when `grant` admits `operation` on `key` (undefined: an operation on no single key). */
export function grantAdmits(
  grant: Grant,
  operation: OperationId,
  key: KeyRecord | undefined,
): boolean {
  if (grant.operations !== undefined && !grant.operations.includes(operation)) return false
  if (key === undefined) return true
  if (grant.keyIds !== undefined && !grant.keyIds.includes(key.id)) return false
  if (grant.keyNames !== undefined && !matchesPattern(grant.keyNames, key.name)) return false
  if (grant.tag === undefined) return true
  return Object.hasOwn(key.tags, grant.tag.name) && key.tags[grant.tag.name] === grant.tag.value
}

/** Match of a pattern with `*`, linear in the text: no regular expression to blow up. */
export function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split("*")
  const first = parts[0] ?? ""
  const last = parts.at(-1) ?? ""
  if (parts.length === 1) return pattern === text
  if (!text.startsWith(first) || !text.endsWith(last)) return false
  if (text.length < first.length + last.length) return false
  const end = text.length - last.length
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}
