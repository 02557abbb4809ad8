/**
 * Verifies an export, offline: needs the file, and the node's public key to trust it.
 *
 * Trust: whoever holds the checkpoint key can write any export. Against him only what left the
 * node earlier helps: give the anchored checkpoints too.
 */

import { createHash } from "node:crypto"
import { commitment, commitmentsHash, genesis, leafInput, nextLink, sha256 } from "./chain.ts"
import {
  checkpointHash,
  formatCheckpoint,
  isCheckpointSigned,
  isSignedBy,
  keyFingerprint,
  type Checkpoint,
} from "./checkpoint.ts"
import type { AuditRecord } from "./body.ts"
import {
  exportTrailerBytes,
  parseExportLine,
  type ExportHeader,
  type ExportLine,
  type ExportTrailer,
} from "./export-format.ts"

export interface VerifyOptions {
  /** Public keys the auditor trusts (SPKI, base64); none: the report names those that were used. */
  readonly trusted?: readonly string[]
  /** Checkpoints that left the node earlier; those of the export's range must be in it. */
  readonly anchored?: readonly Checkpoint[]
}

export interface VerifyReport {
  /** True when nothing was edited, removed, inserted, reordered or cut off. */
  readonly ok: boolean
  /** What the first line says; undefined when there is none. */
  readonly header: ExportHeader | undefined
  /** Every chain that is in the export, in its order. */
  readonly chains: readonly string[]
  /**
   * Every record of the chain before this index is accounted for, up to this time (milliseconds
   * since 1970); undefined when not even the first checkpoint holds.
   */
  readonly completeUpTo: { readonly index: number; readonly time: number } | undefined
  /** The partition's records shown; those its filter left out; other partitions' records. */
  readonly records: number
  readonly filtered: number
  readonly foreign: number
  /** SHA-256 of each public key that signed something here, for people to compare. */
  readonly keys: readonly string[]
  /** In the order found, at most {@link problemsMax}. */
  readonly problems: readonly string[]
}

export const problemsMax = 100

/** Splits chunks of text into lines, wherever the chunks end. */
export async function* splitLines(
  chunks: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<string, void> {
  let rest = ""
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split("\n")
    rest = lines.pop() ?? ""
    yield* lines
  }
  if (rest !== "") yield rest
}

/**
 * Verifies the lines of an export, without their newlines: of one chain, or of several, one after
 * the other, as a node with several processes writes it.
 *
 * Never throws for what the lines say: everything wrong is in the report.
 */
export async function verifyExport(
  lines: AsyncIterable<string> | Iterable<string>,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  let verifier = new ExportVerifier(options)
  const reports: ChainReport[] = []
  for await (const line of lines) {
    if (verifier.isWhole && parseExportLine(line)?.kind === "header") {
      reports.push(verifier.finish())
      verifier = new ExportVerifier(options)
    }
    verifier.take(line)
  }
  return joinReports([...reports, verifier.finish()])
}

/** What one chain's part of an export says. */
type ChainReport = Omit<VerifyReport, "chains"> & { readonly peers: readonly string[] }

/** Of several chains; each checkpoint names the others, so that none can be left out. */
function joinReports(reports: readonly ChainReport[]): VerifyReport {
  const chains = reports.flatMap(({ header }) => header?.chain ?? [])
  const missing = new Set(reports.flatMap(({ peers }) => peers)).difference(new Set(chains))
  const problems = [
    ...reports.flatMap((report) => report.problems),
    ...[...missing].map((chain) => `the export of chain ${chain} is missing`),
    ...(new Set(chains).size < chains.length ? ["a chain is there twice"] : []),
  ]
  const sum = (count: (report: ChainReport) => number): number =>
    reports.reduce((total, report) => total + count(report), 0)
  const complete = reports.map(({ completeUpTo }) => completeUpTo)
  return {
    ok: problems.length === 0,
    header: reports[0]?.header,
    chains,
    // What is proven of all of them: as far as the one that is furthest behind.
    completeUpTo: complete.reduce((least, one) =>
      least === undefined || one === undefined || least.time <= one.time ? least : one,
    ),
    records: sum(({ records }) => records),
    filtered: sum(({ filtered }) => filtered),
    foreign: sum(({ foreign }) => foreign),
    keys: [...new Set(reports.flatMap(({ keys }) => keys))],
    problems: problems.slice(0, problemsMax),
  }
}

