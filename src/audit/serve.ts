/**
 * The writer's side of the thread: one function per call. src/daemon/ starts the thread and gives
 * it the cryptography, which this folder must not import.
 */

import type { MessagePort } from "node:worker_threads"
import { HsmError } from "../domain/errors.ts"
import { limits } from "../domain/limits.ts"
import type { Clock } from "../domain/ports.ts"
import type { ChainRecords } from "./chain.ts"
import type { AuditCrypto } from "./crypto.ts"
import { exportChunks } from "./export.ts"
import { realFiles, segmentPath, type FilePort } from "./files.ts"
import type { AuditCall, AuditCalls, CallMessage, WriterMessage, WriterSetup } from "./protocol.ts"
import { ChainReader } from "./reader.ts"
import { Reserve } from "./reserve.ts"
import { verifyChainFiles } from "./verify-files.ts"
import { ChainWriter, type Entry } from "./writer.ts"

/**
 * The keys that have arrived, by scope, `checkpoint` and `node` included. A dropped key is wiped
 * and leaves the map, so an implementation must look it up each time and keep nothing derived from
 * it but in a WeakMap by its bytes.
 */
export type AuditKeys = ReadonlyMap<string, Uint8Array>

export interface ServePorts {
  readonly makeCrypto: (keys: AuditKeys) => AuditCrypto
  readonly clock: Clock
  readonly files?: FilePort
  readonly chainRecords?: ChainRecords | undefined
}

/** Serves the writer until it is closed; called once, in the thread's entry file. */
export function serveAuditWriter(port: MessagePort, ports: ServePorts): void {
  const server = new AuditServer(ports, (message) => port.postMessage(message))
  port.on("message", ({ id, call, args }: CallMessage) => {
    try {
      port.postMessage({ kind: "answer", id, answer: server.call(call, args) })
    } catch (error) {
      const known =
        error instanceof HsmError ? error : new HsmError("INTERNAL", "the audit writer failed")
      port.postMessage({ kind: "error", id, code: known.code, message: known.message })
    }
    if (call === "close") port.close()
  })
}

type Handlers = {
  readonly [C in AuditCall]: (args: AuditCalls[C]["args"]) => AuditCalls[C]["answer"]
}

/** A chain that has been opened. */
interface OpenChain {
  readonly setup: WriterSetup
  readonly writer: ChainWriter
  readonly reader: ChainReader
  readonly reserve: Reserve
  readonly timer: NodeJS.Timeout
}

class AuditServer {
  readonly #keys = new Map<string, Uint8Array>()
  /** By scope: its last record when its key came. */
  readonly #begun = new Map<string, number>()
  readonly #crypto: AuditCrypto
  readonly #clock: Clock
  readonly #files: FilePort
  readonly #chainRecords: ChainRecords | undefined
  readonly #send: (message: WriterMessage) => void
  /** By number, oldest first. */
  readonly #exports = new Map<number, Generator<string, void>>()
  #exportNumber = 0
  #chain: OpenChain | undefined

  constructor(ports: ServePorts, send: (message: WriterMessage) => void) {
    this.#crypto = ports.makeCrypto(this.#keys)
    this.#clock = ports.clock
    this.#files = ports.files ?? realFiles
    this.#chainRecords = ports.chainRecords
    this.#send = send
  }

  call(call: AuditCall, args: unknown): unknown {
    // The two ends share AuditCalls, and nobody else holds the port.
    const handler = this.#handlers[call] as (args: unknown) => unknown
    return handler(args)
  }

