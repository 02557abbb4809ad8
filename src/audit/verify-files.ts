/** Verifies a chain's files where they lie: needs the node's keys, reads every byte. */

import { HsmError } from "../domain/errors.ts"
import { commitmentsHash, commitmentsOf, equalBytes, genesis } from "./chain.ts"
import { formatCheckpoint, parseCheckpoint } from "./checkpoint.ts"
import type { AuditCrypto } from "./crypto.ts"
import { listSegments, readSegmentFile, type FilePort, type SegmentFile } from "./files.ts"
import { decodeCommit, recordCount, type Frame } from "./frame.ts"
import { openGroup } from "./reader.ts"
import { checkMacs, openSegmentSecrets, type ChainFolder } from "./recover.ts"
import type { SegmentHeader } from "./segment.ts"
import { SegmentState } from "./segment-state.ts"

export interface FilesReport {
  readonly ok: boolean
  readonly segments: number
  /** Records in the files, and how many of them are readable with the keys at hand. */
  readonly records: number
  readonly readable: number
  /** The newest checkpoint before the first problem: the chain is complete up to it. */
  readonly completeUpTo: { readonly index: number; readonly time: number } | undefined
  readonly problems: readonly string[]
}

/**
 * Checks every checksum, MAC, link, leaf, sequence, signature and commitment of a chain.
 *
 * Meant for a chain that nobody is writing: a commit in flight looks like a torn one.
 */
export function verifyChainFiles(
  at: ChainFolder,
  crypto: AuditCrypto,
  files: FilePort,
): FilesReport {
  const verifier = new FilesVerifier(at, crypto)
  const numbers = listSegments(files, at.folder)
  for (const segment of numbers) verifier.takeSegment(readSegmentFile(files, at.folder, segment))
  return verifier.report(numbers.length)
}

class FilesVerifier {
  readonly #at: ChainFolder
  readonly #crypto: AuditCrypto
  readonly #problems: string[] = []
  #before: SegmentState | undefined
  #lastSegment: number | undefined
  #records = 0
  #readable = 0
  #completeUpTo: FilesReport["completeUpTo"]

  constructor(at: ChainFolder, crypto: AuditCrypto) {
    this.#at = at
    this.#crypto = crypto
  }

  report(segments: number): FilesReport {
    return {
      ok: this.#problems.length === 0,
      segments,
      records: this.#records,
      readable: this.#readable,
      completeUpTo: this.#completeUpTo,
      problems: this.#problems,
    }
  }

  takeSegment(file: SegmentFile): void {
    const { header, segment } = file
    const problem = (what: string) => this.#problems.push(`segment ${segment}: ${what}`)
    if (file.torn > 0) problem(`damaged or torn at byte ${file.end}`)
    if (header === undefined) {
      problem("has no header")
      return
    }
    for (const what of this.#headerProblems(segment, header)) problem(what)
    try {
      const secrets = openSegmentSecrets(this.#at, this.#crypto, header)
      const changed = checkMacs(this.#at, this.#crypto, file, secrets.mac)
      if (changed !== undefined) problem(`frame ${changed} was changed`)
      const state = new SegmentState(header)
      for (const frame of file.frames) {
        for (const what of this.#frameProblems(state, frame, secrets.chain)) problem(what)
      }
      this.#before = state
    } catch (error) {
      if (!(error instanceof HsmError)) throw error
      problem(error.message)
    }
    this.#lastSegment = segment
  }

  /** What the header must share with the end of the segment before. */
  #headerProblems(segment: number, header: SegmentHeader): string[] {
    const { cluster, chain } = this.#at
    const problems: string[] = []
    if (header.cluster !== cluster || header.chain !== chain || header.segment !== segment) {
      problems.push("the header belongs to another file")
    }
    if (this.#lastSegment !== undefined && segment !== this.#lastSegment + 1) {
      problems.push("the segment before is missing")
    }
    const before = this.#before ?? firstState(header)
    const sameScopes = JSON.stringify([...before.scopes]) === JSON.stringify([...header.scopes])
    const checkpoint = before.checkpoint && formatCheckpoint(before.checkpoint)
    if (
      before.head.records !== header.head.records ||
      !equalBytes(before.head.link, header.head.link) ||
      !sameScopes ||
      checkpoint !== (header.checkpoint && formatCheckpoint(header.checkpoint))
    ) {
      problems.push("the header does not continue the segment before")
    }
    return problems
  }

  #frameProblems(state: SegmentState, frame: Frame, chainSecret: Uint8Array): string[] {
    const wrong = state.apply(frame)
    if (wrong !== undefined) return [wrong]
    if (frame.kind === "commit") this.#openBodies(frame)
    if (frame.kind !== "checkpoint") return []
    const checkpoint = parseCheckpoint(frame.payload.toString())
    if (checkpoint === undefined) return ["a checkpoint does not parse"]
    const { cluster } = this.#at
    const commitments = commitmentsOf(cluster, chainSecret, checkpoint.number, state.scopes)
    if (commitmentsHash(cluster, commitments).toHex() !== checkpoint.commitments) {
      return [`the sequences are not those of checkpoint ${checkpoint.number}`]
    }
    if (this.#problems.length === 0) {
      this.#completeUpTo = { index: checkpoint.records, time: checkpoint.time }
    }
    return []
  }

  #openBodies(frame: Frame): void {
    const commit = decodeCommit(frame.payload)
    if (commit === undefined) return
    this.#records += recordCount(commit)
    for (const group of commit.groups) {
      this.#readable += openGroup(this.#at, this.#crypto, commit, group)?.length ?? 0
    }
  }
}

/** The oldest file begins the chain, or where a signed checkpoint says that the archive ends. */
function firstState(header: SegmentHeader): SegmentState {
  const { cluster, chain, checkpoint, segment } = header
  if (segment === 1) {
    return new SegmentState({
      ...header,
      head: genesis(cluster, chain),
      scopes: new Map(),
      checkpoint: undefined,
    })
  }
  const head =
    checkpoint === undefined
      ? genesis(cluster, chain)
      : { records: checkpoint.records, link: Uint8Array.fromHex(checkpoint.link) }
  return new SegmentState({ ...header, head })
}
