/**
 * What is wrong with a request is found and named before anything is decided: for every operation
 * that takes a body, bodies made wrong by its own schema, sent by a caller who may.
 */

import assert from "node:assert/strict"
import { after, before, suite, test } from "node:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"

import { pointerTo } from "../../src/codec/json.ts"
import { readSpec, refName, type Schema } from "../../src/faces/rest/spec.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64, fields, type Fields, type Send } from "../support/rest-client.ts"
import { rowIds, rowOf, type Role } from "./expected.ts"
import { endpoints, operationOf } from "./requests.ts"
import { absentId } from "./world.ts"

/** One bad request, and the pointer to what is wrong with it. */
interface Bad {
  readonly what: string
  readonly send: Send
  readonly status: 400 | 413 | 415
  readonly field?: string
}

const { components } = readSpec(
  readFileSync(join(import.meta.dirname, "../../api/openapi.generated.json"), "utf8"),
)
const bodyBytesMax = 4 * 1024 * 1024
const depthMax = 16

function deref(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema
  const found = components.schemas[refName(schema.$ref)]
  assert.ok(found !== undefined, schema.$ref)
  return deref(found)
}

/** A value of no type that the schema admits. */
function otherType(schema: Schema): unknown {
  const types = [schema.type].flat()
  if (!types.includes("object")) return { x: 1 }
  return types.includes("array") ? 1 : [1]
}

/** Everything wrong with single fields, as the changed body and the pointer to it. */
function* wrongFields(schema: Schema, good: Fields, at = ""): Generator<[string, Fields, string]> {
  yield ["unknown field", { ...good, "no/such": 1 }, `${at}/no~1such`]
  for (const name of schema.required ?? []) {
    const { [name]: _gone, ...rest } = good
    yield [`no ${name}`, rest, pointerTo(at, name)]
  }
  for (const [name, reference] of Object.entries(schema.properties ?? {})) {
    const property = deref(reference)
    const field = pointerTo(at, name)
    const set = (value: unknown): Fields => ({ ...good, [name]: value })
    if (property.type !== undefined)
      yield [`${name} of another type`, set(otherType(property)), field]
    const bytesMax = property["x-bytes-max"]
    if (bytesMax !== undefined) {
      yield [`${name} in bad base64`, set("AA==A"), field]
      yield [`${name} in base64url`, set("_-_-"), field]
      yield [`${name} in loose base64`, set("AB=="), field]
      if (bytesMax < bodyBytesMax / 2) {
        yield [`${name} oversized`, set(base64(new Uint8Array(bytesMax + 1))), field]
      }
    } else if (property.maxLength !== undefined) {
      yield [`${name} oversized`, set("a".repeat(property.maxLength + 1)), field]
    }
    if (property.maximum !== undefined)
      yield [`${name} too large`, set(property.maximum + 1), field]
    if (property.minimum !== undefined)
      yield [`${name} too small`, set(property.minimum - 1), field]
    if (property.enum !== undefined) yield [`${name} not listed`, set("NO"), field]
    const inner = good[name]
    if (property.properties === undefined || inner === undefined) continue
    for (const [what, value, below] of wrongFields(property, asFields(inner), field)) {
      yield [`${name}: ${what}`, set(value), below]
    }
  }
}

function asFields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {} // JSON's own objects.
}

function raw(what: string, body: unknown, field = ""): Bad {
  return { what, send: { body }, status: 400, field }
}

function badRequests(schema: Schema, good: Fields): Bad[] {
  const bad = [...wrongFields(schema, good)].map(([what, body, field]): Bad => ({
    what,
    send: { body },
    status: 400,
    field,
  }))
  const text = JSON.stringify(good)
  const twice = Object.keys(schema.properties ?? {}).map((name) => {
    const entry = `${JSON.stringify(name)}:null`
    return raw(`${name} twice`, `{${entry},${entry}}`, pointerTo("", name))
  })
  const deep = `{"x":${"[".repeat(depthMax)}${"]".repeat(depthMax)}}`
  return [
    ...bad,
    ...twice,
    raw("no body", undefined),
    raw("an array", "[]"),
    raw("null", "null"),
    raw("no JSON", text.slice(0, -1)),
    raw("two documents", `${text}${text}`),
    raw("no UTF-8", Uint8Array.of(0x22, 0xff, 0x22)),
    raw("nested deeply", deep, `/x${"/0".repeat(depthMax - 1)}`),
    {
      what: "no JSON by its type",
      send: { body: good, headers: { "content-type": "text/plain" } },
      status: 415,
    },
    { what: "too large", send: { body: new Uint8Array(bodyBytesMax + 1) }, status: 413 },
  ]
}

suite("malformed bodies over HTTPS", () => {
  let node: DevNode
  before(async () => {
    node = await startDevNode()
  })
  after(() => node.stop())

  let sent = 0
  for (const { id, method, path, body } of endpoints) {
    if (body === undefined) continue
    test(`${id} refuses every malformed body and names the field`, async () => {
      const schema = deref(body)
      const { examples = [] } = schema as { readonly examples?: readonly Fields[] }
      const token = tokenFor(node, id)
      const at = path.replaceAll(/\{\w+\}/g, absentId)
      for (const { what, send, status, field } of badRequests(schema, examples[0] ?? {})) {
        // JSON by its type even where nothing is in it.
        const headers = { "content-type": "application/json", ...send.headers }
        const answer = await node.client.send(method, at, { token, ...send, headers })
        sent += 1
        assert.equal(answer.status, status, `${what}: ${answer.text}`)
        if (field !== undefined) assert.equal(fields(answer)["field"], field, what)
      }
      // The twin: with nothing wrong in its form, a request gets as far as the decision.
      const good = await node.client.send(method, at, { token, body: examples[0] ?? {} })
      assert.ok(![413, 415].includes(good.status), good.text)
      if (good.status === 400) assert.match(String(fields(good)["detail"]), /certificate|keys/)
    })
  }

  test("every operation without a body refuses one", async () => {
    for (const { id, method, path, body } of endpoints) {
      if (body !== undefined) continue
      const at = path.replaceAll(/\{\w+\}/g, absentId)
      const answer = await node.client.send(method, at, { token: tokenFor(node, id), body: {} })
      assert.equal(answer.status, 400, `${id}: ${answer.text}`)
    }
  })

  test("as many bad bodies were sent as the schemas have ways to be wrong", () => {
    assert.ok(sent > 600, `only ${sent}`)
  })
})

/** The token of a caller who may. */
function tokenFor(node: DevNode, id: string): string | undefined {
  const row = rowIds.find((one) => operationOf(one) === id)
  assert.ok(row !== undefined, id)
  const { may } = rowOf(row)
  const role: Role | undefined = may === "world" ? undefined : may[0]
  return role === undefined ? undefined : node.token(role)
}
