/** An HTTPS server on loopback that answers as a test says; for the client's side of the wire. */

import { webcrypto } from "node:crypto"
import type { IncomingHttpHeaders, ServerResponse } from "node:http"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import type { TestContext } from "node:test"
import "reflect-metadata"
import {
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509"

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
const hourMs = 3_600_000

/** A request as it came. */
export interface Seen {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** The body's JSON; undefined without a body. */
  readonly body: unknown
}

export interface FakeNode {
  readonly url: string
  /** The certificate to trust, PEM. */
  readonly ca: string
  /** Every request so far. */
  readonly seen: readonly Seen[]
}

/** Answers one request; `count` counts requests from 1. */
export type Answer = (seen: Seen, response: ServerResponse, count: number) => void

/** Starts a server that stops with its test. */
export async function startFakeNode(context: TestContext, answer: Answer): Promise<FakeNode> {
  const { cert, key } = await selfSigned()
  const seen: Seen[] = []
  const server = createServer({ cert, key, minVersion: "TLSv1.3" }, (request, response) => {
    const pieces: Buffer[] = []
    request.on("data", (piece: Buffer) => pieces.push(piece))
    request.on("end", () => {
      const text = Buffer.concat(pieces).toString("utf8")
      const { method = "", url = "", headers } = request
      const body: unknown = text === "" ? undefined : JSON.parse(text)
      seen.push({ method, path: url, headers, body })
      answer({ method, path: url, headers, body }, response, seen.length)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  // A listening TCP server has an address of this form.
  const { port } = server.address() as AddressInfo
  return { url: `https://127.0.0.1:${port}`, ca: cert, seen }
}

/** Answers with JSON. */
export function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
}

/** Answers with a problem document (RFC 9457). */
export function refuse(
  response: ServerResponse,
  status: number,
  problem: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/problem+json", ...headers })
  response.end(JSON.stringify({ type: "about:blank", title: "refused", status, ...problem }))
}

async function selfSigned(): Promise<{ cert: string; key: string }> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: "CN=fake node",
      notBefore: new Date(Date.now() - hourMs),
      notAfter: new Date(Date.now() + hourMs),
      keys,
      signingAlgorithm: algorithm,
      extensions: [new SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }])],
    },
    webcrypto,
  )
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)
  return { cert: certificate.toString("pem"), key: PemConverter.encode(pkcs8, "PRIVATE KEY") }
}
