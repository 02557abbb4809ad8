import assert from "node:assert/strict"
import type { ServerResponse } from "node:http"
import { test, type TestContext } from "node:test"
import { inspect } from "node:util"
import { calls, Keyhold, KeyholdError, type ClientOptions } from "@keyhold/sdk"
import { isRepeatable } from "../../../packages/sdk/src/client.ts"
import { retryDelayMs } from "../../../packages/sdk/src/retry.ts"
import { refuse, reply, startFakeNode, type Answer } from "../../support/fake-node.ts"

const token = "kh1_partition_credential_secret"

async function start(context: TestContext, answer: Answer, options: Partial<ClientOptions> = {}) {
  const node = await startFakeNode(context, answer)
  const kh = new Keyhold({ url: node.url, ca: node.ca, token, timeoutMs: 5_000, ...options })
  context.after(() => kh.close())
  return { kh, seen: node.seen }
}

/** Refuses the first `failures` requests as a busy store does, then answers. */
function busy(failures: number, body: unknown): Answer {
  return (_seen, response, count) => {
    if (count <= failures) refuse(response, 503, { code: "STORE_UNAVAILABLE", detail: "busy" })
    else reply(response, 200, body)
  }
}

test("a call goes to its operation's method and path, with token, query and body", async (t) => {
  const { kh, seen } = await start(t, (_seen, response) => reply(response, 200, { items: [] }))
  await kh.call("listKeys", { params: { name: "a*", tag: "x=y z", limit: 7 } })
  await kh.call("getKey", { params: { key: "or/ders" } })
  await kh.call("updateQuota", { params: { partition: "p" }, body: { quota: { keysMax: 1 } } })
  assert.deepEqual(
    seen.map(({ method, path }) => `${method} ${path}`),
    [
      "GET /api/v1/keys?name=a*&tag=x%3Dy+z&limit=7",
      "GET /api/v1/keys/or%2Fders",
      "PATCH /api/v1/partitions/p",
    ],
  )
  assert.deepEqual(
    seen.map(({ body }) => body),
    [undefined, undefined, { quota: { keysMax: 1 } }],
  )
  assert.ok(seen.every(({ headers }) => headers.authorization === `Bearer ${token}`))
  assert.ok(seen.every(({ headers }) => headers["idempotency-key"] === undefined))
})

test("a timestamp is asked for by its digest, and answered in bytes", async (t) => {
  const { kh, seen } = await start(t, busy(1, { response: "MAMCAQA=" }))
  const digest = Buffer.alloc(48, 7)
  const made = await kh.timestamp("tsa", digest, { hash: "SHA_384", certificates: false })
  assert.deepEqual(made, Uint8Array.of(0x30, 3, 2, 1, 0))
  const [, { path, body } = { path: "", body: {} }] = seen
  assert.equal(path, "/api/v1/keys/tsa/timestamp")
  const sent = { digest: digest.toString("base64"), hash: "SHA_384", certificates: false }
  assert.deepEqual(body, sent)
  assert.equal(kh.url, new URL(kh.url).origin)
})

test("a parameter that would name another path is refused before anything is sent", async (t) => {
  const { kh, seen } = await start(t, (_seen, response) => reply(response, 200, {}))
  for (const key of ["", ".", ".."]) {
    await assert.rejects(kh.keys.get(key), { code: "CONFIGURATION" })
  }
  assert.equal(seen.length, 0)
})

test("reads and cryptography are repeated after a passing failure", async (t) => {
  const { kh, seen } = await start(t, busy(2, { plaintext: "aGk=" }))
  assert.equal(Buffer.from(await kh.decrypt(Buffer.from("c"))).toString(), "hi")
  assert.equal(seen.length, 3)
})

test("a creating call is repeated with one idempotency key, the caller's or its own", async (t) => {
  const { kh, seen } = await start(t, (_seen, response, count) => {
    if (count % 2 === 1) refuse(response, 503, { code: "STORE_UNAVAILABLE" })
    else reply(response, 201, { id: "k" })
  })
  await kh.keys.create({ name: "orders", algorithm: "AES_256" })
  await kh.keys.rotate("orders", { idempotencyKey: "mine" })
  const keys = seen.map(({ headers }) => headers["idempotency-key"])
  assert.equal(keys.length, 4)
  assert.match(String(keys[0]), /^[0-9a-f-]{36}$/)
  assert.equal(keys[1], keys[0])
  assert.deepEqual(keys.slice(2), ["mine", "mine"])
})

