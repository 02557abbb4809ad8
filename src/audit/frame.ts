/**
 * Frames: what a segment file is made of. Pure; the layouts stand in docs/formats/audit.md.
 *
 * The checksum tells a frame that a crash tore from one that somebody edited: a torn one has no
 * valid checksum and nothing valid behind it; an edited one fails its MAC.
 */

import assert from "node:assert/strict"
import { crc32 } from "node:zlib"
import { canonical } from "../codec/canonical.ts"
import { hashBytes } from "./chain.ts"

export const frameKinds = ["header", "commit", "checkpoint"] as const
export type FrameKind = (typeof frameKinds)[number]

export interface Frame {
  readonly kind: FrameKind
  /** 0 for the header, then counting up within the segment. */
  readonly ordinal: number
  readonly payload: Buffer
  readonly mac: Uint8Array
  /** Place in the file. */
  readonly offset: number
  readonly length: number
}

/** "KHA1": lets the reader look for frames behind a damaged one. */
const magic = Buffer.from("KHA1")
/** Magic, kind, ordinal, payload length. */
export const frameHeadBytes = 13
const crcBytes = 4
export const frameOverheadBytes = frameHeadBytes + hashBytes + crcBytes

/** What a frame's MAC covers. */
export function frameMacInput(
  clusterId: string,
  chain: string,
  segment: number,
  frame: Pick<Frame, "kind" | "ordinal" | "payload">,
): Uint8Array {
  const { kind, ordinal, payload } = frame
  return canonical("audit-frame", clusterId, chain, segment, ordinal, kind, payload)
}

export function encodeFrame(frame: Omit<Frame, "offset" | "length">): Buffer {
  const { payload } = frame
  const out = Buffer.allocUnsafe(frameOverheadBytes + payload.length)
  magic.copy(out)
  out.writeUInt8(frameKinds.indexOf(frame.kind) + 1, 4)
  out.writeUInt32BE(frame.ordinal, 5)
  out.writeUInt32BE(payload.length, 9)
  payload.copy(out, frameHeadBytes)
  out.set(frame.mac, frameHeadBytes + payload.length)
  out.writeUInt32BE(crc32(out.subarray(0, -crcBytes)), out.length - crcBytes)
  return out
}

/** Length of the frame whose head is at `offset`. */
export function frameLength(head: Buffer, offset = 0): number {
  return frameOverheadBytes + head.readUInt32BE(offset + 9)
}

/** The frame at `offset`; undefined when there is none whole with a valid checksum. */
export function decodeFrame(file: Buffer, offset: number): Frame | undefined {
  if (offset + frameOverheadBytes > file.length) return undefined
  if (magic.compare(file, offset, offset + magic.length) !== 0) return undefined
  const length = frameLength(file, offset)
  if (offset + length > file.length) return undefined
  const bytes = file.subarray(offset, offset + length)
  if (crc32(bytes.subarray(0, -crcBytes)) !== bytes.readUInt32BE(length - crcBytes)) {
    return undefined
  }
  const kind = frameKinds[bytes.readUInt8(4) - 1]
  if (kind === undefined) return undefined
  const macAt = length - crcBytes - hashBytes
  return {
    kind,
    ordinal: bytes.readUInt32BE(5),
    payload: bytes.subarray(frameHeadBytes, macAt),
    mac: bytes.subarray(macAt, macAt + hashBytes),
    offset,
    length,
  }
}

export interface Frames {
  readonly frames: readonly Frame[]
  /** Where the last good frame ends; less than the file's length when something follows. */
  readonly end: number
  /** True when a whole frame lies behind a damaged one: no crash does that. */
  readonly damaged: boolean
}

/** Every frame up to the first damage; `file` begins with the frame of that ordinal. */
export function decodeFrames(file: Buffer, firstOrdinal = 0): Frames {
  const frames: Frame[] = []
  let end = 0
  for (;;) {
    const frame = decodeFrame(file, end)
    if (frame === undefined || frame.ordinal !== firstOrdinal + frames.length) break
    frames.push(frame)
    end += frame.length
  }
  return { frames, end, damaged: hasFrameFrom(file, end) }
}

function hasFrameFrom(file: Buffer, from: number): boolean {
  let at = file.indexOf(magic, from)
  while (at >= 0) {
    if (decodeFrame(file, at) !== undefined) return true
    at = file.indexOf(magic, at + 1)
  }
  return false
}

/** The bodies of one scope in one commit. */
export interface CommitGroup {
  readonly scope: string
  /** Sequence of the first; the others follow without gaps. */
  readonly firstSeq: number
  /** Which records of the commit they are: offsets from its first index, ascending. */
  readonly positions: readonly number[]
  readonly sealed: Uint8Array
}

