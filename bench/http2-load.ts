/** Load over HTTP/2: a few connections, several streams on each. */

import { connect, type ClientHttp2Session } from "node:http2"

import type { RequestParts } from "./http.ts"

/** Opens a connection and keeps `streams` requests under way on it. */
export function keepStreamsBusy(
  { url, ca, request }: { url: string; ca?: string | undefined; request: RequestParts },
  streams: number,
  onAnswer: (latencyMs: number) => void,
): ClientHttp2Session {
  const session = connect(url, { ca })
  const body = Buffer.from(request.body)
  const headers = {
    ":method": request.method,
    ":path": request.path,
    "content-type": "application/json",
    "content-length": body.length,
    ...request.headers,
  }
  const send = (): void => {
    if (session.destroyed || session.closed) return
    const sentAt = performance.now()
    const stream = session.request(headers)
    stream.on("response", ({ ":status": status }) => {
      if (status !== 200) throw new Error(`an answer has status ${String(status)}`)
    })
    stream.on("error", () => {}) // The session ends with the window.
    stream.resume()
    stream.on("end", () => {
      if (!stream.aborted) onAnswer(performance.now() - sentAt)
      send()
    })
    stream.end(body)
  }
  session.once("connect", () => {
    for (let count = 0; count < streams; count++) send()
  })
  return session
}
