import assert from "node:assert/strict"
import { createServer, type IncomingMessage } from "node:http"
import { duplexPair } from "node:stream"
import { test } from "node:test"

import { RequestParser } from "../../../src/daemon/http/request-parser.ts"
import { limits } from "../../../src/domain/limits.ts"

/** What a parser makes of the bytes of one connection. */
interface Verdict {
  readonly requests: readonly string[]
  readonly refused: boolean
}

/** Our parser's, fed in the pieces given. */
function ours(pieces: readonly Buffer[]): Verdict {
  const parser = new RequestParser()
  const requests: string[] = []
  let refused = false
  for (const piece of pieces) {
    let at = piece
    while (at.length > 0 && !refused) {
      const step = parser.take(at)
      if (step.kind === "refused" || step.kind === "large") refused = true
      if (step.kind === "more") break
      if (step.kind === "request") {
        requests.push(render(step.head, Buffer.from(parser.takeBody())))
        refused ||= !step.head.keepAlive // The connection ends here: what follows is not read.
      }
      at = "rest" in step ? step.rest : at.subarray(at.length)
    }
  }
  parser.close()
  return { requests, refused }
}

/** Those of node:http, over a pair of streams. */
async function theirs(pieces: readonly Buffer[]): Promise<Verdict> {
  const seen: { readonly request: IncomingMessage; readonly chunks: Buffer[] }[] = []
  let refused = false
  const server = createServer({ maxHeaderSize: limits.headBytesMax }, (request, response) => {
    const chunks: Buffer[] = []
    seen.push({ request, chunks })
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("error", () => {})
    request.on("end", () => response.end())
  })
  server.on("clientError", (_error, socket) => {
    refused = true
    socket.destroy()
  })
  const [client, connection] = duplexPair()
  server.emit("connection", connection)
  client.resume()
  client.on("error", () => {})
  client.on("end", () => (refused = true))
  for (const piece of pieces) {
    if (!client.destroyed) client.write(piece)
    await new Promise((resolve) => setImmediate(resolve))
  }
  for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setImmediate(resolve))
  client.destroy()
  connection.destroy()
  const requests = seen
    .filter(({ request }) => request.complete)
    .map(({ request: { method = "", url = "", headers }, chunks }) =>
      render(
        { method, path: url.replace(/^([^?]*)\?$/, "$1"), header: (name) => text(headers[name]) },
        Buffer.concat(chunks),
      ),
    )
  return { requests, refused }
}

function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value
}

const shown = ["host", "content-type", "x-a", "transfer-encoding", "content-length"]

function render(
  head: {
    method: string
    path: string
    query?: string
    header: (name: string) => string | undefined
  },
  body: Buffer,
): string {
  const url =
    head.query === undefined || head.query === "" ? head.path : `${head.path}?${head.query}`
  const headers = shown.map((name) => `${name}=${head.header(name) ?? "-"}`)
  return [head.method, url, ...headers, body.toString("latin1")].join("|")
}

