/** Daemons as processes of their own, and the command line beside them. */

import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { PassThrough } from "node:stream"

import { runCli } from "../../src/cli/run.ts"
import type { Fields } from "./rest-client.ts"

const main = join(import.meta.dirname, "../../src/daemon/main.ts")

export interface Daemon {
  readonly process: ChildProcess
  /** The line that says that it is ready. */
  readonly ready: string
  /** What it has written to standard error so far. */
  errors(): string
  /** Sends a signal and waits for the end; answers the exit code and how long it took. */
  stop(signal?: NodeJS.Signals): Promise<{ readonly code: number | null; readonly ms: number }>
}

/** Starts a daemon command; resolves at its ready line, rejects when it ends before. */
export async function startDaemon(args: readonly string[]): Promise<Daemon> {
  const process_ = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] })
  const ended = once(process_, "exit")
  const errors: string[] = []
  process_.stderr.on("data", (piece: Buffer) => errors.push(String(piece)))
  const ready = await new Promise<string>((resolve, reject) => {
    createInterface(process_.stdout).on("line", (line) => {
      if (line.startsWith("Keyhold is ready")) resolve(line)
    })
    ended.then(() => reject(new Error(`the daemon ended: ${errors.join("")}`)), reject)
  })
  return {
    process: process_,
    ready,
    errors: () => errors.join(""),
    async stop(signal = "SIGTERM") {
      const startedAt = performance.now()
      process_.kill(signal)
      await ended
      return { code: process_.exitCode, ms: performance.now() - startedAt }
    },
  }
}

/** Runs the command line in this process; answers what it printed as JSON, throws what failed. */
export async function keyhold(args: readonly string[]): Promise<Fields> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const exitCode = await runCli([...args, "--json"], { stdin, stdout, stderr, variables: {} })
  if (exitCode !== 0) throw new Error(String(stderr.read()))
  return JSON.parse(String(stdout.read())) as Fields // Every command prints an object.
}
