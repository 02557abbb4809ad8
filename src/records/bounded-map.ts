/**
 * A map that drops its oldest entry when it is full; reading does not make an entry younger. What
 * is dropped for space may still be in use and is left to the collector; what is deleted is ended.
 */

export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>()
  readonly #max: number
  readonly #onDeleted: (value: V) => void

  constructor(max: number, onDeleted: (value: V) => void = () => {}) {
    this.#max = max
    this.#onDeleted = onDeleted
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)
  }

  set(key: K, value: V): void {
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#max) return
    const oldest = this.#entries.keys().next()
    if (oldest.done !== true) this.#entries.delete(oldest.value)
  }

  delete(key: K): void {
    const value = this.#entries.get(key)
    if (value === undefined) return
    this.#entries.delete(key)
    this.#onDeleted(value)
  }

  clear(): void {
    for (const value of this.#entries.values()) this.#onDeleted(value)
    this.#entries.clear()
  }
}