test("a deletion is never repeated, nor any other change without a key", async (t) => {
  const { kh, seen } = await start(t, busy(9, {}))
  await assert.rejects(kh.keys.delete("orders"), { code: "STORE_UNAVAILABLE", status: 503 })
  await assert.rejects(kh.keys.disable("orders"), { code: "STORE_UNAVAILABLE" })
  await assert.rejects(kh.keys.purge("orders"), { code: "STORE_UNAVAILABLE" })
  await assert.rejects(kh.call("seal"), { code: "STORE_UNAVAILABLE" })
  assert.equal(seen.length, 4)
})

test("the operations that may be repeated are these", () => {
  const never = ["deleteKey", "enableKey", "issueToken", "updateKey", "shred", "unseal", "batch"]
  const always = ["getKey", "createKey", "rotateKey", "encrypt", "sign", "createPrincipal"]
  // The names are operations; a misspelt one would make `operations[id]` undefined and throw.
  for (const id of never) assert.equal(isRepeatable(id as "getKey"), false, id)
  for (const id of always) assert.equal(isRepeatable(id as "getKey"), true, id)
})

test("only passing failures are repeated, and only so often", async (t) => {
  const codes = ["KEY_NOT_FOUND", "SEALED", "INTERNAL", "OPERATION_FORBIDDEN", "CONFLICT"]
  const { kh, seen } = await start(
    t,
    (_seen, response, count) => {
      refuse(response, 503, { code: codes[count - 1] ?? "STORE_UNAVAILABLE" })
    },
    { retries: 2 },
  )
  for (const code of codes) await assert.rejects(kh.keys.get("k"), { code })
  assert.equal(seen.length, codes.length)
  await assert.rejects(kh.keys.get("k"), { code: "STORE_UNAVAILABLE" })
  assert.equal(seen.length, codes.length + 3)
})

test("a lost connection is repeated for reads and reported for changes", async (t) => {
  const { kh, seen } = await start(t, (_seen, response, count) => {
    if (count !== 2) response.destroy()
    else reply(response, 200, { id: "k" })
  })
  assert.equal((await kh.keys.get("k")).id, "k")
  await assert.rejects(kh.keys.enable("k"), { code: "UNREACHABLE", status: undefined })
  assert.equal(seen.length, 3)
})

test("waiting grows, is jittered, and honours Retry-After", async (t) => {
  const error = new KeyholdError("STORE_UNAVAILABLE", "")
  const later = new KeyholdError("RATE_LIMITED", "", { retryAfterSeconds: 2 })
  assert.deepEqual(
    [0, 1, 2, 9].map((n) => retryDelayMs(n, error, 1)),
    [100, 200, 400, 5000],
  )
  assert.equal(retryDelayMs(5, error, 0), 0)
  assert.deepEqual(
    [0, 1].map((random) => retryDelayMs(0, later, random)),
    [2000, 2100],
  )
  const { kh } = await start(t, (_seen, response, count) => {
    if (count === 1) refuse(response, 429, { code: "RATE_LIMITED" }, { "retry-after": "1" })
    else reply(response, 200, { id: "k" })
  })
  const begun = performance.now()
  await kh.keys.get("k")
  assert.ok(performance.now() - begun >= 990)
})

test("a call ends at its deadline, waiting and repeating included", async (t) => {
  const { kh, seen } = await start(
    t,
    (_seen, response, count) => {
      // The first is asked to come back much later; the second never gets an answer.
      if (count === 1) refuse(response, 429, { code: "RATE_LIMITED" }, { "retry-after": "60" })
    },
    { timeoutMs: 600 },
  )
  await assert.rejects(kh.keys.get("k"), { code: "TIMEOUT" })
  // Long enough to arrive on a busy machine.
  await assert.rejects(kh.keys.get("k"), { code: "TIMEOUT" })
  await assert.rejects(kh.random(1, { timeoutMs: 400 }), { code: "TIMEOUT" })
  assert.equal(seen.length, 3)
})

