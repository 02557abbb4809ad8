/** What all fronts share: a request in, a dialect's answer out, and somebody told of it. */

import { HsmError } from "../../domain/errors.ts"
import { limits } from "../../domain/limits.ts"
import {
  dialectOf,
  type Dialects,
  type FaceReply,
  type Peer,
  type RequestHead,
} from "../../faces/message.ts"

/** How long a client may take, and how many there may be. */
export interface HttpLimits {
  /** From the first byte of a request to the end of its headers. */
  readonly headersTimeoutMs: number
  /** From the first byte of a request to the end of its body. */
  readonly requestTimeoutMs: number
  /** How long an idle connection is kept. */
  readonly keepAliveMs: number
  /** For the handshake of TLS. */
  readonly handshakeTimeoutMs: number
  readonly connectionsMax: number
  /** How often the timeouts are enforced. */
  readonly checkEveryMs: number
}

/** What is known when an answer has left, for metrics. */
export interface Done {
  readonly operation: string | undefined
  readonly status: number
  readonly durationMs: number
}

/** What the listener serves, and whom it tells. */
export interface HttpOptions {
  readonly dialects: Dialects
  readonly newRequestId: () => string
  /** Milliseconds that only go forward. */
  readonly monotonicMs: () => number
  readonly onDone: (done: Done) => void
  /** The face rejected, or its stream broke: a bug, or a client that went away. */
  readonly onBroken: (error: unknown, requestId: string) => void
  readonly limits?: Partial<HttpLimits>
}

/** What a connection needs of its listener. */
export interface Front {
  readonly http: HttpOptions
  readonly bounds: HttpLimits
  /** Answers leave with the connection's end. */
  isDraining(): boolean
}

/** A connection as the listener keeps it. */
export interface Connection {
  /** Ends it when it has taken longer than it may. */
  sweep(nowMs: number): void
  /** Ends it now if nothing runs, or when what runs has been answered. */
  drain(): void
  destroy(): void
}

/** One request, however it came. */
export interface Asked {
  readonly head: RequestHead
  /** The whole body, or why it is refused before its face is asked. */
  readonly body: Uint8Array | HsmError
  readonly requestId: string
  readonly peer: Peer
}

/** The dialect's answer; rejects when the face does. */
export function answer(
  { http }: Front,
  { head, body, requestId, peer }: Asked,
): Promise<FaceReply> | FaceReply {
  const dialect = dialectOf(http.dialects, head)
  if (body instanceof HsmError) return dialect.refuse(body, requestId)
  const { method, path, query, header, headers, kept } = head
  return dialect.answer({ method, path, query, header, headers, kept, body, requestId, peer })
}

/** The refusal that the headers alone deserve, if any. */
export function refuseEarly(
  header: RequestHead["header"],
  contentLength: number | undefined,
): HsmError | undefined {
  const encoding = header("content-encoding")
  if (encoding !== undefined && encoding !== "identity") {
    return new HsmError("UNSUPPORTED_MEDIA_TYPE", "the body must not be compressed")
  }
  return (contentLength ?? 0) > limits.bodyBytesMax ? tooLarge() : undefined
}

export function tooLarge(): HsmError {
  return new HsmError("PAYLOAD_TOO_LARGE", `a body has at most ${limits.bodyBytesMax} bytes`)
}

/** Two years, as browsers' preload lists want it. */
export const strictTransport = "max-age=63072000"
