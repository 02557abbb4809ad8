/** A plain HTTP listener for /metrics alone, for a network that only the monitoring can reach. */

import { createServer } from "node:http"

/** Listens; resolves with what closes it again. Rejects when the address is not to be had. */
export async function listenForMetrics(
  text: () => Promise<string>,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<{ close(): void }> {
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 })
  server.maxConnections = 64 // A few scrapers; nobody else has business here.
  server.on("request", (request, response) => {
    if (request.method !== "GET" || request.url !== "/metrics") {
      response.writeHead(404, { connection: "close" }).end()
      return
    }
    text().then(
      (values) =>
        response
          .writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" })
          .end(values),
      () => response.writeHead(500, { connection: "close" }).end(),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, host, resolve)
  })
  return {
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
