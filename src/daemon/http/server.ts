/**
 * The HTTPS listener: TLS 1.3, HTTP/1.1 with keep-alive, everything bounded. Serves faces side by
 * side and knows nothing about them: what is refused before a face is asked, its dialect renders.
 */

import assert from "node:assert/strict"
import type { IncomingMessage, ServerResponse } from "node:http"
import { createServer, type Server } from "node:https"
import type { Socket } from "node:net"
import { pipeline } from "node:stream/promises"
import { TLSSocket } from "node:tls"

import { HsmError } from "../../domain/errors.ts"
import { limits } from "../../domain/limits.ts"
import {
  dialectOf,
  type Dialects,
  type FaceReply,
  type Peer,
  type RequestHead,
} from "../../faces/message.ts"
import { readCertificate } from "../../identity/certificate.ts"
import { readBody, refuseEarly } from "./body.ts"

/** Certificate and key of the listener, PEM. */
export interface TlsFiles {
  readonly key: string | Buffer
  readonly cert: string | Buffer
}

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

/** What holds unless the configuration says otherwise. */
const httpLimits: HttpLimits = {
  headersTimeoutMs: limits.headersTimeoutMs,
  requestTimeoutMs: limits.requestTimeoutMs,
  keepAliveMs: limits.keepAliveMs,
  handshakeTimeoutMs: limits.handshakeTimeoutMs,
  connectionsMax: limits.connectionsMax,
  checkEveryMs: limits.timeoutCheckMs,
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

/** Where it listens, and as whom. */
export interface ListenOptions {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  readonly tls: TlsFiles
  /** Ask clients for a certificate. Whose it is, identity decides on every request. */
  readonly clientCertificates?: boolean
  /** PEM of the authorities that clients' certificates must come from; absent: any, also none. */
  readonly clientCa?: string | Buffer
  /** TLS 1.2 is for old clients, where the configuration says so. */
  readonly minVersion?: "TLSv1.3" | "TLSv1.2"
}

/** A listener at work. */
export interface Listener {
  readonly port: number
  /** Replaces the certificate for new connections. */
  renew(tls: TlsFiles): void
  /** Takes nothing new, finishes what runs, and cuts what still runs after `drainMs`. */
  close(options: { readonly drainMs: number }): Promise<void>
}

/** Listens; resolves when connections are accepted. Rejects when the address is not to be had. */
export async function listen(http: HttpOptions, options: ListenOptions): Promise<Listener> {
  const bounds = { ...httpLimits, ...http.limits }
  const state = { draining: false }
  const server = createServer(
    {
      ...options.tls,
      ...secureBounds(options),
      requestCert: options.clientCertificates === true,
      // There is no authority: identity compares fingerprints, on every request.
      rejectUnauthorized: false,
      handshakeTimeout: bounds.handshakeTimeoutMs,
      maxHeaderSize: limits.headBytesMax,
      headersTimeout: bounds.headersTimeoutMs,
      requestTimeout: bounds.requestTimeoutMs,
      keepAliveTimeout: bounds.keepAliveMs,
      connectionsCheckingInterval: bounds.checkEveryMs,
      noDelay: true,
    },
    (request, response) => void serve(http, state, request, response),
  )
  server.maxConnections = bounds.connectionsMax
  if (options.clientCa !== undefined) server.on("secureConnection", ignoreUnauthorized)
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    if (refuseEarly(request) === undefined) response.writeContinue()
    void serve(http, state, request, response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(options.port, options.host, resolve)
  })
  return listener(server, state, options)
}

/** What every certificate of the listener is used with. */
function secureBounds({ minVersion = "TLSv1.3", clientCa }: ListenOptions): {
  minVersion: "TLSv1.3" | "TLSv1.2"
  ca?: string | Buffer
} {
  return clientCa === undefined ? { minVersion } : { minVersion, ca: clientCa }
}

interface State {
  draining: boolean
}

function listener(server: Server, state: State, options: ListenOptions): Listener {
  const address = server.address()
  assert(typeof address === "object" && address !== null)
  return {
    port: address.port,
    renew: (tls) => server.setSecureContext({ ...tls, ...secureBounds(options) }),
    async close({ drainMs }) {
      state.draining = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const cut = setTimeout(() => server.closeAllConnections(), drainMs)
      await closed
      clearTimeout(cut)
    },
  }
}

/** Answers one request; never rejects. */
async function serve(
  http: HttpOptions,
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const startedAt = http.monotonicMs()
  const requestId = http.newRequestId()
  try {
    const reply = await answer(http, request, requestId)
    await send(response, reply, { requestId, close: state.draining || !request.complete })
    const { status, operation } = reply
    http.onDone({ operation, status, durationMs: http.monotonicMs() - startedAt })
  } catch (error) {
    http.onBroken(error, requestId)
    request.socket.destroy()
  }
}

async function answer(
  { dialects }: HttpOptions,
  request: IncomingMessage,
  requestId: string,
): Promise<FaceReply> {
  const head = headOf(request)
  const dialect = dialectOf(dialects, head)
  const body = await readBody(request)
  if (body instanceof HsmError) return dialect.refuse(body, requestId)
  return await dialect.answer({ ...head, body, requestId, peer: peerOf(request.socket) })
}

function headOf({ method = "", url = "/", headers }: IncomingMessage): RequestHead {
  const mark = url.indexOf("?")
  return {
    method,
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? "" : url.slice(mark + 1),
    header: (name) => {
      const value = headers[name]
      return typeof value === "string" ? value : undefined
    },
  }
}

/** Filled at a connection's first request: its certificate is parsed once. */
const peers = new WeakMap<Socket, Peer>()

function peerOf(socket: Socket): Peer {
  const known = peers.get(socket)
  if (known !== undefined) return known
  const address = socket.remoteAddress ?? ""
  const der = socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.raw : undefined
  const peer = { address, certificate: der === undefined ? undefined : readCertificate(der) }
  peers.set(socket, peer)
  return peer
}

/** Where authorities are configured, a certificate of nobody's is as good as none. */
function ignoreUnauthorized(socket: TLSSocket): void {
  if (!socket.authorized) peers.set(socket, { address: socket.remoteAddress ?? "" })
}

/** Two years, as browsers' preload lists want it. */
const strictTransport = "max-age=63072000"

async function send(
  response: ServerResponse,
  { status, headers, body }: FaceReply,
  { requestId, close }: { readonly requestId: string; readonly close: boolean },
): Promise<void> {
  const head: Record<string, string | number> = {
    ...headers,
    "strict-transport-security": strictTransport,
    "x-request-id": requestId,
  }
  if (close) head["connection"] = "close"
  if (typeof body === "string" || body instanceof Uint8Array) {
    if (status !== 204) head["content-length"] = Buffer.byteLength(body)
    response.writeHead(status, head).end(body)
    return
  }
  response.writeHead(status, head)
  await pipeline(body, response)
}
