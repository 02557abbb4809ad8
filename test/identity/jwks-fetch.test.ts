import assert from "node:assert/strict"
import type { RequestListener } from "node:http"
import test from "node:test"
import { limits } from "../../src/domain/limits.ts"
import { serveHttps } from "../support/https-server.ts"
import { createJwksFetcher } from "../../src/identity/jwks-fetch.ts"

const document = { keys: [{ kty: "OKP", crv: "Ed25519", x: "x" }] }

test("a key set is fetched over HTTPS, by name and by address", async (context) => {
  const { ca, port } = await serveHttps(context, (_, response) =>
    response.end(JSON.stringify(document)),
  )
  const fetcher = createJwksFetcher({ ca, refused: [] })
  assert.deepEqual(await fetcher.fetch(`https://localhost:${port}/jwks`), document)
  assert.deepEqual(await fetcher.fetch(`https://127.0.0.1:${port}/jwks`), document)
})

test("a server that is not trusted gives nothing", async (context) => {
  const { port } = await serveHttps(context, (_, response) =>
    response.end(JSON.stringify(document)),
  )
  assert.equal(
    await createJwksFetcher({ refused: [] }).fetch(`https://127.0.0.1:${port}/`),
    undefined,
  )
})

test("a node's own addresses are not connected to, whatever they are called", async (context) => {
  let asked = 0
  const { ca, port } = await serveHttps(context, (_, response) => {
    asked += 1
    response.end(JSON.stringify(document))
  })
  const fetcher = createJwksFetcher({ ca })
  for (const host of [
    "localhost",
    "127.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "0.0.0.0",
    "2130706433",
  ]) {
    assert.equal(await fetcher.fetch(`https://${host}:${port}/jwks`), undefined, host)
  }
  assert.equal(asked, 0)
  const open = createJwksFetcher({ ca, refused: [] })
  assert.deepEqual(await open.fetch(`https://localhost:${port}/jwks`), document)
})

const answers: readonly (readonly [string, RequestListener])[] = [
  [
    "a redirect",
    (_, response) => response.writeHead(302, { location: "https://localhost/" }).end(),
  ],
  ["an error", (_, response) => response.writeHead(500).end(JSON.stringify(document))],
  ["no JSON", (_, response) => response.end("{")],
  ["bytes that are no UTF-8", (_, response) => response.end(Buffer.of(0x22, 0xff, 0x22))],
  ["too much", (_, response) => response.end(`"${"x".repeat(limits.jwksBytesMax)}"`)],
  [
    "a cut connection",
    (_, response) => {
      response.writeHead(200, { "content-length": "100" }).write("{")
      setImmediate(() => response.destroy())
    },
  ],
]
for (const [what, answer] of answers) {
  test(`a server that answers with ${what} gives nothing`, async (context) => {
    const { ca, port } = await serveHttps(context, answer)
    const fetcher = createJwksFetcher({ ca, refused: [] })
    assert.equal(await fetcher.fetch(`https://127.0.0.1:${port}/jwks`), undefined)
  })
}

test("a server that never finishes is left after the time limit", async (context) => {
  const { ca, port } = await serveHttps(context, (_, response) => {
    const drip = setInterval(() => response.write(" "), 100)
    response.on("close", () => clearInterval(drip))
  })
  const fetcher = createJwksFetcher({ ca, refused: [] })
  const began = performance.now()
  assert.equal(await fetcher.fetch(`https://127.0.0.1:${port}/jwks`), undefined)
  const tookMs = performance.now() - began
  assert.ok(tookMs >= limits.jwksTimeoutMs - 100 && tookMs < limits.jwksTimeoutMs + 2_000)
})

test("anything but HTTPS is not fetched", async () => {
  const fetcher = createJwksFetcher({ refused: [] })
  for (const uri of ["http://127.0.0.1/", "file:///etc/passwd", "data:application/json,{}", ""]) {
    assert.equal(await fetcher.fetch(uri), undefined, uri)
  }
})
