/**
 * Budgets of rules: so many operations, or bytes, in a period without anybody being asked.
 *
 * They are leased from the key's record in portions, so that together all processes never draw
 * more; what a crash or the period's end finds leased and not drawn is forfeited.
 */

import { admits, periodOf, portionOf, unleased, type Amount } from "../domain/budget.ts"
import { HsmError } from "../domain/errors.ts"
import type { Instant, KeyId, PartitionId } from "../domain/ids.ts"
import type { KeyRecord } from "../domain/key.ts"
import { limits } from "../domain/limits.ts"
import type { Input } from "../domain/policy.ts"
import type { Rule } from "../domain/rule.ts"
import { BoundedMap } from "../records/bounded-map.ts"
import type { Records } from "../records/records.ts"
import { hashRule } from "./request-statement.ts"

/** From which budget, and for how much. */
export interface WantedBudget {
  readonly partition: PartitionId
  readonly key: KeyId
  readonly ruleHash: string
  readonly token: number
  readonly period: number
  /** Of the one operation. */
  readonly bytes: number
}

/** Leases a portion; undefined when there is not enough, or the rule is another one by now. */
export type LeaseBudget = (wanted: WantedBudget) => Promise<Amount | undefined>

/** What has been drawn. */
export interface DrawnBudget {
  readonly token: number
  readonly ruleHash: string
}

export class RuleBudget {
  readonly #lease: LeaseBudget
  /** Left of this process's leases, by key, rule, token and period. */
  readonly #left = new BoundedMap<string, Amount>(limits.openKeysMax)
  /** Callers that arrive together share a lease, or look again after it. */
  readonly #leasing = new Map<string, Promise<boolean>>()

  constructor(lease: LeaseBudget) {
    this.#lease = lease
  }

  /**
   * Draws one operation from the first of these tokens whose budget has enough left.
   *
   * @param tokens - places in the key's rule for use.
   * @throws HsmError STORE_UNAVAILABLE, CONFLICT when the key is being changed too busily.
   */
  async draw(
    key: KeyRecord,
    tokens: readonly number[],
    { bytes, now }: { readonly bytes: number; readonly now: Instant },
  ): Promise<DrawnBudget | undefined> {
    const rule = key.smart?.rules.use
    const ruleHash = hashRule(rule)
    for (const token of tokens) {
      const budget = rule?.tokens[token]?.budget
      if (budget === undefined) continue
      const { partition, id } = key
      const period = periodOf(budget, now)
      const wanted = { partition, key: id, ruleHash, token, period, bytes }
      if (await this.#take(wanted)) return { token, ruleHash }
    }
    return undefined
  }

  async #take(wanted: WantedBudget): Promise<boolean> {
    const { key, ruleHash, token, period, bytes } = wanted
    const name = [key, ruleHash, token, period].join("/")
    // As long as others draw what was leased a moment ago.
    while (!this.#draw(name, bytes)) {
      const underWay = this.#leasing.get(name)
      if (underWay !== undefined) {
        await underWay
        continue
      }
      const leasing = this.#leaseMore(name, wanted).finally(() => this.#leasing.delete(name))
      this.#leasing.set(name, leasing)
      if (!(await leasing)) return false
    }
    return true
  }

  async #leaseMore(name: string, wanted: WantedBudget): Promise<boolean> {
    const leased = await this.#lease(wanted)
    if (leased === undefined) return false
    const left = this.#left.get(name) ?? { operations: 0, bytes: 0 }
    this.#left.set(name, {
      operations: left.operations + leased.operations,
      bytes: left.bytes + leased.bytes,
    })
    return true
  }

  #draw(name: string, wanted: number): boolean {
    const left = this.#left.get(name)
    if (left === undefined || !admits(left, wanted)) return false
    this.#left.set(name, { operations: left.operations - 1, bytes: left.bytes - wanted })
    return true
  }
}

/** Those of the tokens of whose budgets something is not leased yet; nothing is drawn. */
export function openBudgets(
  { smart }: KeyRecord,
  tokens: readonly number[],
  now: Instant,
): ReadonlySet<number> {
  const rule = smart?.rules.use
  const known = smart?.leased?.ruleHash === hashRule(rule) ? smart.leased.tokens : []
  const open = tokens.filter((token) => {
    const budget = rule?.tokens[token]?.budget
    if (budget === undefined) return false
    const lease = known.find((one) => one.token === token)
    return admits(unleased(budget, lease, periodOf(budget, now)), 0)
  })
  return new Set(open)
}

/** Leases from the records: one commit for each portion. */
export function leaseBudget(records: Records): LeaseBudget {
  return async (wanted) => {
    for (let attempt = 0; attempt < limits.commitAttemptsMax; attempt++) {
      await records.sync()
      const key = await records.read("key", wanted.partition, wanted.key)
      const next = key && withLease(key, wanted)
      if (next === undefined) return undefined
      try {
        const changes = [{ kind: "key", record: next.record } as const]
        await records.commit(wanted.partition, { changes })
        return next.portion
      } catch (error) {
        if (!(error instanceof HsmError) || error.code !== "CONFLICT") throw error
      }
    }
    throw new HsmError("CONFLICT", "the key is being changed too busily; try again")
  }
}

/** The record with a portion leased; undefined where there is not enough. */
function withLease(
  key: KeyRecord,
  { ruleHash, token, period, bytes }: WantedBudget,
): { readonly record: KeyRecord; readonly portion: Amount } | undefined {
  const { smart } = key
  const rule: Rule | undefined = smart?.rules.use
  const budget = rule?.tokens[token]?.budget
  if (smart === undefined || budget === undefined || hashRule(rule) !== ruleHash) return undefined
  const known = smart.leased?.ruleHash === ruleHash ? smart.leased.tokens : []
  const before = known.find((one) => one.token === token)
  const left = unleased(budget, before, period)
  if (!admits(left, bytes)) return undefined
  const portion = portionOf(budget, left, bytes)
  const sum = before?.period === period ? before : { operations: 0, bytes: 0 }
  const lease = {
    token,
    period,
    operations: sum.operations + portion.operations,
    bytes: sum.bytes + portion.bytes,
  }
  const tokens = [...known.filter((one) => one.token !== token), lease]
  return {
    record: {
      ...key,
      smart: { ...smart, leased: { ruleHash, tokens } },
      revision: key.revision + 1,
    },
    portion: {
      operations: budget.operations === undefined ? Infinity : portion.operations,
      bytes: budget.bytes === undefined ? Infinity : portion.bytes,
    },
  }
}

/** Bytes of what an operation works on. */
export function inputBytes(input: Input = {}): number {
  return Object.values(input)
    .filter((value) => value instanceof Uint8Array)
    .reduce((sum, { length }) => sum + length, 0)
}
