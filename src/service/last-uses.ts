/**
 * When keys were used last. Each process notes its own uses in memory (RecentUses); now and then
 * they are gathered and stored, with how far into the audit log they go; what a crash loses is
 * read from the log, from there on. So a use writes nothing but its audit record.
 */

import { setTimeout as pause } from "node:timers/promises"

import { HsmError } from "../domain/errors.ts"
import type { Instant, PartitionId } from "../domain/ids.ts"
import type { KeyRecord } from "../domain/key.ts"
import { limits } from "../domain/limits.ts"
import {
  isUse,
  lastUseMark,
  lastUseShard,
  laterUse,
  type LastUse,
  type LastUseRecord,
} from "../domain/last-use.ts"
import type { Change } from "../records/committer.ts"
import type { Records } from "../records/records.ts"
import { keyOf, perform } from "./act.ts"
import type { AuditReader, AuditRecordView, ChainHeads } from "./audit-reader.ts"
import type { Context, KeyRef } from "./commands.ts"
import type { Ports } from "./ports.ts"
import type { RecentUses, TakenUses } from "./recent-uses.ts"

/** What is known of a key. */
export interface LastUseResult {
  readonly key: KeyRecord
  /** Undefined: none since `since`. */
  readonly use: LastUse | undefined
  /** From when on its uses are known: its creation, unless the log begins later. */
  readonly since: Instant
}

/** @throws HsmError KEY_NOT_FOUND, OPERATION_FORBIDDEN, AUDIT_UNAVAILABLE. */
export async function lastUseOf(
  ports: Ports,
  context: Context,
  { key }: { readonly key: KeyRef },
): Promise<LastUseResult> {
  return await perform(ports, context, { operation: "key.last-use", key }, async (act) => {
    const found = keyOf(act)
    const { use, since } = await ports.lastUses.of(found)
    return { key: found, use, since: since > found.createdAt ? since : found.createdAt }
  })
}

interface Parts {
  readonly records: Records
  readonly auditReader: AuditReader
  readonly recent: RecentUses
  /** Those of the node's other processes. */
  readonly takeOthers: () => Promise<TakenUses> | undefined
}

/** How far a partition's uses are known here. */
interface Known {
  /** Where the log's chains stood when uses were last gathered, or read from it. */
  heads: ChainHeads
  readonly since: Instant
}

export class LastUses {
  readonly #parts: Parts
  /** Later than what is stored; what has been stored is dropped. */
  readonly #pending = new Map<PartitionId, Map<string, LastUse>>()
  /** Partitions whose uses since the last stop have been read from the log. */
  readonly #known = new Map<PartitionId, Promise<Known>>()
  /** False once notes of uses were lost: then the log is read to its end. */
  #isWhole = true
  /** The node is about to stop: nothing rests any more. */
  #isHurried = false
  /** Resolves when nobody stores; never rejects. */
  #saving: Promise<void> = Promise.resolve()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** @throws HsmError AUDIT_UNAVAILABLE while the log of a process cannot be read. */
  async of({ id, partition }: KeyRecord): Promise<{ use: LastUse | undefined; since: Instant }> {
    await this.#gather()
    const { since } = await this.#knownOf(partition, { patient: false })
    const pending = this.#pending.get(partition)?.get(id)
    const stored = await this.#read(partition, lastUseShard(id))
    return { use: laterUse(stored?.uses[id], pending), since }
  }

  /** What reads the log in the background, and gives way to what is written, does so no more. */
  hurry(): void {
    this.#isHurried = true
  }

  /**
   * Stores what has been gathered. `settled`: nothing is under way, so that all that is in the log
   * is counted in. What fails for one partition holds up no other.
   *
   * @throws the first failure, at the end.
   */
  save({ settled = false }: { readonly settled?: boolean } = {}): Promise<void> {
    const saved = this.#saving.then(() => this.#save(settled))
    this.#saving = saved.catch(() => {})
    return saved
  }

  async #save(settled: boolean): Promise<void> {
    await this.#gather()
    const touched = [...this.#pending].filter(([, uses]) => uses.size > 0).map(([id]) => id)
    const failures: unknown[] = []
    for (const partition of touched) {
      await this.#saveOf(partition, settled).catch((error: unknown) => failures.push(error))
    }
    if (failures.length > 0) throw failures[0]
  }