test("a caller may give a call up", async (t) => {
  const stop = new AbortController()
  const { kh } = await start(t, () => stop.abort())
  await assert.rejects(kh.random(1, { signal: stop.signal }), { code: "ABORTED" })
  await assert.rejects(kh.random(1, { signal: stop.signal }), { code: "ABORTED" })
})

test("a problem document becomes an error with all its fields", async (t) => {
  const { kh } = await start(t, (_seen, response) =>
    refuse(
      response,
      400,
      {
        code: "MALFORMED_REQUEST",
        detail: "must be base64",
        field: "/plaintext",
        rule: "role",
        requestId: "r1",
      },
      { "retry-after": "3" },
    ),
  )
  await assert.rejects(kh.encrypt("k", Buffer.alloc(1)), {
    name: "KeyholdError",
    code: "MALFORMED_REQUEST",
    message: "must be base64",
    status: 400,
    field: "/plaintext",
    rule: "role",
    requestId: "r1",
    retryAfterSeconds: 3,
  })
})

test("an answer that is not the API's is INVALID_RESPONSE", async (t) => {
  const answers: ((response: ServerResponse) => void)[] = [
    (response) => response.writeHead(404).end("<html>"),
    (response) => response.writeHead(400).end("null"),
    (response) => response.writeHead(200, { "content-type": "application/json" }).end("{"),
    (response) => reply(response, 200, { plaintext: "aGk" }),
    (response) => reply(response, 200, { plaintext: "aGk=\n" }),
    (response) => reply(response, 200, { plaintext: "aGl=" }),
    (response) => reply(response, 302, {}),
  ]
  const { kh } = await start(t, (_seen, response, count) => answers[count - 1]?.(response))
  for (const _ of answers) {
    await assert.rejects(kh.decrypt(Buffer.from("c")), { code: "INVALID_RESPONSE" })
  }
})

test("neither errors nor the client itself show the token", async (t) => {
  const { kh } = await start(t, (_seen, response) => response.destroy(), { retries: 0 })
  const errors: unknown[] = []
  await kh.keys.get("k").catch((error: unknown) => errors.push(error))
  const closed = new Keyhold({ url: "https://127.0.0.1:1", token, retries: 0 })
  await closed.keys.get("k").catch((error: unknown) => errors.push(error))
  assert.equal(errors.length, 2)
  const shown =
    inspect([errors, kh], { depth: 20, showHidden: true }) + JSON.stringify([errors, kh])
  assert.ok(!shown.includes("secret"))
})

test("a node is reached over HTTPS and with a trusted certificate alone", async (t) => {
  assert.throws(() => new Keyhold({ url: "http://127.0.0.1" }), { code: "CONFIGURATION" })
  const node = await startFakeNode(t, (_seen, response) => reply(response, 200, {}))
  const stranger = new Keyhold({ url: node.url, token, retries: 0 })
  await assert.rejects(stranger.keys.get("k"), { code: "UNREACHABLE" })
  assert.equal(node.seen.length, 0)
})

test("a token that no header can carry is refused without being shown", async (t) => {
  const { kh, seen } = await start(t, (_seen, response) => reply(response, 200, {}), {
    token: "secret\r\nx: y",
  })
  const shown = inspect(await kh.keys.get("k").catch((error: unknown) => error))
  assert.match(shown, /CONFIGURATION/)
  assert.doesNotMatch(shown, /secret/)
  const key = "-----BEGIN PRIVATE KEY-----\nno key\n-----END PRIVATE KEY-----\n"
  const broken = new Keyhold({ url: "https://127.0.0.1:1", clientCertificate: { cert: key, key } })
  await assert.rejects(broken.keys.get("k"), { code: "CONFIGURATION" })
  assert.equal(seen.length, 0)
})

test("connections are kept open between calls", async (t) => {
  const ports = new Set<number | undefined>()
  const { kh } = await start(t, (_seen, response) => {
    ports.add(response.socket?.remotePort)
    reply(response, 200, { id: "k" })
  })
  for (let count = 0; count < 5; count++) await kh.keys.get("k")
  assert.equal(ports.size, 1)
})

