/** The store's end of the writer thread: sends jobs, keeps what waits, fails all when it dies. */

import assert from "node:assert/strict"
import { Worker } from "node:worker_threads"
import { HsmError } from "../../domain/errors.ts"
import { storeUnavailable } from "../checks.ts"
import type { Commit, Outcome } from "../store.ts"
import { packCommit, type Job, type Reply, type WriterData } from "./messages.ts"

/** Commits that may wait: at 5,000 per second, two seconds of work. */
const waitingMax = 10_000

/** Their keys and values, which live twice while a message is under way. */
const waitingBytesMax = 128_000_000

type Answer = Exclude<Reply, { readonly failed: string }>

interface Waiting {
  readonly bytes: number
  readonly resolve: (reply: Answer) => void
  readonly reject: (error: HsmError) => void
}

/** Owned by one store. */
export class WriterThread {
  readonly #worker: Worker
  /** Jobs without an answer, by id; the thread keeps the process alive only while there are any. */
  readonly #waiting = new Map<number, Waiting>()
  #waitingBytes = 0
  #lastId = 0
  /** Why nothing can be written any more. */
  #dead: string | undefined
  #failing = false

  constructor(data: WriterData) {
    this.#worker = new Worker(new URL("./writer.ts", import.meta.url), {
      name: "store-writer",
      workerData: data,
    })
    this.#worker.on("message", (replies: readonly Reply[]) => {
      for (const reply of replies) this.#settle(reply)
    })
    this.#worker.on("error", (error) => this.#die(`its writer has failed: ${String(error)}`))
    this.#worker.on("exit", () => this.#die("its writer has ended"))
    this.#worker.unref()
  }

  /** Whether the thread lives and its last job could be written. */
  get writable(): boolean {
    return this.#dead === undefined && !this.#failing
  }

  /** Hands a checked commit over; its values are copied before this returns. */
  async commit(commit: Commit, bytes: number): Promise<Outcome> {
    if (this.#waiting.size >= waitingMax || this.#waitingBytes + bytes > waitingBytesMax) {
      throw storeUnavailable("too many commits wait")
    }
    const reply = await this.#send({ kind: "commit", commit: packCommit(commit) }, bytes)
    assert("outcome" in reply)
    return reply.outcome
  }

  /** Any other job; answers its number. */
  async run(job: Exclude<Job, { readonly kind: "commit" }>): Promise<number> {
    const reply = await this.#send(job, 0)
    assert("count" in reply)
    return reply.count
  }

  /** Ends the thread where it stands: what waits is unknown. */
  async terminate(): Promise<void> {
    this.#worker.ref() // So that the process lives to see it end.
    await this.#worker.terminate()
  }

  #send(job: Job, bytes: number): Promise<Answer> {
    if (this.#dead !== undefined) return Promise.reject(storeUnavailable(this.#dead))
    this.#lastId += 1
    const id = this.#lastId
    const moved = job.kind === "commit" ? [job.commit.values.buffer] : []
    this.#worker.postMessage({ ...job, id }, moved)
    if (this.#waiting.size === 0) this.#worker.ref()
    this.#waitingBytes += bytes
    return new Promise((resolve, reject) => this.#waiting.set(id, { bytes, resolve, reject }))
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id)
    if (waiting === undefined) return
    this.#waiting.delete(reply.id)
    this.#waitingBytes -= waiting.bytes
    this.#failing = "failed" in reply && !reply.writable
    if (this.#waiting.size === 0) this.#worker.unref()
    if ("failed" in reply) waiting.reject(new HsmError("STORE_UNAVAILABLE", reply.failed))
    else waiting.resolve(reply)
  }

  #die(why: string): void {
    this.#dead ??= why
    const lost = [...this.#waiting.values()]
    this.#waiting.clear()
    this.#waitingBytes = 0
    for (const { reject } of lost) reject(storeUnavailable(this.#dead))
  }
}
