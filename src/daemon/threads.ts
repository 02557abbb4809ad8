/** Which threads of this process yield to which. */

import { readdir, readFile, stat } from "node:fs/promises"
import { setPriority } from "node:os"

/** How libuv names the threads of its pool, cut to what the kernel keeps of a name. */
const poolThread = "libuv-worker"
/** A tenth of the event loop's share when both want the same core (sched(7)). */
const slowNiceness = 10

/**
 * Lowers the priority of libuv's pool, where slow private-key operations run: on a busy core the
 * event loop, the log's thread and the store's go first. Where threads have no names or priorities
 * of their own, nothing changes.
 */
export async function yieldSlowThreads(): Promise<void> {
  await stat("/") // The pool's threads begin with its first work.
  const tasks = await readdir("/proc/self/task").catch((): string[] => [])
  for (const task of tasks) {
    const name = await readFile(`/proc/self/task/${task}/comm`, "latin1").catch(() => "")
    if (name.trim() === poolThread) setPriority(Number(task), slowNiceness)
  }
}
