/**
 * One connection of HTTP/1.1 over TLS: one request at a time, answered in one piece. What comes
 * while a request is at work waits unread in the socket, so that a client cannot fill memory.
 */

import type { TLSSocket } from "node:tls"

import type { HsmError } from "../../domain/errors.ts"
import type { FaceReply, Peer } from "../../faces/message.ts"
import { answer, refuseEarly, tooLarge, type Connection, type Front } from "./exchange.ts"
import { dateHeader, headText } from "./response-head.ts"
import { RequestParser, type ParsedHead, type Refusal, type Step } from "./request-parser.ts"
import { endOfReading } from "./turn.ts"

/** What the connection does: wait for bytes, work on a request, or nothing any more. */
type State = "reading" | "working" | "ended"

export class Http1Connection implements Connection {
  readonly #front: Front
  readonly #socket: TLSSocket
  readonly #peer: Peer
  readonly #parser = new RequestParser()
  #state: State = "reading"
  /** Bytes behind the request at work. */
  #waiting: Buffer | undefined
  /** The first byte of the request under way, or the end of the last answer. */
  #sinceMs: number
  #clientEnded = false

  constructor(front: Front, socket: TLSSocket, peer: Peer) {
    this.#front = front
    this.#socket = socket
    this.#peer = peer
    this.#sinceMs = front.http.monotonicMs()
    socket.on("data", (bytes: Buffer) => this.#receive(bytes))
    socket.on("end", () => this.#endOfClient())
    socket.on("error", () => this.destroy())
    socket.on("close", () => this.#closed())
  }

  sweep(nowMs: number): void {
    const { bounds } = this.#front
    const waited = nowMs - this.#sinceMs
    if (this.#state !== "reading") return
    if (this.#parser.idle) {
      if (waited > bounds.keepAliveMs) this.#socket.end()
      if (waited > 2 * bounds.keepAliveMs) this.destroy() // It does not take the end either.
      return
    }
    const allowed = this.#parser.inHead ? bounds.headersTimeoutMs : bounds.requestTimeoutMs
    if (waited > allowed) this.#refuse(408)
  }

  drain(): void {
    if (this.#state === "reading" && this.#parser.idle) this.destroy()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #closed(): void {
    if (this.#state === "ended") return
    this.#state = "ended"
    this.#parser.close()
  }

  #endOfClient(): void {
    this.#clientEnded = true
    if (this.#state === "working") return // Its answer is still owed.
    if (this.#parser.idle) this.#socket.end()
    else this.destroy()
  }

  #receive(bytes: Buffer): void {
    if (this.#state === "working") {
      // One read of the socket may have been under way when it was paused.
      this.#waiting = this.#waiting === undefined ? bytes : Buffer.concat([this.#waiting, bytes])
      this.#socket.pause()
    } else if (this.#state === "reading") {
      this.#advance(bytes)
    }
  }

  #advance(bytes: Buffer): void {
    if (this.#state === "ended") return
    let step: Step
    let at = bytes
    if (this.#parser.idle) this.#sinceMs = this.#front.http.monotonicMs()
    do {
      step = this.#parser.take(at)
      if (step.kind === "head") {
        if (this.#mayGoOn(step.head)) at = step.rest
        else return
      }
    } while (step.kind === "head" && at.length > 0)
    if (step.kind === "request") {
      this.#waiting = step.rest.length === 0 ? undefined : step.rest
      void this.#serve(step.head, this.#parser.takeBody(), step.head.keepAlive)
    } else if (step.kind === "large") {
      void this.#serve(step.head, tooLarge(), false)
    } else if (step.kind === "refused") {
      this.#refuse(step.status)
    }
  }

  /** Judges a head before its body is read; what is refused is answered here. */
  #mayGoOn(head: ParsedHead): boolean {
    const refusal = refuseEarly(head.header, head.contentLength)
    if (refusal !== undefined) {
      void this.#serve(head, refusal, false)
      return false
    }
    if (head.header("expect") !== undefined) this.#socket.write("HTTP/1.1 100 Continue\r\n\r\n")
    return true
  }

  /** Answers one request; never rejects. */
  async #serve(head: ParsedHead, body: Uint8Array | HsmError, keepAlive: boolean): Promise<void> {
    this.#state = "working"
    const { http } = this.#front
    const startedAt = this.#sinceMs
    const requestId = http.newRequestId()
    try {
      await endOfReading()
      const refused = body instanceof Uint8Array ? refuseEarly(head.header, 0) : undefined
      const asked = { head, body: refused ?? body, requestId, peer: this.#peer }
      const reply = await answer(this.#front, asked)
      const kept = keepAlive && head.minor > 0 && !this.#clientEnded && !this.#front.isDraining()
      await this.#send(reply, { head, requestId, kept })
      const { status, operation } = reply
      http.onDone({ operation, status, durationMs: http.monotonicMs() - startedAt })
      if (kept) this.#next()
      else this.#finish()
    } catch (error) {
      http.onBroken(error, requestId)
      this.destroy()
    }
  }

  #send(
    { status, headers, body }: FaceReply,
    about: { readonly head: ParsedHead; readonly requestId: string; readonly kept: boolean },
  ): Promise<void> | undefined {
    const { head, requestId, kept } = about
    const text =
      headText(status, headers) +
      dateHeader(Date.now()) +
      `x-request-id: ${requestId}\r\nconnection: ${kept ? "keep-alive" : "close"}\r\n`
    if (typeof body !== "string" && !(body instanceof Uint8Array)) {
      return this.#stream(text, body, head.minor > 0)
    }
    const bytes = Buffer.byteLength(body)
    const length = status === 204 ? "" : `content-length: ${bytes}\r\n`
    const socket = this.#socket
    // As many bytes as characters: nothing but ASCII, which is written twice as fast.
    const encoding = bytes === body.length ? "latin1" : "utf8"
    if (head.method === "HEAD" || body.length === 0) socket.write(`${text}${length}\r\n`, "latin1")
    else if (typeof body === "string") socket.write(`${text}${length}\r\n${body}`, encoding)
    else socket.write(Buffer.concat([Buffer.from(`${text}${length}\r\n`, "latin1"), body]))
    return undefined
  }

  /** A stream's length is not known: chunks, or, for HTTP/1.0, all up to the connection's end. */
  async #stream(text: string, body: AsyncIterable<string>, chunked: boolean): Promise<void> {
    this.#socket.write(`${text}${chunked ? "transfer-encoding: chunked\r\n" : ""}\r\n`, "latin1")
    for await (const piece of body) {
      const bytes = Buffer.from(piece)
      if (bytes.length === 0) continue
      const framed = chunked
        ? Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, crlf])
        : bytes
      if (!this.#socket.write(framed)) await this.#drained()
    }
    if (chunked) this.#socket.write("0\r\n\r\n")
  }

  #drained(): Promise<void> {
    const socket = this.#socket
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error("the client went away"))
      if (socket.destroyed) gone()
      socket.once("close", gone)
      socket.once("drain", () => {
        socket.off("close", gone)
        resolve()
      })
    })
  }

  /** Takes the next request, of which some may have come already. */
  #next(): void {
    if (this.#state === "ended") return
    this.#state = "reading"
    this.#sinceMs = this.#front.http.monotonicMs()
    const waiting = this.#waiting
    this.#waiting = undefined
    if (this.#socket.isPaused()) this.#socket.resume()
    if (waiting !== undefined) this.#advance(waiting)
  }

  /** What is no request has no dialect that could answer it. */
  #refuse(status: Refusal | 408): void {
    if (this.#state === "ended") return
    this.#socket.write(`${headText(status, none)}connection: close\r\ncontent-length: 0\r\n\r\n`)
    this.#finish()
  }

  /**
   * Says that nothing more comes, and takes in what the client still sends for a moment: cut off at
   * once, it would lose the answer.
   */
  #finish(): void {
    if (this.#state === "ended") return
    this.#state = "ended"
    this.#parser.close()
    this.#socket.end()
    this.#socket.resume()
    setTimeout(() => this.#socket.destroy(), lingerMs).unref()
  }
}

const none = {}
const crlf = Buffer.from("\r\n")
/** RFC 9112 section 9.6: a close in stages. */
const lingerMs = 500
