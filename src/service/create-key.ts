/** Create and import keys. */

import assert from "node:assert/strict"

import { uuidOf } from "../codec/uuid.ts"
import { keyAlgorithm, publicUsages, type KeyAlgorithmId } from "../domain/algorithms.ts"
import { materialEnds } from "../domain/external-material.ts"
import type { Instant, KeyId, PartitionId } from "../domain/ids.ts"
import type { KeyAttributes, KeyRecord, KeyVersion } from "../domain/key.ts"
import { newFamily, type KmsKeyRecord } from "../domain/kms-key.ts"
import type { Permit } from "../domain/policy.ts"
import type { KeyRules } from "../domain/rule.ts"
import { unwrapsUntil } from "../domain/unwrap-template.ts"
import { generateMaterial, importMaterial } from "../engine/generate.ts"
import type { SecretBytes } from "../engine/secret-bytes.ts"
import type { Change, Transaction } from "../records/committer.ts"
import { paths } from "../records/kinds.ts"
import type { Write } from "../store/store.ts"
import { concluding, perform, recordDone, type Act } from "./act.ts"
import type { Context, CreateKeyCommand, ImportKeyCommand, NewKmsKey } from "./commands.ts"
import { checkTemplate, type Template } from "./key-template.ts"
import type { PolicedKey } from "./kms/facts.ts"
import { readyPolicy } from "./kms/ready-policy.ts"
import { makeKeyRules } from "./make-rules.ts"
import { createOnce } from "./once.ts"
import type { Ports } from "./ports.ts"

/** A key's material as the engine made or checked it. */
interface Made {
  readonly material?: SecretBytes | undefined
  readonly publicKey?: Uint8Array | undefined
}

/**
 * Makes a key inside. A pair is tested against itself before it is stored.
 *
 * @throws HsmError NAME_TAKEN, QUOTA_EXCEEDED, MALFORMED_REQUEST, IDEMPOTENCY_MISMATCH,
 * OPERATION_FORBIDDEN, AUDIT_UNAVAILABLE, STORE_UNAVAILABLE.
 */
export async function createKey(
  ports: Ports,
  context: Context,
  command: CreateKeyCommand,
): Promise<KeyRecord> {
  const { algorithm } = command
  return await make(ports, context, command, {
    operation: "key.create",
    origin: "generated",
    produce: (permit) => generateMaterial(algorithm, permit),
  })
}

/**
 * Makes a key that waits for its material, which its owner brings along.
 *
 * @throws HsmError as {@link createKey}.
 */
export async function createExternalKey(
  ports: Ports,
  context: Context,
  command: CreateKeyCommand,
): Promise<KeyRecord> {
  const { operation, origin } = { operation: "key.create", origin: "imported" } as const
  return await make(ports, context, command, {
    operation,
    origin,
    produce: () => ({}),
    waits: true,
  })
}

/**
 * Takes in a key made elsewhere, where the partition allows it. A public key alone may only verify.
 * An imported key has been outside: it is neither always-sensitive nor never-extractable.
 *
 * @throws HsmError as {@link createKey}; MALFORMED_REQUEST when the material does not fit.
 */
export async function importKey(
  ports: Ports,
  context: Context,
  command: ImportKeyCommand,
): Promise<KeyRecord> {
  const { algorithm, format, material, passphrase } = command
  return await make(ports, context, command, {
    operation: "key.import",
    origin: "imported",
    produce: () => importMaterial(algorithm, format, material, passphrase),
  })
}

interface Maker {
  readonly operation: "key.create" | "key.import"
  readonly origin: KeyVersion["origin"]
  readonly produce: (permit: Permit) => Made | Promise<Made>
  readonly waits?: true
}

async function make(
  ports: Ports,
  context: Context,
  command: CreateKeyCommand,
  { operation, ...maker }: Maker,
): Promise<KeyRecord> {
  checkTemplate(command)
  const rules = command.rules && (await makeKeyRules(command.rules, ports.clock.now(), "/rules"))
  const ask = { operation, creates: command.algorithm } as const
  return await perform(ports, context, ask, async (act) => {
    const { idempotencyKey: key, ...template } = command
    const call = { kind: operation, key, command: template }
    const kms = await kmsFields(ports, context, act, { template, ...maker })
    return await createIn(ports, context, act, { template, call, rules, kms, ...maker })
  })
}

/** What the record beside the key's own holds at first. */
type KmsFields = Pick<KmsKeyRecord, "region" | "policy" | "aliases">

/** A key that is to be made, once whatever is repeated. */
interface Creation {
  readonly template: Template
  readonly call: Parameters<typeof createOnce>[2]
  readonly origin: KeyVersion["origin"]
  readonly produce: (permit: Permit) => Made | Promise<Made>
  /** Nothing is made yet: the key waits for material from outside. */
  readonly waits?: true
  readonly rules?: KeyRules | undefined
  readonly kms?: KmsFields | undefined
  readonly derivedFrom?: KeyRecord["derivedFrom"]
  /** Of the key that it is derived from: it can be no better than that. */
  readonly parent?: KeyAttributes
  /** What else the commit has to do. */
  readonly along?: Required<Pick<Transaction, "changes" | "rows" | "keys">>
}

