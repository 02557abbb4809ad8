/** One HTTPS exchange: a request of text, an answer as a stream. Knows nothing of operations. */

import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from "node:http"
import { Agent, request as httpsRequest, type RequestOptions } from "node:https"
import { KeyholdError } from "./errors.ts"

/** Connections of one client; more calls at once wait for a free one. */
const connectionsMax = 64
/** An answer that is read into memory: a page of 1,000 keys, or a full batch. */
const answerBytesMax = 64 * 1024 * 1024

export interface TransportOptions {
  /** Certificate authorities to trust instead of the system's, PEM. */
  readonly ca?: string | undefined
  /** The client's own certificate and private key, PEM. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string } | undefined
}

export interface TransportRequest {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  readonly signal: AbortSignal
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: IncomingMessage
}

/** Keeps connections open between calls. */
export class Transport {
  readonly #agent: Agent

  constructor({ ca, clientCertificate }: TransportOptions) {
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: connectionsMax,
      minVersion: "TLSv1.3",
      ...(ca === undefined ? {} : { ca }),
      ...clientCertificate,
    })
  }

  /**
   * Sends one request and answers once the head of the answer is here.
   *
   * @throws {@link KeyholdError} UNREACHABLE, or the signal's reason.
   */
  send({ method, url, headers, body, signal }: TransportRequest): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = this.#begin(url, { method, headers, signal })
      request.on("error", (error) => reject(describe(error, signal)))
      request.on("response", (answer) => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer })
      })
      request.end(body)
    })
  }

  #begin(url: URL, options: RequestOptions): ClientRequest {
    try {
      return httpsRequest(url, { ...options, agent: this.#agent })
    } catch (error) {
      // Node refuses what it was given, before anything is sent. Its own message may quote it.
      const what =
        codeOf(error) === "ERR_INVALID_CHAR" ? "token or idempotency key" : "certificates"
      throw new KeyholdError("CONFIGURATION", `the ${what} cannot be used: malformed`)
    }
  }

  /** Closes idle connections; those in use close when their call ends. */
  close(): void {
    this.#agent.destroy()
  }
}

/**
 * Reads an answer as text.
 *
 * @throws {@link KeyholdError} UNREACHABLE, INVALID_RESPONSE when it is too long.
 */
export async function readText({ body }: Answer, signal: AbortSignal): Promise<string> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of readBytes(body, signal)) {
    length += piece.length
    if (length > answerBytesMax)
      throw new KeyholdError("INVALID_RESPONSE", "the answer is too long")
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString("utf8")
}

/** Yields the pieces of an answer as they come; a broken connection is UNREACHABLE. */
export async function* readBytes(
  body: IncomingMessage,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    // Node's declaration of a readable stream's pieces is `any`; this one is binary.
    for await (const piece of body as AsyncIterable<Buffer>) yield piece
  } catch (error) {
    throw describe(error, signal)
  }
}

/** Says what is wrong without the request: Node's errors may show its head. */
function describe(error: unknown, signal: AbortSignal): Error {
  if (signal.aborted && signal.reason instanceof Error) return signal.reason
  const reason = codeOf(error) ?? "the connection failed"
  return new KeyholdError("UNREACHABLE", `the node cannot be reached: ${reason}`)
}

function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined
  return typeof code === "string" ? code : undefined
}
