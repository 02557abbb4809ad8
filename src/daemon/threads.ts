/** Which threads of this process yield to which. */

import { readdir, readFile, stat } from "node:fs/promises"
import { getPriority, setPriority } from "node:os"

import { addon } from "../engine/native/loaded.ts"

/** How libuv names the threads of its pool, cut to what the kernel keeps of a name. */
const poolThread = "libuv-worker"
/** A thirtieth of the event loop's share when both want the same core (sched(7)). */
const slowNiceness = 15
/**
 * In microseconds. On a busy core a thread that wakes up interrupts one whose slice is longer, and
 * otherwise waits for the scheduler's next tick; who gets how much is niceness alone.
 */
const slices = { slow: 100_000, others: 100 }

/**
 * Makes libuv's pool, where slow private-key operations run, yield: on a busy core the event loop,
 * the log's thread and the store's, which begin later and inherit this, go first. Where threads
 * have no names, priorities or slices of their own, nothing changes.
 */
export async function yieldSlowThreads(): Promise<void> {
  await stat("/") // The pool's threads begin with its first work.
  const tasks = await readdir("/proc/self/task").catch((): string[] => [])
  for (const task of tasks) {
    const thread = Number(task)
    const name = await readFile(`/proc/self/task/${task}/comm`, "latin1").catch(() => "")
    const isSlow = name.trim() === poolThread
    const nice = isSlow ? slowNiceness : nicenessOf(thread)
    if (nice === undefined) continue
    const isDone = addon?.schedule(thread, nice, isSlow ? slices.slow : slices.others) === true
    if (isSlow && !isDone) setPriority(thread, nice)
  }
}

/** Undefined when the thread has ended since it was listed. */
function nicenessOf(thread: number): number | undefined {
  try {
    return getPriority(thread)
  } catch {
    return undefined
  }
}