/** Makes a key within an act that was allowed. Errors as {@link createKey}. */
export async function createIn(
  ports: Ports,
  context: Context,
  act: Act,
  { call, ...creation }: Creation,
): Promise<KeyRecord> {
  checkTemplate(creation.template)
  return await createOnce(ports, context, call, async (once) => {
    const id = once.id as KeyId // createOnce makes ids of the object that is being created.
    if (once.repeated) {
      const first = await ports.records.read("key", act.partition.id, id)
      if (first !== undefined) return first
    }
    const made = await creation.produce(act.permit)
    try {
      const { claims } = once
      const [key] = newKeys(ports, act, context.caller.subject, [{ creation, id, made, claims }])
      assert(key !== undefined)
      const { record, transaction } = key
      const result = { keyId: id, revision: record.revision }
      const { records } = ports
      const whole = await concluding(act, transaction, result)
      const committed = await records.commit(record.partition, whole)
      await recordDone(ports, act, { keyId: id, committed })
      return record
    } finally {
      made.material?.[Symbol.dispose]()
    }
  })
}

/** What a new key is made of. */
interface Parts {
  readonly creation: Omit<Creation, "call" | "produce">
  readonly id: KeyId
  readonly made: Made
  readonly claims?: NonNullable<Transaction["claims"]>
}

/** A new key's record, and the commit that makes it. */
export interface NewKey {
  readonly record: KeyRecord
  readonly transaction: Transaction
}

/** Keys on their way into the store: sealed together, each a transaction of its own. */
export function newKeys(
  ports: Pick<Ports, "records" | "lineage">,
  act: Act,
  subject: string,
  parts: readonly Parts[],
): readonly NewKey[] {
  const { records, lineage } = ports
  const secrets = records.keyholder.freshSecrets(parts.length)
  const keys = parts.map(({ creation, id, made, claims = [] }) => {
    const record = newRecord(act, creation, { id, made, subject, lineage })
    return { record, creation, claims, version: 1, secret: secrets(), material: made.material }
  })
  const sealed = sealedRows(ports, act.partition.id, keys)
  return keys.map(({ record, creation, claims, secret }) => {
    const { along = { changes: [], rows: [], keys: 0 } } = creation
    const { id, name, partition } = record
    const own = { kind: "key", record, secret } as const
    const material = sealed.get(id)
    const transaction = {
      changes: [own, ...newKmsKey(record, creation.kms), ...along.changes],
      claims: [...claims, records.claim(partition, "key-name", name, id)],
      rows: [...(material === undefined ? [] : [material]), ...dueRows(record), ...along.rows],
      keys: 1 + along.keys,
      keysMax: act.partition.quota.keysMax,
    }
    return { record, transaction }
  })
}

/** What goes with a key's record from the first commit on. */
function newKmsKey(key: KeyRecord, kms: KmsFields | undefined): readonly Change[] {
  if (kms === undefined) return []
  const { id, partition, family } = key
  const beside: Change = { kind: "kms-key", record: { id, partition, ...kms, revision: 1 } }
  if (family === undefined || kms.region === undefined) return [beside]
  return [beside, { kind: "family", record: newFamily(key, kms.region) }]
}

/** @throws HsmError as `readyPolicy`. */
async function kmsFields(
  ports: Ports,
  context: Context,
  { partition }: Act,
  { template, waits }: Pick<Creation, "template" | "waits">,
): Promise<KmsFields | undefined> {
  const { kms, algorithm, usages = [], tags = {} } = template
  if (kms === undefined) return undefined
  const about = { partition: partition.id, algorithm, attributes: { usages }, tags }
  const kin = kms.multiRegion === true ? "PRIMARY" : undefined
  return await newKmsFields(ports, context, kms, { ...about, isExternal: waits === true, kin })
}

/** What the record beside a new key's own holds. Errors as `readyPolicy`. */
export async function newKmsFields(
  ports: Ports,
  context: Context,
  { region, policy }: Pick<NewKmsKey, "region" | "policy">,
  about: Omit<PolicedKey, "aliases">,
): Promise<KmsFields> {
  const aliases: readonly string[] = []
  if (policy === undefined) return { region, aliases }
  const key = { ...about, aliases }
  return { region, aliases, policy: await readyPolicy(ports, context, { ...policy, key }) }
}

interface VersionMaterial {
  readonly version: number
  readonly secret: SecretBytes
  /** None of a public key alone, which has no row. */
  readonly material: SecretBytes | undefined
}

/** The row of one version's material; none for a public key alone. */
export function materialRows(
  ports: Pick<Ports, "records">,
  record: KeyRecord,
  made: VersionMaterial,
): Write[] {
  return [...sealedRows(ports, record.partition, [{ record, ...made }]).values()]
}

