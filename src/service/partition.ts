/** Partitions: the operator makes them and sets quotas; their officers govern them. */

import { HsmError } from "../domain/errors.ts"
import { clusterPartition, type PartitionId } from "../domain/ids.ts"
import { isName } from "../domain/key.ts"
import {
  defaultFlags,
  defaultQuota,
  type PartitionQuota,
  type PartitionRecord,
} from "../domain/partition.ts"
import { accountIdOf } from "../codec/account-id.ts"
import { encodeId } from "../codec/id-text.ts"
import { paths } from "../records/kinds.ts"
import type { Transaction } from "../records/committer.ts"
import { concluding, perform, recordDone, type Act } from "./act.ts"
import type {
  Context,
  CreatePartitionCommand,
  CreatePartitionResult,
  Page,
  PageCommand,
  SetPartitionRulesCommand,
  UpdatePartitionCommand,
  UpdateQuotaCommand,
} from "./commands.ts"
import { limits } from "../domain/limits.ts"
import { makeRule } from "./make-rules.ts"
import { newPrincipal, principalRows } from "./new-principal.ts"
import { createOnce } from "./once.ts"
import type { Ports } from "./ports.ts"
import { timestampSettings } from "./timestamp.ts"

/**
 * Makes a partition with one officer, whose token is shown once.
 *
 * @throws HsmError NAME_TAKEN, MALFORMED_REQUEST, IDEMPOTENCY_MISMATCH, OPERATION_FORBIDDEN.
 */
export async function createPartition(
  ports: Ports,
  context: Context,
  command: CreatePartitionCommand,
): Promise<CreatePartitionResult> {
  if (!isName(command.name)) {
    throw new HsmError("MALFORMED_REQUEST", "not a name", { field: "/name" })
  }
  return await perform(ports, context, { operation: "cluster.create-partition" }, async (act) => {
    const { idempotencyKey, ...rest } = command
    const call = { kind: "partition", key: idempotencyKey, command: rest }
    return await createOnce(ports, context, call, async (once) => {
      const id = once.id as PartitionId // createOnce makes ids of the object to be created.
      if (once.repeated) {
        const first = await repeatAnswer(ports, id)
        if (first !== undefined) return first
      }
      return await create(ports, act, command, { id, claims: once.claims })
    })
  })
}

async function create(
  ports: Ports,
  act: Act,
  command: CreatePartitionCommand,
  parts: { id: PartitionId; claims: readonly { path: string; value: Uint8Array }[] },
): Promise<CreatePartitionResult> {
  const { id } = parts
  const { records } = ports
  const { name, flags, quota } = command
  // The name first: a crash between the two commits leaves a name without a partition, which the
  // repetition of the call completes, and never a partition that the list does not show.
  const ref = { id, name, createdAt: act.now, revision: 1 }
  if ((await records.read("partition-ref", clusterPartition, id)) === undefined) {
    await checkAccount(ports, id)
    await records.commit(clusterPartition, {
      changes: [{ kind: "partition-ref", record: ref }],
      claims: [
        ...parts.claims,
        records.claim(clusterPartition, "partition-name", name, id),
        records.claim(clusterPartition, "account", accountIdOf(id), id),
      ],
    })
  }
  const partition: PartitionRecord = {
    id,
    name,
    custody: "managed",
    state: "active",
    flags: { ...defaultFlags, ...flags },
    quota: { ...defaultQuota, ...quota },
    createdAt: act.now,
    revision: 1,
  }
  return await populate(ports, act, partition)
}

/**
 * Account numbers follow from ids, and among a million partitions two may meet: then the second is
 * refused. Told apart from a taken name; the commit's claim decides a race.
 */
async function checkAccount({ records }: Pick<Ports, "records">, id: PartitionId): Promise<void> {
  const owner = await records.lookup(clusterPartition, "account", accountIdOf(id))
  if (owner === undefined || owner === id) return
  throw new HsmError("CONFLICT", "another partition has this one's account number; try again")
}

/** Writes a new partition's keys, record and first officer in one commit. */
export async function populate(
  ports: Pick<Ports, "records" | "random" | "audit" | "clock">,
  act: Act | undefined,
  partition: PartitionRecord,
): Promise<CreatePartitionResult> {
  const { records } = ports
  const wrapped = records.keyholder.createPartition(partition.id)
  const { record: officer, token } = await newPrincipal(ports, {
    partition: partition.id,
    name: "officer",
    roles: ["officer"],
    credential: { kind: "token" },
  })
  const committed = await records
    .commit(partition.id, {
      creates: true,
      changes: [
        { kind: "partition", record: partition },
        { kind: "principal", record: officer },
      ],
      claims: principalRows(ports, officer),
      rows: [{ put: paths.partitionKeys(partition.id), value: wrapped }],
    })
    .catch((error: unknown) => {
      records.keyholder.dropPartition(partition.id) // What counts is what the store has.
      throw error
    })
  if (act !== undefined) {
    await recordDone(ports, act, { target: partition.id, committed })
  }
  return token === undefined ? { partition, officer } : { partition, officer, token }
}

