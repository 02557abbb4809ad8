/** Child processes on cores of their own, and the CPU time that they use. */

import { spawn, spawnSync, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { readdirSync, readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"

/** Everything that is measured runs on the first core, what loads it on the second. */
export const cores = { server: 0, load: 1 } as const
export type Core = (typeof cores)[keyof typeof cores]

/** Whether processes can be kept apart here; otherwise wall-clock figures mean little. */
export const canPin =
  availableParallelism() > 1 && spawnSync("taskset", ["--version"]).error === undefined

/** `taskset` in front of a command, where it can be. */
export function pinned(core: Core, command: readonly string[]): [string, string[]] {
  const all = canPin ? ["taskset", "-c", String(core), ...command] : command
  const [program = "", ...args] = all
  return [program, args]
}

/** Starts a TypeScript file of this folder; the two speak by messages. */
export function startScript(core: Core, file: string, args: readonly string[] = []): ChildProcess {
  const command = [process.execPath, join(import.meta.dirname, file), ...args]
  return spawn(...pinned(core, command), {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    serialization: "advanced", // Requests hold bytes.
  })
}

/** The next message of a child; throws when it ends without one. */
export async function messageOf<T>(child: ChildProcess): Promise<T> {
  const ended = new AbortController()
  const answer = once(child, "message", { signal: ended.signal })
  child.once("exit", () => ended.abort(new Error("a helper of the benchmark has ended early")))
  // Both ends of each channel lie in this folder.
  const [message] = (await answer) as [T]
  return message
}

/** Asks a fresh child one question, and waits for its end. */
export async function askScript<T>(core: Core, file: string, question: object): Promise<T> {
  const child = startScript(core, file)
  child.send(question)
  const answer = await messageOf<T>(child)
  child.disconnect()
  return answer
}

/** Ends a child that was started here. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill("SIGTERM")
  await once(child, "exit")
}

/** `sysconf(_SC_CLK_TCK)`: what proc(5) counts CPU time in; 100 on every Linux that runs Node. */
const ticksPerSecond = 100

/** CPU-seconds of a process with all its threads and descendants, so far. */
export function cpuSeconds(pid: number): number {
  const stats = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? readStat(name) : []))
  const tree = new Set([pid])
  for (let size = 0; size < tree.size;) {
    size = tree.size
    for (const { pid, parent } of stats) if (tree.has(parent)) tree.add(pid)
  }
  const ticks = stats.map((stat) => (tree.has(stat.pid) ? stat.ticks : 0))
  return ticks.reduce((sum, each) => sum + each, 0) / ticksPerSecond
}

function readStat(name: string): { pid: number; parent: number; ticks: number }[] {
  try {
    const text = readFileSync(`/proc/${name}/stat`, "latin1")
    // proc(5): the name in brackets may hold anything; state, ppid and the rest follow it.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
    const [, parent, , , , , , , , , , utime, stime] = fields.map(Number)
    return [{ pid: Number(name), parent: parent ?? 0, ticks: (utime ?? 0) + (stime ?? 0) }]
  } catch {
    return [] // It has ended meanwhile.
  }
}
