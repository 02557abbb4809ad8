import assert from "node:assert/strict"
import { test } from "node:test"
import { setImmediate as turn } from "node:timers/promises"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

import { HsmError } from "../../../src/domain/errors.ts"
import {
  assertForm,
  caller,
  deref,
  endpoints,
  fakeServices,
  filled,
  id,
  json,
  restFixture,
  secretHash,
  type Asked,
  textOf,
} from "./fixture.ts"

const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const message = Buffer.from("message").toString("base64")

for (const endpoint of endpoints) {
  test(`${endpoint.id} takes its example and answers in its documented form`, async () => {
    const { ask, unexpected } = restFixture()
    const example = endpoint.body === undefined ? undefined : exampleOf(endpoint.body)
    const sent = example === undefined ? {} : { body: example }
    const reply = await ask(endpoint.method, filled(endpoint.path), sent)
    assert.deepEqual(unexpected, [])
    assert.equal(reply.status, endpoint.id === "ready" ? 503 : endpoint.status, textOf(reply))
    assert.equal(reply.operation, endpoint.id)
    if (endpoint.mediaType === "application/json" && endpoint.response !== undefined) {
      assert.equal(reply.headers["content-type"], "application/json")
      assertForm(endpoint.response, json(reply))
      assert.ok(!textOf(reply).includes(Buffer.from(secretHash).toString("base64")))
    }
    if (endpoint.status === 204) assert.equal(reply.body, "")
  })
}

/** Method, path, what is sent, and the service and command that must come of it. */
const commands: readonly (readonly [string, string, object, string, unknown])[] = [
  [
    "POST",
    "/keys/a%2Bb/encrypt",
    { body: { plaintext: message, aad: "", raw: true } },
    "encrypt",
    { key: "a+b", plaintext: bytes("message"), aad: bytes(""), raw: true },
  ],
  [
    "POST",
    "/keys/a/decrypt",
    { body: { ciphertext: message, iv: "AAAA", version: 2 } },
    "decrypt",
    {
      ciphertext: bytes("message"),
      aad: undefined,
      raw: { key: "a", iv: Uint8Array.of(0, 0, 0), version: 2 },
    },
  ],
  [
    "POST",
    "/decrypt",
    { body: { ciphertext: message } },
    "decrypt",
    { ciphertext: bytes("message") },
  ],
  [
    "POST",
    "/keys/a/verify-mac",
    { body: { message, mac: "AAAA", version: 1 } },
    "verifyMac",
    { key: "a", message: bytes("message"), signature: Uint8Array.of(0, 0, 0), version: 1 },
  ],
  [
    "POST",
    "/keys",
    {
      body: { name: "n", algorithm: "AES_128", rotationPeriodSeconds: 86400 },
      headers: { "idempotency-key": "once" },
    },
    "createKey",
    { name: "n", algorithm: "AES_128", rotationPeriodMs: 86_400_000, idempotencyKey: "once" },
  ],
  [
    "PATCH",
    "/keys/a",
    { body: { rotationPeriodSeconds: null } },
    "updateKey",
    { key: "a", rotationPeriodMs: null },
  ],
  ["DELETE", "/keys/a", { query: "windowSeconds=0" }, "deleteKey", { key: "a", windowMs: 0 }],
  ["DELETE", "/keys/a", {}, "deleteKey", { key: "a", windowMs: undefined }],
  [
    "GET",
    "/keys",
    { query: "tag=a=b%3Dc&limit=5&name=x*" },
    "listKeys",
    { tag: { name: "a", value: "b=c" }, limit: 5, name: "x*" },
  ],
  ["GET", "/keys", { query: "tag=a+b" }, "listKeys", { tag: { name: "a b" } }],
  ["GET", "/keys/a/public", { query: "version=3" }, "publicKey", { key: "a", version: 3 }],
  ["GET", "/keys/import", {}, "describeKey", { key: "import" }],
  [
    "POST",
    `/principals/${id}/tokens`,
    { body: { lifeSeconds: 60 } },
    "issueToken",
    { principal: id, lifeMs: 60_000, overlapMs: undefined },
  ],
  [
    "DELETE",
    `/principals/${id}/credentials/${id}`,
    {},
    "revokeCredential",
    { principal: id, credential: id },
  ],
  [
    "PATCH",
    `/partitions/${id}`,
    { body: { quota: { keysMax: 1 } } },
    "updateQuota",
    { partition: id, quota: { keysMax: 1 } },
  ],
  [
    "GET",
    "/audit/records",
    { query: "since=2026-11-23T09:30:00Z&limit=2" },
    "listRecords",
    {
      act: undefined,
      keyId: undefined,
      subject: undefined,
      since: Date.UTC(2026, 10, 23, 9, 30),
      until: undefined,
      after: undefined,
      limit: 2,
    },
  ],
]

for (const [method, path, sent, service, command] of commands) {
  const said = `${method} ${path} ${JSON.stringify(sent)}`
  test(`${said} becomes one exact command`, async () => {
    const { ask, asked } = restFixture()
    const reply = await ask(method, `/api/v1${path}`, sent)
    assert.ok(reply.status < 300, textOf(reply))
    const made = asked.map((one) => [one.service, plain(one.command)])
    assert.deepEqual(made, [[service, plain(command)]])
  })
}

test("a share reaches the node in bytes while it is sealed", async () => {
  const { ask, shares, evidence } = restFixture({ ports: () => undefined })
  const reply = await ask("POST", "/api/v1/unseal", { body: { share: "AQID" } })
  assert.equal(json(reply)["sealed"], false)
  assert.deepEqual(plain(shares), plain([[Uint8Array.of(1, 2, 3), "192.0.2.1"]]))
  assert.deepEqual(evidence, [])
})

