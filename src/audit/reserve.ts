/** A file that takes space on the disk until the disk is full: then it makes room for the few. */

import { join } from "node:path"
import { syncFolder, writeAll, type FilePort } from "./files.ts"

export class Reserve {
  readonly #files: FilePort
  readonly #folder: string
  readonly #bytes: number
  #held = false

  constructor(files: FilePort, folder: string, bytes: number) {
    this.#files = files
    this.#folder = folder
    this.#bytes = bytes
  }

  get isHeld(): boolean {
    return this.#held
  }

  /** Takes the space if it is not taken yet; false when the disk does not have it. */
  hold(): boolean {
    if (this.#held) return true
    try {
      const fd = this.#files.openSync(this.#path, "w", 0o600)
      try {
        // Written out: a sparse file would hold nothing.
        writeAll(this.#files, fd, Buffer.alloc(this.#bytes), 0)
        this.#files.fsyncSync(fd)
      } finally {
        this.#files.closeSync(fd)
      }
      this.#held = true
      return true
    } catch {
      // The disk is full; what was written of it is given back.
      this.release()
      return false
    }
  }

  release(): void {
    this.#held = false
    try {
      this.#files.unlinkSync(this.#path)
      syncFolder(this.#files, this.#folder)
    } catch {
      // Already gone: then there is nothing to give back.
    }
  }

  get #path(): string {
    return join(this.#folder, "reserve")
  }
}
