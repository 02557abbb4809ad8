/** Rates, repetition, batches and floods over real HTTPS. */

import assert from "node:assert/strict"
import { after, before, suite, test } from "node:test"

import { splitLines, verifyExport } from "../../src/audit/verify.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64, fields, restClient, type Fields } from "../support/rest-client.ts"

interface Page {
  readonly items: readonly (Fields & { readonly sequence: number })[]
}

let node: DevNode

suite("limits on the wire", () => {
  before(async () => {
    node = await startDevNode()
  })
  after(() => node.stop())

  test("a partition over its rate is told to wait, and how much it has", rate)
  test("the quota of keys holds, and a deleted key gives its place back", keyQuota)
  test("a repeated creating call answers with the first result", repetition)
  test("creating calls repeated at the same time create one object", concurrentRepetition)
  test("a batch of 1,000 answers in order, each item with its own result and record", largeBatch)
  test("a batch of none, of 1,001 or of an unknown operation is refused whole", refusedBatches)
  test("the exported log verifies, and no longer with one character changed", exported)
  test("2,000 unauthenticated requests grow the log by a record or two at most", flood)
})

async function newPartition(quota: Fields): Promise<Readonly<Record<"user" | "manager", string>>> {
  const body = { name: `quota-${JSON.stringify(quota).length}-${Object.keys(quota)[0]}`, quota }
  const { token } = await node.client.call<{ token: string }>(
    node.token("operator"),
    "POST /partitions",
    body,
  )
  const principal = async (role: string) => {
    const wanted = { name: role, roles: [role], credential: { kind: "token" } }
    return (await node.client.call<{ token: string }>(token, "POST /principals", wanted)).token
  }
  return { user: await principal("user"), manager: await principal("manager") }
}

async function rate(): Promise<void> {
  const { user, manager } = await newPartition({ operationsPerSecond: 5 })
  const answers = []
  for (let count = 0; count < 20; count++) {
    answers.push(
      await node.client.send("POST", "/api/v1/random", { token: user, body: { length: 1 } }),
    )
  }
  const good = answers.filter(({ status }) => status === 200)
  const late = answers.filter(({ status }) => status === 429)
  assert.ok(good.length >= 5 && late.length >= 5)
  assert.equal(good.length + late.length, 20)
  for (const answer of answers) {
    assert.equal(answer.headers["ratelimit-policy"], '"partition";q=5;w=1')
  }
  for (const answer of late) {
    assert.equal(fields(answer)["code"], "RATE_LIMITED")
    assert.equal(answer.headers["retry-after"], "1")
  }
  // What uses no key is not metered; another partition does not notice.
  const unmetered = await node.client.send("GET", "/api/v1/keys", { token: manager })
  assert.equal(unmetered.status, 200)
  const other = { token: node.token("user"), body: { length: 1 } }
  assert.equal((await node.client.send("POST", "/api/v1/random", other)).status, 200)
}

async function keyQuota(): Promise<void> {
  const { manager } = await newPartition({ keysMax: 2 })
  const create = async (name: string) => {
    const body = { name, algorithm: "AES_128" }
    const answer = await node.client.send("POST", "/api/v1/keys", { token: manager, body })
    return [answer.status, fields(answer)["code"]]
  }
  assert.deepEqual(await create("one"), [201, undefined])
  assert.deepEqual(await create("two"), [201, undefined])
  assert.deepEqual(await create("three"), [403, "QUOTA_EXCEEDED"])
  await node.client.call(manager, "DELETE /keys/one?windowSeconds=0")
  assert.deepEqual(await create("three"), [201, undefined])
}

/** One creating call per kind, with a field to change for another request. */
const creating = [
  { role: "manager", path: "/keys", body: { name: "once", algorithm: "AES_256" } },
  {
    role: "manager",
    path: "/keys/import",
    body: {
      name: "once-in",
      algorithm: "AES_128",
      format: "raw",
      material: base64("0123456789abcdef"),
    },
  },
  {
    role: "officer",
    path: "/principals",
    body: { name: "once", roles: ["user"], credential: { kind: "token" } },
  },
  { role: "operator", path: "/partitions", body: { name: "once" } },
] as const

