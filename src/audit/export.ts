/**
 * Exports: what a partition's auditor takes away. JSON lines, from a checkpoint (or the chain's
 * beginning) to a checkpoint; other partitions' records are there as leaf hashes only, so the
 * chain verifies and nothing of theirs is shown. docs/formats/audit.md is the text.
 */

import { createHash } from "node:crypto"
import { HsmError } from "../domain/errors.ts"
import { isWanted, parseBody, type RecordFilter } from "./body.ts"
import { commitmentsOf, scopeSecret } from "./chain.ts"
import type { Checkpoint } from "./checkpoint.ts"
import type { AuditCrypto } from "./crypto.ts"
import {
  exportTrailerBytes,
  formatCheckpointLine,
  formatExportHeader,
  formatFiltered,
  formatForeign,
  formatShown,
  formatTrailer,
} from "./export-format.ts"
import { tampered } from "./files.ts"
import { decodeCommit, leafAt, recordCount, type Commit } from "./frame.ts"
import type { ChainReader } from "./reader.ts"
import { openSegmentSecrets, type ChainFolder } from "./recover.ts"
import type { SegmentHeader } from "./segment.ts"

export interface ExportQuery {
  readonly partition: string
  /** Records outside it stand as leaf hashes with their sequence; `from` also sets the start. */
  readonly filter: RecordFilter
}

export interface ExportPorts {
  readonly at: ChainFolder
  readonly reader: ChainReader
  readonly crypto: AuditCrypto
}

/**
 * Writes an export up to `end`, the checkpoint that the caller has just made; every chunk is one
 * or more whole lines.
 *
 * @throws HsmError SEALED when a key is not at hand, TAMPERED when the files do not fit.
 */
export function* exportChunks(
  ports: ExportPorts,
  query: ExportQuery,
  end: Checkpoint,
): Generator<string, void> {
  const { at, crypto } = ports
  const { signer } = crypto
  if (signer === undefined) throw new HsmError("SEALED", "an export needs the checkpoint key")
  const digest = createHash("sha256")
  let lines = 0
  for (const chunk of contentChunks(ports, query, end)) {
    const text = chunk.map((line) => `${line}\n`).join("")
    digest.update(text)
    lines += chunk.length
    if (text !== "") yield text
  }
  const sha256 = digest.digest("hex")
  const signature = signer.sign(exportTrailerBytes(at.cluster, at.chain, lines, sha256))
  yield `${formatTrailer({
    lines,
    sha256,
    publicKey: signer.publicKey.toBase64(),
    signature: signature.toBase64(),
  })}\n`
}

function* contentChunks(
  ports: ExportPorts,
  query: ExportQuery,
  end: Checkpoint,
): Generator<string[], void> {
  const { at, reader, crypto } = ports
  const { cluster, chain } = at
  const { partition, filter } = query
  const segments = reader.indexes.segments()
  const start = startSegment(reader, segments, filter.from ?? 0)
  const header = reader.indexes.header(start)
  const chainSecret = openSegmentSecrets(at, crypto, header).chain
  const scopes = new Map([...header.scopes].map(([scope, { seq }]) => [scope, { seq }]))
  const first = formatExportHeader({
    cluster,
    chain,
    partition,
    filter,
    secret: scopeSecret(cluster, chainSecret, partition).toHex(),
    start: header.checkpoint?.number ?? 0,
    startSeq: scopes.get(partition)?.seq ?? 0,
  })
  const withCommitments = (checkpoint: Checkpoint) => {
    const list = commitmentsOf(cluster, chainSecret, checkpoint.number, scopes)
    return formatCheckpointLine(
      checkpoint,
      list.map((bytes) => bytes.toHex()),
    )
  }
  yield header.checkpoint === undefined ? [first] : [first, withCommitments(header.checkpoint)]
  for (const segment of segments.filter((number) => number >= start)) {
    for (const frame of reader.indexes.index(segment).frames) {
      if (frame.kind === "commit") {
        const commit = decodeCommit(reader.indexes.frame(segment, frame).payload)
        if (commit === undefined) throw tampered(`segment ${segment} holds a bad commit`)
        for (const group of commit.groups) {
          scopes.set(group.scope, { seq: group.firstSeq + group.positions.length - 1 })
        }
        yield recordLines(reader, commit, query)
      } else if (frame.kind === "checkpoint") {
        const checkpoint = reader.indexes.checkpoint(segment, frame)
        const last = checkpoint.number === end.number
        yield [last ? withCommitments(checkpoint) : formatCheckpointLine(checkpoint)]
        if (last) return
      }
    }
  }
  throw tampered(`checkpoint ${end.number} is not in the files`)
}

/** The newest segment that begins at a checkpoint (or the chain's start) before `from`. */
function startSegment(reader: ChainReader, segments: readonly number[], from: number): number {
  const candidates = segments.filter((segment, index) => {
    const header = reader.indexes.header(segment)
    return startsAtCheckpoint(header) && (index === 0 || header.time < from)
  })
  const start = candidates.at(-1)
  if (start === undefined) throw tampered("the oldest segment does not begin at a checkpoint")
  return start
}

function startsAtCheckpoint({ head, checkpoint }: SegmentHeader): boolean {
  return head.records === (checkpoint?.records ?? 0)
}

function recordLines(reader: ChainReader, commit: Commit, query: ExportQuery): string[] {
  const { partition, filter } = query
  const { firstIndex } = commit
  const lines = Array.from({ length: recordCount(commit) }, (_, position) =>
    formatForeign(firstIndex + position, leafAt(commit, position)),
  )
  const group = commit.groups.find(({ scope }) => scope === partition)
  if (group === undefined) return lines
  const bodies = reader.openGroup(commit, group)
  if (bodies === undefined) throw new HsmError("SEALED", "the partition's audit key is not at hand")
  for (const [index, { salt, body }] of bodies.entries()) {
    const position = group.positions[index] ?? 0
    lines[position] = isWanted(parseBody(body), filter)
      ? formatShown(firstIndex + position, salt, body)
      : formatFiltered(firstIndex + position, group.firstSeq + index, leafAt(commit, position))
  }
  return lines
}