  async #saveOf(partition: PartitionId, settled: boolean): Promise<void> {
    const { records, auditReader } = this.#parts
    const known = await this.#knownOf(partition, { patient: !settled })
    const heads = await auditReader.heads(partition)
    const uses = [...(this.#pending.get(partition) ?? [])]
    // Whoever was at work when the chains stood there has been gathered by now; see Known.
    const { since } = known
    const chains = settled ? heads : known.heads
    const changes = [await this.#change(partition, lastUseMark, { uses: {}, chains, since })]
    for (const [shard, some] of Map.groupBy(uses, ([id]) => lastUseShard(id))) {
      changes.push(await this.#change(partition, shard, { uses: Object.fromEntries(some) }))
    }
    try {
      await records.commit(partition, { changes })
    } catch (error) {
      // Another node was quicker: the next time, then.
      if (error instanceof HsmError && error.code === "CONFLICT") return
      throw error
    }
    known.heads = heads
    const pending = this.#pending.get(partition)
    for (const [id, use] of uses) if (pending?.get(id) === use) pending.delete(id)
  }

  async #change(
    partition: PartitionId,
    id: string,
    { uses, ...mark }: Pick<LastUseRecord, "uses" | "chains" | "since">,
  ): Promise<Change> {
    const before = await this.#read(partition, id)
    const all: Record<string, LastUse> = { ...before?.uses }
    for (const [key, use] of Object.entries(uses)) all[key] = laterUse(all[key], use) ?? use
    const revision = (before?.revision ?? 0) + 1
    return { kind: "last-use", record: { id, partition, uses: all, ...mark, revision } }
  }

  async #read(partition: PartitionId, id: string): Promise<LastUseRecord | undefined> {
    const { records } = this.#parts
    await records.sync()
    return await records.read("last-use", partition, id)
  }

  /** Takes over what all processes have noted. */
  async #gather(): Promise<void> {
    const { recent, takeOthers } = this.#parts
    const taken = [recent.take(), await takeOthers()].filter((one) => one !== undefined)
    for (const { uses } of taken) {
      for (const { partition, keyId, ...use } of uses) this.#note(partition, keyId, use)
    }
    if (taken.every(({ missed }) => !missed)) return
    this.#isWhole = false
    this.#known.clear()
  }

  #note(partition: PartitionId, keyId: string, use: LastUse): void {
    const pending = this.#pending.get(partition) ?? new Map<string, LastUse>()
    this.#pending.set(partition, pending)
    pending.set(keyId, laterUse(pending.get(keyId), use) ?? use)
  }

  #knownOf(partition: PartitionId, how: { readonly patient: boolean }): Promise<Known> {
    const known = this.#known.get(partition)
    if (known !== undefined) return known
    const reading = this.#readLog(partition, how)
    this.#known.set(partition, reading)
    reading.catch(() => this.#known.delete(partition))
    return reading
  }

  /** Counts in what the log has that was not stored. */
  async #readLog(
    partition: PartitionId,
    { patient }: { readonly patient: boolean },
  ): Promise<Known> {
    const { records, auditReader } = this.#parts
    const mark = await this.#read(partition, lastUseMark)
    const made = await records.read("partition", partition, partition)
    // What came after the partition's key was noted here, unless something of that is lost.
    const until = this.#isWhole ? await auditReader.begun(partition) : undefined
    const heads = until ?? (await auditReader.heads(partition))
    const uses = new SucceededUses()
    let begins: Instant | undefined
    for await (const page of auditReader.since(partition, mark?.chains ?? {}, until)) {
      const [first] = page
      // A chain whose beginning has been archived away begins later.
      if (mark === undefined && first !== undefined && first.sequence > 1) begins ??= first.at
      for (const record of page) uses.add(record)
      if (patient && !this.#isHurried) await pause(limits.auditReadRestMs)
    }
    for (const [keyId, use] of uses.all()) this.#note(partition, keyId, use)
    const from = made?.createdAt ?? (0 as Instant)
    return { heads: later(heads, mark?.chains), since: mark?.since ?? begins ?? from }
  }
}

/** By chain, how far one of them goes. */
function later(heads: ChainHeads, others: ChainHeads = {}): ChainHeads {
  const furthest = Object.entries(heads).map(([chain, head]) => {
    return [chain, Math.max(head, others[chain] ?? 0)] as const
  })
  return { ...others, ...Object.fromEntries(furthest) }
}

/** Uses as a log tells them: allowed, and then perhaps failed. */
class SucceededUses {
  readonly #last = new Map<string, { readonly use: LastUse; readonly before?: LastUse }>()

  add({ at, event }: Pick<AuditRecordView, "at" | "event">): void {
    const { act, keyId, outcome, subject, requestId, note } = event
    if (keyId === undefined || !isUse(act) || note === "dry-run") return
    const last = this.#last.get(keyId)
    if (outcome === "allowed") {
      const use = { at, act, subject, ...(requestId === undefined ? {} : { requestId }) }
      this.#last.set(keyId, last === undefined ? { use } : { use, before: last.use })
    } else if (outcome === "failed" && last?.use.requestId === requestId && last?.use.act === act) {
      if (last.before === undefined) this.#last.delete(keyId)
      else this.#last.set(keyId, { use: last.before })
    }
  }

  *all(): Iterable<readonly [keyId: string, use: LastUse]> {
    for (const [keyId, { use }] of this.#last) yield [keyId, use]
  }
}