/** Numbers that repeat: a failure names its seed. */
function sequence(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const chunked = "HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

const wholes = [
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "POST /a?b=c HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX-A: 1\r\n\r\nhello",
  `POST /x ${chunked}5\r\nhello\r\n3;e=1\r\nabc\r\n0\r\n\r\n`,
  `PUT /t ${chunked}2\r\nhi\r\n0\r\nX-A: trailer\r\n\r\n`,
  "GET /old HTTP/1.0\r\n\r\n",
  "DELETE /e HTTP/1.1\r\nhOsT: a\r\nX-A:\r\nContent-Type: x\r\n\r\n",
  "PATCH /p HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
]

/** What attacks on framing are made of. */
const pieces = [
  "\r\n",
  "\n",
  "\r",
  " ",
  "\t",
  ":",
  ";",
  "0",
  "5",
  "-",
  "+",
  ",",
  "\0",
  "\x7f",
  "\xff",
  "Content-Length: 3\r\n",
  "Content-Length: +3\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: identity\r\n",
  "Transfer-Encoding: chunked, chunked\r\n",
  "transfer-encoding : chunked\r\n",
  " folded: x\r\n",
  "X-A: 1\r\n\tfolded\r\n",
  "HTTP/1.1",
  "HTTP/9.9",
  "ffffffffffffffffff\r\n",
  "0\r\n\r\n",
  "Host: b\r\n",
  "Connection: upgrade\r\nUpgrade: x\r\n",
]

function mutate(source: string, random: (below: number) => number): string {
  const at = random(source.length + 1)
  const piece = pieces[random(pieces.length)] ?? ""
  switch (random(4)) {
    case 0:
      return source.slice(0, at) + piece + source.slice(at)
    case 1:
      return source.slice(0, at) + source.slice(at + 1 + random(3))
    case 2:
      return source.slice(0, at) + String.fromCharCode(random(256)) + source.slice(at + 1)
    default:
      return source.replace("\r\n", `\r\n${piece}`)
  }
}

function cut(bytes: Buffer, random: (below: number) => number): Buffer[] {
  const out: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const end = random(3) === 0 ? bytes.length : at + 1 + random(20)
    out.push(bytes.subarray(at, end))
    at = end
  }
  return out
}

test("every request as it should be is read as node:http reads it, in any pieces", async () => {
  const random = sequence(1)
  for (let round = 0; round < 60; round++) {
    const source = Array.from({ length: 1 + random(3) }, () => wholes[random(4)] ?? "").join("")
    const bytes = cut(Buffer.from(source, "latin1"), random)
    assert.deepEqual(ours(bytes).requests, (await theirs(bytes)).requests, JSON.stringify(source))
  }
})

test("a known head is recognised only byte for byte", () => {
  const [, post = ""] = wholes
  const other = post.replace("X-A: 1", "X-A: 2").replace("hello", "world")
  const { requests } = ours([post, post, other, post].map((one) => Buffer.from(one)))
  assert.deepEqual(
    requests.map((one) => one.includes("x-a=2")),
    [false, false, true, false],
  )
  assert.ok(requests[2]?.endsWith("|world"))
})

test("whatever is mutated: what is accepted here, node:http accepts and reads alike", async () => {
  const rounds = process.env["KEYHOLD_LONG"] === undefined ? 1_500 : 40_000
  let accepted = 0
  for (let seed = 1; seed <= rounds; seed++) {
    const random = sequence(seed)
    let source = wholes[random(wholes.length)] ?? ""
    for (let count = random(2); count >= 0; count--) source = mutate(source, random)
    const bytes = cut(Buffer.from(source, "latin1"), random)
    const mine = ours(bytes)
    const { requests } = await theirs(bytes)
    const about = `seed ${seed}: ${JSON.stringify(source)}`
    // Ours may refuse more. It never reads another request than node:http does.
    assert.deepEqual(mine.requests, requests.slice(0, mine.requests.length), about)
    if (requests.length > mine.requests.length) assert.ok(mine.refused, about)
    accepted += mine.requests.length
  }
  assert.ok(accepted > rounds / 20, "the mutations leave too little that is accepted")
})

test("doubled headers that decide anything, other expectations and upgrades are refused", () => {
  for (const lines of [
    "Authorization: a\r\nAuthorization: b",
    "Content-Type: a\r\nContent-Type: a",
    "Host: b",
    "Expect: 200-ok",
    "Connection: upgrade\r\nUpgrade: websocket",
    "X-Keyhold-Partition: a\r\nX-Keyhold-Partition: a",
  ]) {
    const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n\r\n`)
    assert.deepEqual(ours([bytes]), { requests: [], refused: true }, lines)
  }
})

test("a body of tiny chunks is refused when its frames outweigh any body", () => {
  const parser = new RequestParser()
  parser.take(Buffer.from("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"))
  const frames = Buffer.from("1\r\nx\r\n".repeat(10_000))
  let last
  for (let sent = 0; sent < 3 * limits.bodyBytesMax; sent += frames.length) {
    last = parser.take(frames)
    if (last.kind === "large") break
  }
  assert.equal(last?.kind, "large")
  parser.close()
})
