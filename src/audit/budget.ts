/** How much space the log may take, in all and per partition, and what the reserve is for. */

import type { Usage } from "./writer.ts"

export interface BudgetOptions {
  readonly totalBytes: number
  readonly partitionBytes: number
  /** The last part of `totalBytes`: only what stops harm may use it. */
  readonly reserveBytes: number
}

/** A budget that fills up: `total`, or a partition's id. */
export interface SpaceWarning {
  readonly budget: string
  readonly usedBytes: number
  readonly budgetBytes: number
}

/** Share of a budget, its reserve left out, at which the warning comes. */
export const warnShare = 0.8
/** Place, salt, leaf and their lengths: what a record takes besides its event, rounded up. */
const recordOverheadBytes = 320

/** What a record will take, before it is written. */
export function estimateBytes(event: string): number {
  return event.length + recordOverheadBytes
}

export class SpaceBudget {
  readonly #options: BudgetOptions
  readonly #onWarning: (warning: SpaceWarning) => void
  /** Of the whole log. */
  readonly #total: Space = { used: 0, pending: 0 }
  readonly #partitions = new Map<string, Space>()
  readonly #warned = new Set<string>()

  constructor(options: BudgetOptions, onWarning: (warning: SpaceWarning) => void) {
    this.#options = options
    this.#onWarning = onWarning
  }

  get usedBytes(): number {
    return this.#total.used
  }

  /** Why a record of that size is refused; undefined when there is space for it. */
  refusal(partition: string, bytes: number, use: { stopsHarm: boolean }): string | undefined {
    const { totalBytes, partitionBytes, reserveBytes } = this.#options
    const limit = use.stopsHarm ? totalBytes : totalBytes - reserveBytes
    if (taken(this.#total) + bytes > limit) return "the audit log's total space budget is used up"
    if (!use.stopsHarm && taken(this.#of(partition)) + bytes > partitionBytes) {
      return "the partition's audit space budget is used up"
    }
    return undefined
  }

  take(partition: string, bytes: number): void {
    this.#total.pending += bytes
    this.#of(partition).pending += bytes
  }

  /** The counterpart of {@link take}, when the record was written or refused. */
  giveBack(partition: string, bytes: number): void {
    this.#total.pending -= bytes
    this.#of(partition).pending -= bytes
  }

  /** Takes over what the writer says is used. */
  update(usage: Usage): void {
    const { totalBytes, partitionBytes, reserveBytes } = this.#options
    this.#set("total", this.#total, usage.total, totalBytes - reserveBytes)
    for (const [scope, bytes] of usage.scopes) {
      this.#set(scope, this.#of(scope), bytes, partitionBytes)
    }
  }

  #set(name: string, space: Space, usedBytes: number, budgetBytes: number): void {
    space.used = usedBytes
    if (usedBytes < warnShare * budgetBytes) {
      this.#warned.delete(name)
    } else if (!this.#warned.has(name)) {
      this.#warned.add(name)
      this.#onWarning({ budget: name, usedBytes, budgetBytes })
    }
  }

  #of(partition: string): Space {
    const known = this.#partitions.get(partition)
    if (known !== undefined) return known
    const space = { used: 0, pending: 0 }
    this.#partitions.set(partition, space)
    return space
  }
}

/** Bytes of one budget: written, and taken in but not yet written. */
interface Space {
  used: number
  pending: number
}

function taken({ used, pending }: Space): number {
  return used + pending
}
