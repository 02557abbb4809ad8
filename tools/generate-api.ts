/**
 * Writes what follows from api/openapi.yaml: the same as JSON, which a node reads at its start; the
 * SDK's types and table of operations, where bytes are base64 text as on the wire; and the face's
 * types, where the validator has decoded them.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import { parse } from "yaml"

import {
  listEndpoints,
  propertyName,
  refName,
  type Endpoint,
  type Schema,
  type Spec,
} from "../src/faces/rest/spec.ts"
import { comment, declare, typeOf, type Dialect } from "./api-types.ts"

const root = join(import.meta.dirname, "..")
const head = "/** Made from api/openapi.yaml by `npm run generate`. Do not edit. */\n\n"

/** The generated files by their path in the repository. */
export function generateApi(yaml: string): Readonly<Record<string, string>> {
  const spec = parse(yaml) as Spec // Ours; tests check it.
  return {
    // One space: lines, so that Git merges them, and no more bytes than that takes.
    "api/openapi.generated.json": `${JSON.stringify(spec, undefined, 1)}\n`,
    "packages/sdk/src/api.generated.ts": sdkFile(spec),
    "src/faces/rest/api.generated.ts": faceFile(spec),
  }
}

function sdkFile(spec: Spec): string {
  const { schemas } = spec.components
  const dialect: Dialect = { bytes: "string", absent: " | undefined", schemas }
  const endpoints = listEndpoints(spec)
  const declared = Object.entries(schemas)
    .filter(([, schema]) => schema["x-bytes-max"] === undefined)
    .map(([name, schema]) => openTypes(dialect, endpoints, name) ?? declare(dialect, name, schema))
  const calls = [table(endpoints), signatures(endpoints, dialect, dialect)]
  return `${head}${[...declared, ...calls].join("\n")}`
}

function faceFile(spec: Spec): string {
  const { schemas } = spec.components
  const endpoints = listEndpoints(spec)
  const asked = reachable(
    schemas,
    endpoints.map(({ body }) => body),
  )
  const answered = reachable(
    schemas,
    endpoints.map(({ response }) => response),
  )
  const request: Dialect = { bytes: "Uint8Array", absent: "", schemas }
  const response: Dialect = { bytes: "string", absent: " | undefined", schemas }
  const declared = Object.entries(schemas).flatMap(([name, schema]) => {
    if (schema["x-bytes-max"] !== undefined) return []
    const asRequest = declare(request, name, schema)
    const asResponse = declare(response, name, schema)
    if (asked.has(name) && answered.has(name) && asRequest.includes(": Uint8Array")) {
      throw new Error(`${name} holds bytes and is both asked and answered`)
    }
    return [asked.has(name) ? asRequest : asResponse]
  })
  return `${head}${[...declared, signatures(endpoints, request, response)].join("\n")}`
}

/** The names of all schemas that these lead to. */
function reachable(
  schemas: Readonly<Record<string, Schema>>,
  from: readonly (Schema | undefined)[],
): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return
    for (const [name, child] of Object.entries(node)) {
      if (name === "$ref" && typeof child === "string" && !found.has(refName(child))) {
        found.add(refName(child))
        visit(schemas[refName(child)])
      } else visit(child)
    }
  }
  from.forEach(visit)
  return found
}

/** Open schemas: unions over the operations that may stand in a batch, or in a request. */
function openTypes(
  dialect: Dialect,
  endpoints: readonly Endpoint[],
  name: string,
): string | undefined {
  const inBatch = endpoints.filter(({ operation }) => operation["x-batch"] === true)
  if (name === "BatchOperation") return itemTypes(dialect, inBatch, name)
  if (name === "RequestedOperation") {
    const inRequest = endpoints.filter(({ operation }) => operation["x-request"] === true)
    return itemTypes(dialect, inRequest, name)
  }
  if (name !== "BatchResult") return undefined
  const results = inBatch.map(({ response }) => typeOf(dialect, response ?? {}, ""))
  return `/** The status and body of the operation's own call. */
export type BatchSuccess = { readonly status: 200 | 201 } & (
${[...new Set(results)].map((one) => `  | ${one}\n`).join("")})

export interface BatchFailure {
  /** 400 or more. */
  readonly status: number
  readonly code: ErrorCode
  readonly detail: string
  readonly field?: string | undefined
  readonly rule?: string | undefined
}

export type BatchResult = BatchSuccess | BatchFailure
`
}

