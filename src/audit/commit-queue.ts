/**
 * Group commit on demand: one commit is in flight; what arrives meanwhile is the next one. A lone
 * caller waits for one sync, a thousand callers share one.
 */

import type { AuditEvent, AuditSink } from "../domain/audit-event.ts"
import { HsmError } from "../domain/errors.ts"
import { limits } from "../domain/limits.ts"
import { formatEvent, isSameAct, withCount } from "./body.ts"
import { estimateBytes, type SpaceBudget } from "./budget.ts"
import { isDiskFullRefusal } from "./segment-writer.ts"
import type { AuditThread } from "./thread.ts"

type Durable = PromiseWithResolvers<undefined>

/** One record that waits, for one act or for several alike. */
interface Waiting {
  readonly event: AuditEvent
  readonly text: string
  readonly bytes: number
  readonly stopsHarm: boolean
  /** Shared by the records of one batch that fail or become durable together. */
  readonly durable: Durable
  count: number
}

/** The records of one commit. */
class Batch {
  /** Oldest first. */
  readonly waiting: Waiting[] = []
  #bytes = 0
  readonly #durable = new Map<boolean, Durable>()

  /** Whether a record of that size still fits; the first one always does. */
  admits(bytes: number): boolean {
    const { length } = this.waiting
    if (length === 0) return true
    return (
      length < limits.auditCommitRecordsMax && this.#bytes + bytes <= limits.auditCommitBytesMax
    )
  }

  add(record: Omit<Waiting, "durable">): Promise<undefined> {
    const durable = this.#durableFor(record.stopsHarm)
    this.push({ ...record, durable })
    return durable.promise
  }

  push(waiting: Waiting): void {
    this.waiting.push(waiting)
    this.#bytes += waiting.bytes
  }

  #durableFor(stopsHarm: boolean): Durable {
    const known = this.#durable.get(stopsHarm)
    if (known !== undefined) return known
    const durable = Promise.withResolvers<undefined>()
    durable.promise.catch(() => {}) // Whoever waits is told; some are still at work by then.
    this.#durable.set(stopsHarm, durable)
    return durable
  }
}

export class CommitQueue implements AuditSink {
  readonly #thread: AuditThread
  readonly #budget: SpaceBudget
  readonly #monotonicMs: () => number
  /** Oldest first; records join the last. Owned here, emptied from the front. */
  #batches: Batch[] = []
  #queued = 0
  #inFlight = 0
  #isScheduled = false
  #isDiskFull = false
  /** Why nothing is taken in; undefined while everything is. */
  #closed: string | undefined = "the audit log is not open"
  #drained = Promise.withResolvers<undefined>()

  constructor(thread: AuditThread, budget: SpaceBudget, monotonicMs: () => number) {
    this.#thread = thread
    this.#budget = budget
    this.#monotonicMs = monotonicMs
  }

  /** Records taken in that are not durable yet. */
  get waiting(): number {
    return this.#queued + this.#inFlight
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
    this.#settle(this.#takeAll(), unavailable(reason))
  }

  enqueue(event: AuditEvent, { stopsHarm = false, times = 1 } = {}): Promise<void> {
    const newest = this.#batches.at(-1)?.waiting.at(-1)
    if (newest?.stopsHarm === stopsHarm && isSameAct(newest.event, event)) {
      newest.count += times
      return newest.durable.promise
    }
    const text = formatEvent(event)
    const bytes = estimateBytes(text)
    const refusal = this.#refusal(event.partition, bytes, stopsHarm)
    if (refusal !== undefined) throw unavailable(refusal)
    this.#budget.take(event.partition, bytes)
    this.#queued += 1
    this.#schedule()
    return this.#batchFor(bytes).add({ event, text, bytes, stopsHarm, count: times })
  }

