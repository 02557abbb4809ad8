/** Bad requests made from the schemas: whatever is wrong, the answer is 400 and names the field. */

import assert from "node:assert/strict"
import { test } from "node:test"

import { pointerTo } from "../../../src/codec/json.ts"
import { limits } from "../../../src/domain/limits.ts"
import type { Endpoint, Schema } from "../../../src/faces/rest/spec.ts"
import { deref, endpoints, filled, json, restFixture, textOf } from "./fixture.ts"

/** One bad body, and the pointer to what is wrong with it. */
interface Bad {
  readonly what: string
  readonly body: unknown
  readonly field: string
}

type Fields = Readonly<Record<string, unknown>>

/** Values that are of no type but their own. */
const samples: readonly (readonly [type: string, value: unknown])[] = [
  ["string", "x"],
  ["integer", 1],
  ["boolean", true],
  ["null", null],
  ["array", [{}]],
  ["object", { x: 1 }],
  ["number", 1.5],
]

/** Everything that the schema of one property lets us do wrong. */
function badValues(schema: Schema): [what: string, value: unknown, below?: string][] {
  const types = [schema.type].flat()
  const bad: [string, unknown, string?][] = []
  for (const [type, value] of samples) {
    if (!types.includes(type) && schema.type !== undefined) bad.push([`a ${type}`, value])
  }
  if (schema["x-bytes-max"] !== undefined) {
    const bytesMax = schema["x-bytes-max"]
    for (const text of ["AAA", "AA==A", "AB==", "AA AA", "AAAA\n", "_-_-", "====", "AAAA="]) {
      bad.push([`base64 ${JSON.stringify(text)}`, text])
    }
    bad.push(["too many bytes", Buffer.alloc(bytesMax + 1).toString("base64")])
  } else if (schema.maxLength !== undefined)
    bad.push(["too long", "a".repeat(schema.maxLength + 1)])
  if (schema.enum !== undefined) bad.push(["not in the list", types.includes("string") ? "NO" : 3])
  if (schema.const === true || schema.const === false) bad.push(["the opposite", !schema.const])
  if (schema.minimum !== undefined) bad.push(["too little", schema.minimum - 1])
  if (schema.maximum !== undefined) bad.push(["too much", schema.maximum + 1])
  if (types.includes("array") && deref(schema.items ?? {}).type === "string") {
    bad.push(["a wrong item", ["\u0000"], "/0"])
  }
  return bad
}

function badBodies(schema: Schema, example: Fields): Bad[] {
  const bad: Bad[] = [
    { what: "an unknown field", body: { ...example, "no/such": 1 }, field: "/no~1such" },
    { what: "an array", body: [example], field: "" },
    { what: "null", body: "null", field: "" },
    { what: "no JSON", body: "{", field: "" },
    { what: "two documents", body: `${JSON.stringify(example)} {}`, field: "" },
    { what: "no UTF-8", body: Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d), field: "" },
    { what: "__proto__", body: '{"__proto__":{}}', field: "/__proto__" },
    {
      what: "a deep field",
      body: `{"x":${"[".repeat(40)}${"]".repeat(40)}}`,
      field: `/x${"/0".repeat(15)}`,
    },
  ]
  for (const name of schema.required ?? []) {
    const { [name]: _gone, ...rest } = example
    bad.push({ what: `no ${name}`, body: rest, field: pointerTo("", name) })
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const value = JSON.stringify(example[name] ?? null)
    const twice = `{${JSON.stringify(name)}:${value},${JSON.stringify(example).slice(1, -1)}`
    const rest = name in example ? "" : `,${JSON.stringify(name)}:${value}`
    const body = `${twice}${rest}}`.replace(",,", ",").replace(/,\}$/, "}")
    bad.push({ what: `${name} twice`, body, field: pointerTo("", name) })
    for (const [what, wrong, below = ""] of badValues(deref(property))) {
      bad.push({
        what: `${name}: ${what}`,
        body: { ...example, [name]: wrong },
        field: `/${name}${below}`,
      })
    }
  }
  return bad
}

const withBody = endpoints.filter(({ body }) => body !== undefined)

for (const endpoint of withBody) {
  test(`${endpoint.id} refuses every malformed body and names the field`, async () => {
    const { ask, asked, unexpected } = restFixture()
    const schema = deref(endpoint.body ?? {})
    const { examples = [] } = schema as { readonly examples?: readonly Fields[] }
    const bad = badBodies(schema, examples[0] ?? {})
    assert.ok(bad.length > 8)
    for (const { what, body, field } of bad) {
      const reply = await ask(endpoint.method, filled(endpoint.path), { body })
      assert.equal(reply.status, 400, `${what}: ${textOf(reply)}`)
      const problem = json(reply)
      assert.equal(problem["code"], "MALFORMED_REQUEST")
      assert.equal(problem["field"], field, `${what}: ${textOf(reply)}`)
    }
    assert.deepEqual([asked, unexpected], [[], []])
  })
}

test("every operation without a body refuses one", async () => {
  const { ask, asked } = restFixture()
  for (const { id, method, path, body } of endpoints) {
    if (body !== undefined) continue
    const reply = await ask(method, filled(path), { body: {} })
    assert.equal(reply.status, 400, id)
  }
  assert.deepEqual(asked, [])
})

