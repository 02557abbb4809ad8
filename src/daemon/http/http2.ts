/** One connection of HTTP/2 (RFC 9113), by the stream API of node:http2: no request objects. */

import {
  constants,
  performServerHandshake,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import type { TLSSocket } from "node:tls"

import type { HsmError } from "../../domain/errors.ts"
import { limits } from "../../domain/limits.ts"
import type { FaceReply, Peer, RequestHead } from "../../faces/message.ts"
import {
  answer,
  refuseEarly,
  strictTransport,
  tooLarge,
  type Connection,
  type Front,
} from "./exchange.ts"
import { endOfReading } from "./turn.ts"

export class Http2Connection implements Connection {
  readonly #front: Front
  readonly #peer: Peer
  readonly #session: ServerHttp2Session
  /** Streams whose request is still coming, and when it began. */
  readonly #reading = new Map<ServerHttp2Stream, number>()
  #atWork = 0
  #sinceMs: number

  constructor(front: Front, socket: TLSSocket, peer: Peer) {
    this.#front = front
    this.#peer = peer
    this.#sinceMs = front.http.monotonicMs()
    const session = performServerHandshake(socket, {
      settings: {
        maxConcurrentStreams: limits.streamsPerConnectionMax,
        maxHeaderListSize: limits.headBytesMax,
        enablePush: false,
      },
      maxHeaderListPairs: 128,
      maxSessionMemory: limits.sessionMegabytesMax,
    })
    this.#session = session
    session.on("stream", (stream, headers) => this.#take(stream, headers))
    session.on("error", () => this.destroy())
    session.on("sessionError", () => this.destroy())
    socket.on("error", () => this.destroy())
  }

  sweep(nowMs: number): void {
    const { bounds } = this.#front
    for (const [stream, since] of this.#reading) {
      if (nowMs - since > bounds.requestTimeoutMs) stream.close(constants.NGHTTP2_CANCEL)
    }
    const idle = this.#reading.size === 0 && this.#atWork === 0
    if (idle && nowMs - this.#sinceMs > bounds.keepAliveMs) this.#session.close()
  }

  drain(): void {
    if (!this.#session.closed) this.#session.close()
  }

  destroy(): void {
    this.#session.destroy()
  }

  #take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const { monotonicMs } = this.#front.http
    const startedAt = monotonicMs()
    const head = headOf(headers)
    stream.on("error", () => {}) // The client reset it: whoever writes next is told.
    const length = headers["content-length"]
    const refusal = refuseEarly(head.header, length === undefined ? undefined : Number(length))
    if (refusal !== undefined || stream.endAfterHeaders) {
      void this.#serve(stream, head, refusal ?? nothing, startedAt)
      return
    }
    this.#reading.set(stream, startedAt)
    collect(stream, (body) => {
      this.#reading.delete(stream)
      if (body !== undefined) void this.#serve(stream, head, body, startedAt)
    })
  }

  /** Answers one stream; never rejects. */
  async #serve(
    stream: ServerHttp2Stream,
    head: RequestHead,
    body: Uint8Array | HsmError,
    startedAt: number,
  ): Promise<void> {
    const { http } = this.#front
    const requestId = http.newRequestId()
    this.#atWork += 1
    try {
      await endOfReading()
      const reply = await answer(this.#front, { head, body, requestId, peer: this.#peer })
      await send(stream, head, reply, requestId)
      const { status, operation } = reply
      http.onDone({ operation, status, durationMs: http.monotonicMs() - startedAt })
    } catch (error) {
      http.onBroken(error, requestId)
      stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    }
    this.#atWork -= 1
    this.#sinceMs = http.monotonicMs()
  }
}

const nothing = new Uint8Array(0)

function headOf(headers: IncomingHttpHeaders): RequestHead {
  const url = headers[":path"] ?? "/"
  const mark = url.indexOf("?")
  return {
    method: headers[":method"] ?? "",
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? "" : url.slice(mark + 1),
    // RFC 9113 section 8.3.1: what HTTP/1.1 calls Host.
    header: (name) => {
      const value = headers[name] ?? (name === "host" ? headers[":authority"] : undefined)
      return typeof value === "string" ? value : undefined
    },
    headers: () =>
      Object.entries(headers)
        .filter((entry): entry is [string, string] => typeof entry[1] === "string")
        .filter(([name]) => !name.startsWith(":")),
  }
}

/** Tells once: of the whole body, of its refusal, or of nothing when the client went away. */
function collect(
  stream: ServerHttp2Stream,
  tell: (body: Uint8Array | HsmError | undefined) => void,
): void {
  const chunks: Buffer[] = []
  let length = 0
  let told = false
  const once = (body: Uint8Array | HsmError | undefined): void => {
    if (told) return
    told = true
    tell(body)
  }
  stream.on("data", (chunk: Buffer) => {
    length += chunk.length
    if (length <= limits.bodyBytesMax) chunks.push(chunk)
    else once(tooLarge())
  })
  stream.on("end", () => once(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)))
  stream.on("close", () => once(undefined))
}

async function send(
  stream: ServerHttp2Stream,
  { method }: RequestHead,
  { status, headers, body }: FaceReply,
  requestId: string,
): Promise<void> {
  if (stream.destroyed) return // The client did not wait; its record is in the log.
  const fields: Record<string, string | number> = {
    ":status": status,
    ...headers,
    "strict-transport-security": strictTransport,
    "x-request-id": requestId,
  }
  if (typeof body !== "string" && !(body instanceof Uint8Array)) {
    stream.respond(fields)
    await pipeline(Readable.from(body), stream)
    return
  }
  if (status !== 204) fields["content-length"] = Buffer.byteLength(body)
  if (body.length === 0 || method === "HEAD") {
    stream.respond(fields, { endStream: true })
    return
  }
  stream.respond(fields)
  stream.end(body)
}
