/** Starts the audit log: its thread, its chain, its anchors. */

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

const segmentBytes = 64 * 1024 * 1024
/** One partition may fill at most this share of the budget, so that none silences the others. */
const partitionShare = 0.5
const nodeKeyBytes = 32

/** Opens the log of this node's first worker; the node may still be sealed. */
export async function openAudit(parts: {
  readonly config: NodeConfig
  readonly clusterId: string
  readonly nodeId: string
  readonly bootId: string
  readonly random: RandomSource
  readonly log: Log
  /** The store's revision: anchored checkpoints say how far it had come. */
  readonly storeRev: number
}): Promise<AuditLog> {
  const { config, clusterId, nodeId, bootId, random, log, storeRev } = parts
  const { budgetBytes, reserveBytes, anchors, checkpointMs } = config.audit
  const chain = `${nodeId}-0`
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
    onWarning: ({ budget, usedBytes }) =>
      log.warn({ event: "audit.nearly-full", detail: budget, count: usedBytes }),
    onCheckpoint: () => {},
    onAnchorFailure: (anchor) => log.error({ event: "audit.anchor-failed", detail: anchor }),
  })
  await audit.addKey(nodeScope, await nodeKey(config.data, random))
  const found = await Promise.all(anchors.map(({ path }) => readFileAnchor(path, chain)))
  const anchored = newest(found)
  const setup = { cluster: clusterId, chain, folder, node: nodeId, worker: 0, boot: bootId }
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
