/**
 * Messages to webhooks, at least once. What has to be told is a row of the very commit in which it
 * happened; the row goes when the receiver has said 2xx. Each webhook is told one thing after the
 * other; while it fails, it is asked again after longer and longer times.
 *
 * Rows name request and event alone, and are believed no more than the request's record says.
 */

import { parseId, type Instant, type PartitionId, type RequestId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { SureClock } from "../domain/ports.ts"
import type { AuditSink } from "../domain/audit-event.ts"
import type { RequestRecord } from "../domain/request.ts"
import { eventsBetween, hasHappened, type Webhook, type WebhookEvent } from "../domain/webhook.ts"
import type { PostWebhook } from "../identity/ports.ts"
import { allPartitions } from "../records/epochs.ts"
import { paths } from "../records/kinds.ts"
import type { Records } from "../records/records.ts"
import { headersOf, messageAbout, testMessage } from "./webhook-message.ts"
import type { WebhookMessage } from "./webhook-message.ts"
import type { Ending } from "./proceeding.ts"

/** Adds what webhooks are told to the commit of a request's change. */
export type Tell = (
  ending: Ending,
  before: RequestRecord | undefined,
  after: RequestRecord,
) => Ending

interface Parts {
  readonly records: Records
  readonly clock: SureClock
  readonly audit: AuditSink
  readonly post: PostWebhook
}

/** A webhook that has something to be told, as this process knows it. */
interface Line {
  readonly partition: PartitionId
  readonly id: string
  /** About how many rows wait. */
  waiting: number
  /** Failures in a row. */
  failures: number
  nextAt: Instant
  running: boolean
  /** Not told because its line was full, since the log last said so. */
  lost: number
}

interface Due {
  readonly path: string
  readonly at: Instant
  readonly request: RequestId
  readonly event: WebhookEvent
  /** What {@link writeTries} wrote; empty before the first failure. */
  readonly tries: Uint8Array
}

export class WebhookDelivery {
  readonly #parts: Parts
  /** By webhook; gone when nothing waits. */
  readonly #lines = new Map<string, Line>()
  readonly #running = new Set<Promise<void>>()
  readonly #stopped = Promise.withResolvers<undefined>()
  #isStopped = false
  #found = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** What a partition's webhooks will be told with a commit; asked before it is made. */
  async telling(partition: PartitionId): Promise<Tell> {
    const { records, clock } = this.#parts
    const known = await records.read("webhooks", partition, "all")
    if (known === undefined || known.hooks.length === 0) return (ending) => ending
    return (ending, before, after) => {
      const now = clock.now()
      const rows = eventsBetween(before, after).flatMap((event, nth) =>
        known.hooks
          .filter(({ id, events }) => events.includes(event) && this.#joins(partition, id))
          .map(({ id }) => ({
            put: paths.telling(partition, id, now, whatOf(after, nth, event)),
            value: new Uint8Array(0),
          })),
      )
      return { ...ending, rows: [...(ending.rows ?? []), ...rows] }
    }
  }

  /** A row of the store has changed: something may wait at `p/<partition>/o/<webhook>/...`. */
  tell(path: string): void {
    const [, partition = "", , id = ""] = path.split("/")
    // A path of ours names its partition.
    this.#lineOf(partition as PartitionId, id)
  }

  /** Tells those whose time has come; called again and again. Does not wait for receivers. */
  async tick(): Promise<void> {
    await this.find()
    const now = this.#parts.clock.now()
    for (const line of this.#lines.values()) {
      if (this.#isStopped || line.running || line.nextAt > now) continue
      if (this.#running.size >= limits.webhooksAtOnceMax) return
      if (this.#busy(line.partition) >= limits.webhooksAtOncePerPartitionMax) continue
      line.running = true
      const running = this.#run(line)
        .catch(() => this.#failed(line)) // The store's failure: the rows are still there.
        .finally(() => {
          line.running = false
          this.#running.delete(running)
        })
      this.#running.add(running)
    }
  }

  /** Resolves when nobody is being told. */
  async idle(): Promise<void> {
    await Promise.all(this.#running)
  }

  /** Ends all that is under way; what was not acknowledged is told again by the next start. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#stopped.resolve(undefined)
    await this.idle()
  }

  /** Sends a message that says nothing, at once; answers with the receiver's status, if any. */
  async test(partition: PartitionId, hook: Webhook): Promise<number | undefined> {
    return await this.#send(hook, testMessage(partition, hook, this.#parts.clock.now()))
  }

  /** Nobody is told any more. */
  async forget(partition: PartitionId, id: string): Promise<void> {
    const { records } = this.#parts
    this.#lines.delete(id)
    const prefix = paths.tellings(partition, id)
    for (;;) {
      const { entries } = await records.store.scan(prefix, { limit: limits.pageSizeMax })
      if (entries.length === 0) return
      await records.commit(partition, {
        changes: [],
        rows: entries.map(({ key }) => ({ del: key })),
      })
    }
  }

  #joins(partition: PartitionId, id: string): boolean {
    const line = this.#lineOf(partition, id)
    if (line.waiting < limits.webhookWaitingMax) {
      line.waiting++
      return true
    }
    line.lost++
    return false
  }

  #lineOf(partition: PartitionId, id: string): Line {
    const known = this.#lines.get(id)
    if (known !== undefined) return known
    const nextAt = this.#parts.clock.now()
    const line = { partition, id, waiting: 0, failures: 0, nextAt, running: false, lost: 0 }
    this.#lines.set(id, line)
    return line
  }

  #busy(partition: PartitionId): number {
    const running = [...this.#lines.values()].filter((one) => one.running)
    return running.filter((one) => one.partition === partition).length
  }

  /** Finds what an earlier run of the node has left; once. */
  async find(): Promise<void> {
    if (this.#found) return
    const { records } = this.#parts
    await records.sync()
    for (const partition of await allPartitions(records)) {
      const known = await records.read("webhooks", partition, "all")
      for (const { id } of known?.hooks ?? []) {
        const waiting = await this.#count({ partition, id })
        if (waiting === 0) continue
        const [due] = await this.#first(partition, id)
        const line = this.#lineOf(partition, id)
        line.waiting = waiting
        Object.assign(line, readTries(due?.tries, this.#parts.clock.now()))
      }
    }
    this.#found = true
  }

  async #count({ partition, id }: Pick<Line, "partition" | "id">): Promise<number> {
    const page = { limit: limits.webhookWaitingMax }
    const { entries } = await this.#parts.records.store.scan(paths.tellings(partition, id), page)
    return entries.length
  }

  async #run(line: Line): Promise<void> {
    const { records } = this.#parts
    const { partition, id } = line
    while (!this.#wasStopped()) {
      await records.sync()
      const known = await records.read("webhooks", partition, "all")
      const hook = known?.hooks.find((one) => one.id === id)
      const [due] = hook === undefined ? [] : await this.#first(partition, id)
      if (hook === undefined || due === undefined) {
        await this.#logLost(line, line.lost, "full")
        this.#lines.delete(id)
        return
      }
      if (this.#parts.clock.now() - due.at > limits.webhookKeepMs) {
        await this.#logLost(line, 1, "late")
        await this.#settle(line, due)
        continue
      }
      const request = await records.read("request", partition, due.request)
      const isTrue = request !== undefined && hasHappened(due.event, request)
      const status = isTrue
        ? await this.#send(hook, messageAbout(request, due.event, due.at))
        : undefined
      if (this.#wasStopped()) return
      if (isTrue && !isDelivered(status)) {
        this.#failed(line)
        await this.#remember(line, due)
        line.waiting = await this.#count(line)
        return
      }
      await this.#settle(line, due)
    }
  }

  /** A call, as it changes while somebody is being told. */
  #wasStopped(): boolean {
    return this.#isStopped
  }

  async #settle(line: Line, { path }: Due): Promise<void> {
    await this.#parts.records.commit(line.partition, { changes: [], rows: [{ del: path }] })
    line.failures = 0
    line.waiting = Math.max(0, line.waiting - 1)
  }

  #failed(line: Line): void {
    const wait = waitAfter(line.failures)
    line.failures++
    line.nextAt = (this.#parts.clock.now() + wait) as Instant
  }

  /** Into the row that waits: a restart goes on where this run was. One write per failure. */
  async #remember(line: Line, { path }: Due): Promise<void> {
    const { partition, id } = line
    if (this.#lines.get(id) !== line) return // Forgotten meanwhile: its rows are going.
    const rows = [{ put: path, value: writeTries(line) }]
    // Without it the next run is early, no more.
    await this.#parts.records.commit(partition, { changes: [], rows }).catch(() => undefined)
  }

  async #first(partition: PartitionId, id: string): Promise<readonly Due[]> {
    const prefix = paths.tellings(partition, id)
    const { entries } = await this.#parts.records.store.scan(prefix, { limit: 1 })
    return entries.map(({ key: path, value: tries }) => {
      const [at = "", what = ""] = path.slice(prefix.length).split("/")
      const [request = "", , event = ""] = what.split(".")
      return {
        path,
        at: Number.parseInt(at, 16) as Instant,
        // What is neither is not found, or has not happened: then the row goes.
        request: parseId<RequestId>(request) ?? (request as RequestId),
        event: event as WebhookEvent,
        tries,
      }
    })
  }

  async #send(hook: Webhook, message: WebhookMessage): Promise<number | undefined> {
    const headers = headersOf(hook, message, this.#parts.clock.now())
    const sent = this.#parts.post({ url: hook.url, headers, body: Buffer.from(message.body) })
    return await Promise.race([sent.catch(() => undefined), this.#stopped.promise])
  }

  async #logLost({ partition, id }: Line, count: number, why: "full" | "late"): Promise<void> {
    if (count === 0) return
    await this.#parts.audit.enqueue({
      act: "system.webhook-lost",
      partition,
      outcome: "done",
      subject: "node",
      target: id,
      note: `${count} ${why}`,
    })
  }
}

/** After so many failures and one more, ms. */
function waitAfter(failures: number): number {
  return limits.webhookRetriesMs[failures] ?? limits.webhookRetriesMs.at(-1) ?? 0
}

/** Failures in a row (1 byte, at most 255) and the time of the next try (6 bytes, ms). */
const triesLength = 7

function writeTries({ failures, nextAt }: Pick<Line, "failures" | "nextAt">): Uint8Array {
  const out = Buffer.alloc(triesLength)
  out.writeUInt8(Math.min(failures, 0xff))
  out.writeUIntBE(nextAt, 1, triesLength - 1)
  return out
}

/** Believed no more than a failure now would make it wait: the store is not trusted with it. */
function readTries(
  bytes: Uint8Array | undefined,
  now: Instant,
): Pick<Line, "failures" | "nextAt"> | undefined {
  if (bytes?.length !== triesLength) return undefined
  const [failures = 0] = bytes
  const nextAt = Buffer.from(bytes).readUIntBE(1, triesLength - 1)
  const latest = now + waitAfter(Math.max(0, failures - 1))
  return { failures, nextAt: Math.min(nextAt, latest) as Instant }
}

/** Sorts as things happened, also within one millisecond. */
function whatOf({ id, revision }: RequestRecord, nth: number, event: WebhookEvent): string {
  return `${id}.${revision.toString(16).padStart(8, "0")}${nth}.${event}`
}

/** Anything else, redirects among it, is a failure. */
export function isDelivered(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status < 300
}
