/** A small HTTPS client for tests: keep-alive, any bytes as a body, and nothing done on its own. */

import { readFileSync } from "node:fs"
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http"
import { Agent, request, type AgentOptions } from "node:https"

import type { DevFile } from "../../src/daemon/dev.ts"

/** A request; what is absent is not sent. */
export interface Send {
  /** Bearer token. */
  readonly token?: string | undefined
  /** Text and bytes go as they are, anything else as JSON. */
  readonly body?: unknown
  readonly headers?: OutgoingHttpHeaders
}

/** An answer, read to its end. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface RestClient {
  /** Sends one request; rejects when no answer comes. */
  send(method: string, path: string, options?: Send): Promise<Answer>
  /**
   * Sends one request under `/api/v1` and reads the JSON of its answer; throws on a status above
   * 299.
   */
  call<T = Fields>(token: string | undefined, route: string, body?: unknown): Promise<T>
  close(): void
}

/** JSON of an answer, by name. */
export type Fields = Readonly<Record<string, unknown>>

/** A client of a node; `tls` adds a client certificate, a session, another number of sockets. */
export function restClient(
  { url, caFile }: Pick<DevFile, "url" | "caFile">,
  tls: AgentOptions = {},
): RestClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 16, ca: readFileSync(caFile), ...tls })
  const send: RestClient["send"] = (method, path, { token, body, headers = {} } = {}) => {
    const bytes = body === undefined ? undefined : bytesOf(body)
    const all: OutgoingHttpHeaders = { ...headers }
    if (token !== undefined) all["authorization"] = `Bearer ${token}`
    if (bytes !== undefined) {
      all["content-type"] ??= "application/json"
      all["content-length"] = bytes.length
    }
    return new Promise((resolve, reject) => {
      const asked = request(`${url}${path}`, { agent, method, headers: all }, (response) => {
        const pieces: Buffer[] = []
        response.on("data", (piece: Buffer) => pieces.push(piece))
        response.on("error", reject)
        response.on("end", () => {
          const text = Buffer.concat(pieces).toString("utf8")
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
        })
      })
      asked.on("error", reject)
      asked.end(bytes)
    })
  }
  return {
    send,
    async call<T>(token: string | undefined, route: string, body?: unknown): Promise<T> {
      const [method = "", path = ""] = route.split(" ")
      const answer = await send(method, `/api/v1${path}`, { token, body })
      if (answer.status > 299) throw new Error(`${route}: ${answer.status} ${answer.text}`)
      // The caller names the operation, and with it the shape; a 204 has no body.
      return (answer.text === "" ? {} : JSON.parse(answer.text)) as T
    },
    close: () => agent.destroy(),
  }
}

/** The JSON object of an answer. */
export function fields({ text }: Answer): Fields {
  return JSON.parse(text) as Fields // Every JSON answer of the API is an object.
}

/** Status and text of an answer, for comparing: without the id that each request has. */
export function saying({ status, text }: Answer): string {
  return `${status} ${text.replace(/"requestId":"[^"]*"/, "")}`
}

/** Base64 of bytes or of a text in UTF-8. */
export function base64(bytes: Uint8Array | string): string {
  return Buffer.from(bytes).toString("base64")
}

/** Bytes of a base64 field of an answer. */
export function bytes(text: unknown): Uint8Array {
  return Uint8Array.fromBase64(String(text), { lastChunkHandling: "strict" })
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body))
}
