/**
 * The kinds of records, one row each, and how they become bytes.
 *
 * A record is JSON with bytes as marked strings, sealed under its partition's master key. The
 * field lists are frozen for format 1: a record with another field was written by a newer Keyhold
 * and is refused, not half understood.
 */

import type { Instant, KeyId, PartitionId } from "../domain/ids.ts"
import { HsmError } from "../domain/errors.ts"
import type { CertificateRecord } from "../domain/certificate.ts"
import type { DataObjectRecord } from "../domain/data-object.ts"
import type { IssuerRecord } from "../domain/issuer.ts"
import type { KeyRecord } from "../domain/key.ts"
import type { AliasRecord, FamilyRecord, KmsKeyRecord, RetirableRecord } from "../domain/kms-key.ts"
import type { LastUseRecord } from "../domain/last-use.ts"
import type { PartitionRecord } from "../domain/partition.ts"
import type { PrincipalRecord } from "../domain/principal.ts"
import type { StampBlockRecord } from "../domain/stamp.ts"
import type { WebhooksRecord } from "../domain/webhook.ts"
import type { RequestCommandRecord, RequestRecord } from "../domain/request.ts"

/** An entry of the cluster's list of partitions; it lies in the cluster's own partition. */
export interface PartitionRef {
  readonly id: PartitionId
  readonly name: string
  readonly createdAt: Instant
  readonly revision: number
}

/** The epochs of bucket tables; one record in the cluster's partition. */
export interface EpochRecord {
  readonly id: "current"
  readonly epoch: number
  readonly startedAt: Instant
  /** By epoch, when its root was destroyed; the oldest entries are dropped. */
  readonly destroyed: Readonly<Record<string, Instant>>
  readonly revision: number
}

export interface RecordTypes {
  key: KeyRecord
  "kms-key": KmsKeyRecord
  family: FamilyRecord
  alias: AliasRecord
  retirable: RetirableRecord
  certificate: CertificateRecord
  "data-object": DataObjectRecord
  partition: PartitionRecord
  principal: PrincipalRecord
  issuer: IssuerRecord
  request: RequestRecord
  "request-command": RequestCommandRecord
  "stamp-block": StampBlockRecord
  webhooks: WebhooksRecord
  "last-use": LastUseRecord
  "partition-ref": PartitionRef
  epoch: EpochRecord
}
export type RecordKind = keyof RecordTypes

/**
 * Begins a string that stands for bytes; no name or text of a caller can begin with it unescaped.
 */
const mark = "\u0000"

interface KindRow {
  /** Frozen: what format 1 of this kind consists of; a `?` marks what may be absent. */
  readonly fields: readonly string[]
}

export const recordKinds = {
  key: {
    fields: [
      "id",
      "partition",
      "name",
      "algorithm",
      "state",
      "attributes",
      "smart?",
      "tags",
      "description",
      "versions",
      "minVersion",
      "rotation?",
      "paths?",
      "unwraps?",
      "external?",
      "derivedFrom?",
      "createdAt",
      "createdBy",
      "updatedAt",
      "deleteAt?",
      "deletionWindowMs?",
      "stateBefore?",
      "destroyedAt?",
      "destroyedEpoch?",
      "kms?",
      "family?",
      "revision",
    ],
  },
  "kms-key": {
    fields: ["id", "partition", "region?", "policy?", "aliases?", "grants?", "revision"],
  },
  family: { fields: ["id", "partition", "members", "primary", "revision"] },
  alias: {
    fields: ["id", "partition", "keyId", "region", "name", "createdAt", "updatedAt", "revision"],
  },
  retirable: { fields: ["id", "partition", "keyId", "revision"] },
  certificate: {
    fields: ["id", "partition", "keyId", "version", "chain", "createdAt", "createdBy", "revision"],
  },
  "data-object": {
    fields: [
      "id",
      "partition",
      "name",
      "value",
      "attributes",
      "createdAt",
      "createdBy",
      "revision",
    ],
  },
  partition: {
    fields: [
      "id",
      "name",
      "custody",
      "state",
      "flags",
      "quota",
      "rules?",
      "timestamps?",
      "createdAt",
      "revision",
    ],
  },
  principal: {
    fields: [
      "id",
      "partition",
      "name",
      "roles",
      "grants",
      "addresses",
      "state",
      "credentials",
      "keyStore?",
      "approver?",
      "createdAt",
      "revision",
    ],
  },
  issuer: {
    fields: [
      "id",
      "partition",
      "issuer",
      "audience",
      "jwks?",
      "jwksUri?",
      "roleClaim",
      "roleMap",
      "grants",
      "createdAt",
      "revision",
    ],
  },
  request: {
    fields: [
      "id",
      "partition",
      "operation",
      "mechanism?",
      "key?",
      "ruleHash",
      "nonce",
      "stampedAt",
      "expiresAt",
      "state",
      "requester",
      "timestampSignature?",
      "reason",
      "words",
      "dueAt",
      "finishedAt?",
      "result?",
      "failure?",
      "revision",
    ],
  },
  "request-command": { fields: ["id", "partition", "parameters", "original?", "revision"] },
  "stamp-block": { fields: ["id", "partition", "dueAt", "used", "revision"] },
  webhooks: { fields: ["id", "partition", "hooks", "revision"] },
  "last-use": { fields: ["id", "partition", "uses", "chains?", "since?", "revision"] },
  "partition-ref": { fields: ["id", "name", "createdAt", "revision"] },
  epoch: { fields: ["id", "epoch", "startedAt", "destroyed", "revision"] },
} as const satisfies Record<RecordKind, KindRow>

