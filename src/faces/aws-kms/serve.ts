/** How an operation asks a service: as a dry run where the request says so. */

import { HsmError } from "../../domain/errors.ts"
import type { Context } from "../../service/commands.ts"
import type { Fault } from "./fault.ts"
import type { Call } from "./operation.ts"

interface Wanted {
  readonly DryRun?: boolean | undefined
  /** What this dialect has against it, whatever the service would say. */
  readonly fault?: Fault | undefined
}

/**
 * Runs a service. A fault of this dialect's own comes after the decision: whoever may not use a key
 * does not learn what it is made for.
 */
export async function serve<T>(
  { context }: Call,
  { DryRun: dryRun = false, fault }: Wanted,
  work: (context: Context) => Promise<T>,
): Promise<T> {
  if (fault === undefined) return await work(dryRun ? { ...context, dryRun } : context)
  try {
    return await work({ ...context, dryRun: true })
  } catch (error) {
    throw isPastDecision(error) ? fault : error
  }
}

/** Allowed, or denied by the algorithm alone, which the fault tells in AWS's words. */
function isPastDecision(error: unknown): boolean {
  if (!(error instanceof HsmError)) return false
  return error.code === "DRY_RUN" || error.detail.rule === "mechanism"
}
