/**
 * Typed, sealed records over the store, with a cache that is used only behind a barrier.
 *
 * Nothing above this file sees bytes of the store. Everything read is authenticated, fits its path,
 * and has the revision that its bucket table pins; whatever does not is TAMPERED.
 */

import { HsmError } from "../domain/errors.ts"
import type { PartitionId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import { Failed } from "../domain/outcome.ts"
import type { Pin } from "../sealing/bucket-table.ts"
import type { Keyholder } from "../sealing/keyholder.ts"
import type { Rev, Store } from "../store/store.ts"
import { Barrier } from "./barrier.ts"
import { BoundedMap } from "./bounded-map.ts"
import { Committer, type Committed, type Fate, type Transaction } from "./committer.ts"
import { paths, rowKind } from "./kinds.ts"
import type { IndexName, RecordKind, RecordTypes, RowKind } from "./kinds.ts"
import { openRecord } from "./open-record.ts"
import { loadKeys, PartitionState } from "./partition-state.ts"
import { decodeRecordRow } from "./rows.ts"
import type { RecordPage } from "./view.ts"

interface Cached {
  readonly record: RecordTypes[RecordKind]
  readonly bucket: number
  readonly modRev: Rev
}

export class Records {
  readonly store: Store
  readonly keyholder: Keyholder
  /** Called with every path that another writer or this one changed, and its row's kind. */
  onChange: (path: string, kind: RowKind) => void = () => {}
  /** Told what a commit has changed: its answer waits until others have dropped their copies. */
  announce: (paths: readonly string[]) => Promise<void> | undefined = () => undefined
  /** The epoch under whose root tables are sealed now; set at unseal and by rotation. */
  epoch = 0
  /** Makes this process's operation ids its own: 16 hex characters from the daemon. */
  readonly groupNonce: string
  readonly #records = new BoundedMap<string, Cached>(limits.cachedRecordsMax)
  readonly #index = new BoundedMap<string, { id: string; modRev: Rev }>(limits.cachedRecordsMax)
  readonly #states = new Map<PartitionId, Promise<PartitionState | undefined>>()
  readonly #committers = new Map<PartitionId, Committer>()
  /** How far each partition's root had come: a running node never goes back behind it. */
  readonly #reached = new Map<PartitionId, number>()
  /** Everything acknowledged up to here has been applied to the caches. */
  #applied: Rev = 0
  readonly #barrier = new Barrier(() => this.#catchUp())

  constructor(parts: { store: Store; keyholder: Keyholder; groupNonce: string }) {
    this.store = parts.store
    this.keyholder = parts.keyholder
    this.groupNonce = parts.groupNonce
  }

  /**
   * After this, cached records are as fresh as anything acknowledged before the call. Callers that
   * arrive together share one read of the store, and where that would find nothing there is none.
   *
   * @throws HsmError STORE_UNAVAILABLE: then nothing cached may be used.
   */
  async sync(): Promise<void> {
    if (!this.isFresh) await this.#barrier.wait()
  }

  /** True when a `sync` now would find nothing new, and need not wait to know that. */
  get isFresh(): boolean {
    const acknowledged = this.store.barrierNow?.()
    return acknowledged !== undefined && acknowledged <= this.#applied
  }

  /** The record as of the last `sync`; undefined when there is none. */
  async read<K extends RecordKind>(
    kind: K,
    partition: PartitionId,
    id: string,
  ): Promise<RecordTypes[K] | undefined> {
    const path = paths.record(partition, kind, id)
    const known = this.#records.get(path)
    // The path names the kind, so what lies under it is of that kind.
    if (known !== undefined) return known.record as RecordTypes[K]
    return await this.#consistently(partition, (state) => this.#readRow(state, kind, path, id))
  }

  /** The record if it is cached; for what may be old or missing, such as a header. */
  peek<K extends RecordKind>(
    kind: K,
    partition: PartitionId,
    id: string,
  ): RecordTypes[K] | undefined {
    // The path names the kind, so what lies under it is of that kind.
    return this.#records.get(paths.record(partition, kind, id))?.record as
      | RecordTypes[K]
      | undefined
  }

  /** The id that a unique name stands for; undefined when it is free. */
  async lookup(
    partition: PartitionId,
    index: IndexName,
    name: string,
  ): Promise<string | undefined> {
    const cacheKey = `${partition}/${index}/${name}`
    const known = this.#index.get(cacheKey)
    if (known !== undefined) return known.id
    if ((await this.state(partition)) === undefined) return undefined
    const applied = this.#applied
    const {
      entries: [entry],
    } = await this.store.get([this.indexPath(partition, index, name)])
    if (entry === undefined) return undefined
    const id = Buffer.from(entry.value).toString("latin1")
    if (this.#applied === applied) this.#index.set(cacheKey, { id, modRev: entry.modRev })
    return id
  }

  /** As {@link lookup}, from the cache alone. */
  peekLookup(partition: PartitionId, index: IndexName, name: string): string | undefined {
    return this.#index.get(`${partition}/${index}/${name}`)?.id
  }

  /** Forgets a cached look-up that turned out to point to something else by now. */
  forgetLookup(partition: PartitionId, index: IndexName, name: string): void {
    this.#index.delete(`${partition}/${index}/${name}`)
  }

  /** The row of a unique name; names are stored as keyed hashes. */
  indexPath(partition: PartitionId, index: IndexName, name: string): string {
    return paths.index(partition, index, this.keyholder.hashName(partition, index, name).toHex())
  }

  /** Claims a unique name for an object, in the commit that creates or renames it. */
  claim(
    partition: PartitionId,
    index: IndexName,
    name: string,
    id: string,
  ): { path: string; value: Uint8Array } {
    return { path: this.indexPath(partition, index, name), value: Buffer.from(id, "latin1") }
  }

  /** One page of a kind, ordered by id; `of`: only ids that begin with it. */
  async list<K extends RecordKind>(
    kind: K,
    partition: PartitionId,
    page: { after?: string | undefined; limit: number; of?: string },
  ): Promise<RecordPage<RecordTypes[K]>> {
    const state = await this.state(partition)
    if (state === undefined) return { items: [], next: undefined }
    const prefix = paths.records(partition, kind)
    const found = await this.store.scan(prefix + (page.of ?? ""), {
      after: page.after === undefined ? undefined : prefix + page.after,
      limit: page.limit,
    })
    const items: RecordTypes[K][] = []
    for (const { key } of found.entries) {
      const record = await this.read(kind, partition, key.slice(prefix.length))
      if (record !== undefined) items.push(record)
    }
    return { items, next: found.next?.slice(prefix.length) }
  }

  /**
   * Commits one transaction of one partition, atomically with its pins.
   *
   * @throws HsmError CONFLICT when a record is not at the revision that the change was made from,
   * NAME_TAKEN, STORE_UNAVAILABLE (outcome unknown), NOT_FOUND (no such partition).
   */
  async commit(partition: PartitionId, transaction: Transaction): Promise<Committed> {
    const [fate] = await this.commitEach(partition, [transaction])
    if (fate === undefined || fate instanceof Failed) throw fate?.error // One has one fate.
    return fate
  }

  /** Commits transactions that do not need each other: each has its own fate, in their order. */
  async commitEach(
    partition: PartitionId,
    transactions: readonly Transaction[],
  ): Promise<readonly Fate[]> {
    let committer = this.#committers.get(partition)
    if (committer === undefined) {
      committer = new Committer(this, partition)
      this.#committers.set(partition, committer)
    }
    return await committer.commit(transactions)
  }

  /** A key's pin: its revision and, while it lives, its erasable secret. */
  async pin(partition: PartitionId, kind: RecordKind, id: string): Promise<Pin | undefined> {
    return await this.#consistently(partition, async (state) => {
      const bucket = await this.#bucketOf(paths.record(partition, kind, id))
      if (bucket === undefined) return undefined
      const known = state.peekTable(bucket)
      if (known !== undefined) return known.pins.get(`${kind}/${id}`)
      const {
        entries: [row],
      } = await this.store.get([paths.table(partition, bucket)])
      return state.openTable(this.keyholder, bucket, row?.value).pins.get(`${kind}/${id}`)
    })
  }

  /** The bucket of a record that is cached. */
  bucketNow(path: string): number | undefined {
    return this.#records.get(path)?.bucket
  }

  async #bucketOf(path: string): Promise<number | undefined> {
    const known = this.bucketNow(path)
    if (known !== undefined) return known
    const {
      entries: [row],
    } = await this.store.get([path])
    return row === undefined ? undefined : decodeRecordRow(row.value).bucket
  }

  /** The partition's pins, loaded once; undefined when there is no such partition. */
  state(partition: PartitionId): Promise<PartitionState | undefined> {
    let state = this.#states.get(partition)
    if (state === undefined) {
      state = this.#loadState(partition)
      this.#states.set(partition, state)
      void this.#forgetUnlessLoaded(partition, state)
    }
    return state
  }

  /** A partition that does not exist now, or did not load, is looked for again at the next use. */
  async #forgetUnlessLoaded(
    partition: PartitionId,
    loading: Promise<PartitionState | undefined>,
  ): Promise<void> {
    const loaded = await loading.catch(() => undefined)
    if (loaded === undefined && this.#states.get(partition) === loading) {
      this.#states.delete(partition)
    }
  }

  /** Keys of a partition that are not destroyed. */
  async keyCount(partition: PartitionId): Promise<number> {
    return (await this.state(partition))?.root.keyCount ?? 0
  }

  /** Partitions whose pins are in use, for the anchor. */
  async loadedStates(): Promise<PartitionState[]> {
    const states = await Promise.all(this.#states.values())
    return states.filter((state) => state !== undefined)
  }

  /** Forgets what is known of a partition, so that the next use reads it again. */
  forgetState(partition: PartitionId): void {
    this.#states.delete(partition)
  }

  /** Resolves when the partition's group under way, if any, has been answered and applied. */
  async settled(partition: PartitionId): Promise<void> {
    await this.#committers.get(partition)?.settled()
  }

  /** For the committer: a partition that is being created. */
  adoptState(state: PartitionState): void {
    this.#reached.set(state.partition, state.root.sequence)
    this.#states.set(state.partition, Promise.resolve(state))
  }

  /** For the committer: a record that it has just written. */
  remember(path: string, cached: Cached): void {
    this.#records.set(path, cached)
  }

  /**
   * For the committer: all rows that it has just written. When nothing else was acknowledged since,
   * there is nothing to read again: `sync` need not look at its own commits.
   */
  follow(paths: Iterable<string>, rev: Rev): void {
    for (const path of paths) this.#evict(path, rev)
    if (rev === this.#applied + 1) this.#applied = rev
  }

  async #readRow<K extends RecordKind>(
    state: PartitionState,
    kind: K,
    path: string,
    id: string,
  ): Promise<RecordTypes[K] | undefined> {
    const applied = this.#applied
    const {
      entries: [first],
    } = await this.store.get([path])
    if (first === undefined) return undefined
    const { bucket } = decodeRecordRow(first.value)
    // Both rows at one revision: a commit in between would look like tampering.
    const {
      entries: [entry, table],
    } = await this.store.get([path, paths.table(state.partition, bucket)])
    if (entry === undefined) return undefined
    const record = openRecord(this.keyholder, state, { kind, id }, { entry, table })
    // What was applied meanwhile may be newer than what was read: then it is used once, not kept.
    const newer = (this.#records.get(path)?.modRev ?? 0) > entry.modRev
    if (this.#applied === applied && !newer) {
      this.#records.set(path, { record, bucket, modRev: entry.modRev })
    }
    return record
  }

  /**
   * Looks at a partition's rows and pins. What does not fit may only be newer than what this node
   * has applied, by a commit of its own that is just ending or by another node's: then it looks
   * again, and only what still does not fit is TAMPERED.
   */
  async #consistently<T>(
    partition: PartitionId,
    look: (state: PartitionState) => T | Promise<T>,
  ): Promise<T | undefined> {
    for (let attempt = 1; ; attempt++) {
      const state = await this.state(partition)
      if (state === undefined) return undefined
      const { rootRev } = state
      try {
        return await look(state)
      } catch (error) {
        const tampered = error instanceof HsmError && error.code === "TAMPERED"
        if (!tampered || attempt === limits.commitAttemptsMax) throw error
        if (!(await this.#isBehind(state, rootRev))) throw error
      }
    }
  }

  /**
   * True when the partition has been committed to since its root was at `rootRev`; what is known of
   * it is then up to date, or forgotten.
   */
  async #isBehind(state: PartitionState, rootRev: Rev): Promise<boolean> {
    const { partition } = state
    await this.#committers.get(partition)?.settled()
    return state.rootRev > rootRev || (await this.forgetIfOld(state))
  }

  /** Forgets a partition's pins when another writer has moved its root; true when it has. */
  async forgetIfOld({ partition, rootRev }: PartitionState): Promise<boolean> {
    const {
      entries: [root],
    } = await this.store.get([paths.root(partition)])
    if (root === undefined || root.modRev <= rootRev) return false
    this.forgetState(partition)
    return true
  }

  async #loadState(partition: PartitionId): Promise<PartitionState | undefined> {
    if (!(await loadKeys(this.store, this.keyholder, partition))) return undefined
    const state = await PartitionState.load(this.store, this.keyholder, partition)
    if (state.root.sequence < (this.#reached.get(partition) ?? 0)) {
      throw new HsmError("TAMPERED", "a partition has been rolled back")
    }
    this.#reached.set(partition, state.root.sequence)
    return state
  }

  async #catchUp(): Promise<void> {
    const rev = await this.store.barrier()
    if (rev <= this.#applied) return
    const changes = await this.store.changes(this.#applied)
    if (changes === undefined) this.#forgetAll()
    else for (const { rev: at, keys } of changes) for (const key of keys) this.#evict(key, at)
    this.#applied = Math.max(this.#applied, rev, changes?.at(-1)?.rev ?? 0)
  }

  #evict(path: string, rev: Rev): void {
    const kind = rowKind(path)
    if (kind === "r" && (this.#records.get(path)?.modRev ?? rev) < rev) this.#records.delete(path)
    this.onChange(path, kind)
    if (kind === "x") this.#index.clear()
    if (kind !== "root") return
    const [, partition] = path.split("/")
    void this.#checkRoot(partition as PartitionId, rev)
  }

  /** Another node's commit moved the root: what this one knows of the partition is old. */
  async #checkRoot(partition: PartitionId, rev: Rev): Promise<void> {
    const state = await this.#states.get(partition)?.catch(() => undefined)
    await this.#committers.get(partition)?.settled()
    if (state !== undefined && state.rootRev < rev) this.#states.delete(partition)
  }

  #forgetAll(): void {
    this.#records.clear()
    this.#index.clear()
    this.#states.clear()
  }
}