class ExportVerifier {
  readonly #options: VerifyOptions
  readonly #problems: string[] = []
  readonly #keys = new Set<string>()
  readonly #digest = createHash("sha256")
  readonly #counts = { records: 0, filtered: 0, foreign: 0 }
  /** Lines taken, trailer excluded. */
  #lines = 0
  #header: ExportHeader | undefined
  /** The chain's head after the lines so far, and the partition's last sequence. */
  #records = 0
  #link: Uint8Array = new Uint8Array()
  #seq = 0
  #checkpoint: Checkpoint | undefined
  #completeUpTo: VerifyReport["completeUpTo"]
  /** What the line before was: an export ends with a checkpoint that has commitments. */
  #last: "other" | "commitments" | "trailer" = "other"

  constructor(options: VerifyOptions) {
    this.#options = options
  }

  take(text: string): void {
    const line = parseExportLine(text)
    if (this.#last === "trailer") this.#report("something follows the end")
    else if (line?.kind === "trailer") this.#takeTrailer(line.trailer)
    else this.#takeContent(text, line)
  }

  /** True when its last line has been taken. */
  get isWhole(): boolean {
    return this.#last === "trailer"
  }

  finish(): ChainReport {
    if (this.#last !== "trailer") this.#report("the export is cut off")
    return {
      ok: this.#problems.length === 0,
      header: this.#header,
      completeUpTo: this.#completeUpTo,
      ...this.#counts,
      keys: [...this.#keys],
      problems: this.#problems,
      peers: this.#checkpoint?.peers.map(({ chain }) => chain) ?? [],
    }
  }

  #report(problem: string): void {
    if (this.#problems.length < problemsMax) {
      this.#problems.push(`line ${this.#lines}: ${problem}`)
    }
  }

  #takeContent(text: string, line: ExportLine | undefined): void {
    this.#lines++
    this.#digest.update(text).update("\n")
    this.#last = "other"
    const header = this.#header
    if (line === undefined) this.#report("the line has no known form")
    else if (line.kind === "header") this.#takeHeader(line.header)
    else if (header === undefined) this.#report("the export does not begin with its header")
    else if (line.kind === "checkpoint") this.#takeCheckpoint(header, line)
    else if (line.kind !== "trailer") this.#takeRecord(header, line)
  }

  #takeHeader(header: ExportHeader): void {
    if (this.#header !== undefined) {
      this.#report("a second header")
      return
    }
    this.#header = header
    this.#link = genesis(header.cluster, header.chain).link
    this.#seq = header.startSeq
    if (header.start === 0 && header.startSeq !== 0) this.#report("the start has no checkpoint")
  }

