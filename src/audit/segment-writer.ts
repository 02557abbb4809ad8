/** One open segment file: frames go in one write each, and count only after their sync. */

import { HsmError } from "../domain/errors.ts"
import { limits } from "../domain/limits.ts"
import { nextMacKey } from "./chain.ts"
import type { AuditCrypto } from "./crypto.ts"
import { isDiskFull, segmentPath, syncFolder, writeAll, type FilePort } from "./files.ts"
import { encodeFrame, frameMacInput, type FrameKind } from "./frame.ts"
import type { ChainFolder } from "./recover.ts"

export interface SegmentPorts {
  readonly crypto: AuditCrypto
  readonly files: FilePort
}

export class SegmentWriter {
  readonly segment: number
  readonly #at: ChainFolder
  readonly #ports: SegmentPorts
  readonly #fd: number
  #size = 0
  /** Where the file ends: zeros lie behind its last frame. */
  #allocated = 0
  #ordinal = 0
  /** Owned here; every spent key is wiped. */
  #macKey: Uint8Array

  /**
   * Creates the file with its header and makes both durable. After a full disk nothing is left.
   *
   * @param macKey - first key of the segment, 32 bytes; taken over.
   * @throws HsmError AUDIT_UNAVAILABLE, see {@link writeFrame}.
   */
  constructor(
    at: ChainFolder,
    ports: SegmentPorts,
    start: { segment: number; macKey: Uint8Array; header: Buffer },
  ) {
    const { files } = ports
    const path = segmentPath(at.folder, start.segment)
    this.segment = start.segment
    this.#at = at
    this.#ports = ports
    this.#macKey = start.macKey
    try {
      this.#fd = files.openSync(path, "wx", 0o600)
    } catch (error) {
      throw isDiskFull(error) ? diskFull() : unwritable()
    }
    try {
      this.writeFrame("header", start.header)
      syncFolder(files, at.folder)
    } catch (error) {
      files.closeSync(this.#fd)
      if (!isDiskFullRefusal(error)) throw unwritable()
      files.unlinkSync(path)
      throw error
    }
  }

  get size(): number {
    return this.#size
  }

  /**
   * @throws HsmError AUDIT_UNAVAILABLE: the frame does not count. When {@link isDiskFullRefusal},
   * what reached the file was taken back and a later try may succeed; otherwise the file's content
   * is unknown (a failed sync may have dropped pages) and this writer must not be used again.
   */
  writeFrame(kind: FrameKind, payload: Buffer): void {
    const { files, crypto } = this.#ports
    const { cluster, chain } = this.#at
    const ordinal = this.#ordinal
    const input = frameMacInput(cluster, chain, this.segment, { kind, ordinal, payload })
    const frame = encodeFrame({ kind, ordinal, payload, mac: crypto.mac(this.#macKey, input) })
    try {
      this.#allocate(frame.length)
      writeAll(files, this.#fd, frame, this.#size)
    } catch (error) {
      throw isDiskFull(error) && this.#takeBack() ? diskFull() : unwritable()
    }
    try {
      files.fdatasyncSync(this.#fd)
    } catch {
      throw unwritable()
    }
    const spent = this.#macKey
    this.#macKey = nextMacKey(cluster, spent)
    spent.fill(0)
    this.#size += frame.length
    this.#ordinal++
  }

  /** Gives the zeros back; one that ends without this keeps them until it is recovered. */
  close(): void {
    this.#macKey.fill(0)
    this.#takeBack()
    this.#ports.files.closeSync(this.#fd)
  }

  /**
   * Makes the file longer than the next frame needs: a sync that changes no length of a file costs
   * 40 % less, and most commits then are such.
   */
  #allocate(bytes: number): void {
    if (this.#size + bytes <= this.#allocated) return
    const { files } = this.#ports
    const at = Math.max(this.#size, this.#allocated)
    writeAll(files, this.#fd, zeros, at)
    this.#allocated = at + zeros.length
  }

  #takeBack(): boolean {
    try {
      this.#ports.files.ftruncateSync(this.#fd, this.#size)
      this.#allocated = this.#size
      return true
    } catch {
      // The caller then reports the file as unwritable, which is final.
      return false
    }
  }
}

const zeros = new Uint8Array(limits.auditAllocateBytes)

const diskFullMessage = "the disk of the audit log is full"

function diskFull(): HsmError {
  return new HsmError("AUDIT_UNAVAILABLE", diskFullMessage)
}

export function unwritable(): HsmError {
  return new HsmError("AUDIT_UNAVAILABLE", "the audit log cannot be written; restart the node")
}

/** True for the one refusal of the writer after which trying again may help. */
export function isDiskFullRefusal(error: unknown): boolean {
  return error instanceof HsmError && error.message === diskFullMessage
}