/** Where rows lie. Nothing scans across partitions: every path begins with its partition. */
export const paths = {
  meta: "meta",
  partitionKeys: (partition: PartitionId) => `p/${partition}/keys`,
  root: (partition: PartitionId) => `p/${partition}/root`,
  table: (partition: PartitionId, bucket: number) =>
    `p/${partition}/b/${bucket.toString().padStart(8, "0")}`,
  tables: (partition: PartitionId) => `p/${partition}/b/`,
  record: (partition: PartitionId, kind: RecordKind, id: string) =>
    `p/${partition}/r/${kind}/${id}`,
  records: (partition: PartitionId, kind: RecordKind) => `p/${partition}/r/${kind}/`,
  material: (partition: PartitionId, keyId: KeyId, version: number) =>
    `p/${partition}/m/${keyId}/${version}`,
  /** A key or a request that something is due for: `atMs` as 12 hex digits sorts by time. */
  due: (partition: PartitionId, atMs: number, id: string) =>
    `p/${partition}/d/${atMs.toString(16).padStart(12, "0")}/${id}`,
  dues: (partition: PartitionId) => `p/${partition}/d/`,
  /** Something that a webhook is to be told: `what` names request and event. */
  telling: (partition: PartitionId, webhook: string, atMs: number, what: string) =>
    `p/${partition}/o/${webhook}/${atMs.toString(16).padStart(12, "0")}/${what}`,
  tellings: (partition: PartitionId, webhook: string) => `p/${partition}/o/${webhook}/`,
  /** A creating call by the keyed hash of its idempotency key. */
  once: (partition: PartitionId, hash: string) => `p/${partition}/i/${hash}`,
  onces: (partition: PartitionId) => `p/${partition}/i/`,
  index: (partition: PartitionId, index: IndexName, hash: string) =>
    `p/${partition}/x/${index}/${hash}`,
}

/** The part of a row's path behind the partition, such as `r` or `m`. */
export type RowKind = string

/** What a row is, by its path. Runs for every row that is written. */
export function rowKind(path: string): RowKind {
  const start = path.indexOf("/", path.indexOf("/") + 1) + 1
  const end = path.indexOf("/", start)
  return path.slice(start, end === -1 ? undefined : end)
}

/** Unique look-ups beside ids; rows hold the id they point to. */
export type IndexName =
  | "key-name"
  | "alias"
  | "principal-name"
  | "credential"
  | "partition-name"
  | "data-object-name"
  | "account"
  | "issuer"

/** Serializes a record. */
export function encodeRecord(value: object): Uint8Array {
  // A function that looks at every field costs more than all the rest; few records need one.
  return Buffer.from(JSON.stringify(value, isPlain(value) ? undefined : replaceBytes))
}

/** True for what {@link replaceBytes} would leave as it is. */
function isPlain(value: unknown): boolean {
  if (typeof value === "string") return !value.startsWith(mark)
  if (typeof value !== "object" || value === null) return true
  if (value instanceof Uint8Array) return false
  for (const field of Object.values(value)) if (!isPlain(field)) return false
  return true
}

/**
 * Reads a record back; the bytes were authenticated just before.
 *
 * @throws HsmError TAMPERED when the fields are not those of the kind's format.
 */
export function decodeRecord<K extends RecordKind>(kind: K, bytes: Buffer): RecordTypes[K] {
  const value: unknown = JSON.parse(bytes.toString(), reviveBytes)
  const { fields } = recordKinds[kind]
  if (typeof value !== "object" || value === null || !hasFields(value, fields)) {
    throw new HsmError("TAMPERED", `a ${kind} record does not have the fields of its format`)
  }
  // Authenticated under the partition's master key: only encodeRecord of this kind wrote it.
  return value as RecordTypes[K]
}

function hasFields(value: object, fields: readonly string[]): boolean {
  const known = new Set(fields.map((field) => field.replace("?", "")))
  return (
    Object.keys(value).every((name) => known.has(name)) &&
    fields.every((field) => field.endsWith("?") || Object.hasOwn(value, field))
  )
}

/** Bytes become a marked string; a string that begins like the mark is escaped. */
function replaceBytes(this: Record<string, unknown>, name: string, field: unknown): unknown {
  const original = this[name] // Not `field`: Buffer.toJSON has already been called on that.
  if (original instanceof Uint8Array) return `${mark}b${original.toBase64()}`
  return typeof field === "string" && field.startsWith(mark) ? `${mark}s${field}` : field
}

function reviveBytes(_: string, field: unknown): unknown {
  if (typeof field !== "string" || !field.startsWith(mark)) return field
  const rest = field.slice(2)
  return field[1] === "s" ? rest : Uint8Array.fromBase64(rest, { lastChunkHandling: "strict" })
}
