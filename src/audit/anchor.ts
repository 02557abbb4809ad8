/**
 * Anchors: places outside the log that remember checkpoints. Only they catch a log that was cut
 * back as a whole; without one, nothing of that kind is claimed.
 */

import { constants } from "node:fs"
import { open, readFile } from "node:fs/promises"
import { formatCheckpoint, parseCheckpoint, type Checkpoint } from "./checkpoint.ts"
import { tampered, type FilePort } from "./files.ts"
import type { ChainFolder } from "./recover.ts"
import { SegmentIndexes } from "./segment-index.ts"

export interface Anchor {
  readonly name: string
  /** Remembers a checkpoint. A rejection is counted and never holds up the log. */
  publish(checkpoint: Checkpoint): Promise<void>
}

/** Appends checkpoints to a file, which belongs on another disk or machine than the log. */
export function fileAnchor(path: string): Anchor {
  const { O_APPEND, O_CREAT, O_WRONLY } = constants
  return {
    name: "file",
    async publish(checkpoint) {
      await using file = await open(path, O_APPEND | O_CREAT | O_WRONLY, 0o600)
      await file.write(`${formatCheckpoint(checkpoint)}\n`)
      await file.datasync()
    },
  }
}

/**
 * The newest checkpoint of a chain in an anchor's file. Lines that do not parse are skipped: a
 * crash may tear the last one.
 */
export async function readFileAnchor(path: string, chain: string): Promise<Checkpoint | undefined> {
  let text: string
  try {
    text = await readFile(path, "utf8")
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined
    throw error
  }
  return text
    .split("\n")
    .map(parseCheckpoint)
    .filter((checkpoint) => checkpoint?.chain === chain)
    .reduce(
      (newest, checkpoint) =>
        (checkpoint?.number ?? 0) > (newest?.number ?? 0) ? checkpoint : newest,
      undefined,
    )
}

/** Hands checkpoints to one anchor: one at a time, and of those that wait only the newest. */
export class AnchorQueue {
  readonly #anchor: Anchor
  readonly #onFailure: (anchor: string) => void
  #waiting: Checkpoint | undefined
  #running: Promise<void> | undefined

  constructor(anchor: Anchor, onFailure: (anchor: string) => void) {
    this.#anchor = anchor
    this.#onFailure = onFailure
  }

  push(checkpoint: Checkpoint): void {
    this.#waiting = checkpoint
    this.#running ??= this.#run()
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#waiting !== undefined) {
      const checkpoint = this.#waiting
      this.#waiting = undefined
      try {
        await this.#anchor.publish(checkpoint)
      } catch {
        // Only counted: the next checkpoint covers this one too.
        this.#onFailure(this.#anchor.name)
      }
    }
    this.#running = undefined
  }
}

/**
 * Makes sure that a chain still holds a checkpoint that an anchor remembers.
 *
 * @param newest - the chain's newest checkpoint.
 * @throws HsmError TAMPERED when the chain ends before it, or holds another in its place.
 */
export function checkAnchored(
  at: ChainFolder & { readonly anchored?: Checkpoint | undefined },
  files: FilePort,
  newest: Checkpoint | undefined,
): void {
  const { anchored } = at
  if (anchored === undefined) return
  if (newest === undefined || newest.number < anchored.number) {
    throw tampered(`it ends before checkpoint ${anchored.number}, which is anchored`)
  }
  const found = findCheckpoint(new SegmentIndexes(at, files), anchored.number)
  if (found !== undefined && formatCheckpoint(found) !== formatCheckpoint(anchored)) {
    throw tampered(`checkpoint ${anchored.number} is not the one that is anchored`)
  }
}

/** Undefined when its segment was archived and removed. */
function findCheckpoint(indexes: SegmentIndexes, number: number): Checkpoint | undefined {
  const segment = indexes
    .segments()
    .findLast((candidate) => (indexes.header(candidate).checkpoint?.number ?? 0) < number)
  if (segment === undefined) return undefined
  return indexes
    .index(segment)
    .frames.filter(({ kind }) => kind === "checkpoint")
    .map((frame) => indexes.checkpoint(segment, frame))
    .find((checkpoint) => checkpoint.number === number)
}
