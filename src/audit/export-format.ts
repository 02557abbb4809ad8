/** The lines of an export: writing and strict reading. docs/formats/audit.md is their text. */

import { canonical } from "../codec/canonical.ts"
import { tryParseBody, type AuditRecord, type RecordFilter } from "./body.ts"
import { formatCheckpoint, parseCheckpoint, type Checkpoint } from "./checkpoint.ts"

const format = "keyhold/audit-export/v1"

/** The first line: whose export it is, and where it starts. */
export interface ExportHeader {
  readonly cluster: string
  readonly chain: string
  /** Partition id, or `node`. */
  readonly partition: string
  /** The scope's secret, hexadecimal: opens the partition's commitments. */
  readonly secret: string
  /** Number of the checkpoint on the second line; 0: from the chain's first record. */
  readonly start: number
  /** The partition's records before the start. */
  readonly startSeq: number
  readonly filter: RecordFilter
}

export type ExportLine =
  | { readonly kind: "header"; readonly header: ExportHeader }
  /** Another partition's record. */
  | { readonly kind: "foreign"; readonly index: number; readonly leaf: Uint8Array }
  /** A record of the partition that the filter left out. */
  | {
      readonly kind: "filtered"
      readonly index: number
      readonly seq: number
      readonly leaf: Uint8Array
    }
  | {
      readonly kind: "shown"
      readonly index: number
      readonly salt: Uint8Array
      /** The exact text that was hashed, and what it says. */
      readonly body: string
      readonly record: AuditRecord
    }
  | {
      readonly kind: "checkpoint"
      readonly checkpoint: Checkpoint
      /** All commitments, hexadecimal, ascending; with the export's first and last checkpoint. */
      readonly commitments: readonly string[] | undefined
    }
  | { readonly kind: "trailer"; readonly trailer: ExportTrailer }

/** The last line: signed over everything before it. */
export interface ExportTrailer {
  readonly lines: number
  /** SHA-256 of all lines before, each with its newline; hexadecimal. */
  readonly sha256: string
  /** SubjectPublicKeyInfo and Ed25519 signature over {@link exportTrailerBytes}, base64. */
  readonly publicKey: string
  readonly signature: string
}

/** What the trailer's signature covers. */
export function exportTrailerBytes(
  cluster: string,
  chain: string,
  lines: number,
  sha256: string,
): Uint8Array {
  return canonical("audit-export", cluster, chain, lines, sha256)
}

export function formatExportHeader(header: ExportHeader): string {
  const { cluster, chain, partition, secret, start, startSeq, filter } = header
  return JSON.stringify({ format, cluster, chain, partition, secret, start, startSeq, filter })
}

export function formatForeign(index: number, leaf: Uint8Array): string {
  return `{"i":${index},"leaf":"${leaf.toHex()}"}`
}

export function formatFiltered(index: number, seq: number, leaf: Uint8Array): string {
  return `{"i":${index},"seq":${seq},"leaf":"${leaf.toHex()}"}`
}

export function formatShown(index: number, salt: Uint8Array, body: string): string {
  return `{"i":${index},"salt":"${salt.toHex()}","body":${body}}`
}

export function formatCheckpointLine(
  checkpoint: Checkpoint,
  commitments?: readonly string[],
): string {
  const list = commitments === undefined ? "" : `,"commitments":${JSON.stringify(commitments)}`
  return `{"checkpoint":${formatCheckpoint(checkpoint)}${list}}`
}

export function formatTrailer(trailer: ExportTrailer): string {
  const { lines, sha256, publicKey, signature } = trailer
  return JSON.stringify({ lines, sha256, publicKey, signature })
}

const count = "(0|[1-9][0-9]{0,14})"
const hash = "([0-9a-f]{64})"

/** The forms of a line; an exact match leaves no second way to write the same thing. */
const forms: readonly (readonly [RegExp, (parts: readonly string[]) => ExportLine | undefined])[] =
  [
    [
      new RegExp(`^\\{"i":${count},"leaf":"${hash}"\\}$`),
      ([i = "", leaf = ""]) => ({
        kind: "foreign",
        index: Number(i),
        leaf: Uint8Array.fromHex(leaf),
      }),
    ],
    [
      new RegExp(`^\\{"i":${count},"seq":${count},"leaf":"${hash}"\\}$`),
      ([i = "", seq = "", leaf = ""]) => ({
        kind: "filtered",
        index: Number(i),
        seq: Number(seq),
        leaf: Uint8Array.fromHex(leaf),
      }),
    ],
    [
      new RegExp(`^\\{"i":${count},"salt":"([0-9a-f]{32})","body":(\\{.*\\})\\}$`),
      ([i = "", salt = "", body = ""]) => {
        const record = tryParseBody(body)
        if (record === undefined) return undefined
        return { kind: "shown", index: Number(i), salt: Uint8Array.fromHex(salt), body, record }
      },
    ],
    [
      /^\{"checkpoint":(\{.*\}),"commitments":(\[(?:"[0-9a-f]{64}"(?:,(?="))?)*\])\}$/,
      ([text = "", list = ""]) =>
        checkpointLine(
          text,
          [...list.matchAll(/[0-9a-f]{64}/g)].map(([hex]) => hex),
        ),
    ],
    [/^\{"checkpoint":(\{.*\})\}$/, ([text = ""]) => checkpointLine(text)],
    [
      new RegExp(
        `^\\{"lines":${count},"sha256":"${hash}","publicKey":"([^"]*)","signature":"([^"]*)"\\}$`,
      ),
      ([lines = "", sha256 = "", publicKey = "", signature = ""]) => ({
        kind: "trailer",
        trailer: { lines: Number(lines), sha256, publicKey, signature },
      }),
    ],
    [/^(\{"format":.*\})$/, ([text = ""]) => headerLine(text)],
  ]

/** @returns undefined for a line of no known form. */
export function parseExportLine(line: string): ExportLine | undefined {
  for (const [pattern, read] of forms) {
    const match = pattern.exec(line)
    if (match !== null) return tryRead(() => read(match.slice(1)))
  }
  return undefined
}

function checkpointLine(text: string, commitments?: readonly string[]): ExportLine | undefined {
  const checkpoint = parseCheckpoint(text)
  return checkpoint === undefined ? undefined : { kind: "checkpoint", checkpoint, commitments }
}

function headerLine(text: string): ExportLine | undefined {
  // Typed by the check below: what is written again from these fields must be the same text.
  const header = JSON.parse(text) as ExportHeader
  const texts = [header.cluster, header.chain, header.partition, header.secret]
  const counts = [header.start, header.startSeq]
  const known =
    texts.every((value) => typeof value === "string") &&
    counts.every((value) => Number.isSafeInteger(value) && value >= 0) &&
    /^[0-9a-f]{64}$/.test(header.secret) &&
    formatExportHeader(header) === text
  return known ? { kind: "header", header } : undefined
}

function tryRead(read: () => ExportLine | undefined): ExportLine | undefined {
  try {
    return read()
  } catch {
    // JSON.parse is all that throws here: not a line of this format.
    return undefined
  }
}
