/** What a token lets through in a period, and what of it has been leased to processes so far. */

import type { Instant } from "./ids.ts"
import type { Budget } from "./rule.ts"

/** Counts of operations and of bytes. */
export interface Amount {
  readonly operations: number
  readonly bytes: number
}

/** Leased from one token's budget in one period. */
export interface BudgetLease extends Amount {
  /** The token's place in its rule. */
  readonly token: number
  /** Counts from 1970. */
  readonly period: number
}

/** What has been leased from the budgets of a key's rule for use. */
export interface BudgetLeases {
  /** Under another rule nothing has been leased yet. */
  readonly ruleHash: string
  readonly tokens: readonly BudgetLease[]
}

/** The period that a moment lies in. */
export function periodOf({ periodMs }: Budget, now: Instant): number {
  return Math.floor(now / periodMs)
}

/** True when one operation of so many bytes fits. */
export function admits({ operations, bytes }: Amount, wanted: number): boolean {
  return operations >= 1 && bytes >= wanted
}

/** What nobody has leased yet; nothing where a later period has been seen already. */
export function unleased(budget: Budget, lease: BudgetLease | undefined, period: number): Amount {
  const { operations = Infinity, bytes = Infinity } = budget
  if (lease === undefined || lease.period < period) return { operations, bytes }
  if (lease.period > period) return { operations: 0, bytes: 0 }
  return { operations: operations - lease.operations, bytes: bytes - lease.bytes }
}

/** Small budgets are leased one by one, large ones in hundredths: a crash forfeits no more. */
const share = 100

/** How much is leased at once for an operation of so many bytes. */
export function portionOf(budget: Budget, left: Amount, wanted: number): Amount {
  const { operations = 0, bytes = 0 } = budget
  return {
    operations: Math.min(left.operations, Math.max(1, Math.floor(operations / share))),
    bytes: Math.min(left.bytes, Math.max(wanted, Math.floor(bytes / share))),
  }
}
