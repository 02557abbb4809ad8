/**
 * The log as a worker sees it: takes records in and answers when they are durable; reads, exports,
 * archives. Everything is done in the writer's thread.
 */

import type { MessagePort } from "node:worker_threads"
import type { AuditEvent, AuditSink } from "../domain/audit-event.ts"
import { AnchorQueue, type Anchor } from "./anchor.ts"
import { SpaceBudget, type BudgetOptions, type SpaceWarning } from "./budget.ts"
import { AuditChain } from "./audit-chain.ts"
import type { Checkpoint } from "./checkpoint.ts"
import { CommitQueue } from "./commit-queue.ts"
import type { AuditCall, AuditCalls, Opened, WriterSetup } from "./protocol.ts"
import { AuditThread, type AuditPort } from "./thread.ts"

export interface AuditLogOptions {
  readonly budget: BudgetOptions
  readonly anchors: readonly Anchor[]
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonicMs: () => number
  /** At 80 % of a budget, once until it falls below again. */
  readonly onWarning: (warning: SpaceWarning) => void
  readonly onCheckpoint: (checkpoint: Checkpoint) => void
  /** An anchor failed to take a checkpoint. */
  readonly onAnchorFailure: (anchor: string) => void
}

export class AuditLog extends AuditChain implements AuditSink {
  readonly #thread: AuditThread
  readonly #queue: CommitQueue
  readonly #budget: SpaceBudget
  readonly #anchors: readonly AnchorQueue[]

  /** @param port - the other end is served by serveAuditWriter. */
  constructor(port: AuditPort | MessagePort, options: AuditLogOptions) {
    super((call, args) => this.#thread.call(call, args))
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
    this.#queue = new CommitQueue(this.#thread, this.#budget, options.monotonicMs)
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

  /** As {@link AuditSink.enqueue}. */
  enqueue(event: AuditEvent, options?: Parameters<AuditSink["enqueue"]>[1]): Promise<void> {
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

  /** As {@link AuditChain.acknowledgeArchive}; the space is free for new records. */
  override async acknowledgeArchive(through: number): Promise<Checkpoint> {
    const { checkpoint, usage } = await this.#thread.call("acknowledgeArchive", { through })
    this.#budget.update(usage)
    return checkpoint
  }

  /** Passes on what another process asks of this chain. */
  async pass(call: AuditCall, args: unknown): Promise<unknown> {
    // That process shares AuditCalls.
    const answer = await this.#thread.call(call, args as never)
    if (call === "acknowledgeArchive") {
      this.#budget.update((answer as AuditCalls["acknowledgeArchive"]["answer"]).usage)
    }
    return answer
  }

  /** Writes what waits, signs the end, lets the anchors take it, and ends the thread's service. */
  async close(): Promise<void> {
    await this.#queue.stop("the audit log is closed")
    await this.#thread.call("close", undefined)
    await Promise.all(this.#anchors.map((anchor) => anchor.settled()))
  }
}
