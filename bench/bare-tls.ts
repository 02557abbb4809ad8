/** The ceiling of any server over node:tls: one answer, made beforehand, to whatever is read. */

import { readFileSync } from "node:fs"
import type { AddressInfo } from "node:net"
import { createServer } from "node:tls"

const [certFile = "", keyFile = ""] = process.argv.slice(2)

/** As long as an encryption's. */
const body = JSON.stringify({ ciphertext: "x".repeat(220) })
const answer =
  "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" +
  `content-length: ${body.length}\r\n\r\n${body}`

const files = { cert: readFileSync(certFile), key: readFileSync(keyFile) }
const server = createServer({ ...files, minVersion: "TLSv1.3", noDelay: true }, (socket) => {
  // The load sends each request whole, and the next one after its answer.
  socket.on("data", () => socket.write(answer, "latin1"))
  socket.on("error", () => socket.destroy())
})
server.listen(0, "127.0.0.1", () => {
  // Listening on TCP: the address has this form.
  process.send?.({ port: (server.address() as AddressInfo).port })
})
