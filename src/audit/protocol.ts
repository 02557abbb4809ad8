/** What passes between a worker and the thread that writes its log. */

import type { ErrorCode } from "../domain/errors.ts"
import type { Checkpoint, PeerHead } from "./checkpoint.ts"
import type { ExportQuery } from "./export.ts"
import type { RecordPage, RecordQuery } from "./reader.ts"
import type { FilesReport } from "./verify-files.ts"
import type { ClosedSegment, Usage, WriterOptions } from "./writer.ts"

export interface WriterSetup extends WriterOptions {
  readonly reserveBytes: number
  readonly checkpointMs: number
}

export interface Opened {
  /** Bytes of an unacknowledged write that a crash had left and that were removed. */
  readonly tornBytes: number
  readonly records: number
  readonly usage: Usage
}

/** Every call: what goes to the thread, what comes back. */
export interface AuditCalls {
  /** Keys by scope, `node` and {@link checkpointKeyName} included; 32 bytes each. */
  readonly addKey: { args: { readonly name: string; readonly key: Uint8Array }; answer: undefined }
  /** Wipes the thread's copy. */
  readonly dropKey: { args: { readonly name: string }; answer: undefined }
  readonly open: { args: WriterSetup; answer: Opened }
  /** `lines`: per record the partition id and the event, each record ended by a newline. */
  readonly append: {
    args: { readonly lines: string; readonly useReserve: boolean }
    answer: Usage
  }
  readonly checkpoint: { args: undefined; answer: Checkpoint | undefined }
  readonly head: { args: undefined; answer: PeerHead }
  readonly heads: {
    args: { readonly storeRev: number; readonly peers: readonly PeerHead[] }
    answer: undefined
  }
  /** The sequence of a partition's last record, and of that when its key came. */
  readonly sequence: {
    args: { readonly partition: string }
    answer: { readonly chain: string; readonly seq: number; readonly begun: number }
  }
  readonly read: { args: RecordQuery; answer: RecordPage }
  /** Answers the export's number; its checkpoint is made before. */
  readonly exportStart: { args: ExportQuery; answer: number }
  /** The next chunk of whole lines; undefined at the end. */
  readonly exportNext: { args: number; answer: string | undefined }
  readonly exportStop: { args: number; answer: undefined }
  readonly segments: { args: undefined; answer: readonly ClosedSegment[] }
  readonly segmentBytes: {
    args: { readonly segment: number; readonly offset: number; readonly length: number }
    answer: Uint8Array
  }
  readonly acknowledgeArchive: {
    args: { readonly through: number }
    answer: { readonly checkpoint: Checkpoint; readonly usage: Usage }
  }
  readonly verifyFiles: { args: undefined; answer: FilesReport }
  readonly close: { args: undefined; answer: undefined }
}
export type AuditCall = keyof AuditCalls

/** The name under which the key that signs checkpoints arrives. */
export const checkpointKeyName = "checkpoint"

export interface CallMessage {
  readonly id: number
  readonly call: AuditCall
  readonly args: unknown
}

export type WriterMessage =
  | { readonly kind: "answer"; readonly id: number; readonly answer: unknown }
  | {
      readonly kind: "error"
      readonly id: number
      readonly code: ErrorCode
      readonly message: string
    }
  | { readonly kind: "checkpoint"; readonly checkpoint: Checkpoint }
  /** The disk has space again, and the reserve is back in place. */
  | { readonly kind: "recovered" }
