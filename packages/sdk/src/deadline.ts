/** Ends a call that takes too long, or that its caller gives up. */

import { KeyholdError } from "./errors.ts"

/** A signal that aborts after a time, or when another one does; its reason is a KeyholdError. */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #timeoutMs: number
  readonly #outer: AbortSignal | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(timeoutMs: number, outer?: AbortSignal) {
    this.#timeoutMs = timeoutMs
    this.#outer = outer
    outer?.addEventListener("abort", this.#abandon)
    if (outer?.aborted === true) this.#abandon()
    else this.extend()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Begins the time anew: a long stream lives as long as its next piece comes in time. */
  extend(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      const message = `the node did not answer within ${this.#timeoutMs} ms`
      this.#controller.abort(new KeyholdError("TIMEOUT", message))
    }, this.#timeoutMs)
  }

  /** Stops the time: the call has ended. */
  end(): void {
    clearTimeout(this.#timer)
    this.#outer?.removeEventListener("abort", this.#abandon)
  }

  readonly #abandon = (): void => {
    this.#controller.abort(new KeyholdError("ABORTED", "the caller gave the call up"))
  }
}