  #refusal(partition: string, bytes: number, stopsHarm: boolean): string | undefined {
    if (this.#closed !== undefined) return this.#closed
    if (this.#isDiskFull && !stopsHarm) return this.unavailable
    if (bytes > limits.auditRecordBytesMax) return "the record is too large for the audit log"
    if (this.waiting >= limits.auditQueueMax) return "the audit log's queue is full"
    return this.#budget.refusal(partition, bytes, { stopsHarm })
  }

  #batchFor(bytes: number): Batch {
    const last = this.#batches.at(-1)
    if (last?.admits(bytes) === true) return last
    const batch = new Batch()
    this.#batches.push(batch)
    return batch
  }

  #schedule(): void {
    if (this.#isScheduled || this.#inFlight > 0) return
    this.#isScheduled = true
    const untilMs = this.#monotonicMs() + limits.auditGatherMs
    this.#gather({ seen: 0, quiet: 0, turns: 1, untilMs })
  }

  /**
   * Begins the commit when some turns of the event loop have brought nothing new: a sync costs the
   * same for one record as for thirty, and those whose answers left with the last one are about to
   * ask again. Bounded: by the time that a sync takes, or some turns where these take longer, as
   * with approvals to verify; who asked meanwhile would only wait for a sync of his own.
   */
  #gather(since: {
    readonly seen: number
    readonly quiet: number
    readonly turns: number
    readonly untilMs: number
  }): void {
    setImmediate(() => {
      const { turns, untilMs } = since
      const isTime = turns >= limits.auditGatherTurns && this.#monotonicMs() >= untilMs
      const seen = this.#queued
      const quiet = seen > since.seen ? 0 : since.quiet + 1
      if (quiet < limits.auditQuietTurns && !isTime) {
        this.#gather({ seen, quiet, turns: turns + 1, untilMs })
        return
      }
      this.#isScheduled = false
      const batch = this.#batches.shift()
      if (batch !== undefined) void this.#commit(batch.waiting)
    })
  }

  /** Never rejects: the outcome goes to those who wait. */
  async #commit(batch: readonly Waiting[]): Promise<void> {
    this.#queued -= batch.length
    this.#inFlight = batch.length
    let lines = ""
    for (const { event, text, count } of batch) {
      lines += `${event.partition}${withCount(text, count)}\n`
    }
    try {
      const useReserve = this.#isDiskFull
      this.#budget.update(await this.#thread.call("append", { lines, useReserve }))
      this.#settle(batch)
    } catch (error) {
      this.#refuse(batch, error)
    }
    this.#inFlight = 0
    if (this.#queued > 0) this.#schedule()
    else this.#drained.resolve(undefined)
  }

  #refuse(batch: readonly Waiting[], error: unknown): void {
    if (!isDiskFullRefusal(error)) {
      this.#settle(batch, error)
      this.fail("the audit log cannot be written; restart the node")
    } else if (this.#isDiskFull) {
      this.#settle(batch, error)
    } else {
      this.#isDiskFull = true
      const all = [...batch, ...this.#takeAll()]
      // Those that may use the reserve are tried again; the others have to wait for space.
      for (const waiting of all.filter(({ stopsHarm }) => stopsHarm)) {
        this.#batchFor(waiting.bytes).push(waiting)
        this.#queued += 1
      }
      const harmless = all.filter(({ stopsHarm }) => !stopsHarm)
      this.#settle(harmless, error)
    }
  }

  #takeAll(): Waiting[] {
    const all = this.#batches.flatMap(({ waiting }) => waiting)
    this.#batches = []
    this.#queued = 0
    return all
  }

  #settle(records: readonly Waiting[], error?: unknown): void {
    let settled: Durable | undefined
    for (const { event, bytes, durable } of records) {
      this.#budget.giveBack(event.partition, bytes)
      if (durable === settled) continue // Its neighbours' too: settled once.
      settled = durable
      if (error === undefined) durable.resolve(undefined)
      else durable.reject(error)
    }
  }
}

function unavailable(message: string): HsmError {
  return new HsmError("AUDIT_UNAVAILABLE", message)
}
