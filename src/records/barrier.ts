/** One read of the store shared by all who arrive before it begins. */

import { setImmediate as nextTurn } from "node:timers/promises"

export class Barrier {
  readonly #run: () => Promise<void>
  /** The read that has not begun yet; shared by those who wait for it. */
  #gathering: Promise<void> | undefined
  /** Ends when the last read has, whatever became of it. */
  #running: Promise<unknown> = Promise.resolve()

  constructor(run: () => Promise<void>) {
    this.#run = run
  }

  /** Resolves when a read that began after the call has ended; rejects when that one fails. */
  wait(): Promise<void> {
    // One under way may have read before this call: it is never joined.
    this.#gathering ??= this.#begin()
    return this.#gathering
  }

  async #begin(): Promise<void> {
    // Requests that arrive in the same turn of the event loop share one read.
    await Promise.all([this.#running, nextTurn()])
    this.#gathering = undefined
    const read = this.#run()
    this.#running = read.catch(() => {}) // Told to those who wait for this one.
    await read
  }
}