async function repeatAnswer(
  ports: Ports,
  id: PartitionId,
): Promise<CreatePartitionResult | undefined> {
  const partition = await ports.records.read("partition", id, id)
  if (partition === undefined) return undefined
  const officerId = await ports.records.lookup(id, "principal-name", "officer")
  const officer =
    officerId === undefined ? undefined : await ports.records.read("principal", id, officerId)
  return officer === undefined ? undefined : { partition, officer }
}

export async function listPartitions(
  ports: Ports,
  context: Context,
  command: PageCommand,
): Promise<Page<PartitionRecord>> {
  const { after, limit = limits.pageSizeDefault } = command
  return await perform(ports, context, { operation: "cluster.list-partitions" }, async () => {
    const page = await ports.records.list("partition-ref", clusterPartition, { after, limit })
    const found = await Promise.all(
      page.items.map(({ id }) => ports.records.read("partition", id, id)),
    )
    return { items: found.filter((partition) => partition !== undefined), next: page.next }
  })
}

/** @throws HsmError NOT_FOUND. */
export async function readPartitionById(
  ports: Ports,
  context: Context,
  id: PartitionId,
): Promise<PartitionRecord> {
  const ask = { operation: "cluster.read-partition", target: id } as const
  return await perform(ports, context, ask, () => existing(ports, id))
}

/** The caller's own partition. */
export async function readPartition(ports: Ports, context: Context): Promise<PartitionRecord> {
  return await perform(ports, context, { operation: "partition.read" }, (act) => act.partition)
}

/**
 * Sets the policy flags of the caller's own partition, and what its timestamps say.
 *
 * @throws HsmError KEY_NOT_FOUND; OPERATION_FORBIDDEN for a key that makes no timestamps.
 */
export async function updatePartition(
  ports: Ports,
  context: Context,
  { flags = {}, timestamps }: UpdatePartitionCommand,
): Promise<PartitionRecord> {
  return await perform(ports, context, { operation: "partition.update" }, async (act) => {
    const said = timestamps && (await timestampSettings(ports, context, timestamps))
    return await change(ports, act, act.partition, {
      flags: { ...act.partition.flags, ...flags },
      ...(said === undefined ? {} : { timestamps: said }),
    })
  })
}

/**
 * Sets the rule by which the officers of the caller's own partition decide together. Once there is
 * one, it has to be met to change it.
 *
 * @throws HsmError MALFORMED_REQUEST for a rule that cannot be; APPROVAL_REQUIRED.
 */
export async function setPartitionRules(
  ports: Ports,
  context: Context,
  { administration }: SetPartitionRulesCommand,
): Promise<PartitionRecord> {
  const rule =
    administration && (await makeRule(administration, ports.clock.now(), "/administration"))
  return await perform(ports, context, { operation: "partition.set-rules" }, (act) =>
    change(ports, act, act.partition, {
      rules: rule === undefined ? {} : { administration: rule },
    }),
  )
}

/** Stops all use of the caller's own partition; its officer can still look and unblock. */
export async function blockPartition(ports: Ports, context: Context): Promise<PartitionRecord> {
  return await perform(ports, context, { operation: "partition.block" }, (act) =>
    change(ports, act, act.partition, { state: "blocked" }),
  )
}

export async function unblockPartition(ports: Ports, context: Context): Promise<PartitionRecord> {
  return await perform(ports, context, { operation: "partition.unblock" }, (act) =>
    change(ports, act, act.partition, { state: "active" }),
  )
}

/** @throws HsmError NOT_FOUND. */
export async function updateQuota(
  ports: Ports,
  context: Context,
  { partition: id, quota }: UpdateQuotaCommand,
): Promise<PartitionRecord> {
  const ask = { operation: "cluster.update-partition", target: id } as const
  return await perform(ports, context, ask, async (act) => {
    const before = await existing(ports, id)
    const merged: PartitionQuota = { ...before.quota, ...quota }
    return await change(ports, act, before, { quota: merged })
  })
}

async function change(
  ports: Ports,
  act: Act,
  before: PartitionRecord,
  fields: Partial<PartitionRecord>,
): Promise<PartitionRecord> {
  const record: PartitionRecord = { ...before, ...fields, revision: before.revision + 1 }
  const transaction: Transaction = { changes: [{ kind: "partition", record }] }
  const result = { partition: record.id, revision: record.revision }
  const committed = await ports.records.commit(
    before.id,
    await concluding(act, transaction, result),
  )
  await recordDone(ports, act, { target: before.id, committed })
  return record
}

async function existing(ports: Ports, id: PartitionId): Promise<PartitionRecord> {
  const found = await ports.records.read("partition", id, id)
  if (found === undefined) throw new HsmError("NOT_FOUND", "no such partition")
  return found
}

/** A fresh partition id. */
export function newPartitionId(ports: Pick<Ports, "random">): PartitionId {
  return encodeId(ports.random.bytes(16)) as PartitionId // 16 random bytes are an id's form.
}
