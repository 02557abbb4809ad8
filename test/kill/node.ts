/** A development node in a process of its own, that can be killed and started again. */

import { spawn, type ChildProcess } from "node:child_process"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { once } from "node:events"

import type { DevFile } from "../../src/daemon/dev.ts"

const main = join(import.meta.dirname, "../../src/daemon/main.ts")
const readyWithinMs = 60_000

export class KillableNode {
  readonly #data: string
  #child: ChildProcess | undefined
  kills = 0

  constructor(data: string) {
    this.#data = data
  }

  /** Starts the node and resolves when it serves. */
  async start(): Promise<DevFile> {
    const child = this.#spawn()
    const output: string[] = []
    const late = AbortSignal.timeout(readyWithinMs)
    await new Promise<void>((resolve, reject) => {
      const listen = (text: string): void => {
        output.push(text)
        if (text.includes("Keyhold is ready at")) resolve()
      }
      child.stdout?.setEncoding("utf8").on("data", listen)
      child.stderr?.setEncoding("utf8").on("data", (text: string) => output.push(text))
      child.once("exit", (code) => reject(new Error(`exit ${String(code)}: ${output.join("")}`)))
      late.addEventListener("abort", () => reject(new Error(`not ready: ${output.join("")}`)))
    })
    const text = await readFile(join(this.#data, "dev.json"), "utf8")
    return JSON.parse(text) as DevFile // The node writes it as such.
  }

  /** Starts the node and kills it before it is likely to serve. */
  async startAndKill(afterMs: number): Promise<void> {
    this.#spawn()
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    await this.kill()
  }

  /** `kill -9`; resolves when the process is gone. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    child.kill("SIGKILL")
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
    this.kills++
  }

  #spawn(): ChildProcess {
    const child = spawn(process.execPath, [main, "dev", "--data", this.#data, "--port", "0"], {
      stdio: ["ignore", "pipe", "pipe"],
    })
    child.stdout.resume()
    child.stderr.resume()
    this.#child = child
    return child
  }
}