  readonly #handlers: Handlers = {
    addKey: ({ name, key }) => {
      this.#keys.set(name, key)
      this.#begun.set(name, this.#chain?.writer.sequenceOf(name) ?? 0)
    },
    dropKey: ({ name }) => {
      this.#keys.get(name)?.fill(0)
      this.#keys.delete(name)
    },
    open: (setup) => this.#open(setup),
    append: ({ lines, useReserve }) => {
      const { writer, reserve } = this.#opened
      if (useReserve) reserve.release()
      return writer.append(parseLines(lines))
    },
    checkpoint: () => this.#opened.writer.checkpoint("request"),
    head: () => {
      const { setup, writer } = this.#opened
      const { records, link } = writer.head
      return { chain: setup.chain, records, link: link.toHex() }
    },
    heads: ({ storeRev, peers }) => {
      this.#opened.writer.storeRev = storeRev
      this.#opened.writer.peers = peers
    },
    sequence: ({ partition }) => {
      const { setup, writer } = this.#opened
      const begun = this.#begun.get(partition) ?? 0
      return { chain: setup.chain, seq: writer.sequenceOf(partition), begun }
    },
    read: (query) => this.#opened.reader.readRecords(query),
    exportStart: (query) => this.#startExport(query),
    exportNext: (number) => this.#nextChunk(number),
    exportStop: (number) => {
      this.#exports.delete(number)
    },
    segments: () => this.#opened.writer.closedSegments(),
    segmentBytes: ({ segment, offset, length }) => this.#segmentBytes(segment, offset, length),
    acknowledgeArchive: ({ through }) => {
      const { writer } = this.#opened
      return { checkpoint: writer.acknowledgeArchive(through), usage: writer.usage() }
    },
    verifyFiles: () => verifyChainFiles(this.#opened.setup, this.#crypto, this.#files),
    close: () => {
      this.#close()
    },
  }

  get #opened(): OpenChain {
    if (this.#chain === undefined) {
      throw new HsmError("AUDIT_UNAVAILABLE", "the audit log is not open")
    }
    return this.#chain
  }

  #open(setup: WriterSetup): AuditCalls["open"]["answer"] {
    const files = this.#files
    const writer = new ChainWriter(setup, {
      crypto: this.#crypto,
      clock: this.#clock,
      files,
      chainRecords: this.#chainRecords,
      onCheckpoint: (checkpoint) => this.#send({ kind: "checkpoint", checkpoint }),
    })
    const reserve = new Reserve(files, setup.folder, setup.reserveBytes)
    reserve.hold()
    const timer = setInterval(() => this.#tick(), setup.checkpointMs)
    const reader = new ChainReader(setup, this.#crypto, files)
    this.#chain = { setup, writer, reader, reserve, timer }
    return { tornBytes: writer.tornBytes, records: writer.head.records, usage: writer.usage() }
  }

  /** Every few seconds: a checkpoint when there is something new; the reserve, when it is gone. */
  #tick(): void {
    const { writer, reserve } = this.#opened
    try {
      writer.checkpoint("interval")
    } catch (error) {
      // The next append meets the same failure and refuses by name.
      if (!(error instanceof HsmError)) throw error
    }
    if (!reserve.isHeld && reserve.hold()) this.#send({ kind: "recovered" })
  }

  #startExport(query: AuditCalls["exportStart"]["args"]): number {
    const { writer, reader, setup } = this.#opened
    const end = writer.checkpoint("request")
    if (end === undefined) throw new HsmError("SEALED", "an export needs the checkpoint key")
    const number = ++this.#exportNumber
    this.#exports.set(number, exportChunks({ at: setup, reader, crypto: this.#crypto }, query, end))
    const oldest = this.#exports.keys().next().value
    if (this.#exports.size > limits.auditExportsMax && oldest !== undefined) {
      this.#exports.delete(oldest)
    }
    return number
  }

  #nextChunk(number: number): string | undefined {
    const chunks = this.#exports.get(number)
    if (chunks === undefined) {
      throw new HsmError("RATE_LIMITED", "too many exports at once: this one was dropped")
    }
    const { value } = chunks.next()
    if (value === undefined) this.#exports.delete(number)
    return value ?? undefined
  }

  #segmentBytes(segment: number, offset: number, length: number): Uint8Array {
    const fd = this.#files.openSync(segmentPath(this.#opened.setup.folder, segment), "r")
    try {
      const bytes = new Uint8Array(Math.min(length, limits.auditCommitBytesMax))
      return bytes.slice(0, this.#files.readSync(fd, bytes, 0, bytes.length, offset))
    } finally {
      this.#files.closeSync(fd)
    }
  }

  #close(): void {
    clearInterval(this.#opened.timer)
    this.#opened.writer.close()
    this.#chain = undefined
    for (const key of this.#keys.values()) key.fill(0)
    this.#keys.clear()
  }
}

const partitionIdLength = 26

function parseLines(lines: string): Entry[] {
  return lines
    .split("\n")
    .slice(0, -1)
    .map((line) => ({
      partition: line.slice(0, partitionIdLength),
      event: line.slice(partitionIdLength),
    }))
}