async function post(one: (typeof creating)[number], key: string, body: Fields = one.body) {
  const headers = { "idempotency-key": key }
  const token = node.token(one.role)
  return await node.client.send("POST", `/api/v1${one.path}`, { token, body, headers })
}

/** What an answer says of the object, without a token that is shown once. */
function objectOf(answer: Fields): unknown {
  const { token: _token, ...rest } = answer
  return rest
}

async function repetition(): Promise<void> {
  for (const one of creating) {
    const first = await post(one, "first")
    const again = await post(one, "first")
    assert.deepEqual([first.status, again.status], [201, 201], `${one.path} ${again.text}`)
    assert.deepEqual(objectOf(fields(again)), objectOf(fields(first)))
    assert.equal(fields(again)["token"], undefined, "a token is shown once")
    const other = await post(one, "first", { ...one.body, name: "another" })
    assert.deepEqual([other.status, fields(other)["code"]], [422, "IDEMPOTENCY_MISMATCH"])
    const taken = await post(one, "second")
    assert.deepEqual([taken.status, fields(taken)["code"]], [409, "NAME_TAKEN"], one.path)
  }
}

async function concurrentRepetition(): Promise<void> {
  for (const one of creating) {
    const body = { ...one.body, name: "at-once" + one.path.replaceAll("/", "-") }
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(one, "at-once", body)))
    const seen = answers.map(({ status, text }) => `${status} ${text}`)
    for (const { status } of answers) assert.equal(status, 201, seen.join("\n"))
    const ids = answers.map((answer) => {
      const { id, principal, partition } = fields(answer)
      return JSON.stringify(
        id ?? (principal as Fields | undefined)?.["id"] ?? (partition as Fields)["id"],
      )
    })
    assert.equal(new Set(ids).size, 1, one.path)
    // A token is shown once, and it is that of the object that was stored.
    for (const { token } of answers.map(fields)) {
      if (typeof token === "string") await node.client.call(token, "GET /whoami")
    }
  }
}

async function records(query: string): Promise<Page["items"]> {
  const path = `GET /audit/records?limit=1000&${query}`
  return (await node.client.call<Page>(node.token("auditor"), path)).items
}

async function largeBatch(): Promise<void> {
  const manager = node.token("manager")
  for (const [name, algorithm] of [
    ["b-aes", "AES_256"],
    ["b-ec", "EC_P256"],
    ["b-mac", "HMAC_SHA_256"],
  ]) {
    await node.client.call(manager, "POST /keys", { name, algorithm })
  }
  const before = (await lastRecord()).sequence
  const kinds = [
    (text: string) => ({ operation: "encrypt", key: "b-aes", plaintext: text }),
    (text: string) => ({ operation: "sign", key: "b-ec", message: text }),
    (text: string) => ({ operation: "mac", key: "b-mac", message: text }),
    () => ({ operation: "random", length: 8 }),
    (text: string) => ({ operation: "sign", key: "b-aes", message: text }), // Not its use.
    (text: string) => ({ operation: "encrypt", key: "no-such-key", plaintext: text }),
    () => ({ operation: "createKey", name: "b-new", algorithm: "AES_256" }), // Not a manager.
    (text: string) => ({ operation: "mac", key: "b-mac", message: `${text}!` }), // No base64.
  ]
  const operations = Array.from({ length: 1000 }, (_, index) =>
    kinds[index % kinds.length]?.(base64(`item ${index}`)),
  )
  const { results } = await node.client.call<{ results: readonly Fields[] }>(
    node.token("user"),
    "POST /batch",
    { operations },
  )
  const expected = [200, 200, 200, 200, 403, 404, 403, 400]
  assert.deepEqual(
    results.map(({ status }) => status),
    operations.map((_, index) => expected[index % expected.length]),
  )
  assert.equal(results[7]?.["field"], "/operations/7/message")
  const macs = operations.map((_, index) => results[index]?.["mac"])
  assert.equal(new Set(macs.filter((mac) => mac !== undefined)).size, 125)
  const opened = await node.client.call(node.token("user"), "POST /decrypt", {
    ciphertext: results[800]?.["ciphertext"],
  })
  assert.equal(opened["plaintext"], base64("item 800"))
  // Every item that was decided is in the log, all but those whose form was wrong: one record for
  // each refusal, under its own name; what was allowed under the batch's, neighbours alike counted.
  const mark = /^[^.]+\.(\d+)$/
  const written = await records(`after=${before}`)
  const marks = written
    .map((one) => mark.exec(String(one["requestId"]))?.[1])
    .filter((item) => item !== undefined)
  assert.deepEqual([marks.length, new Set(marks).size], [375, 375])
  const ofBatch = String(written.find((one) => one["act"] === "key.mac")?.["requestId"])
  const allowed = written.filter(({ requestId }) => requestId === ofBatch)
  assert.equal(
    allowed.reduce((sum, { count = 1 }) => sum + Number(count), 0),
    500,
  )
}

