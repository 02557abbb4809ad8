/**
 * The node's log: one JSON line per event, from an allow-list of fields. What callers send never
 * gets here; who did what stands in the audit log.
 */

import pino from "pino"

import type { ErrorCode } from "../domain/errors.ts"

/** Everything that a line may say besides its time and level. */
export interface LogFields {
  readonly event: string
  readonly requestId?: string
  readonly operation?: string
  readonly code?: ErrorCode
  readonly durationMs?: number
  readonly count?: number
  readonly version?: string
  readonly url?: string
  readonly state?: string
  /** For bugs alone: where they happened, never what a caller sent. */
  readonly stack?: string
  readonly detail?: string
}

export interface Log {
  info(fields: LogFields): void
  warn(fields: LogFields): void
  error(fields: LogFields): void
}

/** What no caller can have caused: where it happened, never what was sent. */
export function logBug(log: Log): (error: unknown, requestId?: string) => void {
  return (error, requestId) => {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
    const request = requestId === undefined ? {} : { requestId }
    log.error({ event: "request.bug", code: "INTERNAL", stack, ...request })
  }
}

/** Writes lines to standard error, so that standard output stays for people. */
export function openLog(level: string): Log {
  const sink = pino(
    { level, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  )
  return {
    info: (fields) => sink.info(fields),
    warn: (fields) => sink.warn(fields),
    error: (fields) => sink.error(fields),
  }
}