/** The same of several keys, by their ids. */
function sealedRows(
  { records: { keyholder } }: Pick<Ports, "records">,
  partition: PartitionId,
  versions: readonly (VersionMaterial & { readonly record: KeyRecord })[],
): ReadonlyMap<KeyId, Write> {
  const materials = versions.flatMap(({ record, version, secret, material }) => {
    const { id: keyId, algorithm } = record
    const id = { partition, keyId, version, algorithm }
    return material === undefined ? [] : [{ id, secret, material }]
  })
  const blobs = keyholder.sealMaterials(partition, materials).values()
  const rows = materials.map(({ id: { keyId, version } }) => {
    const { value } = blobs.next()
    assert(value !== undefined) // A blob for each.
    return [keyId, { put: paths.material(partition, keyId, version), value }] as const
  })
  return new Map(rows)
}

/** Rows that make the node's scheduler look at the key when its time has come. */
export function dueRows(record: KeyRecord): Write[] {
  const { deleteAt, rotation } = record
  const times = [deleteAt, rotation?.nextAt, unwrapsUntil(record), ...materialEnds(record)]
  const due = new Set(times.filter((at) => at !== undefined))
  return [...due].map((at) => ({
    put: paths.due(record.partition, at, record.id),
    value: new Uint8Array(0),
  }))
}

function newRecord(
  act: Act,
  {
    template,
    origin,
    rules,
    derivedFrom,
    parent,
    waits,
  }: Omit<Creation, "call" | "along" | "produce">,
  { id, made, subject, lineage }: { id: KeyId; made: Made; subject: string; lineage: string },
): KeyRecord {
  const { now, partition } = act
  const { rotationPeriodMs, paths, unwraps } = template
  const version = firstVersion(template.algorithm, made, { now, origin, lineage })
  const hasSecret = waits ?? version.hasSecret
  return {
    id,
    partition: partition.id,
    name: template.name ?? uuidOf(id),
    algorithm: template.algorithm,
    state: waits === undefined ? "active" : "awaiting-material",
    attributes: newAttributes(template, { origin, hasSecret, parent }),
    ...(rules === undefined ? {} : { smart: { rules, blocked: false } }),
    tags: template.tags ?? {},
    description: template.description ?? "",
    versions: waits === undefined ? [version] : [],
    minVersion: 1,
    ...(rotationPeriodMs === undefined
      ? {}
      : { rotation: { periodMs: rotationPeriodMs, nextAt: (now + rotationPeriodMs) as Instant } }),
    ...(paths === undefined ? {} : { paths }),
    ...(unwraps === undefined ? {} : { unwraps }),
    ...(waits === undefined ? {} : { external: {} }),
    ...(derivedFrom === undefined ? {} : { derivedFrom }),
    createdAt: now,
    createdBy: subject,
    updatedAt: now,
    ...(template.kms === undefined ? {} : { kms: true }),
    ...(template.kms?.multiRegion === true ? { family: id } : {}),
    revision: 1,
  }
}

/** The first version of a key, of what was made or brought along. */
export function firstVersion(
  algorithm: KeyAlgorithmId,
  { material, publicKey }: Made,
  { now, origin, lineage }: Pick<KeyVersion, "origin"> & { now: Instant; lineage: string },
): KeyVersion {
  return {
    version: 1,
    createdAt: now,
    origin,
    hasSecret: material !== undefined,
    sealsLeased: 0,
    ...(material === undefined ? {} : firstIndexes(algorithm, lineage)),
    ...(publicKey === undefined ? {} : { publicKey: new Uint8Array(publicKey) }),
  }
}

/** The pair's own test has spent index 0. */
export function firstIndexes(
  algorithm: KeyAlgorithmId,
  lineage: string,
): Pick<KeyVersion, "indexes"> {
  const { stateful } = keyAlgorithm(algorithm)
  return stateful === undefined ? {} : { indexes: { leased: 1, lineage } }
}

function newAttributes(
  template: Template,
  {
    origin,
    hasSecret,
    parent,
  }: { origin: string; hasSecret: boolean; parent: KeyAttributes | undefined },
): KeyAttributes {
  const { defaultUsages } = keyAlgorithm(template.algorithm)
  const wanted = template.usages ?? defaultUsages
  const usages = hasSecret ? wanted : wanted.filter((usage) => publicUsages.includes(usage))
  const { extractable = false, sensitive = true } = template
  return {
    usages,
    extractable,
    sensitive,
    modifiable: template.modifiable ?? true,
    destroyable: template.destroyable ?? true,
    copyable: template.copyable ?? false,
    neverExtractable: origin === "generated" && !extractable && parent?.neverExtractable !== false,
    alwaysSensitive: origin === "generated" && sensitive && parent?.alwaysSensitive !== false,
    trusted: false,
  }
}
