/**
 * The log as a worker sees it: takes records in and answers when they are durable; reads, exports,
 * archives. Everything is done in the writer's thread.
 */

import type { MessagePort } from "node:worker_threads"
import type { AuditEvent, AuditSink } from "../domain/audit-event.ts"
import { HsmError } from "../domain/errors.ts"
import { limits } from "../domain/limits.ts"
import { AnchorQueue, type Anchor } from "./anchor.ts"
import { SpaceBudget, type BudgetOptions, type SpaceWarning } from "./budget.ts"
import type { Checkpoint, PeerHead } from "./checkpoint.ts"
import { CommitQueue } from "./commit-queue.ts"
import type { ExportQuery } from "./export.ts"
import type { Opened, WriterSetup } from "./protocol.ts"
import type { RecordPage, RecordQuery } from "./reader.ts"
import { AuditThread, type AuditPort } from "./thread.ts"
import type { FilesReport } from "./verify-files.ts"
import type { ClosedSegment } from "./writer.ts"

export interface AuditLogOptions {
  readonly budget: BudgetOptions
  readonly anchors: readonly Anchor[]
  /** At 80 % of a budget, once until it falls below again. */
  readonly onWarning: (warning: SpaceWarning) => void
  readonly onCheckpoint: (checkpoint: Checkpoint) => void
  /** An anchor failed to take a checkpoint. */
  readonly onAnchorFailure: (anchor: string) => void
}

export class AuditLog implements AuditSink {
  readonly #thread: AuditThread
  readonly #queue: CommitQueue
  readonly #budget: SpaceBudget
  readonly #anchors: readonly AnchorQueue[]

  /** @param port - the other end is served by serveAuditWriter. */
  constructor(port: AuditPort | MessagePort, options: AuditLogOptions) {
    this.#budget = new SpaceBudget(options.budget, options.onWarning)
    this.#anchors = options.anchors.map(
      (anchor) => new AnchorQueue(anchor, options.onAnchorFailure),
    )
    this.#thread = new AuditThread(port, {
      onCheckpoint: (checkpoint) => {
        for (const anchor of this.#anchors) anchor.push(checkpoint)
        options.onCheckpoint(checkpoint)
      },
      onRecovered: () => this.#queue.recover(),
      onEnd: () => this.#queue.fail("the audit log's thread has ended"),
    })
    this.#queue = new CommitQueue(this.#thread, this.#budget)
  }

  /**
   * Opens the chain; the node's own key must have been added.
   *
   * @throws HsmError TAMPERED when the files do not fit, or end before `setup.anchored`.
   */
  async open(setup: WriterSetup): Promise<Opened> {
    const opened = await this.#thread.call("open", setup)
    this.#budget.update(opened.usage)
    this.#queue.start()
    return opened
  }

  /** Hands a scope's key (or `node`, `checkpoint`) to the thread; the bytes are copied. */
  addKey(name: string, key: Uint8Array): Promise<void> {
    return this.#thread.call("addKey", { name, key })
  }

  /** The thread wipes its copy; records of that scope go under the node's key from now on. */
  dropKey(name: string): Promise<void> {
    return this.#thread.call("dropKey", { name })
  }

  enqueue(event: AuditEvent, options?: { readonly stopsHarm?: boolean }): Promise<void> {
    return this.#queue.enqueue(event, options)
  }

  /** For metrics: records that wait, bytes on disk, and why records are refused, if they are. */
  get state(): {
    readonly waiting: number
    readonly usedBytes: number
    readonly unavailable: string | undefined
  } {
    const { waiting, unavailable } = this.#queue
    return { waiting, unavailable, usedBytes: this.#budget.usedBytes }
  }

  /** The store's revision and the other workers' heads, for the next checkpoint. */
  setHeads(heads: { storeRev: number; peers: readonly PeerHead[] }): Promise<void> {
    return this.#thread.call("heads", heads)
  }

  /** Signs the head now; undefined while the node is sealed. */
  checkpoint(): Promise<Checkpoint | undefined> {
    return this.#thread.call("checkpoint", undefined)
  }

  /** @throws HsmError SEALED, TAMPERED, DECRYPTION_FAILED; see ChainReader.readRecords. */
  readRecords(query: RecordQuery): Promise<RecordPage> {
    return this.#thread.call("read", query)
  }

  /**
   * An export up to now, as chunks of whole JSON lines; verify.ts verifies it.
   *
   * @throws HsmError SEALED, TAMPERED; RATE_LIMITED when too many others began meanwhile.
   */
  async *exportLines(query: ExportQuery): AsyncGenerator<string, void> {
    const number = await this.#thread.call("exportStart", query)
    try {
      for (;;) {
        const chunk = await this.#thread.call("exportNext", number)
        if (chunk === undefined) return
        yield chunk
      }
    } finally {
      await this.#thread.call("exportStop", number)
    }
  }

  closedSegments(): Promise<readonly ClosedSegment[]> {
    return this.#thread.call("segments", undefined)
  }

  /** A closed segment's bytes, for the archive. @throws HsmError NOT_FOUND. */
  async *readSegment(segment: number): AsyncGenerator<Uint8Array, void> {
    const found = (await this.closedSegments()).some((closed) => closed.segment === segment)
    if (!found) throw new HsmError("NOT_FOUND", "no such closed segment")
    for (let offset = 0; ;) {
      const length = limits.auditCommitBytesMax
      const bytes = await this.#thread.call("segmentBytes", { segment, offset, length })
      if (bytes.length === 0) return
      yield bytes
      offset += bytes.length
    }
  }

  /**
   * Removes the segments up to `through`, which the caller has archived.
   *
   * @throws HsmError CONFLICT when that segment does not end at a checkpoint.
   */
  async acknowledgeArchive(through: number): Promise<Checkpoint> {
    const { checkpoint, usage } = await this.#thread.call("acknowledgeArchive", { through })
    this.#budget.update(usage)
    return checkpoint
  }

  /** Verifies the files where they lie; nothing is written meanwhile. */
  verifyFiles(): Promise<FilesReport> {
    return this.#thread.call("verifyFiles", undefined)
  }

  /** Writes what waits, signs the end, lets the anchors take it, and ends the thread's service. */
  async close(): Promise<void> {
    await this.#queue.stop("the audit log is closed")
    await this.#thread.call("close", undefined)
    await Promise.all(this.#anchors.map((anchor) => anchor.settled()))
  }
}
