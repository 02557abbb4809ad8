import assert from "node:assert/strict"
import { Agent, request as ask, type RequestOptions } from "node:https"
import { after, before, test } from "node:test"
import { connect, type TLSSocket } from "node:tls"

import {
  listen,
  type Done,
  type HttpOptions,
  type Listener,
} from "../../../src/daemon/http/server.ts"
import { limits } from "../../../src/domain/limits.ts"
import { problem } from "../../../src/faces/rest/face.ts"
import type { Dialect, FaceReply, FaceRequest } from "../../../src/faces/message.ts"
import { selfSigned, type Identity } from "./certificate.ts"

let identity: Identity
let client: Identity
before(async () => {
  identity = await selfSigned("localhost")
  client = await selfSigned("client")
})

/** A listener over a face that the test gives. */
async function started(
  face: (request: FaceRequest) => Promise<FaceReply> | FaceReply,
  change: Partial<HttpOptions> & { readonly clientCertificates?: boolean } = {},
): Promise<{ listener: Listener; done: Done[]; broken: unknown[] }> {
  const done: Done[] = []
  const broken: unknown[] = []
  let requests = 0
  const listener = await listen(
    {
      dialects: [dialect(face)],
      newRequestId: () => `request-${++requests}`,
      monotonicMs: () => performance.now(),
      onDone: (one) => done.push(one),
      onBroken: (error) => broken.push(error),
      ...change,
    },
    {
      host: "127.0.0.1",
      port: 0,
      tls: identity,
      ...(change.clientCertificates === undefined
        ? {}
        : { clientCertificates: change.clientCertificates }),
    },
  )
  open.push(listener)
  return { listener, done, broken }
}

/** Takes every request. */
function dialect(face: (request: FaceRequest) => Promise<FaceReply> | FaceReply): Dialect {
  return { owns: () => true, answer: async (request) => await face(request), refuse: problem }
}

const open: Listener[] = []
after(async () => {
  await Promise.all(open.map((one) => one.close({ drainMs: 0 })))
})

const echo = ({ method, path, query, body }: FaceRequest): FaceReply => ({
  status: 200,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ method, path, query, length: body.length }),
  operation: "echo",
})

interface Got {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

function send(
  { port }: Listener,
  options: RequestOptions & { readonly body?: string | Buffer } = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const { body, ...rest } = options
    const sent = ask(
      {
        host: "127.0.0.1",
        port,
        ca: identity.cert,
        servername: "localhost",
        agent: false,
        ...rest,
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("error", reject)
        response.on("end", () => {
          const { statusCode = 0, headers } = response
          resolve({ status: statusCode, headers, text: Buffer.concat(chunks).toString() })
        })
      },
    )
    sent.on("error", reject)
    sent.end(body)
  })
}

/** A TLS connection for what no well-behaved client sends. */
function raw({ port }: Listener): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, ca: identity.cert, servername: "localhost" })
    socket.once("secureConnect", () => resolve(socket))
    socket.once("error", reject)
  })
}

/** Everything that comes until the other side closes. */
async function rest(socket: TLSSocket): Promise<string> {
  let text = ""
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")))
  socket.on("error", () => {})
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve))
  return text
}

test("a request reaches the face as it was sent; its answer has the security headers", async () => {
  const { listener, done } = await started(echo)
  const got = await send(listener, { method: "POST", path: "/a%20b/c?x=1?y", body: "12345" })
  assert.deepEqual(JSON.parse(got.text), {
    method: "POST",
    path: "/a%20b/c",
    query: "x=1?y",
    length: 5,
  })
  assert.equal(got.status, 200)
  assert.equal(got.headers["strict-transport-security"], "max-age=63072000")
  assert.equal(got.headers["x-request-id"], "request-1")
  assert.equal(got.headers["content-length"], String(got.text.length))
  assert.equal(done.length, 1)
  assert.equal(done[0]?.operation, "echo")
  assert.ok(done[0].durationMs >= 0)
})

test("TLS 1.3 is spoken, TLS 1.2 is not", async () => {
  const { listener } = await started(echo)
  assert.equal((await send(listener, { minVersion: "TLSv1.3" })).status, 200)
  await assert.rejects(
    send(listener, { maxVersion: "TLSv1.2" }),
    /protocol version|EPROTO|ECONNRESET/,
  )
})

