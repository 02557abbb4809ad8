/** Whom the node posts to: what an officer names must not lead into the operator's network. */

import assert from "node:assert/strict"
import { test } from "node:test"

import { limits } from "../../src/domain/limits.ts"
import { createWebhookPost } from "../../src/identity/webhook-post.ts"
import { serveHttps } from "../support/https-server.ts"

const message = (url: string) => ({
  url,
  headers: { "content-type": "application/json", "webhook-id": "m" },
  body: Buffer.from("{}"),
})

test("a message arrives whole, and the receiver's status comes back", async (context) => {
  const seen: string[] = []
  const { ca, port } = await serveHttps(context, (request, response) => {
    const { "webhook-id": id } = request.headers
    request.setEncoding("utf8").on("data", (text: string) => {
      seen.push(`${request.method} ${request.url} ${String(id)} ${text}`)
      response.writeHead(204).end()
    })
  })
  const post = createWebhookPost({ ca, allowPrivate: true })
  assert.equal(await post(message(`https://localhost:${port}/hook`)), 204)
  assert.deepEqual(seen, ["POST /hook m {}"])
})

test("a certificate that is not trusted, or of another name, gets no message", async (context) => {
  let asked = 0
  const { ca, port } = await serveHttps(context, (_, response) => {
    asked++
    response.end()
  })
  const strict = createWebhookPost({ allowPrivate: true })
  assert.equal(await strict(message(`https://localhost:${port}/`)), undefined)
  const other = createWebhookPost({ ca, allowPrivate: true })
  assert.equal(await other(message(`https://127.0.0.2:${port}/`)), undefined)
  assert.equal(asked, 0)
})

test("a redirect is an answer like any other, and is not followed", async (context) => {
  let asked = 0
  const { ca, port } = await serveHttps(context, (_, response) => {
    asked++
    response.writeHead(307, { location: `https://localhost:${port}/elsewhere` }).end()
  })
  const post = createWebhookPost({ ca, allowPrivate: true })
  assert.equal(await post(message(`https://localhost:${port}/`)), 307)
  assert.equal(asked, 1)
})

test("private, local and translated addresses are not connected to", async (context) => {
  let asked = 0
  const { ca, port } = await serveHttps(context, (_, response) => {
    asked++
    response.end()
  })
  const post = createWebhookPost({ ca, allowPrivate: false })
  const hosts = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "2130706433",
    "0x7f.1",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "[fe80::1]",
    "[fc00::1]",
    "[64:ff9b::7f00:1]",
  ]
  for (const host of hosts) {
    const startedAt = performance.now()
    assert.equal(await post(message(`https://${host}:${port}/`)), undefined, host)
    assert.ok(performance.now() - startedAt < limits.webhookTimeoutMs / 2, `${host} was tried`)
  }
  assert.equal(asked, 0)
})

test("plain HTTP, user names and fragments are no addresses of webhooks", async () => {
  const post = createWebhookPost({ allowPrivate: true })
  for (const url of ["http://localhost/", "https://a:b@localhost/", "https://localhost/#a", "x"]) {
    assert.equal(await post(message(url)), undefined, url)
  }
})

test("an answer that does not end is given up, as is one that is too long", async (context) => {
  const { ca, port } = await serveHttps(context, (request, response) => {
    response.writeHead(200)
    const piece = Buffer.alloc(limits.webhookAnswerBytesMax)
    if (request.url === "/long") for (let n = 0; n < 3; n++) response.write(piece)
  })
  const post = createWebhookPost({ ca, allowPrivate: true })
  assert.equal(await post(message(`https://localhost:${port}/long`)), undefined)
  const startedAt = performance.now()
  assert.equal(await post(message(`https://localhost:${port}/slow`)), undefined)
  const took = performance.now() - startedAt
  assert.ok(took >= limits.webhookTimeoutMs - 50 && took < 2 * limits.webhookTimeoutMs, `${took}`)
})
