/**
 * When a connection sends its next request: as soon as it has its answer, or when one is due. A
 * request that is due waits for a free connection, and its time counts from when it was due: a
 * server that falls behind cannot hide it by being asked less.
 */

/** Calls `send` when it may, with the time from which the request's latency counts. */
export type Turns = (send: (sinceMs: number) => void) => void

export const asSoonAsAnswered: Turns = (send) => send(performance.now())

/** Requests that come so often, evenly, whatever becomes of those before. */
export function evenly(perSecond: number): Turns {
  const gapMs = 1_000 / perSecond
  /** Owned here: connections that are free, and the times of requests that wait for one. */
  const free: ((sinceMs: number) => void)[] = []
  const due: number[] = []
  let next = performance.now()
  const deal = (): void => {
    for (const now = performance.now(); next <= now; next += gapMs) due.push(next)
    while (free.length > 0) {
      const since = due.shift()
      if (since === undefined) break
      free.shift()?.(since)
    }
    // A timer is too coarse: the load has a core of its own.
    setImmediate(deal)
  }
  setImmediate(deal)
  return (send) => free.push(send)
}
