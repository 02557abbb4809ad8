/** The dialect's OpenAPI document: complete, valid, and the same as what is served. */

import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"

import { createTsbFace } from "../../../src/faces/tsb/face.ts"
import { routes } from "../../../src/faces/tsb/routes.ts"
import { absent } from "../../../src/faces/tsb/routes/absent.ts"
import { compile, described, document } from "../../support/tsb-schemas.ts"
import { generateTsb } from "../../../tools/generate-tsb.ts"

const root = join(import.meta.dirname, "../../..")

test("the file is what the tables say: npm run generate", () => {
  for (const [path, text] of Object.entries(generateTsb())) {
    assert.equal(readFileSync(join(root, path), "utf8"), text, path)
  }
})

test("every route is described, and nothing else is", () => {
  const names = Object.keys(routes)
  for (const name of names) {
    const operation = described(name.replace("{}", "7"))
    assert.ok(operation !== undefined, name)
    const statuses = Object.keys(operation.responses)
    assert.deepEqual(statuses.includes("501"), Object.hasOwn(absent, name), name)
  }
  const operations = Object.values(document.paths).flatMap((path) => Object.keys(path))
  assert.equal(operations.length, names.length)
})

test("every schema compiles, and takes what the documentation shows", () => {
  for (const path of Object.values(document.paths)) {
    for (const { requestBody, responses } of Object.values(path)) {
      for (const one of [requestBody, ...Object.values(responses)]) {
        for (const { schema } of Object.values(one?.content ?? {})) compile(schema)
      }
    }
  }
  const takes = compile(
    described("POST /key")?.requestBody?.content["application/json"].schema ?? {},
  )
  const attributes = { sign: true, decrypt: false, unwrap: false, destroyable: true }
  const key = { label: "pay-01", algorithm: "EC", curveOid: "1.2.840.10045.3.1.7", attributes }
  assert.ok(takes({ ...key, policy: null }))
  assert.ok(!takes({ ...key, attributes: null }))
  assert.ok(!takes({ ...key, label: 7 }))
})

test("it is served to anybody", async () => {
  const face = createTsbFace({
    ports: () => undefined,
    authenticate: () => assert.fail("nobody has to say who he is"),
    version: "0.1.0",
    onUnexpected: assert.ifError,
  })
  const reply = await face({
    method: "GET",
    path: "/v1/openapi.json",
    query: "",
    header: () => undefined,
    body: new Uint8Array(),
    requestId: "request",
    peer: { address: "127.0.0.1" },
  })
  assert.equal(reply.status, 200)
  assert.ok(typeof reply.body === "string")
  assert.deepEqual(JSON.parse(reply.body), document)
})
