/** The first records of a cluster: its own partition, its first two principals, its epoch. */

import { join } from "node:path"

import { clusterPartition, type ClusterId, type Instant } from "../domain/ids.ts"
import { defaultFlags, defaultQuota, type PartitionRecord } from "../domain/partition.ts"
import type { Clock, RandomSource } from "../domain/ports.ts"
import type { SecretBytes } from "../engine/secret-bytes.ts"
import type { RootFiles } from "../records/epochs.ts"
import { paths } from "../records/kinds.ts"
import { Records } from "../records/records.ts"
import { Keyholder } from "../sealing/keyholder.ts"
import { newPrincipal, principalRows } from "../service/new-principal.ts"
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts"
import type { Store } from "../store/store.ts"
import type { NodeConfig } from "./config.ts"
import { makePrivateFolder, rootFiles } from "./files.ts"
import { systemClock, systemRandom } from "./system.ts"

export interface Bootstrap {
  readonly store: Store
  /** Taken over and wiped. */
  readonly cmk: SecretBytes
  readonly clusterId: ClusterId
  readonly clock: Clock
  readonly random: RandomSource
  readonly roots: RootFiles
}

/** Tokens of the first principals, shown once: `operator` and `cluster-officer`. */
export interface FirstTokens {
  readonly operatorToken: string
  readonly clusterOfficerToken: string
}

/** Founds a cluster in the node's own, still empty store. */
export async function foundStore({
  config,
  clusterId,
  cmk,
}: {
  readonly config: NodeConfig
  readonly clusterId: ClusterId
  readonly cmk: SecretBytes
}): Promise<FirstTokens> {
  const epochs = join(config.data, "epochs")
  await makePrivateFolder(epochs)
  const store = await openSqliteStore({ file: storeFile(config) })
  try {
    return await bootstrapCluster({
      store,
      cmk,
      clusterId,
      clock: systemClock(),
      random: systemRandom,
      roots: rootFiles(epochs, systemRandom),
    })
  } finally {
    await store.close()
  }
}

/** Where the node's records lie. */
export function storeFile(config: NodeConfig): string {
  return join(config.data, "store.db")
}

/** Writes a new cluster into an empty store. A second time, the commit's guard refuses it. */
export async function bootstrapCluster(parts: Bootstrap): Promise<FirstTokens> {
  const { store, clusterId, clock, random, cmk } = parts
  const keyholder = new Keyholder({ clusterId, cmk, random })
  try {
    const records = new Records({ store, keyholder, groupNonce: random.bytes(8).toHex() })
    records.epoch = 1
    await parts.roots.write(1, keyholder.createRoot(1))
    return await populateCluster(records, { clock, random })
  } finally {
    keyholder.forget()
  }
}

async function populateCluster(
  records: Records,
  { clock, random }: { clock: Clock; random: RandomSource },
): Promise<FirstTokens> {
  const partition = clusterPartition
  const now: Instant = clock.now()
  const wrapped = records.keyholder.createPartition(partition)
  const makers = { records, random, clock }
  const operator = await newPrincipal(makers, {
    partition,
    name: "operator",
    roles: ["operator"],
    credential: { kind: "token" },
  })
  const officer = await newPrincipal(makers, {
    partition,
    name: "cluster-officer",
    roles: ["cluster-officer"],
    credential: { kind: "token" },
  })
  await records.commit(partition, {
    creates: true,
    changes: [
      { kind: "partition", record: clusterRecord(now) },
      { kind: "principal", record: operator.record },
      { kind: "principal", record: officer.record },
      {
        kind: "epoch",
        record: { id: "current", epoch: 1, startedAt: now, destroyed: {}, revision: 1 },
      },
    ],
    claims: [...principalRows(makers, operator.record), ...principalRows(makers, officer.record)],
    rows: [
      { put: paths.partitionKeys(partition), value: wrapped },
      { put: paths.meta, value: Buffer.from(`keyhold 1 ${records.keyholder.clusterId}`) },
    ],
  })
  // newPrincipal makes a token for every principal that asks for one.
  return { operatorToken: operator.token ?? "", clusterOfficerToken: officer.token ?? "" }
}

function clusterRecord(now: Instant): PartitionRecord {
  return {
    id: clusterPartition,
    name: "cluster",
    custody: "managed",
    state: "active",
    flags: defaultFlags,
    quota: defaultQuota,
    createdAt: now,
    revision: 1,
  }
}