test("a connection is kept and used again", async () => {
  const ports = new Set<string>()
  const { listener } = await started(echo)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (let count = 0; count < 3; count++) {
    const got = await send(listener, { agent })
    ports.add(String(got.headers["connection"]))
  }
  assert.deepEqual([...ports], ["keep-alive"])
  const socket = Object.values(agent.freeSockets).flat()
  assert.equal(socket.length, 1)
  agent.destroy()
})

test("a head that comes again brings what was kept of it, another does not", async () => {
  const kept: FaceRequest["kept"][] = []
  const { listener } = await started((request) => {
    kept.push(request.kept)
    request.kept?.set(kept, { at: kept.length })
    return { status: 200, headers: {}, body: "" }
  })
  const socket = await raw(listener)
  const ask = async (path: string): Promise<void> => {
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
    await new Promise((resolve) => socket.once("data", resolve))
  }
  for (const path of ["/a", "/a", "/a", "/b", "/b"]) await ask(path)
  socket.destroy()
  const [first, second, third, other, again] = kept
  assert.equal(first, undefined)
  assert.ok(second !== undefined && second === third)
  assert.equal(other, undefined)
  assert.ok(again !== undefined && again !== second)
})

test("a body at its bound passes, one byte more is 413 before it is read", async () => {
  const { listener } = await started(echo)
  const path = "/x"
  const full = await send(listener, {
    method: "POST",
    path,
    body: Buffer.alloc(limits.bodyBytesMax),
  })
  assert.equal(full.status, 200)
  const socket = await raw(listener)
  socket.write(`POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: ${limits.bodyBytesMax + 1}\r\n\r\n`)
  const refused = await rest(socket)
  assert.match(refused, /^HTTP\/1\.1 413 /)
  assert.match(refused, /connection: close/i)
  assert.match(refused, /"code":"PAYLOAD_TOO_LARGE"/)
})

