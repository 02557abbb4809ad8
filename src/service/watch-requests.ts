/** Requests as they change, for whoever watches: a bounded stream that begins with what is open. */

import { setTimeout as pause } from "node:timers/promises"

import { HsmError } from "../domain/errors.ts"
import type { PartitionId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import { isOpen, type RequestRecord } from "../domain/request.ts"
import { perform } from "./act.ts"
import type { Context } from "./commands.ts"
import type { Ports } from "./ports.ts"
import { listRequests, visibleRequest } from "./view-request.ts"

/** Tells watchers which requests have changed; the daemon feeds it with changed paths. */
export class RequestWatch {
  readonly #watchers = new Set<Watcher>()

  /** A row of the store has changed: `p/<partition>/r/request/<id>` is a request's. */
  tell(path: string): void {
    if (this.#watchers.size === 0) return
    const [, partition, what, kind, id = ""] = path.split("/")
    if (what !== "r" || kind !== "request") return
    for (const watcher of this.#watchers) {
      if (watcher.partition === partition) watcher.changed(id)
    }
  }

  /** @throws HsmError RATE_LIMITED beyond limits.watchersMax. */
  add(partition: PartitionId): Watcher {
    if (this.#watchers.size >= limits.watchersMax) {
      throw new HsmError("RATE_LIMITED", "too many watch already", { retryAfterSeconds: 60 })
    }
    const watcher = new Watcher(partition)
    this.#watchers.add(watcher)
    return watcher
  }

  remove(watcher: Watcher): void {
    this.#watchers.delete(watcher)
  }
}

/** Ids that have changed since they were last taken; each once, however often it has changed. */
export class Watcher {
  readonly partition: PartitionId
  #ids = new Set<string>()
  #wake = (): void => {}

  constructor(partition: PartitionId) {
    this.partition = partition
  }

  changed(id: string): void {
    this.#ids.add(id)
    this.#wake()
  }

  /** Answers with what has changed, as soon as something has; with nothing after `ms`. */
  async take(ms: number): Promise<ReadonlySet<string>> {
    if (this.#ids.size === 0) {
      const ended = new AbortController()
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      await Promise.race([woken, pause(ms, undefined, { signal: ended.signal }).catch(() => {})])
      ended.abort()
    }
    const taken = this.#ids
    this.#ids = new Set()
    return taken
  }
}

/** How often something is sent, so that proxies keep the connection. */
const heartbeatMs = 10_000
/** Ended requests that a stream begins with: what a reconnecting watcher may have missed. */
const recentMs = 5 * limits.watchMs

/**
 * Watches the requests that the caller may see; undefined stands for a heartbeat. The stream ends
 * after limits.watchMs, so that who has lost his access soon sees nothing more.
 */
export async function watchRequests(
  ports: Ports,
  context: Context,
  { forMs = limits.watchMs }: { readonly forMs?: number | undefined },
): Promise<AsyncIterable<RequestRecord | undefined>> {
  return await perform(ports, context, { operation: "request.list" }, ({ partition, now }) => {
    const watcher = ports.watch.add(partition.id)
    return stream(ports, context, { watcher, endsAt: now + Math.min(forMs, limits.watchMs) })
  })
}

async function* stream(
  ports: Ports,
  context: Context,
  { watcher, endsAt }: { readonly watcher: Watcher; readonly endsAt: number },
): AsyncGenerator<RequestRecord | undefined, void, void> {
  try {
    yield undefined // At once, so that the caller knows that he is heard.
    yield* recent(ports, context)
    for (let now = ports.clock.now(); now < endsAt; now = ports.clock.now()) {
      const changed = await watcher.take(Math.min(heartbeatMs, endsAt - now))
      if (changed.size === 0) yield undefined
      for (const id of changed) {
        const request = await visibleNow(ports, context, id)
        if (request !== undefined) yield request
      }
    }
  } finally {
    ports.watch.remove(watcher)
  }
}

async function* recent(ports: Ports, context: Context): AsyncGenerator<RequestRecord> {
  const since = ports.clock.now() - recentMs
  let after: string | undefined
  do {
    const page = await listRequests(ports, context, { after, limit: limits.pageSizeMax })
    for (const one of page.items) {
      if (isOpen(one.state) || (one.finishedAt ?? 0) >= since) yield one
    }
    after = page.next
  } while (after !== undefined)
}

async function visibleNow(
  ports: Ports,
  context: Context,
  id: string,
): Promise<RequestRecord | undefined> {
  try {
    await ports.records.sync()
    return await visibleRequest(ports, context, id as RequestRecord["id"]) // Of a request's path.
  } catch (error) {
    if (error instanceof HsmError && error.code === "NOT_FOUND") return undefined
    throw error
  }
}
