/** Follows a segment frame by frame: what each must say to continue the chain. */

import { equalBytes, nextLink, type Head } from "./chain.ts"
import {
  checkpointHash,
  isCheckpointSigned,
  noCheckpointHash,
  parseCheckpoint,
  type Checkpoint,
} from "./checkpoint.ts"
import { decodeCommit, leafAt, recordCount, type Commit, type Frame } from "./frame.ts"
import type { ScopeState, SegmentHeader } from "./segment.ts"

/** The chain's state after the frames applied so far. */
export class SegmentState {
  head: Head
  checkpoint: Checkpoint | undefined
  time: number
  readonly scopes: Map<string, ScopeState>
  readonly #header: SegmentHeader

  constructor(header: SegmentHeader) {
    this.#header = header
    this.head = header.head
    this.checkpoint = header.checkpoint
    this.time = header.time
    this.scopes = new Map(header.scopes)
  }

  /**
   * Takes the next frame in.
   *
   * @returns what is wrong with it, in words.
   */
  apply(frame: Frame): string | undefined {
    if (frame.kind === "header") {
      return frame.ordinal === 0 ? undefined : "a second header"
    }
    if (frame.kind === "checkpoint") {
      const checkpoint = parseCheckpoint(frame.payload.toString())
      return checkpoint === undefined
        ? `frame ${frame.ordinal} is no checkpoint`
        : this.#applyCheckpoint(checkpoint)
    }
    const commit = decodeCommit(frame.payload)
    return commit === undefined ? `frame ${frame.ordinal} is no commit` : this.#applyCommit(commit)
  }

  #applyCheckpoint(checkpoint: Checkpoint): string | undefined {
    const { number, records, link } = checkpoint
    if (number !== (this.checkpoint?.number ?? 0) + 1) return `checkpoint ${number} is out of order`
    if (records !== this.head.records || link !== this.head.link.toHex()) {
      return `checkpoint ${number} does not fit the chain`
    }
    const previous =
      this.checkpoint === undefined ? noCheckpointHash : checkpointHash(this.checkpoint)
    if (checkpoint.previous !== previous) return `checkpoint ${number} has another past`
    if (checkpoint.chain !== this.#header.chain || !isCheckpointSigned(checkpoint)) {
      return `checkpoint ${number} is not signed`
    }
    this.checkpoint = checkpoint
    this.time = checkpoint.time
    return undefined
  }

  #applyCommit(commit: Commit): string | undefined {
    const { firstIndex, link } = commit
    const count = recordCount(commit)
    if (firstIndex !== this.head.records) return `records before ${firstIndex} are missing`
    for (const { scope, firstSeq, positions, sealed } of commit.groups) {
      const { seq, bytes } = this.scopes.get(scope) ?? { seq: 0, bytes: 0 }
      if (firstSeq !== seq + 1) return `sequence ${seq + 1} of a scope is missing`
      const charged = chargedBytes(positions.length, sealed.length)
      this.scopes.set(scope, { seq: seq + positions.length, bytes: bytes + charged })
    }
    const { cluster } = this.#header
    let computed = this.head.link
    for (let position = 0; position < count; position++) {
      computed = nextLink(cluster, computed, leafAt(commit, position))
    }
    if (!equalBytes(computed, link)) return `the link after ${firstIndex} does not fit its records`
    this.head = { records: firstIndex + count, link }
    this.time = commit.time
    return undefined
  }
}

/** What a scope is charged for one commit: its sealed bodies, and leaf and position per record. */
export function chargedBytes(records: number, sealedBytes: number): number {
  return sealedBytes + 36 * records
}
