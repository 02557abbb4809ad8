/** Checks what the TSB face answers against its own OpenAPI document. */

import assert from "node:assert/strict"

import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"

import { tsbOpenApi } from "../../src/faces/tsb/openapi.ts"
import { findRoute } from "../../src/faces/tsb/routes.ts"
import { Fault } from "../../src/faces/tsb/fault.ts"

interface Operation {
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}
interface Content {
  readonly [mediaType: string]: { readonly schema: object }
  readonly "application/json": { readonly schema: object }
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly responses: { readonly Fault: { readonly content: Content } } }
}

export const document = tsbOpenApi("0.1.0") as unknown as Document // As the function builds it.
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false })
const compiled = new Map<object, ValidateFunction>()

/** Undefined for a path that is not there. */
export function described(route: string): Operation | undefined {
  const [method = "", path = ""] = route.split(" ")
  const found = findRoute(method, path)
  if (found instanceof Fault) return undefined
  const [, template = ""] = found.name.split(" ")
  const pattern = template.replace("{}", "{")
  const entry = Object.entries(document.paths).find(
    ([known]) => known === template || known.replace(/\{\w+\}/, "{") === pattern,
  )
  return entry?.[1][method.toLowerCase()]
}

export function compile(schema: object): ValidateFunction {
  const known = compiled.get(schema) ?? ajv.compile(schema)
  compiled.set(schema, known)
  return known
}

/** Fails when an answer is not as the document says. */
export function checkAnswer(
  route: string,
  status: number,
  body: unknown,
  mediaType = "application/json",
): void {
  const { content } = document.components.responses.Fault
  const told = status < 300 ? described(route)?.responses[status]?.content : content
  assert.ok(told !== undefined, `${route} does not say that it answers ${status}`)
  const { schema } = told[mediaType] ?? assert.fail(`${route} does not say that it is ${mediaType}`)
  const validate = compile(schema)
  const text = () =>
    `${route} ${status}: ${JSON.stringify(validate.errors)} ${JSON.stringify(body)}`
  assert.ok(validate(body), text())
}
