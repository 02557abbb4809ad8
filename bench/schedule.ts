/**
 * When requests are sent. Closed: whenever a connection is free, as fast as the server answers.
 * Open: at a fixed rate, whatever the server does; then a request that had to wait for a free
 * connection has been due since its time, and its latency counts from there. Otherwise a server
 * that stalls would be asked less just while it is slow, and hide that (coordinated omission).
 */
export class Schedule {
  readonly #everyMs: number | undefined
  /** Connections that wait for the next time; longest first. */
  readonly #free: ((dueAtMs: number) => void)[] = []
  #startedAtMs: number | undefined
  #sent = 0

  /** @param rate - requests per second over all connections; absent: closed. */
  constructor(rate: number | undefined) {
    this.#everyMs = rate === undefined ? undefined : 1_000 / rate
  }

  /** Calls `send` when it is this connection's turn, with the time from which latency counts. */
  next(send: (dueAtMs: number) => void): void {
    if (this.#everyMs === undefined) {
      send(performance.now())
    } else {
      this.#free.push(send)
      this.#serve()
    }
  }

  /** The first request is due now: all connections are open. */
  start(): void {
    this.#startedAtMs = performance.now()
    const look = (): void => {
      if (this.#startedAtMs === undefined) return
      this.#serve()
      // Timers are a millisecond late, which is more than some answers take: the load looks again
      // and again, on a core of its own.
      setImmediate(look)
    }
    if (this.#everyMs !== undefined) look()
  }

  /** Nothing is due any more. */
  stop(): void {
    this.#startedAtMs = undefined
  }

  #serve(): void {
    if (this.#everyMs === undefined || this.#startedAtMs === undefined) return
    for (;;) {
      const dueAtMs = this.#startedAtMs + this.#sent * this.#everyMs
      if (dueAtMs > performance.now()) return
      const send = this.#free.shift()
      if (send === undefined) return
      this.#sent++
      send(dueAtMs)
    }
  }
}
