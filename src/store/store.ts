/**
 * The store: ordered keys, opaque values, atomic commits.
 *
 * Trust: NOT trusted for confidentiality or integrity. Whoever controls it can deny service; every
 * value is sealed, bound to its path, and its current revision is pinned (see records/). Rolling
 * back the whole store is caught by an anchor alone.
 *
 * Durability: when `commit` answers, the commit survives `kill -9` and power loss. A commit that
 * rejects with STORE_UNAVAILABLE has an unknown outcome: it may still happen; only a retry with
 * the same `opId` is safe.
 */

/** Counts commits of this store, from 1; 0 is the empty store. Gaps carry no meaning. */
export type Rev = number

/** Keys are well-formed Unicode without U+0000; their order is that of their UTF-8 bytes. */
export interface Entry {
  readonly key: string
  readonly value: Uint8Array
  /** The commit that wrote it last, and the one that created it. */
  readonly modRev: Rev
  readonly createRev: Rev
}

export type Write = { readonly put: string; readonly value: Uint8Array } | { readonly del: string }

export interface Commit {
  /** Names this commit for replays; 1 to 128 visible ASCII characters. */
  readonly opId: string
  /** Guards: the key's current modRev must equal; 0: the key must not exist. */
  readonly when: readonly { readonly key: string; readonly modRev: Rev }[]
  /** Distinct keys. Deleting an absent key changes nothing and is no error. */
  readonly then: readonly Write[]
}

/** A failed guard leaves no trace: the same opId may be tried again with other guards. */
export type Outcome =
  | { readonly ok: true; readonly rev: Rev; readonly replayed: boolean }
  | {
      readonly ok: false
      readonly rev: Rev
      /** The guarded entries as they are, in the order of `when`. */
      readonly current: readonly (Entry | undefined)[]
    }

/** May hold fewer entries than asked for; only `next` tells whether more follow. */
export interface Page {
  readonly rev: Rev
  readonly entries: readonly Entry[]
  /** Pass as `after` for the next page; undefined on the last. */
  readonly next: string | undefined
}

export interface ScanOptions {
  readonly after?: string | undefined
  /** 1 to {@link storeLimits.pageSize}. */
  readonly limit?: number
}

/** One commit and the keys it put or deleted, in its own order. */
export interface Change {
  readonly rev: Rev
  readonly keys: readonly string[]
}

export interface StoreHealth {
  /** False while writes fail; a store that can be written again finds out by itself. */
  readonly writable: boolean
  readonly rev: Rev
  readonly bytes: number
  readonly version: string
}

export const storeLimits = {
  writesPerCommit: 2_500, // A batch of creates (research/cluster section 9 asks 100 of etcd).
  commitBytes: 8_000_000,
  valueBytes: 262_144,
  keyBytes: 512,
  /** Keys of one `get`, entries of one page. */
  pageSize: 1_000,
  /** A page ends early once its values reach this, so that none grows to 1,000 x 256 KiB. */
  pageBytes: 8_000_000,
  opIdBytes: 128,
  /** Revisions plus keys that `changes` lists; whoever is further behind is faster to reload. */
  changedKeys: 100_000,
  /** Revisions of history that a store keeps by itself: about 60 MB of operation ids and keys. */
  historyRevs: 250_000,
} as const

/**
 * Errors: HsmError STORE_UNAVAILABLE (outcome unknown), PAYLOAD_TOO_LARGE (refused, not done).
 * Malformed keys, operation ids and bounds are bugs of the caller and fail an assertion.
 */
export interface Store {
  /** Linearizable. Entries in the order of `keys`. */
  get(keys: readonly string[]): Promise<{
    readonly rev: Rev
    readonly entries: readonly (Entry | undefined)[]
  }>
  /** Keys that start with `prefix`, ascending by byte order, each page at one revision. */
  scan(prefix: string, options?: ScanOptions): Promise<Page>
  /** Strictly serializable, all or nothing. The same opId again answers with the first outcome. */
  commit(commit: Commit): Promise<Outcome>
  /** Every commit acknowledged before the call has a revision at or below the answer. */
  barrier(): Promise<Rev>
  /** The same without waiting; absent on a driver that has to ask others. */
  barrierNow?(): Rev
  /**
   * Every commit above `from` up to now, once each, ascending; undefined when that history is
   * gone, too long ({@link storeLimits.changedKeys}) or another store's (`from` lies ahead), and
   * the caller must forget everything he cached.
   */
  changes(from: Rev): Promise<readonly Change[] | undefined>
  /** Forgets operation ids and change history older than `before`; the newest commit stays. */
  compact(before: Rev): Promise<void>
  /** Removes residue of overwritten values as far as the medium allows, step by step. */
  scrub(): Promise<readonly { readonly step: string; readonly ok: boolean }[]>
  /** A consistent copy as a stream of chunks; one at a time, else CONFLICT. */
  backup(): AsyncIterable<Uint8Array>
  health(): Promise<StoreHealth>
  close(): Promise<void>
}
