/** Segment files: their names, and the few calls of node:fs that the log makes. */

import nodeFs from "node:fs"
import { join } from "node:path"
import { HsmError } from "../domain/errors.ts"
import { decodeFrame, decodeFrames, frameHeadBytes, frameLength, type Frames } from "./frame.ts"
import { decodeHeader, type SegmentHeader } from "./segment.ts"

/** The file system as the writer uses it; tests put a recorder or a full disk in its place. */
export type FilePort = Pick<
  typeof nodeFs,
  | "closeSync"
  | "fdatasyncSync"
  | "fsyncSync"
  | "ftruncateSync"
  | "mkdirSync"
  | "openSync"
  | "readFileSync"
  | "readSync"
  | "readdirSync"
  | "statSync"
  | "unlinkSync"
  | "writeSync"
>
export const realFiles: FilePort = nodeFs

const namePattern = /^([0-9]{8})\.kha$/

export function segmentPath(folder: string, segment: number): string {
  return join(folder, `${String(segment).padStart(8, "0")}.kha`)
}

/** Numbers of the segments in a folder, ascending. */
export function listSegments(files: FilePort, folder: string): number[] {
  return files
    .readdirSync(folder)
    .map((name) => namePattern.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .toSorted((a, b) => a - b)
}

export interface SegmentFile extends Frames {
  readonly segment: number
  /** Size of the file. */
  readonly bytes: number
  /** Bytes behind the last good frame, but for the zeros in which a file may end. */
  readonly torn: number
  /** Undefined when the first frame is missing or is no header. */
  readonly header: SegmentHeader | undefined
}

/** Reads a whole segment; its size is bounded by limits.auditSegmentBytes and one commit. */
export function readSegmentFile(files: FilePort, folder: string, segment: number): SegmentFile {
  const file = files.readFileSync(segmentPath(folder, segment))
  const read = decodeFrames(file)
  const first = read.frames[0]
  const header = first?.kind === "header" ? decodeHeader(first.payload) : undefined
  let last = file.length
  while (last > read.end && file[last - 1] === 0) last--
  return { ...read, segment, bytes: file.length, torn: last - read.end, header }
}

/** Reads the header alone; undefined when the first frame is not a whole header. */
export function readSegmentHeader(
  files: FilePort,
  folder: string,
  segment: number,
): SegmentHeader | undefined {
  const fd = files.openSync(segmentPath(folder, segment), "r")
  try {
    const head = Buffer.alloc(frameHeadBytes)
    files.readSync(fd, head, 0, head.length, 0)
    const file = Buffer.alloc(
      Math.min(frameLength(head), files.statSync(segmentPath(folder, segment)).size),
    )
    files.readSync(fd, file, 0, file.length, 0)
    const frame = decodeFrame(file, 0)
    return frame?.kind === "header" ? decodeHeader(frame.payload) : undefined
  } finally {
    files.closeSync(fd)
  }
}

/** Writes all of `bytes` at `position`. */
export function writeAll(files: FilePort, fd: number, bytes: Uint8Array, position: number): void {
  let done = 0
  while (done < bytes.length) {
    done += files.writeSync(fd, bytes, done, bytes.length - done, position + done)
  }
}

/** Makes names that were added to or removed from a folder durable. */
export function syncFolder(files: FilePort, folder: string): void {
  const fd = files.openSync(folder, "r")
  try {
    files.fsyncSync(fd)
  } finally {
    files.closeSync(fd)
  }
}

/** True for the error of a full disk or quota. */
export function isDiskFull(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    (error.code === "ENOSPC" || error.code === "EDQUOT")
  )
}

export function tampered(what: string): HsmError {
  return new HsmError("TAMPERED", `audit log: ${what}`)
}