function itemTypes(dialect: Dialect, endpoints: readonly Endpoint[], name: string): string {
  const items = endpoints.map((one) => {
    const own = params(dialect, one, "    ")
    const body = one.body === undefined ? [] : [typeOf(dialect, one.body, "")]
    const head = `{ readonly operation: ${JSON.stringify(one.id)} }`
    return `  | (${[head, ...(own === none ? [] : [own]), ...body].join(" & ")})\n`
  })
  return `/** An operation's name beside its parameters and the fields of its request. */
export type ${name} =\n${items.join("")}`
}

const none = "Readonly<Record<string, never>>"

/** The parameters of path, query and headers as one object. */
function params(dialect: Dialect, { parameters }: Endpoint, indent: string): string {
  if (parameters.length === 0) return none
  const lines = parameters.map(({ name, required, description, schema }) => {
    const type = typeOf(dialect, schema, `${indent}  `)
    const said = comment(description === undefined ? {} : { description }, `${indent}  `)
    const optional = required !== true
    return `${said}${indent}  readonly ${propertyName(name)}${optional ? "?" : ""}: ${type}${
      optional ? dialect.absent : ""
    }\n`
  })
  return `{\n${lines.join("")}${indent}}`
}

/** Parameters, body and response of every operation. */
function signatures(endpoints: readonly Endpoint[], request: Dialect, response: Dialect): string {
  const entries = endpoints.map((one) => {
    const body = one.body === undefined ? "undefined" : typeOf(request, one.body, "")
    return `  readonly ${one.id}: {
    readonly params: ${params(request, one, "    ")}
    readonly body: ${body}
    readonly response: ${responseType(response, one)}
  }\n`
  })
  return `/** What every operation takes and answers. */
export interface Operations {
${entries.join("")}}
export type OperationId = keyof Operations\n`
}

function responseType(dialect: Dialect, { response, mediaType }: Endpoint): string {
  if (response === undefined) return "undefined"
  if (mediaType === "application/json") {
    return response.$ref === undefined ? "unknown" : typeOf(dialect, response, "")
  }
  const streams = mediaType === "application/jsonl" || mediaType === "text/event-stream"
  return streams ? "AsyncIterable<string>" : "string"
}

/** How to call every operation. */
function table(endpoints: readonly Endpoint[]): string {
  const rows = endpoints.map((one) => {
    const named = (where: string) =>
      one.parameters.filter((parameter) => parameter.in === where).map(({ name }) => name)
    const row = {
      method: one.method,
      path: one.path,
      roles: one.operation["x-roles"] ?? [],
      idempotent: one.operation["x-idempotent"] === true,
      pathParams: named("path"),
      queryParams: named("query"),
      successStatus: one.status,
    }
    const fields = Object.entries(row).map(([name, value]) => {
      return `    ${name}: ${JSON.stringify(value).replaceAll(",", ", ")},\n`
    })
    return `  ${one.id}: {\n${fields.join("")}  },\n`
  })
  return `/**
 * How to call every operation: \`idempotent\` ones take the header Idempotency-Key; those without
 * roles need no credential.
 */
export const operations = {\n${rows.join("")}} as const\n`
}

/** Writes the files, or with `--check` says which of them are out of date. */
function main(checks: boolean): void {
  const yaml = readFileSync(join(root, "api/openapi.yaml"), "utf8")
  for (const [path, text] of Object.entries(generateApi(yaml))) {
    const file = join(root, path)
    if (checks) {
      if (existsSync(file) && readFileSync(file, "utf8") === text) continue
      console.log(`${path} is out of date: npm run generate`)
      process.exitCode = 1
    } else {
      writeFileSync(file, text)
      console.log(`wrote ${path}`)
    }
  }
}

if (import.meta.main) main(process.argv.includes("--check"))
