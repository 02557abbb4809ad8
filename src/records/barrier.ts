/** One read of the store shared by all who arrive before it begins. */

export class Barrier {
  readonly #run: () => Promise<void>
  /** The read under way, and the one that follows it; each shared by those who wait for it. */
  #current: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(run: () => Promise<void>) {
    this.#run = run
  }

  /** Resolves when a read that began after the call has ended; rejects when that one fails. */
  wait(): Promise<void> {
    if (this.#current === undefined) {
      this.#current = this.#begin()
      return this.#current
    }
    // The one under way may have read before this call.
    this.#next ??= this.#current.then(
      () => this.#begin(),
      () => this.#begin(),
    )
    return this.#next
  }

  async #begin(): Promise<void> {
    try {
      await this.#run()
    } finally {
      this.#current = this.#next
      this.#next = undefined
    }
  }
}
