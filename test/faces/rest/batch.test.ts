import assert from "node:assert/strict"
import { test } from "node:test"

import { HsmError } from "../../../src/domain/errors.ts"
import { limits } from "../../../src/domain/limits.ts"
import { Failed } from "../../../src/domain/outcome.ts"
import {
  assertForm,
  deref,
  endpoints,
  fakeServices,
  json,
  restFixture,
  type Asked,
  textOf,
} from "./fixture.ts"

interface Result {
  readonly status: number
  readonly [name: string]: unknown
}

async function run(
  operations: readonly unknown[],
  change: Parameters<typeof restFixture>[0] = {},
): Promise<readonly Result[]> {
  const reply = await restFixture(change).ask("POST", "/api/v1/batch", { body: { operations } })
  assert.equal(reply.status, 200, textOf(reply))
  // The shape that the test of every route checks against the schema.
  return json(reply)["results"] as readonly Result[]
}

test("every operation that may stand in a batch answers there as in its own call", async () => {
  const inBatch = endpoints.filter(({ operation }) => operation["x-batch"])
  assert.ok(inBatch.length >= 15)
  for (const { id, method, path, body, parameters, response, status } of inBatch) {
    const { examples = [{}] } = deref(body ?? {}) as { readonly examples?: readonly object[] }
    const key = parameters.some(({ name }) => name === "key") ? { key: "orders" } : {}
    const single = restFixture()
    const sent = body === undefined ? {} : { body: examples[0] }
    const own = await single.ask(method, path.replace("{key}", "orders"), sent)
    const asked: Asked[] = []
    const results = await run([{ operation: id, ...key, ...examples[0] }], {
      services: fakeServices(asked),
    })
    const [{ status: code, ...fields } = { status: 0 }] = results
    assert.equal(code, status)
    assert.deepEqual(fields, json(own), id)
    assertForm(response ?? {}, fields)
    assert.deepEqual(asked.map(command), single.asked.map(command))
  }
})

test("results stand in the order of the items, whichever is done first", async () => {
  let waiting = 20
  const generateRandom = async () => {
    const own = waiting--
    for (let turn = 0; turn < own; turn++) await Promise.resolve()
    return Uint8Array.of(20 - own)
  }
  const results = await run(
    Array.from({ length: 20 }, () => ({ operation: "random", length: 1 })),
    { services: fakeServices([], { generateRandom }) },
  )
  const bytes = results.map(({ bytes }) => Buffer.from(String(bytes), "base64")[0])
  assert.deepEqual(
    bytes,
    Array.from({ length: 20 }, (_, index) => index),
  )
})

test("an item's mistake is its own result and names the field in the whole request", async () => {
  const results = await run([
    { operation: "random", length: 1 },
    { operation: "random", length: 0 },
    { operation: "encrypt", plaintext: "AAAA" },
    { operation: "encrypt", key: "a b", plaintext: "AAAA" },
    { operation: "encrypt", key: "a", plaintext: "AAA" },
    { operation: "decrypt", key: "a", ciphertext: "AAAA" },
    { operation: "deleteKey", key: "a", reason: "none" },
    { operation: "createKey", name: "a", algorithm: "AES_128", idempotencyKey: "" },
    { operation: "random", length: 1 },
  ])
  assert.deepEqual(
    results.map(({ status, field }) => [status, field]),
    [
      [200, undefined],
      [400, "/operations/1/length"],
      [400, "/operations/2/key"],
      [400, "/operations/3/key"],
      [400, "/operations/4/plaintext"],
      [400, "/operations/5/key"],
      [400, "/operations/6/reason"],
      [400, "/operations/7/idempotencyKey"],
      [200, undefined],
    ],
  )
})

test("a service's refusal is its item's result, with code, words, field and rule", async () => {
  const error = new HsmError("OPERATION_FORBIDDEN", "no", { rule: "role", field: "/name" })
  const results = await run(
    [
      { operation: "sign", key: "a", message: "" },
      { operation: "random", length: 1 },
    ],
    { services: fakeServices([], { sign: () => Promise.reject(error) }) },
  )
  assert.deepEqual(results[0], {
    status: 403,
    code: "OPERATION_FORBIDDEN",
    detail: "no",
    field: "/operations/0/name",
    rule: "role",
  })
  assert.equal(results[1]?.status, 200)
})

test("a batch is refused as a whole when it is no list of known operations", async () => {
  const item = { operation: "random", length: 1 }
  const cases: readonly (readonly [unknown, string])[] = [
    [{ operations: [] }, "/operations"],
    [{ operations: Array.from({ length: limits.batchItemsMax + 1 }, () => item) }, "/operations"],
    [{ operations: [item, { operation: "batch", operations: [] }] }, "/operations/1/operation"],
    [{ operations: [item, { operation: "purgeKey", key: "a" }] }, "/operations/1/operation"],
    [{ operations: [{ length: 1 }] }, "/operations/0/operation"],
    [{ operations: [item, 1] }, "/operations/1"],
    ['{"operations":[{"operation":"random","length":1,"length":2}]}', "/operations/0/length"],
  ]
  for (const [body, field] of cases) {
    const { ask, asked } = restFixture()
    const reply = await ask("POST", "/api/v1/batch", { body })
    assert.deepEqual([reply.status, json(reply)["field"]], [400, field])
    assert.deepEqual(asked, [])
  }
})

test("a full batch runs, each item under a request id of its own", async () => {
  const asked: Asked[] = []
  const operations = Array.from({ length: limits.batchItemsMax }, () => ({
    operation: "random",
    length: 1,
  }))
  const results = await run(operations, { services: fakeServices(asked) })
  assert.equal(results.length, limits.batchItemsMax)
  assert.ok(results.every(({ status }) => status === 200))
  const ids = new Set(asked.map(({ context }) => context.requestId))
  assert.equal(ids.size, limits.batchItemsMax)
})

test("items that go together keep their own outcomes; one without any has failed", async () => {
  const operations = Array.from({ length: 3 }, () => ({
    operation: "mac",
    key: "orders",
    message: "AAAA",
  }))
  const about = { keyId: "orders", version: 1, mechanism: "HMAC_SHA_256" }
  const made = { ...about, signature: Uint8Array.of(1) }
  const useAlike = () =>
    Promise.resolve([made, new Failed(new HsmError("KEY_STATE", "it is disabled"))])
  const results = await run(operations, { services: fakeServices([], { useAlike }) })
  assert.deepEqual(
    results.map(({ status, code, mac }) => [status, code, mac]),
    [
      [200, undefined, "AQ=="],
      [409, "KEY_STATE", undefined],
      [500, "INTERNAL", undefined],
    ],
  )
})

function command({ service, command }: Asked): unknown {
  return [service, JSON.stringify(command)]
}