  #takeRecord(
    header: ExportHeader,
    line: Extract<ExportLine, { kind: "foreign" | "filtered" | "shown" }>,
  ): void {
    if (header.start !== 0 && this.#checkpoint === undefined) {
      this.#report("the checkpoint at the start is missing")
    }
    const { index } = line
    if (index !== this.#records) this.#report(`record ${this.#records} is missing or moved`)
    this.#records = index + 1
    this.#link = nextLink(header.cluster, this.#link, this.#leafOf(header, line))
  }

  #leafOf(
    header: ExportHeader,
    line: Extract<ExportLine, { kind: "foreign" | "filtered" | "shown" }>,
  ): Uint8Array {
    if (line.kind === "shown") {
      this.#counts.records++
      this.#nextSeq(line.record.seq)
      this.#checkPlace(header, line.index, line.record)
      return sha256(leafInput(header.cluster, line.salt, line.body))
    }
    if (line.kind === "filtered") {
      this.#counts.filtered++
      this.#nextSeq(line.seq)
    } else {
      this.#counts.foreign++
    }
    return line.leaf
  }

  #nextSeq(seq: number): void {
    if (seq !== this.#seq + 1) this.#report(`the partition's record ${this.#seq + 1} is missing`)
    this.#seq = seq
  }

  #checkPlace(header: ExportHeader, index: number, record: AuditRecord): void {
    const { partition } = header
    if (record.index !== index || record.chain !== header.chain) {
      this.#report("the body belongs to another place")
    }
    if (partition !== "node" && record.partition !== partition) {
      this.#report("the body belongs to another partition")
    }
  }

  #takeCheckpoint(header: ExportHeader, line: Extract<ExportLine, { kind: "checkpoint" }>): void {
    const { checkpoint, commitments } = line
    const { number, records, link } = checkpoint
    const before = this.#checkpoint
    const starts = before === undefined && this.#lines === 2 && number === header.start
    if (starts) {
      this.#records = records
      this.#link = Uint8Array.fromHex(link)
    }
    if (records !== this.#records || link !== this.#link.toHex()) {
      this.#report(`the records do not lead to checkpoint ${number}`)
    }
    if (!starts && !follows(checkpoint, before, header)) {
      this.#report(`checkpoint ${number} does not follow the one before`)
    }
    this.#checkSigned(header, checkpoint)
    if (commitments !== undefined) this.#checkCommitments(header, checkpoint, commitments)
    else if (starts) this.#report("the start's commitments are missing")
    this.#checkpoint = checkpoint
    this.#last = commitments === undefined ? "other" : "commitments"
    if (this.#problems.length === 0) {
      this.#completeUpTo = { index: records, time: checkpoint.time }
    }
  }

  #checkSigned(header: ExportHeader, checkpoint: Checkpoint): void {
    const { number, cluster, chain, publicKey } = checkpoint
    if (cluster !== header.cluster || chain !== header.chain || !isCheckpointSigned(checkpoint)) {
      this.#report(`checkpoint ${number} is not signed for this chain`)
    } else {
      this.#checkKey(publicKey)
    }
    for (const anchored of this.#options.anchored ?? []) {
      const same = formatCheckpoint(anchored) === formatCheckpoint(checkpoint)
      if (anchored.chain === chain && anchored.number === number && !same) {
        this.#report(`checkpoint ${number} is not the one that was anchored`)
      }
    }
  }

  #checkKey(publicKey: string): void {
    const { trusted } = this.#options
    this.#keys.add(keyFingerprint(publicKey))
    if (trusted !== undefined && !trusted.includes(publicKey)) {
      this.#report("signed with a key that is not trusted")
    }
  }

  #checkCommitments(
    header: ExportHeader,
    checkpoint: Checkpoint,
    commitments: readonly string[],
  ): void {
    const { cluster, partition } = header
    const bytes = commitments.map((text) => Uint8Array.fromHex(text))
    if (
      bytes.length !== checkpoint.scopes ||
      commitmentsHash(cluster, bytes).toHex() !== checkpoint.commitments
    ) {
      this.#report(`the commitments are not those of checkpoint ${checkpoint.number}`)
    }
    const secret = Uint8Array.fromHex(header.secret)
    const own = commitment(cluster, secret, partition, checkpoint.number, this.#seq).toHex()
    if (this.#seq > 0 && !commitments.includes(own)) {
      this.#report(`the partition has more records than ${this.#seq}, or fewer`)
    }
  }

  #takeTrailer(trailer: ExportTrailer): void {
    const { lines, sha256: digest, publicKey, signature } = trailer
    const header = this.#header
    if (header === undefined) {
      this.#report("the export does not begin with its header")
      return
    }
    if (this.#last !== "commitments") this.#report("the export does not end at a checkpoint")
    this.#last = "trailer"
    if (lines !== this.#lines || digest !== this.#digest.digest("hex")) {
      this.#report("the export was changed after it was signed")
    }
    const bytes = exportTrailerBytes(header.cluster, header.chain, lines, digest)
    if (publicKey !== this.#checkpoint?.publicKey || !isSignedBy(publicKey, bytes, signature)) {
      this.#report("the export's end is not signed")
    }
  }
}

function follows(
  checkpoint: Checkpoint,
  before: Checkpoint | undefined,
  header: ExportHeader,
): boolean {
  if (before !== undefined) {
    return (
      checkpoint.number === before.number + 1 &&
      checkpoint.previous === checkpointHash(before) &&
      checkpoint.time >= before.time
    )
  }
  return checkpoint.number === 1 && header.start === 0
}
