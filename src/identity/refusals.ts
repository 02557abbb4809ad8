/**
 * Counts refused authentications by reason: for metrics, and for one audit record now and then.
 * They are never logged one by one, or strangers could fill the log. Reasons stay inside: a caller
 * learns that he was refused, never why.
 */

export const refusalReasons = [
  "missing",
  "malformed",
  "unknown-credential",
  "wrong-secret",
  "expired",
  "disabled",
  "address",
  "partition",
  "mismatch",
  "certificate-dates",
  "clock",
  "jwt-issuer",
  "jwt-keys",
  "jwt-invalid",
  "jwt-roles",
  "one-time-code",
] as const
export type RefusalReason = (typeof refusalReasons)[number]

export interface RefusalSummary {
  /** Refusals since the last summary. */
  readonly count: number
  readonly byReason: Readonly<Partial<Record<RefusalReason, number>>>
}

export interface RefusalCounter {
  count(reason: RefusalReason): void
  /** Totals since the process began, for a metric with the reason as label. */
  totals(): Readonly<Record<RefusalReason, number>>
  /** What came since the last call, for `system.authentication-failures`; undefined: nothing. */
  takeSummary(): RefusalSummary | undefined
}

export function createRefusalCounter(): RefusalCounter {
  const totals = zeros()
  let reported = zeros()

  return {
    count: (reason) => {
      totals[reason] += 1
    },
    totals: () => ({ ...totals }),
    takeSummary: () => {
      const byReason: Partial<Record<RefusalReason, number>> = {}
      let count = 0
      for (const reason of refusalReasons) {
        const fresh = totals[reason] - reported[reason]
        if (fresh === 0) continue
        byReason[reason] = fresh
        count += fresh
      }
      reported = { ...totals }
      return count === 0 ? undefined : { count, byReason }
    },
  }
}

function zeros(): Record<RefusalReason, number> {
  // fromEntries forgets the keys' type; they are exactly the reasons.
  return Object.fromEntries(refusalReasons.map((reason) => [reason, 0])) as Record<
    RefusalReason,
    number
  >
}
