/** When a call is made again, and after how long. Pure but for the waiting. */

import { setTimeout as sleep } from "node:timers/promises"
import { KeyholdError } from "./errors.ts"

/** Attempts after the first, unless the caller says otherwise. */
export const retriesDefault = 3
const firstDelayMs = 100
const longestDelayMs = 5_000

/** Codes after which the same call may succeed soon. SEALED is not among them: people unseal. */
const passing: ReadonlySet<string> = new Set([
  "AUDIT_UNAVAILABLE",
  "RATE_LIMITED",
  "STORE_UNAVAILABLE",
  "UNREACHABLE",
])
/** Answers of a proxy between client and node, which are no problem documents. */
const passingStatus: ReadonlySet<number> = new Set([429, 502, 503, 504])

/** True when the failure may pass; whether the call is safe to repeat is the caller's matter. */
export function mayPass(error: unknown): error is KeyholdError {
  if (!(error instanceof KeyholdError)) return false
  if (error.code !== "INVALID_RESPONSE") return passing.has(error.code)
  return error.status !== undefined && passingStatus.has(error.status)
}

/**
 * How long to wait before attempt `attempt` + 1: exponential with full jitter, but never less than
 * the node asked for.
 *
 * @param attempt - counts from 0.
 * @param random - 0 up to, but not including, 1.
 */
export function retryDelayMs(attempt: number, error: KeyholdError, random: number): number {
  const ceiling = Math.min(longestDelayMs, firstDelayMs * 2 ** attempt)
  return (error.retryAfterSeconds ?? 0) * 1000 + Math.ceil(ceiling * random)
}

/**
 * Runs `attempt` until it succeeds, fails for good, or `retries` are used up.
 *
 * @param signal - ends the waiting between attempts; its reason is thrown.
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  { retries, signal }: { retries: number; signal: AbortSignal },
): Promise<T> {
  for (let made = 0; ; made++) {
    try {
      return await attempt()
    } catch (error) {
      if (made >= retries || !mayPass(error)) throw error
      // Jitter spreads clients over time; nothing secret hangs on it.
      await wait(retryDelayMs(made, error, Math.random()), signal)
    }
  }
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch {
    signal.throwIfAborted()
  }
}
