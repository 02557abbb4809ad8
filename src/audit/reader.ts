/** Reads the records of one scope, page by page. */

import { HsmError } from "../domain/errors.ts"
import {
  isWanted,
  parseBody,
  unpackBodies,
  type AuditRecord,
  type RecordFilter,
  type SaltedBody,
} from "./body.ts"
import { equalBytes, leafInput, sha256 } from "./chain.ts"
import type { AuditCrypto } from "./crypto.ts"
import { tampered, type FilePort } from "./files.ts"
import { decodeCommit, leafAt, type Commit, type CommitGroup, type Frame } from "./frame.ts"
import type { ChainFolder } from "./recover.ts"
import { bodiesAad } from "./segment.ts"
import { SegmentIndexes, type SegmentIndex } from "./segment-index.ts"

export interface RecordQuery {
  readonly partition: string
  /** Sequence after which to go on; 0 from the start. */
  readonly after: number
  /** Records wanted, at most limits.pageSizeMax. */
  readonly limit: number
  readonly filter: RecordFilter
}

export interface RecordPage {
  readonly records: readonly AuditRecord[]
  /** Pass as `after` for the next page; undefined when there is nothing more now. */
  readonly next: number | undefined
}

/** Records looked at for one page: a rare filter answers with a short page and a cursor. */
const scannedMax = 10_000

export class ChainReader {
  readonly indexes: SegmentIndexes
  readonly #at: ChainFolder
  readonly #crypto: AuditCrypto

  constructor(at: ChainFolder, crypto: AuditCrypto, files: FilePort) {
    this.#at = at
    this.#crypto = crypto
    this.indexes = new SegmentIndexes(at, files)
  }

  /**
   * @throws HsmError SEALED when the partition's key is not at hand (or was erased), TAMPERED
   * when a body does not fit its leaf, DECRYPTION_FAILED when it does not open.
   */
  readRecords(query: RecordQuery): RecordPage {
    const { partition, limit, filter } = query
    const records: AuditRecord[] = []
    let seq = query.after
    let scanned = 0
    for (const { index, at } of this.#commitsAfter(partition, query.after)) {
      const frame = this.indexes.frame(index.segment, at)
      for (const body of this.#bodiesOf(frame, partition)) {
        const record = parseBody(body)
        if (record.seq <= seq) continue
        if (records.length >= limit || scanned >= scannedMax) return { records, next: seq }
        seq = record.seq
        scanned++
        if (isWanted(record, filter)) records.push(record)
      }
    }
    return { records, next: undefined }
  }

  /** Opens one scope's bodies of a commit, each checked against its leaf. */
  openGroup(commit: Commit, group: CommitGroup): SaltedBody[] | undefined {
    return openGroup(this.#at, this.#crypto, commit, group)
  }

  #bodiesOf(frame: Frame, partition: string): string[] {
    const commit = decodeCommit(frame.payload)
    const group = commit?.groups.find(({ scope }) => scope === partition)
    if (commit === undefined || group === undefined) throw tampered("a commit changed")
    const bodies = this.openGroup(commit, group)
    if (bodies === undefined) {
      throw new HsmError("SEALED", "the partition's audit key is not at hand")
    }
    return bodies.map(({ body }) => body)
  }

  *#commitsAfter(scope: string, after: number) {
    const segments = this.indexes.segments()
    for (const segment of segments.slice(this.#startOf(segments, scope, after))) {
      const index: SegmentIndex = this.indexes.index(segment)
      for (const at of index.commits.get(scope) ?? []) {
        if (at.firstSeq + at.count - 1 > after) yield { index, at }
      }
    }
  }

  /** Position of the last segment that begins at or before sequence `after`. */
  #startOf(segments: readonly number[], scope: string, after: number): number {
    let low = 0
    let high = segments.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      const { scopes } = this.indexes.header(segments[middle] ?? 0)
      if ((scopes.get(scope)?.seq ?? 0) <= after) low = middle
      else high = middle
    }
    return low
  }
}

/**
 * Opens one scope's bodies of a commit.
 *
 * @returns undefined when the scope's key is not at hand.
 * @throws HsmError TAMPERED, DECRYPTION_FAILED.
 */
export function openGroup(
  at: ChainFolder,
  crypto: AuditCrypto,
  commit: Commit,
  group: CommitGroup,
): SaltedBody[] | undefined {
  const { scope, firstSeq, positions, sealed } = group
  const aad = bodiesAad(at.cluster, at.chain, { scope, firstSeq, firstIndex: commit.firstIndex })
  const opened = crypto.openBodies(scope, aad, sealed)
  if (opened === undefined) return undefined
  const bodies = unpackBodies(opened)
  const fits =
    bodies.length === positions.length &&
    bodies.every(({ salt, body }, index) => {
      const leaf = leafAt(commit, positions[index] ?? 0)
      return equalBytes(sha256(leafInput(at.cluster, salt, body)), leaf)
    })
  if (!fits) throw tampered("a body does not fit its leaf")
  return bodies
}