test("a sealed node answers nothing but the group System, and asks nobody who he is", async () => {
  const { ask, asked, evidence } = restFixture({ ports: () => undefined })
  for (const { operation, method, path, id } of endpoints) {
    if (id === "unseal") continue
    const reply = await ask(method, filled(path))
    const system = operation["x-roles"] === undefined
    if (system) assert.notEqual(json500(reply.body), "SEALED", id)
    else assert.equal(json(reply)["code"], "SEALED", id)
  }
  assert.deepEqual([asked, evidence], [[], []])
})

test("a refused caller reaches no validator and no service", async () => {
  const asked: Asked[] = []
  const { ask } = restFixture({
    services: fakeServices(asked),
    authenticate: () => Promise.reject(new HsmError("UNAUTHENTICATED", "who?")),
  })
  for (const { operation, method, path, id } of endpoints) {
    if (operation["x-roles"] === undefined) continue
    const reply = await ask(method, filled(path), { body: "not JSON", query: "no=such" })
    assert.equal(reply.status, 401, id)
    assert.equal(reply.headers["www-authenticate"], "Bearer")
  }
  assert.deepEqual(asked, [])
})

test("the bearer token, the partition's header and the address are the evidence", async () => {
  const { ask, evidence } = restFixture()
  await ask("GET", "/api/v1/whoami", {
    headers: { authorization: "bEaReR abc", "x-keyhold-partition": id },
  })
  assert.deepEqual(evidence, [
    { bearer: "abc", partitionHint: id, certificate: undefined, address: "192.0.2.1" },
  ])
  const basic = await ask("GET", "/api/v1/whoami", { headers: { authorization: "Basic eDp5" } })
  assert.equal(basic.status, 401)
})

test("metered operations name the partition's quota, others do not", async () => {
  const { ask } = restFixture()
  const metered = await ask("POST", "/api/v1/random", { body: { length: 1 } })
  assert.equal(metered.headers["ratelimit-policy"], '"partition";q=250;w=1')
  const other = await ask("GET", "/api/v1/keys")
  assert.equal(other.headers["ratelimit-policy"], undefined)
})

test("the export streams line by line, and an early error is still a problem", async () => {
  const reply = await restFixture().ask("GET", "/api/v1/audit/export")
  assert.equal(reply.headers["content-type"], "application/jsonl")
  assert.ok(typeof reply.body === "object" && !(reply.body instanceof Uint8Array))
  const lines = await Array.fromAsync(reply.body)
  assert.deepEqual(lines, ['{"a":1}\n', '{"a":2}\n'])
  const broken = restFixture({
    services: fakeServices([], { exportLines: () => failing() }),
  })
  assert.equal((await broken.ask("GET", "/api/v1/audit/export")).status, 503)
})

test("the page and its files have strict policies and no inline script", async () => {
  const { ask } = restFixture()
  const page = await ask("GET", "/")
  assert.match(
    page.headers["content-security-policy"] ?? "",
    /^default-src 'none'; script-src 'self'/,
  )
  assert.doesNotMatch(textOf(page), /<script(?![^>]*src=)|style=|onclick/)
  for (const path of ["/explorer.js", "/explorer.css"]) {
    assert.equal((await ask("GET", path)).headers["x-content-type-options"], "nosniff")
  }
})

async function* failing(): AsyncGenerator<string> {
  await Promise.reject(new HsmError("STORE_UNAVAILABLE", "no answer"))
  yield ""
}

function exampleOf(schema: Parameters<typeof deref>[0]): unknown {
  const { examples } = deref(schema) as { readonly examples?: readonly unknown[] }
  assert.ok(examples?.[0] !== undefined)
  return examples[0]
}

/** The code of a problem; undefined when the body is something else. */
function json500(body: unknown): unknown {
  return typeof body === "string" && body.startsWith("{")
    ? (JSON.parse(body) as { code?: unknown }).code
    : undefined
}

/** Without absent properties, and with bytes as hex: what matters of a command. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_name, inner: unknown) =>
      inner instanceof Uint8Array ? `bytes:${inner.toHex()}` : inner,
    ),
  )
}

test("what a repeated head says is read once; who asks is asked each time", async () => {
  let isKnown = true
  const subject = restFixture({
    authenticate: () => {
      if (isKnown) return Promise.resolve(caller)
      throw new HsmError("UNAUTHENTICATED", "revoked")
    },
  })
  const kept = new Map<object, object>()
  const ask = (plaintext: string) =>
    subject.ask("POST", "/api/v1/keys/k/encrypt", { body: { plaintext }, kept })
  assert.equal((await ask(message)).status, 200)
  assert.equal(kept.size, 1)
  assert.equal((await ask("")).status, 200)
  assert.deepEqual(
    subject.asked.map(({ command }) => command),
    [
      { key: "k", plaintext: bytes("message") },
      { key: "k", plaintext: bytes("") },
    ],
  )
  assert.equal((await ask("?")).status, 400)
  isKnown = false
  assert.equal((await ask(message)).status, 401)
})

test("what is kept of a head holds no request's body", async () => {
  const { ask } = restFixture()
  const kept = new Map<object, object>()
  const sent = async (): Promise<WeakRef<Uint8Array>> => {
    const body = new TextEncoder().encode(JSON.stringify({ plaintext: message }))
    const reply = await ask("POST", "/api/v1/keys/k/encrypt", { body, kept })
    assert.equal(reply.status, 200)
    return new WeakRef(body)
  }
  const seen = await sent()
  await turn() // A WeakRef holds its target for the rest of its turn.
  setFlagsFromString("--expose-gc")
  ;(runInNewContext("gc") as () => void)()
  assert.equal(kept.size, 1)
  assert.equal(seen.deref(), undefined)
})
