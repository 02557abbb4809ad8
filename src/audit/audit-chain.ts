/** One chain of the log to read, export and archive, wherever its writer runs. */

import { HsmError } from "../domain/errors.ts"
import { limits } from "../domain/limits.ts"
import type { Checkpoint, PeerHead } from "./checkpoint.ts"
import type { ExportQuery } from "./export.ts"
import type { AuditCall, AuditCalls } from "./protocol.ts"
import type { RecordPage, RecordQuery } from "./reader.ts"
import type { FilesReport } from "./verify-files.ts"
import type { ClosedSegment } from "./writer.ts"

/** Asks the writer, in its thread or in another process. */
export type AskWriter = <C extends AuditCall>(
  call: C,
  args: AuditCalls[C]["args"],
) => Promise<AuditCalls[C]["answer"]>

export class AuditChain {
  readonly #call: AskWriter

  constructor(call: AskWriter) {
    this.#call = call
  }

  /** The store's revision and the other workers' heads, for the next checkpoint. */
  setHeads(heads: { storeRev: number; peers: readonly PeerHead[] }): Promise<void> {
    return this.#call("heads", heads)
  }

  /** Signs the head now; undefined while the node is sealed. */
  checkpoint(): Promise<Checkpoint | undefined> {
    return this.#call("checkpoint", undefined)
  }

  /** The chain's name, and a partition's last record in it, now and when its key came; 0: none. */
  sequence(partition: string): Promise<AuditCalls["sequence"]["answer"]> {
    return this.#call("sequence", { partition })
  }

  /** @throws HsmError SEALED, TAMPERED, DECRYPTION_FAILED; see ChainReader.readRecords. */
  readRecords(query: RecordQuery): Promise<RecordPage> {
    return this.#call("read", query)
  }

  /**
   * An export up to now, as chunks of whole JSON lines; verify.ts verifies it.
   *
   * @throws HsmError SEALED, TAMPERED; RATE_LIMITED when too many others began meanwhile.
   */
  async *exportLines(query: ExportQuery): AsyncGenerator<string, void> {
    const number = await this.#call("exportStart", query)
    try {
      for (;;) {
        const chunk = await this.#call("exportNext", number)
        if (chunk === undefined) return
        yield chunk
      }
    } finally {
      await this.#call("exportStop", number)
    }
  }

  closedSegments(): Promise<readonly ClosedSegment[]> {
    return this.#call("segments", undefined)
  }

  /** A closed segment's bytes, for the archive. @throws HsmError NOT_FOUND. */
  async *readSegment(segment: number): AsyncGenerator<Uint8Array, void> {
    const found = (await this.closedSegments()).some((closed) => closed.segment === segment)
    if (!found) throw new HsmError("NOT_FOUND", "no such closed segment")
    for (let offset = 0; ;) {
      const length = limits.auditCommitBytesMax
      const bytes = await this.#call("segmentBytes", { segment, offset, length })
      if (bytes.length === 0) return
      yield bytes
      offset += bytes.length
    }
  }

  /**
   * Removes the segments up to `through`, which the caller has archived.
   *
   * @throws HsmError CONFLICT when that segment does not end at a checkpoint.
   */
  async acknowledgeArchive(through: number): Promise<Checkpoint> {
    return (await this.#call("acknowledgeArchive", { through })).checkpoint
  }

  /** Where the chain stands. */
  head(): Promise<PeerHead> {
    return this.#call("head", undefined)
  }

  /** Verifies the files where they lie; nothing is written meanwhile. */
  verifyFiles(): Promise<FilesReport> {
    return this.#call("verifyFiles", undefined)
  }
}