test("a body without a length is 413 as soon as it passes the bound", async () => {
  const { listener } = await started(echo)
  const socket = await raw(listener)
  socket.write("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
  const chunk = Buffer.alloc(64 * 1024)
  const answer = rest(socket)
  for (let sent = 0; sent <= limits.bodyBytesMax && socket.writable; sent += chunk.length) {
    socket.write(`${chunk.length.toString(16)}\r\n`)
    socket.write(chunk)
    socket.write("\r\n")
  }
  assert.match(await answer, /^HTTP\/1\.1 413 /)
})

const expecting = (length: number) =>
  `POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n` +
  `Content-Length: ${length}\r\n\r\n`

test("a client that asks before sending a body is told to go on, or not", async () => {
  const { listener } = await started(echo)
  const small = await raw(listener)
  small.write(expecting(2))
  await new Promise((resolve) => small.once("data", resolve))
  small.write("ab")
  assert.match(await rest(small), /"length":2/)
  const large = await raw(listener)
  large.write(expecting(limits.bodyBytesMax + 1))
  assert.match(await rest(large), /^HTTP\/1\.1 413 /)
})

test("a compressed body is 415", async () => {
  const { listener } = await started(echo)
  const headers = { "content-encoding": "gzip" }
  const got = await send(listener, { method: "POST", path: "/", body: "x", headers })
  assert.equal(got.status, 415)
})

test("headers beyond their bound are refused", async () => {
  const { listener } = await started(echo)
  const headers = { "x-big": "a".repeat(limits.headBytesMax) }
  assert.equal((await send(listener, { headers })).status, 431)
})

test("a client that dribbles its headers or its body is cut off", async () => {
  const bounds = { headersTimeoutMs: 100, requestTimeoutMs: 150, checkEveryMs: 30 }
  const { listener, done } = await started(echo, { limits: bounds })
  for (const text of ["GET / HT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"]) {
    const socket = await raw(listener)
    const startedAt = performance.now()
    socket.write(text)
    assert.match(await rest(socket), /^(HTTP\/1\.1 408 |$)/)
    assert.ok(performance.now() - startedAt < 2_000)
  }
  assert.deepEqual(done, [])
})

test("two lengths, or a length beside chunks, are no request", async () => {
  const { listener, done } = await started(echo)
  for (const smuggled of [
    "Content-Length: 1\r\nContent-Length: 2",
    "Content-Length: 1\r\nTransfer-Encoding: chunked",
  ]) {
    const socket = await raw(listener)
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${smuggled}\r\n\r\n0\r\n\r\n`)
    assert.match(await rest(socket), /^HTTP\/1\.1 400 /)
  }
  assert.deepEqual(done, [])
})

async function* lines(breaks: boolean): AsyncGenerator<string> {
  yield "a\n"
  await Promise.resolve()
  if (breaks) throw new TypeError("broken")
  yield "b\n"
}

test("a stream arrives whole, and one that breaks does not look whole", async () => {
  const { listener, broken } = await started(({ path }) => ({
    status: 200,
    headers: {},
    body: lines(path === "/breaks"),
  }))
  assert.equal((await send(listener, { path: "/" })).text, "a\nb\n")
  await assert.rejects(send(listener, { path: "/breaks" }))
  assert.equal(broken.length, 1)
})

test("a face that rejects closes the connection and is reported", async () => {
  const { listener, broken } = await started(() => Promise.reject(new TypeError("bug")))
  await assert.rejects(send(listener))
  assert.equal(broken.length, 1)
})

const whoIsIt = ({ peer }: FaceRequest): FaceReply => ({
  status: 200,
  headers: {},
  body: `${peer.address} ${peer.certificate?.fingerprint.length ?? 0}`,
})

test("a client's certificate comes with its requests only where it is asked for", async () => {
  const asking = await started(whoIsIt, { clientCertificates: true })
  assert.equal((await send(asking.listener, client)).text, "127.0.0.1 32")
  assert.equal((await send(asking.listener)).text, "127.0.0.1 0")
  const silent = await started(whoIsIt)
  assert.equal((await send(silent.listener, client)).text, "127.0.0.1 0")
})

test("closing finishes what runs, frees idle connections, and takes nothing new", async () => {
  const { promise: running, resolve: finish } = Promise.withResolvers<boolean>()
  const { listener } = await started(async (request) => {
    if (request.path === "/slow") await running
    return echo(request)
  })
  const agent = new Agent({ keepAlive: true })
  await send(listener, { agent })
  const slow = send(listener, { path: "/slow", agent: new Agent({ keepAlive: true }) })
  await new Promise((resolve) => setTimeout(resolve, 50))
  const closed = listener.close({ drainMs: 5_000 })
  await assert.rejects(send(listener))
  finish(true)
  const got = await slow
  assert.equal(got.status, 200)
  assert.equal(got.headers["connection"], "close")
  await closed
  agent.destroy()
})

test("closing cuts what does not finish in time", async () => {
  const { listener } = await started(() => new Promise(() => {}))
  const stuck = send(listener)
  await new Promise((resolve) => setTimeout(resolve, 50))
  const startedAt = performance.now()
  const [, outcome] = await Promise.all([listener.close({ drainMs: 50 }), stuck.catch(() => "cut")])
  assert.equal(outcome, "cut")
  assert.ok(performance.now() - startedAt < 2_000)
})

test("dialects share a port: each answers, and refuses, what is its own", async () => {
  const other: Dialect = {
    owns: ({ method, path, header }) =>
      method === "POST" && path === "/" && header("x-target") !== undefined,
    answer: () => Promise.resolve({ status: 200, headers: {}, body: "other" }),
    refuse: ({ code }) => ({ status: 400, headers: {}, body: `other: ${code}` }),
  }
  const { listener } = await started(echo, { dialects: [other, dialect(echo)] })
  const asOther = { method: "POST", path: "/", headers: { "x-target": "Do" } }
  assert.equal((await send(listener, asOther)).text, "other")
  assert.equal((await send(listener, { method: "POST", path: "/" })).status, 200)
  const tooLong = { ...asOther.headers, "content-length": String(limits.bodyBytesMax + 1) }
  const refused = await send(listener, { ...asOther, headers: tooLong })
  assert.equal(refused.text, "other: PAYLOAD_TOO_LARGE")
})

test("an address that is taken is an error, not a crash", async () => {
  const { listener } = await started(echo)
  const options = { host: "127.0.0.1", port: listener.port, tls: identity }
  const http: HttpOptions = {
    dialects: [dialect(echo)],
    newRequestId: () => "",
    monotonicMs: () => 0,
    onDone: () => {},
    onBroken: () => {},
  }
  await assert.rejects(listen(http, options), { code: "EADDRINUSE" })
})
