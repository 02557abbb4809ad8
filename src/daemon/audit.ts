/** Starts the audit log: its thread, its chain, its anchors. */

import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { Worker } from "node:worker_threads"

import { fileAnchor, readFileAnchor } from "../audit/anchor.ts"
import { AuditLog } from "../audit/audit-log.ts"
import type { Checkpoint } from "../audit/checkpoint.ts"
import { nodeScope } from "../audit/crypto.ts"
import { HsmError } from "../domain/errors.ts"
import type { RandomSource } from "../domain/ports.ts"
import type { NodeConfig } from "./config.ts"
import { makePrivateFolder, readIfPresent, writeDurably } from "./files.ts"
import type { Log } from "./log.ts"
import { timeSources } from "./time.ts"

const segmentBytes = 64 * 1024 * 1024
/** One partition may fill at most this share of the budget, so that none silences the others. */
const partitionShare = 0.5
const nodeKeyBytes = 32

/** The name of a process's chain: the keyholder's, or the only process's, is 0. */
export function chainName(nodeId: string, worker: number): string {
  return `${nodeId}-${worker}`
}

/** Opens the log of one process of this node, which may still be sealed. */
export async function openAudit(parts: {
  readonly config: NodeConfig
  readonly clusterId: string
  readonly nodeId: string
  readonly bootId: string
  readonly random: RandomSource
  readonly log: Log
  /** The store's revision: anchored checkpoints say how far it had come. */
  readonly storeRev: number
  /** Which process: 0 unless there are several. */
  readonly worker?: number
}): Promise<AuditLog> {
  const { config, clusterId, nodeId, bootId, random, log, storeRev, worker = 0 } = parts
  const { anchors, checkpointMs } = config.audit
  const { budgetBytes, reserveBytes } = shareOf(config)
  const chain = chainName(nodeId, worker)
  const folder = join(config.data, "audit", chain)
  await makePrivateFolder(folder)
  const thread = new Worker(new URL("./audit-thread.ts", import.meta.url))
  const audit = new AuditLog(thread, {
    budget: {
      totalBytes: budgetBytes,
      partitionBytes: budgetBytes * partitionShare,
      reserveBytes,
    },
    anchors: anchors.map(({ path }) => fileAnchor(path)),
    monotonicMs: timeSources.monotonicMs,
    onWarning: ({ budget, usedBytes }) =>
      log.warn({ event: "audit.nearly-full", detail: budget, count: usedBytes }),
    onCheckpoint: () => {},
    onAnchorFailure: (anchor) => log.error({ event: "audit.anchor-failed", detail: anchor }),
  })
  await audit.addKey(nodeScope, await nodeKey(config.data, random))
  const found = await Promise.all(anchors.map(({ path }) => readFileAnchor(path, chain)))
  const anchored = newest(found)
  const setup = { cluster: clusterId, chain, folder, node: nodeId, worker, boot: bootId }
  const bounds = { segmentBytes, reserveBytes, checkpointMs, anchored }
  const opened = await audit
    .open({ ...setup, ...bounds })
    .then((done) => {
      if (storeRev >= (anchored?.storeRev ?? 0)) return done
      throw new HsmError("TAMPERED", "the store lies behind a checkpoint that is anchored")
    })
    .catch(async (error: unknown) => {
      await thread.terminate() // It would keep the process that is about to give up.
      throw error
    })
  if (opened.tornBytes > 0) log.warn({ event: "audit.torn-tail", count: opened.tornBytes })
  return audit
}

/** Opens the chains of workers that the configuration no longer has, so that they stay readable. */
export async function openRetired(parts: Parameters<typeof openAudit>[0]): Promise<AuditLog[]> {
  const { config, nodeId } = parts
  const folders = await readdir(join(config.data, "audit"))
  const retired = folders
    .filter((name) => name.startsWith(`${nodeId}-`))
    .map((name) => Number(name.slice(nodeId.length + 1)))
    .filter((worker) => Number.isInteger(worker) && worker > config.workers)
    .toSorted((a, b) => a - b)
  return await Promise.all(retired.map((worker) => openAudit({ ...parts, worker })))
}

/** Every chain of the node has the same part of the space. */
function shareOf({ workers, audit }: NodeConfig): { budgetBytes: number; reserveBytes: number } {
  const chains = workers + 1
  return {
    budgetBytes: Math.floor(audit.budgetBytes / chains),
    reserveBytes: Math.floor(audit.reserveBytes / chains),
  }
}

/** The key for what happens while no other is at hand; outside the cluster master key. */
async function nodeKey(data: string, random: RandomSource): Promise<Uint8Array> {
  const path = join(data, "audit.key")
  const known = await readIfPresent(path)
  if (known !== undefined) return known
  const key = random.bytes(nodeKeyBytes)
  await writeDurably(path, key)
  return key
}

function newest(checkpoints: readonly (Checkpoint | undefined)[]): Checkpoint | undefined {
  return checkpoints
    .filter((checkpoint) => checkpoint !== undefined)
    .toSorted((a, b) => a.number - b.number)
    .at(-1)
}