/** The last record of the partition. */
async function lastRecord(): Promise<Page["items"][number]> {
  let last: Page["items"][number] | undefined
  for (let after = ""; ;) {
    const { items, next } = await node.client.call<Page & { next?: string }>(
      node.token("auditor"),
      `GET /audit/records?limit=1000${after}`,
    )
    last = items.at(-1) ?? last
    if (next === undefined) break
    after = `&after=${next}`
  }
  assert.ok(last !== undefined)
  return last
}

async function sendBatch(operations: unknown) {
  const request = { token: node.token("user"), body: { operations } }
  return await node.client.send("POST", "/api/v1/batch", request)
}

async function refusedBatches(): Promise<void> {
  const item = { operation: "random", length: 1 }
  const bad = [
    [[], "/operations"],
    [Array.from({ length: 1001 }, () => item), "/operations"],
    [[item, { operation: "seal" }], "/operations/1/operation"],
    [[item, { operation: "batch", operations: [item] }], "/operations/1/operation"],
  ] as const
  for (const [operations, field] of bad) {
    const answer = await sendBatch(operations)
    assert.deepEqual([answer.status, fields(answer)["field"]], [400, field])
  }
  assert.equal((await sendBatch([item])).status, 200)
}

async function exported(): Promise<void> {
  const path = "/api/v1/audit/export"
  const { text } = await node.client.send("GET", path, { token: node.token("auditor") })
  const report = await verifyExport(splitLines([text]))
  assert.deepEqual(report.problems, [])
  assert.ok(report.ok && report.records > 375)
  const at = text.indexOf("key.encrypt")
  assert.ok(at > 0)
  const changed = `${text.slice(0, at)}key.decrypt${text.slice(at + "key.encrypt".length)}`
  assert.equal((await verifyExport(splitLines([changed]))).ok, false)
  const lines = text.split("\n")
  const removed = lines.toSpliced(Math.floor(lines.length / 2), 1).join("\n")
  assert.equal((await verifyExport(splitLines([removed]))).ok, false)
}

async function flood(): Promise<void> {
  const url = node.dev.url.replace("localhost", "127.0.0.1")
  const client = restClient({ ...node.dev, url }, { localAddress: "127.0.5.1" })
  const { running } = node
  const before = (await lastRecord()).sequence
  const bytes = running.node.gauges().auditBytes()
  const seen = new Map<number, number>()
  for (let round = 0; round < 20; round++) {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => {
        const token = index % 2 === 0 ? undefined : `${node.token("user").slice(0, -3)}000`
        const body = { name: "flood", algorithm: "AES_256" }
        return client.send("POST", "/api/v1/keys", { token, body })
      }),
    )
    for (const { status } of answers) seen.set(status, (seen.get(status) ?? 0) + 1)
  }
  assert.deepEqual(new Set(seen.keys()), new Set([401, 429]))
  assert.equal((seen.get(401) ?? 0) + (seen.get(429) ?? 0), 2_000)
  assert.equal((await lastRecord()).sequence - before, 1, "the reading of the log itself")
  // Checkpoints go on, whoever asks; 2,000 records would take half a megabyte.
  assert.ok(running.node.gauges().auditBytes() - bytes < 20_000)
  client.close()
}
