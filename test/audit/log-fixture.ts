/** A log and its writer in one thread, joined by a MessageChannel as two threads would be. */

import { MessageChannel } from "node:worker_threads"
import { AuditLog, type AuditLogOptions } from "../../src/audit/audit-log.ts"
import type { SpaceWarning } from "../../src/audit/budget.ts"
import { realFiles, type FilePort } from "../../src/audit/files.ts"
import type { WriterSetup } from "../../src/audit/protocol.ts"
import { serveAuditWriter, type AuditKeys } from "../../src/audit/serve.ts"
import { instant } from "../../src/domain/ids.ts"
import { alice, bob, chain, cluster, TestCrypto, time } from "./fixture.ts"

/** TestCrypto over the keys that arrive by message, as the daemon's implementation works. */
class ArrivingCrypto extends TestCrypto {
  override readonly keys: Map<string, Uint8Array>

  constructor(keys: AuditKeys) {
    super()
    // The test's crypto writes to its own map only in tests that own one.
    this.keys = keys as Map<string, Uint8Array>
  }

  override get signer() {
    return this.keys.has("checkpoint") ? super.signer : undefined
  }
}

export interface LogFixture {
  readonly log: AuditLog
  readonly warnings: SpaceWarning[]
  readonly anchorFailures: string[]
}

const wideBudget = { totalBytes: 1 << 30, partitionBytes: 1 << 30, reserveBytes: 1 << 16 }

export async function openLog(
  folder: string,
  setup: Partial<WriterSetup> = {},
  options: Partial<AuditLogOptions> = {},
  files: FilePort = realFiles,
): Promise<LogFixture> {
  const { port1, port2 } = new MessageChannel()
  const warnings: SpaceWarning[] = []
  const anchorFailures: string[] = []
  serveAuditWriter(port2, {
    makeCrypto: (keys) => new ArrivingCrypto(keys),
    clock: { now: () => instant(time.now) },
    files,
  })
  const log = new AuditLog(port1, {
    budget: wideBudget,
    anchors: [],
    monotonicMs: () => performance.now(),
    onWarning: (warning) => warnings.push(warning),
    onCheckpoint: () => undefined,
    onAnchorFailure: (name) => anchorFailures.push(name),
    ...options,
  })
  for (const name of ["node", "checkpoint", alice, bob]) {
    await log.addKey(name, Buffer.alloc(32, name))
  }
  await log.open({
    cluster,
    chain,
    folder,
    node: "n1",
    worker: 0,
    boot: "b1",
    segmentBytes: 1 << 20,
    reserveBytes: 1 << 16,
    checkpointMs: 60_000,
    ...setup,
  })
  return { log, warnings, anchorFailures }
}