export interface Commit {
  readonly firstIndex: number
  readonly time: number
  /** One after the other, 32 bytes each; see {@link leafAt}. */
  readonly leaves: Buffer
  /** Link after the last leaf. */
  readonly link: Uint8Array
  readonly groups: readonly CommitGroup[]
}

export function recordCount(commit: Commit): number {
  return commit.leaves.length / hashBytes
}

/** The leaf of the commit's record at `position`; empty beyond the last. */
export function leafAt(commit: Commit, position: number): Buffer {
  return commit.leaves.subarray(position * hashBytes, (position + 1) * hashBytes)
}

const intBytes = 6 // Safe integers: 48 bits last for 8,900 years of records or milliseconds.
const commitHeadBytes = intBytes + intBytes + 4 + hashBytes + 4

export function encodeCommit(commit: Commit): Buffer {
  const { leaves, groups } = commit
  const sizes = groups.map(groupBytes)
  const size = commitHeadBytes + leaves.length + sizes.reduce((a, b) => a + b, 0)
  const out = Buffer.allocUnsafe(size)
  let at = out.writeUIntBE(commit.firstIndex, 0, intBytes)
  at = out.writeUIntBE(commit.time, at, intBytes)
  at = out.writeUInt32BE(recordCount(commit), at)
  out.set(commit.link, at)
  at = out.writeUInt32BE(groups.length, at + hashBytes)
  out.set(leaves, at)
  at += leaves.length
  for (const group of groups) at = writeGroup(out, at, group)
  assert.equal(at, size)
  return out
}

function groupBytes(group: CommitGroup): number {
  return (
    1 +
    Buffer.byteLength(group.scope) +
    intBytes +
    4 +
    4 * group.positions.length +
    4 +
    group.sealed.length
  )
}

function writeGroup(out: Buffer, start: number, group: CommitGroup): number {
  let at = out.writeUInt8(Buffer.byteLength(group.scope), start)
  at += out.write(group.scope, at)
  at = out.writeUIntBE(group.firstSeq, at, intBytes)
  at = out.writeUInt32BE(group.positions.length, at)
  for (const position of group.positions) at = out.writeUInt32BE(position, at)
  at = out.writeUInt32BE(group.sealed.length, at)
  out.set(group.sealed, at)
  return at + group.sealed.length
}

/** @returns undefined when the payload is not laid out as a commit. */
export function decodeCommit(payload: Buffer): Commit | undefined {
  try {
    const count = payload.readUInt32BE(2 * intBytes)
    const groupCount = payload.readUInt32BE(commitHeadBytes - 4)
    const leaves = slice(payload, commitHeadBytes, count * hashBytes)
    let at = commitHeadBytes + leaves.length
    const groups: CommitGroup[] = []
    for (let group = 0; group < groupCount; group++) {
      const read = readGroup(payload, at)
      groups.push(read.group)
      at = read.end
    }
    if (at !== payload.length || !coversOnce(count, groups)) return undefined
    const link = slice(payload, 2 * intBytes + 4, hashBytes)
    return {
      firstIndex: payload.readUIntBE(0, intBytes),
      time: payload.readUIntBE(intBytes, intBytes),
      leaves,
      link,
      groups,
    }
  } catch (error) {
    // Reading past the end is the only way in which the layout can be wrong.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function readGroup(from: Buffer, start: number): { group: CommitGroup; end: number } {
  const scopeLength = from.readUInt8(start)
  let at = start + 1
  const scope = slice(from, at, scopeLength).toString("latin1")
  at += scopeLength
  const firstSeq = from.readUIntBE(at, intBytes)
  const count = from.readUInt32BE(at + intBytes)
  at += intBytes + 4
  const positions: number[] = []
  for (let index = 0; index < count; index++) {
    positions.push(from.readUInt32BE(at))
    at += 4
  }
  const sealed = slice(from, at + 4, from.readUInt32BE(at))
  return { group: { scope, firstSeq, positions, sealed }, end: at + 4 + sealed.length }
}

/** Every record of the commit belongs to exactly one group. */
function coversOnce(count: number, groups: readonly CommitGroup[]): boolean {
  const positions = groups.flatMap((group) => group.positions)
  return (
    positions.length === count &&
    new Set(positions).size === count &&
    positions.every((position) => position < count)
  )
}

function slice(from: Buffer, at: number, length: number): Buffer {
  if (at + length > from.length) throw new RangeError("past the end")
  return from.subarray(at, at + length)
}