test("every operation refuses a query that it does not declare", async () => {
  const { ask, asked } = restFixture()
  for (const endpoint of endpoints) {
    const reply = await ask(endpoint.method, filled(endpoint.path), { query: "no-such=1" })
    assert.equal(json(reply)["field"], "/no-such", endpoint.id)
  }
  assert.deepEqual(asked, [])
})

for (const endpoint of endpoints.filter(hasQuery)) {
  test(`${endpoint.id} refuses malformed and repeated query parameters by name`, async () => {
    const { ask, asked } = restFixture()
    for (const { name, in: place, schema } of endpoint.parameters) {
      if (place !== "query") continue
      const {
        type,
        enum: listed,
        pattern,
        maxLength,
      } = deref(schema) as Schema & { pattern?: string }
      const bad = ["a=b&a=c".replaceAll("a", name), `${name}=%zz`, `${name}=%ff`]
      if (type === "integer")
        bad.push(`${name}=x`, `${name}=-1`, `${name}=01`, `${name}=1.0`, `${name}=`, name)
      if (listed !== undefined || pattern !== undefined) bad.push(`${name}=!`)
      if (maxLength !== undefined) bad.push(`${name}=${"a".repeat(maxLength + 1)}`)
      for (const query of bad) {
        const reply = await ask(endpoint.method, filled(endpoint.path), { query })
        assert.equal(reply.status, 400, `${query}: ${textOf(reply)}`)
        assert.equal(json(reply)["field"], `/${name}`, query)
      }
    }
    assert.deepEqual(asked, [])
  })
}

test("a path's key that is no name, and an id that is no id, are refused by name", async () => {
  const { ask, asked } = restFixture()
  for (const segment of ["%20", "a%2Fb", "%ff", "%", "a".repeat(129), ".a", "%F0%9F%98%80"]) {
    const reply = await ask("GET", `/api/v1/keys/${segment}`)
    assert.deepEqual([reply.status, json(reply)["field"]], [400, "/key"], segment)
  }
  for (const segment of ["orders", "8".repeat(26), "0".repeat(25)]) {
    const reply = await ask("GET", `/api/v1/principals/${segment}`)
    assert.deepEqual([reply.status, json(reply)["field"]], [400, "/principal"], segment)
  }
  assert.deepEqual(asked, [])
})

test("a moment that the calendar does not have is refused", async () => {
  const { ask } = restFixture()
  for (const time of ["2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z"]) {
    const reply = await ask("GET", "/api/v1/audit/records", { query: `until=${time}` })
    assert.deepEqual([reply.status, json(reply)["field"]], [400, "/until"], time)
  }
})

test("an idempotency key with a space is refused by name", async () => {
  const reply = await restFixture().ask("POST", "/api/v1/keys", {
    body: { name: "a", algorithm: "AES_128" },
    headers: { "idempotency-key": "a b" },
  })
  assert.equal(json(reply)["field"], "/idempotencyKey")
})

test("an issuer needs one way to its keys, and its keys are public", async () => {
  const { ask } = restFixture()
  const issuer = { issuer: "i", audience: "a", roleClaim: "r", roleMap: { a: "user" } }
  const jwks = { keys: [{ kty: "EC", d: "secret" }] }
  const bodies = [
    [issuer, "/jwks"],
    [{ ...issuer, jwks: { keys: [{ kty: "EC" }] }, jwksUri: "https://a" }, "/jwks"],
    [{ ...issuer, jwks }, "/jwks/keys/0/d"],
    [{ ...issuer, jwksUri: "http://a" }, "/jwksUri"],
  ] as const
  for (const [body, field] of bodies) {
    assert.equal(json(await ask("POST", "/api/v1/issuers", { body }))["field"], field)
  }
})

test("a credential of an unknown kind, or with another's field, is refused by name", async () => {
  const { ask } = restFixture()
  const bodies = [
    [{ kind: "password" }, "/credential/kind"],
    [{}, "/credential/kind"],
    [{ kind: "token", certificate: "AAAA" }, "/credential/certificate"],
    [{ kind: "certificate" }, "/credential/certificate"],
  ] as const
  for (const [credential, field] of bodies) {
    const body = { name: "n", roles: ["user"], credential }
    assert.equal(json(await ask("POST", "/api/v1/principals", { body }))["field"], field)
  }
})

test("a body that is not JSON by its type is 415, a huge one 413", async () => {
  const { ask, asked } = restFixture()
  const body = { length: 1 }
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json; charset=latin1",
    "",
  ]) {
    const reply = await ask("POST", "/api/v1/random", { body, headers: { "content-type": type } })
    assert.equal(reply.status, 415, type)
  }
  assert.deepEqual(asked, [])
  const huge = new Uint8Array(limits.bodyBytesMax + 1)
  assert.equal((await ask("POST", "/api/v1/random", { body: huge })).status, 413)
  const headers = { "content-type": "application/json; charset=UTF-8" }
  assert.equal((await ask("POST", "/api/v1/random", { body, headers })).status, 200)
})

test("a caller's field name is repeated only up to a bound", async () => {
  const reply = await restFixture().ask("POST", "/api/v1/random", {
    body: { length: 1, ["x".repeat(10_000)]: 1 },
  })
  assert.equal(json(reply)["field"], `/${"x".repeat(64)}`)
})

function hasQuery({ parameters }: Endpoint): boolean {
  return parameters.some((one) => one.in === "query")
}
