/** A store that counts commits, and does what a test says before and after each. */

import type { Commit, Outcome, ScanOptions, Store } from "../../src/store/store.ts"

export class WatchedStore implements Store {
  readonly #inner: Store
  commits = 0
  /** Runs before the inner store sees a commit; a throw is the commit's outcome. */
  before: (commit: Commit) => Promise<void> | void = () => {}
  /** Runs when the inner store has done it, before anybody hears of it; a throw hides that. */
  after: (commit: Commit) => Promise<void> | void = () => {}

  constructor(inner: Store) {
    this.#inner = inner
  }

  async commit(commit: Commit): Promise<Outcome> {
    this.commits++
    await this.before(commit)
    const outcome = await this.#inner.commit(commit)
    await this.after(commit)
    return outcome
  }

  get(keys: readonly string[]): ReturnType<Store["get"]> {
    return this.#inner.get(keys)
  }
  scan(prefix: string, options?: ScanOptions): ReturnType<Store["scan"]> {
    return this.#inner.scan(prefix, options)
  }
  barrier(): ReturnType<Store["barrier"]> {
    return this.#inner.barrier()
  }
  changes(from: number): ReturnType<Store["changes"]> {
    return this.#inner.changes(from)
  }
  compact(before: number): Promise<void> {
    return this.#inner.compact(before)
  }
  scrub(): ReturnType<Store["scrub"]> {
    return this.#inner.scrub()
  }
  backup(): AsyncIterable<Uint8Array> {
    return this.#inner.backup()
  }
  health(): ReturnType<Store["health"]> {
    return this.#inner.health()
  }
  close(): Promise<void> {
    return this.#inner.close()
  }
}
