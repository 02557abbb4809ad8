/** The ceiling of what node:https can do: parses a JSON body and sends it back, nothing else. */

import { readFileSync } from "node:fs"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"

const [certFile = "", keyFile = ""] = process.argv.slice(2)

const server = createServer(
  { cert: readFileSync(certFile), key: readFileSync(keyFile), minVersion: "TLSv1.3" },
  (request, response) => {
    const pieces: Buffer[] = []
    request.on("data", (piece: Buffer) => pieces.push(piece))
    request.on("end", () => {
      const body: unknown = JSON.parse(Buffer.concat(pieces).toString("utf8"))
      const text = JSON.stringify(body)
      const head = { "content-type": "application/json", "content-length": Buffer.byteLength(text) }
      response.writeHead(200, head).end(text)
    })
  },
)
server.listen(0, "127.0.0.1", () => {
  // Listening on TCP: the address has this form.
  process.send?.({ port: (server.address() as AddressInfo).port })
})
