/**
 * Operations under way, by key. A key's deletion, disabling or rotation is acknowledged only when
 * those that were allowed before it have ended, so that no result leaves after the refusal began.
 */

import { setImmediate as nextTurn } from "node:timers/promises"

export class InFlight {
  readonly #counts = new Map<string, number>()
  readonly #waiters = new Map<string, (() => void)[]>()

  begin(keyId: string): void {
    this.#counts.set(keyId, (this.#counts.get(keyId) ?? 0) + 1)
  }

  end(keyId: string): void {
    const left = (this.#counts.get(keyId) ?? 1) - 1
    if (left > 0) {
      this.#counts.set(keyId, left)
      return
    }
    this.#counts.delete(keyId)
    for (const wake of this.#waiters.get(keyId) ?? []) wake()
    this.#waiters.delete(keyId)
  }

  /** Runs `work` when nothing else is under way by this name. */
  async alone<T>(name: string, work: () => Promise<T>): Promise<T> {
    while (this.#counts.has(name)) await this.drain(name)
    this.begin(name)
    try {
      return await work()
    } finally {
      this.end(name)
    }
  }

  /** Resolves when no operation on the key is under way. New ones are refused by the record. */
  async drain(keyId: string): Promise<void> {
    await nextTurn() // Whoever has read the old record by now has also begun.
    if (!this.#counts.has(keyId)) return
    await new Promise<void>((resolve) => {
      const waiting = this.#waiters.get(keyId)
      if (waiting === undefined) this.#waiters.set(keyId, [resolve])
      else waiting.push(resolve)
    })
  }
}
