/** Where things are in the segments: kept in memory for the few that are being read. */

import type { Checkpoint } from "./checkpoint.ts"
import { parseCheckpoint } from "./checkpoint.ts"
import { listSegments, readSegmentHeader, segmentPath, tampered, type FilePort } from "./files.ts"
import { decodeCommit, decodeFrame, decodeFrames, type Frame } from "./frame.ts"
import type { ChainFolder } from "./recover.ts"
import type { SegmentHeader } from "./segment.ts"

/** One commit that holds records of a scope. */
export interface IndexedCommit {
  readonly offset: number
  readonly length: number
  readonly firstSeq: number
  readonly count: number
}

export interface IndexedFrame {
  readonly kind: Frame["kind"]
  readonly offset: number
  readonly length: number
}

export interface SegmentIndex {
  readonly segment: number
  readonly header: SegmentHeader
  readonly frames: readonly IndexedFrame[]
  readonly commits: ReadonlyMap<string, readonly IndexedCommit[]>
}

interface GrowingIndex extends SegmentIndex {
  readonly frames: IndexedFrame[]
  readonly commits: Map<string, IndexedCommit[]>
  end: number
}

/** Indexes kept: readers page through one or two segments at a time. */
const indexesMax = 8
/** Bytes indexed in one step, at least one frame. */
const stepBytes = 4 << 20

export class SegmentIndexes {
  readonly #at: ChainFolder
  readonly #files: FilePort
  /** Least recently used first. */
  readonly #indexes = new Map<number, GrowingIndex>()

  constructor(at: ChainFolder, files: FilePort) {
    this.#at = at
    this.#files = files
  }

  segments(): number[] {
    return listSegments(this.#files, this.#at.folder)
  }

  /** @throws HsmError TAMPERED when the segment does not begin with a header. */
  header(segment: number): SegmentHeader {
    const header =
      this.#indexes.get(segment)?.header ?? readSegmentHeader(this.#files, this.#at.folder, segment)
    if (header === undefined) throw tampered(`segment ${segment} has no header`)
    return header
  }

  /** The index up to the last whole frame in the file at this moment. */
  index(segment: number): SegmentIndex {
    const index = this.#indexes.get(segment) ?? {
      segment,
      header: this.header(segment),
      frames: [],
      commits: new Map(),
      end: 0,
    }
    this.#indexes.delete(segment)
    this.#indexes.set(segment, index)
    const oldest = this.#indexes.keys().next().value
    if (this.#indexes.size > indexesMax && oldest !== undefined) this.#indexes.delete(oldest)
    this.#extend(index)
    return index
  }

  /** Reads one frame again. @throws HsmError TAMPERED when it is not what the index saw. */
  frame(segment: number, at: { readonly offset: number; readonly length: number }): Frame {
    const frame = decodeFrame(this.#read(segment, at.offset, at.length), 0)
    if (frame === undefined) throw tampered(`segment ${segment} changed while it was read`)
    return frame
  }

  /** The checkpoint in an indexed frame. */
  checkpoint(segment: number, at: IndexedFrame): Checkpoint {
    const checkpoint = parseCheckpoint(this.frame(segment, at).payload.toString())
    if (checkpoint === undefined) throw tampered(`segment ${segment} holds a bad checkpoint`)
    return checkpoint
  }

  #extend(index: GrowingIndex): void {
    const { size } = this.#files.statSync(segmentPath(this.#at.folder, index.segment))
    let want = stepBytes
    while (index.end < size) {
      const file = this.#read(index.segment, index.end, Math.min(want, size - index.end))
      const { frames } = decodeFrames(file, index.frames.length)
      for (const frame of frames) addFrame(index, frame)
      if (frames.length > 0) continue
      if (index.end + file.length >= size) return
      want *= 2
    }
  }

  #read(segment: number, offset: number, length: number): Buffer {
    const fd = this.#files.openSync(segmentPath(this.#at.folder, segment), "r")
    try {
      const bytes = Buffer.alloc(length)
      return bytes.subarray(0, this.#files.readSync(fd, bytes, 0, length, offset))
    } finally {
      this.#files.closeSync(fd)
    }
  }
}

function addFrame(index: GrowingIndex, frame: Frame): void {
  const { kind, length } = frame
  const offset = index.end
  index.frames.push({ kind, offset, length })
  index.end += length
  if (kind !== "commit") return
  for (const { scope, firstSeq, positions } of decodeCommit(frame.payload)?.groups ?? []) {
    const commits = index.commits.get(scope)
    const commit = { offset, length, firstSeq, count: positions.length }
    if (commits === undefined) index.commits.set(scope, [commit])
    else commits.push(commit)
  }
}
