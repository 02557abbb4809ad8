/**
 * The slow lane: private-key operations and key generation that take longer than a request may
 * hold up others. A queue per partition, served in turn, a few jobs at once, each on a thread of
 * libuv's pool, whose threads the daemon has made yield to the event loop (docs/adr/0113).
 *
 * So a flood of slow work neither delays fast work nor another partition's slow work; and fast work
 * leaves the lane the share that the kernel gives a thread of low priority.
 */

import { keyAlgorithm, type KeyAlgorithmId } from "../domain/algorithms.ts"
import { HsmError } from "../domain/errors.ts"
import { limits } from "../domain/limits.ts"
import { Failed, type Outcome } from "../domain/outcome.ts"
import type { Permit } from "../domain/policy.ts"
import type { Lane } from "./provider.ts"

interface Job {
  readonly permit: Permit
  /** Ticks of the lane's clock when it came. */
  readonly since: number
  readonly start: () => void
  readonly refuse: (error: HsmError) => void
}

export interface LaneBounds {
  readonly atOnce: number
  readonly waitingMax: number
  readonly waitingPerPartitionMax: number
}

/** How often jobs that wait are looked at: a job waits at most a permit's life and one tick. */
const tickMs = 1_000

export class SlowLane {
  readonly #bounds: LaneBounds
  /** Partitions with jobs that wait, in the order in which they are served. */
  readonly #queues = new Map<string, Job[]>()
  #waiting = 0
  #running = 0
  #ticks = 0
  #ticking: NodeJS.Timeout | undefined

  constructor(bounds: LaneBounds) {
    this.#bounds = bounds
  }

  /** Jobs that have not begun. */
  get waiting(): number {
    return this.#waiting
  }

  /**
   * Runs `work` when it is the partition's turn.
   *
   * @throws HsmError RATE_LIMITED at once when too many wait, and when it has waited for longer
   * than its permit lives; KEY_STATE when the permit was withdrawn meanwhile; what `work` throws.
   */
  async run<T>(permit: Permit, work: () => T | Promise<T>): Promise<T> {
    if (this.#running >= this.#bounds.atOnce) await this.#turn(permit)
    else this.#running += 1
    try {
      return await work()
    } finally {
      this.#running -= 1
      this.#next()
    }
  }

  #turn(permit: Permit): Promise<void> {
    const { waitingMax, waitingPerPartitionMax } = this.#bounds
    const { partition } = permit
    const queue = this.#queues.get(partition) ?? []
    if (this.#waiting >= waitingMax || queue.length >= waitingPerPartitionMax) {
      return Promise.reject(overloaded())
    }
    return new Promise((resolve, reject) => {
      queue.push({ permit, since: this.#ticks, start: resolve, refuse: reject })
      this.#queues.set(partition, queue)
      this.#waiting += 1
      this.#ticking ??= setInterval(() => this.#tick(), tickMs).unref()
    })
  }

  /** Starts jobs while there is room: one of each partition in turn. */
  #next(): void {
    while (this.#running < this.#bounds.atOnce) {
      const job = this.#take()
      if (job === undefined) return
      if (job.permit.isWithdrawn) {
        job.refuse(new HsmError("KEY_STATE", "what it was allowed under has changed"))
        continue
      }
      this.#running += 1
      job.start()
    }
  }

  #take(): Job | undefined {
    const first = this.#queues.entries().next()
    if (first.done === true) return undefined
    const [partition, queue] = first.value
    const job = queue.shift()
    this.#waiting -= 1
    // To the end of the line.
    this.#queues.delete(partition)
    if (queue.length > 0) this.#queues.set(partition, queue)
    return job
  }

  /** Refuses what has waited for too long. */
  #tick(): void {
    this.#ticks += 1
    const oldest = this.#ticks - limits.permitMs / tickMs
    for (const [partition, queue] of this.#queues) {
      while ((queue[0]?.since ?? Number.POSITIVE_INFINITY) < oldest) {
        queue.shift()?.refuse(overloaded())
        this.#waiting -= 1
      }
      if (queue.length === 0) this.#queues.delete(partition)
    }
    if (this.#waiting > 0) return
    clearInterval(this.#ticking)
    this.#ticking = undefined
  }
}

function overloaded(): HsmError {
  return new HsmError("RATE_LIMITED", "too much slow work waits", {
    retryAfterSeconds: limits.slowRetrySeconds,
  })
}

/** This process's. */
export const slowLane = new SlowLane({
  atOnce: limits.slowJobsAtOnce,
  waitingMax: limits.slowJobsMax,
  waitingPerPartitionMax: limits.slowJobsPerPartitionMax,
})

/** Runs `work` where it belongs: at once, or in its turn. */
export function inLane<T>(lane: Lane, permit: Permit, work: () => T | Promise<T>): T | Promise<T> {
  return lane === "fast" ? work() : slowLane.run(permit, work)
}

/** What one job does under keys of these algorithms: some five to ten milliseconds' worth. */
const perJob: { readonly [Id in KeyAlgorithmId]?: number } = {
  RSA_2048: 20,
  RSA_3072: 7,
  EC_P384: 8,
  EC_P521: 4,
  ML_DSA_44: 16,
  ML_DSA_65: 10,
  ML_DSA_87: 8,
}

/**
 * Does what is asked for in one go in as few jobs of the lane as may be; undefined for keys whose
 * operations are fast, or a job each.
 *
 * @param work - answers in the items' order; undefined where there is no such step.
 * @returns outcomes in the items' order: a job that fails, or is refused, fails all of its items.
 */
export function inJobs<In, Out>(
  permit: Permit,
  { lane, algorithm }: { readonly lane: Lane; readonly algorithm: KeyAlgorithmId },
  items: readonly In[],
  work: ((items: readonly In[]) => Promise<readonly Outcome<Out>[]>) | undefined,
): Promise<readonly Outcome<Out>[]> | undefined {
  const itemsMax = perJob[algorithm]
  if (lane === "fast" || work === undefined || itemsMax === undefined) return undefined
  const jobs = Array.from({ length: Math.ceil(items.length / itemsMax) }, async (_, index) => {
    const some = items.slice(index * itemsMax, (index + 1) * itemsMax)
    try {
      return await slowLane.run(permit, () => work(some))
    } catch (error) {
      return some.map(() => new Failed(error))
    }
  })
  return Promise.all(jobs).then((outcomes) => outcomes.flat())
}

/** True for keys whose making takes as long as slow work: pairs. */
export function isSlowToMake(algorithm: KeyAlgorithmId): boolean {
  return keyAlgorithm(algorithm).form !== "secret"
}
