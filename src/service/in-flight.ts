/**
 * Operations under way, by the names of what they were allowed under: key and caller. A key's
 * deletion, disabling or rotation, and a principal's revocation, are acknowledged only when those
 * that were allowed before have ended, so that no result leaves after the refusal began.
 */

import { setImmediate as nextTurn } from "node:timers/promises"

import type { Permit } from "../domain/policy.ts"

export class InFlight {
  /** Drains the same name in the node's other processes. */
  readonly #elsewhere: (name: string) => Promise<void> | undefined
  /** Owned here; a name is there while something is under way by it. */
  readonly #permits = new Map<string, object | Set<object>>()
  readonly #waiters = new Map<string, (() => void)[]>()
  /** What has read records and has not begun yet. */
  readonly #entering = new Set<Promise<unknown>>()

  constructor(elsewhere: (name: string) => Promise<void> | undefined = () => undefined) {
    this.#elsewhere = elsewhere
  }

  /** `permit`: withdrawn when one of the names is drained, so that queued work is refused. */
  begin(names: readonly string[], permit: Permit): void {
    for (const name of names) this.#add(name, permit)
  }

  end(names: readonly string[], permit: Permit): void {
    for (const name of names) this.#remove(name, permit)
  }

  /** Runs `read`, which leads to a `begin` in the same turn that it ends in. */
  async enter<T>(read: () => Promise<T>): Promise<T> {
    const reading = read()
    const entering = reading.catch(() => {}) // Told to the caller below.
    this.#entering.add(entering)
    try {
      return await reading
    } finally {
      this.#entering.delete(entering)
    }
  }

  /** Runs `work` when nothing else is under way by this name. */
  async alone<T>(name: string, work: () => Promise<T>): Promise<T> {
    while (this.#permits.has(name)) await this.#ended(name)
    const own = {}
    this.#add(name, own)
    try {
      return await work()
    } finally {
      this.#remove(name, own)
    }
  }

  /**
   * Resolves when no operation by that name is under way, those that wait in the slow lane are
   * refused. New ones are refused by the record, which has been applied before the call.
   */
  async drain(name: string): Promise<void> {
    await Promise.all([this.#elsewhere(name), this.#drainHere(name)])
  }

  async #drainHere(name: string): Promise<void> {
    await nextTurn() // Whoever has read the old record by now has also begun,
    if (this.#entering.size > 0) {
      await Promise.all(this.#entering) // or is about to, by way of the store.
      await nextTurn()
    }
    const permits = this.#permits.get(name)
    if (permits === undefined) return
    for (const permit of permits instanceof Set ? permits : [permits]) {
      if ("withdraw" in permit) (permit as Permit).withdraw()
    }
    await this.#ended(name)
  }

  async #ended(name: string): Promise<void> {
    if (!this.#permits.has(name)) return
    await new Promise<void>((resolve) => {
      const waiting = this.#waiters.get(name)
      if (waiting === undefined) this.#waiters.set(name, [resolve])
      else waiting.push(resolve)
    })
  }

  /** Most names have one at a time, which needs no set. */
  #add(name: string, permit: object): void {
    const permits = this.#permits.get(name)
    if (permits === undefined) this.#permits.set(name, permit)
    else if (permits instanceof Set) permits.add(permit)
    else this.#permits.set(name, new Set([permits, permit]))
  }

  #remove(name: string, permit: object): void {
    const permits = this.#permits.get(name)
    if (permits instanceof Set) {
      permits.delete(permit)
      if (permits.size > 0) return
    }
    this.#permits.delete(name)
    if (this.#waiters.size === 0) return
    for (const wake of this.#waiters.get(name) ?? []) wake()
    this.#waiters.delete(name)
  }
}
