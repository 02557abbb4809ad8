/**
 * The listener: TLS 1.3, and behind it whichever protocol the client has chosen by ALPN, all of
 * them bounded. Serves faces side by side and knows nothing about them: what is refused before a
 * face is asked, its dialect renders.
 */

import assert from "node:assert/strict"
import { createServer, type Server, type TLSSocket } from "node:tls"

import { limits } from "../../domain/limits.ts"
import type { Peer } from "../../faces/message.ts"
import { commonNameOf, readCertificate } from "../../identity/certificate.ts"
import type { Connection, Front, HttpLimits, HttpOptions } from "./exchange.ts"
import { Http1Connection } from "./http1.ts"
import { Http2Connection } from "./http2.ts"

export type { Done, HttpLimits, HttpOptions } from "./exchange.ts"

/** Certificate and key of the listener, PEM. */
export interface TlsFiles {
  readonly key: string | Buffer
  readonly cert: string | Buffer
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
  /** Other processes listen on the same port: the kernel deals the connections out. */
  readonly shared?: boolean
  /** 48 bytes that all who share the port have, so that a session is resumed by any of them. */
  readonly ticketKeys?: Buffer
  /** Protocols beside HTTP, by their name in ALPN (RFC 7301). */
  readonly protocols?: Readonly<Record<string, Protocol>>
}

/** Takes a connection over for one protocol. */
export type Protocol = (front: Front, socket: TLSSocket, peer: Peer) => Connection

/** A listener at work. */
export interface Listener {
  readonly port: number
  /** Replaces the certificate for new connections. */
  renew(tls: TlsFiles): void
  /** Replaces the keys of session tickets. */
  renewTickets(keys: Buffer): void
  /** Takes nothing new, finishes what runs, and cuts what still runs after `drainMs`. */
  close(options: { readonly drainMs: number }): Promise<void>
}

const http: Readonly<Record<string, Protocol>> = {
  h2: (front, socket, peer) => new Http2Connection(front, socket, peer),
  "http/1.1": (front, socket, peer) => new Http1Connection(front, socket, peer),
}

/** Listens; resolves when connections are accepted. Rejects when the address is not to be had. */
export async function listen(options: HttpOptions, at: ListenOptions): Promise<Listener> {
  const bounds = { ...httpLimits, ...options.limits }
  const state: State = { draining: false, connections: new Set() }
  const front: Front = { http: options, bounds, isDraining: () => state.draining }
  const protocols: Readonly<Record<string, Protocol>> = { ...at.protocols, ...http }
  const server = createServer({
    ...at.tls,
    ...secureBounds(at),
    ALPNProtocols: Object.keys(protocols),
    requestCert: at.clientCertificates === true,
    // There is no authority: identity compares fingerprints, on every request.
    rejectUnauthorized: false,
    handshakeTimeout: bounds.handshakeTimeoutMs,
    // A client may end its side when it has asked; its answer is still owed.
    allowHalfOpen: true,
    noDelay: true,
    ...(at.ticketKeys === undefined ? {} : { ticketKeys: at.ticketKeys }),
  })
  server.maxConnections = bounds.connectionsMax
  server.on("secureConnection", (socket) => {
    // Who names no protocol speaks HTTP/1.1.
    const { alpnProtocol: chosen } = socket
    const protocol = protocols[typeof chosen === "string" ? chosen : "http/1.1"]
    assert(protocol !== undefined) // ALPN chooses from this table.
    const connection = protocol(front, socket, peerOf(socket, at))
    state.connections.add(connection)
    socket.once("close", () => state.connections.delete(connection))
  })
  server.on("tlsClientError", (_error, socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    const { port, host, shared: reusePort = false } = at
    server.listen({ port, host, reusePort, exclusive: true, backlog: 1_024 }, resolve)
  })
  const sweeper = setInterval(() => {
    const now = options.monotonicMs()
    for (const connection of state.connections) connection.sweep(now)
  }, bounds.checkEveryMs)
  return listener(server, state, { at, sweeper })
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
  readonly connections: Set<Connection>
}

function listener(
  server: Server,
  state: State,
  { at, sweeper }: { readonly at: ListenOptions; readonly sweeper: NodeJS.Timeout },
): Listener {
  const address = server.address()
  assert(typeof address === "object" && address !== null)
  return {
    port: address.port,
    renew: (tls) => server.setSecureContext({ ...tls, ...secureBounds(at) }),
    renewTickets: (keys) => {
      server.setTicketKeys(keys)
    },
    async close({ drainMs }) {
      state.draining = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const connection of state.connections) connection.drain()
      const cut = setTimeout(() => {
        for (const connection of state.connections) connection.destroy()
      }, drainMs)
      await closed
      clearTimeout(cut)
      clearInterval(sweeper)
    },
  }
}

/** Made once per connection: its certificate is parsed once. */
function peerOf(socket: TLSSocket, { clientCertificates, clientCa }: ListenOptions): Peer {
  const address = socket.remoteAddress ?? ""
  // Where authorities are configured, a certificate of nobody's is as good as none.
  const counts = clientCertificates === true && (clientCa === undefined || socket.authorized)
  const der = counts ? socket.getPeerX509Certificate()?.raw : undefined
  if (der === undefined) return { address }
  // Without authorities anybody can call himself anything.
  const clientName = clientCa === undefined ? undefined : commonNameOf(der)
  return { address, certificate: readCertificate(der), clientName }
}
