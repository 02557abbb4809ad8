/** A connection that speaks frames (docs/formats/frame.md), chosen by ALPN. */

import type { TLSSocket } from "node:tls"

import { CodecError } from "../../codec/error.ts"
import { FrameSession, type FrameFaceOptions } from "../../faces/frame/face.ts"
import type { Peer } from "../../faces/message.ts"
import type { Connection, Front } from "./exchange.ts"
import type { Protocol } from "./server.ts"

/** The name in ALPN. */
export const frameProtocol = "keyhold/1"

export class FrameConnection implements Connection {
  readonly #front: Front
  readonly #socket: TLSSocket
  readonly #session: FrameSession
  /** Bytes that are no whole frame yet, or wait for calls under way. */
  #pending: Buffer | undefined
  #sinceMs: number
  #flushing = false
  #draining = false

  constructor(face: FrameFaceOptions, front: Front, at: { socket: TLSSocket; peer: Peer }) {
    const { http } = front
    this.#front = front
    this.#socket = at.socket
    this.#sinceMs = http.monotonicMs()
    const id = http.newRequestId()
    this.#session = new FrameSession(face, {
      id,
      peer: at.peer,
      onDone: (done) => http.onDone({ ...done, durationMs: http.monotonicMs() - this.#sinceMs }),
    })
    at.socket.on("data", (bytes: Buffer) => this.#receive(bytes))
    at.socket.on("end", () => this.drain())
    at.socket.on("error", () => this.destroy())
  }

  sweep(nowMs: number): void {
    const { bounds } = this.#front
    if (this.#session.underWay > 0) return
    const allowed = this.#pending === undefined ? bounds.keepAliveMs : bounds.requestTimeoutMs
    if (nowMs - this.#sinceMs > allowed) this.destroy()
  }

  drain(): void {
    this.#draining = true
    this.#endIfDone()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #receive(bytes: Buffer): void {
    this.#sinceMs = this.#front.http.monotonicMs()
    const pending = this.#pending
    this.#pending = undefined
    this.#take(pending === undefined ? bytes : Buffer.concat([pending, bytes]))
  }

  #take(bytes: Buffer): void {
    try {
      const used = this.#session.take(bytes, () => this.#flushSoon())
      if (used === bytes.length) return
      this.#pending = bytes.subarray(used)
      // More than may be under way, or a client that does not read: the rest waits in the socket.
      if (this.#session.underWay > 0) this.#socket.pause()
    } catch (error) {
      if (!(error instanceof CodecError)) this.#front.http.onBroken(error, "")
      this.destroy()
    }
  }

  /** Answers that become ready together leave together. */
  #flushSoon(): void {
    if (this.#flushing) return
    this.#flushing = true
    process.nextTick(() => this.#flush())
  }

  #flush(): void {
    this.#flushing = false
    const answers = this.#session.takeAnswers()
    if (answers !== undefined && !this.#socket.destroyed) this.#socket.write(answers)
    if (this.#socket.writableNeedDrain) {
      this.#socket.pause()
      this.#socket.once("drain", () => this.#goOn())
      return
    }
    this.#goOn()
  }

  #goOn(): void {
    const pending = this.#pending
    this.#pending = undefined
    if (this.#socket.isPaused() && !this.#draining) this.#socket.resume()
    if (pending !== undefined) this.#take(pending)
    this.#endIfDone()
  }

  #endIfDone(): void {
    if (this.#draining && this.#session.underWay === 0 && !this.#flushing) this.#socket.end()
  }
}

/** For {@link listen}'s table of protocols. */
export function frames(face: FrameFaceOptions): Readonly<Record<string, Protocol>> {
  return {
    [frameProtocol]: (front, socket, peer) => new FrameConnection(face, front, { socket, peer }),
  }
}
