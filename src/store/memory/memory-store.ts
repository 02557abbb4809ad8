/**
 * The store in memory: for tests, and as the model that other drivers are compared with.
 *
 * Durability: none; everything else is as the contract says.
 */

import { Buffer } from "node:buffer"
import { checkCommit, checkKeys, compareKeys, keyOf, scanStart, takePage } from "../checks.ts"
import { storeUnavailable } from "../checks.ts"
import { storeLimits } from "../store.ts"
import type { Change, Commit, Entry, Outcome, Page, Rev, ScanOptions, Store } from "../store.ts"
import type { StoreHealth, Write } from "../store.ts"

/** A store that ends with the process; `historyRevs` as {@link storeLimits.historyRevs}. */
export function openMemoryStore(options: { readonly historyRevs?: number } = {}): Store {
  return new MemoryStore(options.historyRevs ?? storeLimits.historyRevs)
}

class MemoryStore implements Store {
  readonly #historyRevs: number
  readonly #entries = new Map<string, Entry>()
  /** The keys of #entries, ascending. */
  readonly #order: string[] = []
  /** One change per revision, without gaps, the newest last. */
  readonly #history: Change[] = []
  readonly #operations = new Map<string, Rev>()
  #rev: Rev = 0
  #open = true

  constructor(historyRevs: number) {
    this.#historyRevs = historyRevs
  }

  async get(keys: readonly string[]): ReturnType<Store["get"]> {
    checkKeys(keys)
    this.#mustBeOpen()
    return { rev: this.#rev, entries: keys.map((key) => this.#read(key)) }
  }

  async scan(prefix: string, options: ScanOptions = {}): Promise<Page> {
    const { key, inclusive, limit } = scanStart(prefix, options)
    this.#mustBeOpen()
    const at = this.#position(key)
    const begin = !inclusive && this.#order[at] === key ? at + 1 : at
    return takePage(this.#from(begin), { rev: this.#rev, prefix, limit })
  }

  async commit(commit: Commit): Promise<Outcome> {
    checkCommit(commit)
    this.#mustBeOpen()
    const first = this.#operations.get(commit.opId)
    if (first !== undefined) return { ok: true, rev: first, replayed: true }
    const holds = commit.when.every(
      ({ key, modRev }) => (this.#entries.get(key)?.modRev ?? 0) === modRev,
    )
    if (!holds) {
      return { ok: false, rev: this.#rev, current: commit.when.map(({ key }) => this.#read(key)) }
    }
    this.#rev += 1
    const keys = commit.then.filter((write) => this.#write(write)).map(keyOf)
    this.#history.push({ rev: this.#rev, keys })
    this.#operations.set(commit.opId, this.#rev)
    this.#forget(this.#rev - this.#historyRevs)
    return { ok: true, rev: this.#rev, replayed: false }
  }

  async barrier(): Promise<Rev> {
    return this.barrierNow()
  }

  barrierNow(): Rev {
    this.#mustBeOpen()
    return this.#rev
  }

  async changes(from: Rev): Promise<readonly Change[] | undefined> {
    this.#mustBeOpen()
    const oldest = this.#history[0]?.rev ?? 1
    if (from < oldest - 1 || from > this.#rev) return undefined
    const changes = this.#history.slice(from - oldest + 1)
    const size = changes.reduce((sum, { keys }) => sum + 1 + keys.length, 0)
    return size > storeLimits.changedKeys ? undefined : changes
  }

  async compact(before: Rev): Promise<void> {
    this.#mustBeOpen()
    this.#forget(before - 1)
  }

  async scrub(): ReturnType<Store["scrub"]> {
    this.#mustBeOpen()
    return []
  }

  /** JSON lines of its own, for nobody but a test's eyes. */
  async *backup(): AsyncIterable<Uint8Array> {
    this.#mustBeOpen()
    const entries = [...this.#from(0)]
    for (const { value, ...entry } of entries) {
      yield Buffer.from(`${JSON.stringify({ ...entry, value: value.toHex() })}\n`)
    }
  }

  async health(): Promise<StoreHealth> {
    this.#mustBeOpen()
    let bytes = 0
    for (const { value } of this.#entries.values()) bytes += value.byteLength
    return { writable: true, rev: this.#rev, bytes, version: "memory" }
  }

  async close(): Promise<void> {
    this.#open = false
  }

  /** Copies, so that neither side can change what the other holds. */
  #read(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    return entry && { ...entry, value: new Uint8Array(entry.value) }
  }

  /** Returns whether anything changed. */
  #write(write: Write): boolean {
    const key = keyOf(write)
    const old = this.#entries.get(key)
    if ("put" in write) {
      if (old === undefined) this.#order.splice(this.#position(key), 0, key)
      const value = new Uint8Array(write.value)
      const createRev = old?.createRev ?? this.#rev
      this.#entries.set(key, { key, value, modRev: this.#rev, createRev })
      return true
    }
    if (old === undefined) return false
    this.#order.splice(this.#position(key), 1)
    return this.#entries.delete(key)
  }

  *#from(begin: number): Iterable<Entry> {
    for (let index = begin; index < this.#order.length; index++) {
      const entry = this.#read(this.#order[index] ?? "")
      if (entry !== undefined) yield entry
    }
  }

  /** Index of the first key at or after `key`. */
  #position(key: string): number {
    let low = 0
    let high = this.#order.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareKeys(this.#order[middle] ?? "", key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Forgets revisions up to `rev`, but never the newest. */
  #forget(rev: Rev): void {
    const count = Math.min(rev, this.#rev - 1) - (this.#history[0]?.rev ?? 1) + 1
    if (count <= 0) return
    const gone = new Set(this.#history.splice(0, count).map((change) => change.rev))
    for (const [opId, at] of this.#operations) {
      if (!gone.has(at)) break // Operations stand in the order of their revisions.
      this.#operations.delete(opId)
    }
  }

  #mustBeOpen(): void {
    if (!this.#open) throw storeUnavailable("it is closed")
  }
}
