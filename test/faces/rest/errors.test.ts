import assert from "node:assert/strict"
import { test } from "node:test"

import { errorCodes, HsmError } from "../../../src/domain/errors.ts"
import { errorTable } from "../../../src/faces/rest/errors.ts"
import { assertForm, fakeServices, id, json, restFixture, textOf } from "./fixture.ts"

const problemSchema = { $ref: "#/components/schemas/Problem" }

/** Written apart from the implementation's table. */
const statuses: Readonly<Record<string, number>> = {
  APPROVAL_REQUIRED: 403,
  AUDIT_UNAVAILABLE: 503,
  CONFLICT: 409,
  DECRYPTION_FAILED: 422,
  DRY_RUN: 412,
  IDEMPOTENCY_MISMATCH: 422,
  INTERNAL: 500,
  KEY_EXHAUSTED: 409,
  KEY_NOT_FOUND: 404,
  KEY_STATE: 409,
  MALFORMED_REQUEST: 400,
  METHOD_NOT_ALLOWED: 405,
  NAME_TAKEN: 409,
  NOT_FOUND: 404,
  OPERATION_FORBIDDEN: 403,
  PAYLOAD_TOO_LARGE: 413,
  QUOTA_EXCEEDED: 403,
  RATE_LIMITED: 429,
  SEALED: 503,
  STORE_UNAVAILABLE: 503,
  TAMPERED: 500,
  UNAUTHENTICATED: 401,
  UNSEAL_REFUSED: 403,
  UNSUPPORTED_MEDIA_TYPE: 415,
}

test("the table has every code and no other", () => {
  assert.deepEqual(Object.keys(errorTable).toSorted(), [...errorCodes].toSorted())
})

for (const code of errorCodes) {
  test(`${code} becomes its problem document`, async () => {
    const error = new HsmError(code, "in words", {
      field: "/name",
      rule: "role",
      retryAfterSeconds: 1.5,
    })
    const { ask } = restFixture({ services: fakeServices([], { whoami: () => fail(error) }) })
    const reply = await ask("GET", "/api/v1/whoami")
    assert.equal(reply.status, statuses[code])
    assert.equal(reply.headers["content-type"], "application/problem+json")
    assert.equal(reply.headers["retry-after"], "2")
    const problem = json(reply)
    assertForm(problemSchema, problem)
    const { title: _title, ...rest } = problem
    assert.deepEqual(rest, {
      type: `https://keyhold.dev/problems/${code.toLowerCase().replaceAll("_", "-")}`,
      status: statuses[code],
      code,
      detail: "in words",
      field: "/name",
      rule: "role",
      requestId: "request-1",
    })
  })
}

test("an error that is not ours says nothing outside and everything inside", async () => {
  const error = new TypeError("secret 42")
  const { ask, unexpected } = restFixture({
    services: fakeServices([], { encrypt: () => fail(error) }),
  })
  const body = { plaintext: "AAAA" }
  const reply = await ask("POST", "/api/v1/keys/a/encrypt", { body })
  assert.equal(reply.status, 500)
  assertForm(problemSchema, json(reply))
  assert.doesNotMatch(textOf(reply), /secret|TypeError/)
  const item = { operation: "encrypt", key: "a", ...body }
  const batch = await ask("POST", "/api/v1/batch", { body: { operations: [item] } })
  assert.equal(batch.status, 200)
  assert.doesNotMatch(textOf(batch), /secret|TypeError/)
  assert.deepEqual(unexpected, [error, error])
})

test("too many requests say when to come back, also where the error does not know", async () => {
  const error = new HsmError("RATE_LIMITED", "slow down")
  const { ask } = restFixture({ services: fakeServices([], { generateRandom: () => fail(error) }) })
  const reply = await ask("POST", "/api/v1/random", { body: { length: 1 } })
  assert.equal(reply.headers["retry-after"], "1")
  assert.equal(reply.headers["ratelimit-policy"], '"partition";q=250;w=1')
})

test("unknown paths are 404, other methods 405 with what is allowed", async () => {
  const { ask, evidence } = restFixture()
  for (const path of [
    "/api/v1",
    "/api/v1/",
    "/api/v1/keys/",
    "//",
    "/api/v1/keys/a/",
    "/api/v1/keys//sign",
    "/api/v1/keys/a/nothing",
    "/API/v1/keys",
    "",
    "*",
    "/api/v1/keys/a/b/c/d/e",
  ]) {
    const reply = await ask("GET", path)
    assert.equal(json(reply)["code"], "NOT_FOUND", path)
  }
  const cases = [
    ["PUT", "/api/v1/keys", "GET, POST"],
    ["HEAD", "/health/live", "GET"],
    ["GET", "/api/v1/decrypt", "POST"],
    ["OPTIONS", `/api/v1/keys/${id}`, "GET, PATCH, DELETE"],
    ["PUT", "/api/v1/keys/import", "POST, GET, PATCH, DELETE"],
    ["POST", "/explorer.js", undefined],
  ] as const
  for (const [method, path, allowed] of cases) {
    const reply = await ask(method, path)
    assert.equal(reply.status, allowed === undefined ? 404 : 405, `${method} ${path}`)
    assert.equal(reply.headers["allow"], allowed)
  }
  assert.deepEqual(evidence, [])
})

function fail(error: unknown): never {
  throw error
}
