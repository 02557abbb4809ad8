/**
 * Group commit on demand: one commit is in flight; what arrives meanwhile is the next one. A lone
 * caller waits for one sync, a thousand callers share one.
 */

import type { AuditEvent, AuditSink } from "../domain/audit-event.ts"
import { HsmError } from "../domain/errors.ts"
import { limits } from "../domain/limits.ts"
import { formatEvent } from "./body.ts"
import { estimateBytes, type SpaceBudget } from "./budget.ts"
import { isDiskFullRefusal } from "./segment-writer.ts"
import type { AuditThread } from "./thread.ts"

interface Waiting {
  readonly partition: string
  readonly event: string
  readonly bytes: number
  readonly stopsHarm: boolean
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class CommitQueue implements AuditSink {
  readonly #thread: AuditThread
  readonly #budget: SpaceBudget
  /** Oldest first; owned here, emptied from the front by {@link #commit}. */
  #queue: Waiting[] = []
  #inFlight = 0
  #isScheduled = false
  #isDiskFull = false
  /** Why nothing is taken in; undefined while everything is. */
  #closed: string | undefined = "the audit log is not open"
  #drained = Promise.withResolvers<undefined>()

  constructor(thread: AuditThread, budget: SpaceBudget) {
    this.#thread = thread
    this.#budget = budget
  }

  /** Records taken in that are not durable yet. */
  get waiting(): number {
    return this.#queue.length + this.#inFlight
  }

  /** Why ordinary records are refused now; undefined while they are taken in. */
  get unavailable(): string | undefined {
    return this.#closed ?? (this.#isDiskFull ? "the disk of the audit log is full" : undefined)
  }

  /** Begins to take records in. */
  start(): void {
    this.#closed = undefined
  }

  /** Takes nothing in any more; resolves when nothing waits. */
  async stop(reason: string): Promise<void> {
    this.#closed = reason
    this.#drained = Promise.withResolvers()
    if (this.waiting === 0) this.#drained.resolve(undefined)
    await this.#drained.promise
  }

  /** The disk has space again. */
  recover(): void {
    this.#isDiskFull = false
  }

  /** Refuses everything that waits and that will come, until the node restarts. */
  fail(reason: string): void {
    this.#closed = reason
    this.#settle(this.#queue.splice(0), unavailable(reason))
  }

  enqueue(event: AuditEvent, { stopsHarm = false } = {}): Promise<void> {
    const { partition } = event
    const text = formatEvent(event)
    const bytes = estimateBytes(text)
    const refusal = this.#refusal(partition, bytes, stopsHarm)
    if (refusal !== undefined) return Promise.reject(unavailable(refusal))
    return new Promise((resolve, reject) => {
      this.#budget.take(partition, bytes)
      this.#queue.push({ partition, event: text, bytes, stopsHarm, resolve, reject })
      this.#schedule()
    })
  }

  #refusal(partition: string, bytes: number, stopsHarm: boolean): string | undefined {
    if (this.#closed !== undefined) return this.#closed
    if (this.#isDiskFull && !stopsHarm) return this.unavailable
    if (bytes > limits.auditRecordBytesMax) return "the record is too large for the audit log"
    if (this.waiting >= limits.auditQueueMax) return "the audit log's queue is full"
    return this.#budget.refusal(partition, bytes, { stopsHarm })
  }

  /** Once per turn of the event loop, so that what arrives in the same turn shares a commit. */
  #schedule(): void {
    if (this.#isScheduled || this.#inFlight > 0) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      if (this.#queue.length > 0) void this.#commit(this.#takeBatch())
    })
  }

  #takeBatch(): Waiting[] {
    let bytes = 0
    const end = this.#queue.findIndex((waiting, index) => {
      bytes += waiting.bytes
      return (
        index > 0 && (index >= limits.auditCommitRecordsMax || bytes > limits.auditCommitBytesMax)
      )
    })
    return this.#queue.splice(0, end < 0 ? this.#queue.length : end)
  }

  /** Never rejects: the outcome goes to those who wait. */
  async #commit(batch: Waiting[]): Promise<void> {
    this.#inFlight = batch.length
    const lines = batch.map(({ partition, event }) => `${partition}${event}\n`).join("")
    try {
      const useReserve = this.#isDiskFull
      this.#budget.update(await this.#thread.call("append", { lines, useReserve }))
      this.#settle(batch)
    } catch (error) {
      this.#refuse(batch, error)
    }
    this.#inFlight = 0
    if (this.#queue.length > 0) this.#schedule()
    else this.#drained.resolve(undefined)
  }

  #refuse(batch: Waiting[], error: unknown): void {
    if (!isDiskFullRefusal(error)) {
      this.#settle(batch, error)
      this.fail("the audit log cannot be written; restart the node")
    } else if (this.#isDiskFull) {
      this.#settle(batch, error)
    } else {
      this.#isDiskFull = true
      const [harmless, urgent] = split([...batch, ...this.#queue])
      this.#queue = urgent
      this.#settle(harmless, error)
    }
  }

  #settle(batch: readonly Waiting[], error?: unknown): void {
    for (const { partition, bytes, resolve, reject } of batch) {
      this.#budget.giveBack(partition, bytes)
      if (error === undefined) resolve()
      else reject(error)
    }
  }
}

/** Those that have to wait for space, and those that may use the reserve. */
function split(waiting: readonly Waiting[]): [Waiting[], Waiting[]] {
  return [
    waiting.filter(({ stopsHarm }) => !stopsHarm),
    waiting.filter(({ stopsHarm }) => stopsHarm),
  ]
}

function unavailable(message: string): HsmError {
  return new HsmError("AUDIT_UNAVAILABLE", message)
}