test("a list is read page after page", async (t) => {
  const { kh, seen } = await start(t, (_seen, response, count) =>
    reply(
      response,
      200,
      count < 3 ? { items: [{ id: `${count}` }], next: `n${count}` } : { items: [] },
    ),
  )
  const ids: string[] = []
  for await (const key of kh.keys.list({ state: "active" })) ids.push(key.id)
  assert.deepEqual(ids, ["1", "2"])
  assert.deepEqual(
    seen.map(({ path }) => path.split("?")[1]),
    ["state=active", "state=active&after=n1", "state=active&after=n2"],
  )
})

test("an export is a stream that outlives the deadline while pieces keep coming", async (t) => {
  const { kh } = await start(
    t,
    (_seen, response, count) => {
      response.writeHead(200, { "content-type": "application/jsonl" })
      const pieces = ["{}\n", '{"a":"\u00e4', '"}\n']
      const timer = setInterval(() => {
        const next = pieces.shift()
        if (next !== undefined) response.write(next)
        else if (count === 1) response.end()
      }, 200)
      response.on("close", () => clearInterval(timer))
    },
    { timeoutMs: 500 },
  )
  const read = async () => {
    let text = ""
    for await (const piece of await kh.call("exportAudit")) text += piece
    return text
  }
  assert.equal(await read(), '{}\n{"a":"\u00e4"}\n')
  await assert.rejects(read(), { code: "TIMEOUT" })
})

test("a batch keeps order, is cut at 1,000 items, and has an outcome per call", async (t) => {
  const { kh, seen } = await start(t, ({ body }, response) => {
    // What this client sends.
    const { operations } = body as { operations: { plaintext: string }[] }
    const results = operations.map(({ plaintext }, index) =>
      index === 1
        ? { status: 404, code: "KEY_NOT_FOUND", detail: "no such key", field: "/key" }
        : { status: 200, ciphertext: plaintext },
    )
    reply(response, 200, { results })
  })
  const bytes = Array.from({ length: 1500 }, (_, index) => Buffer.from(`${index}`))
  const outcomes = await kh.batch(bytes.map((plain) => calls.encrypt("k", plain)))
  assert.equal(outcomes.length, 1500)
  assert.equal(seen.length, 2)
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.ok) assert.deepEqual(Buffer.from(outcome.value), bytes[index])
    else assert.deepEqual([outcome.error.code, index % 1000], ["KEY_NOT_FOUND", 1])
  }
  const [made, deleted] = await kh.batch([
    calls.createKey({ name: "a", algorithm: "AES_256" }),
    calls.deleteKey("b"),
  ])
  assert.deepEqual([made.ok, deleted.ok], [true, false])
  assert.match(JSON.stringify(seen[2]?.body), /"idempotencyKey":"[0-9a-f-]{36}"/)
})

test("a batch is repeated as a whole only when each of its calls may be", async (t) => {
  const results = [{ status: 200, bytes: "AA==" }]
  const { kh, seen } = await start(t, busy(1, { results }))
  assert.deepEqual((await kh.batch([calls.random(1)]))[0].ok, true)
  assert.equal(seen.length, 2)
  const other = await start(t, busy(1, { results }))
  await assert.rejects(other.kh.batch([calls.deleteKey("k")]), { code: "STORE_UNAVAILABLE" })
  assert.equal(other.seen.length, 1)
})

test("a stream is encrypted under a data key of its own and decrypted again", async (t) => {
  const plaintext = Buffer.alloc(32, 7).toString("base64")
  const { kh, seen } = await start(t, (_seen, response) =>
    reply(response, 200, { plaintext, ciphertext: "d3JhcHBlZA==" }),
  )
  const content = Buffer.alloc(100_000, "content")
  const aad = Buffer.from("row 1")
  const sealed = kh.encryptStream([content], { key: "orders", aad })
  const opened: Uint8Array[] = []
  for await (const piece of kh.decryptStream(sealed, { aad })) opened.push(piece)
  assert.deepEqual(Buffer.concat(opened), content)
  assert.deepEqual(
    seen.map(({ path, body }) => ({ path, body })),
    [
      { path: "/api/v1/keys/orders/data-key", body: { aad: "cm93IDE=", length: 32 } },
      { path: "/api/v1/decrypt", body: { ciphertext: "d3JhcHBlZA==", aad: "cm93IDE=" } },
    ],
  )
})
