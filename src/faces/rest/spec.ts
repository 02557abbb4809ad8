/**
 * api/openapi.yaml as routes, validators and generated types are made from it: this file's own
 * shape, no other document's. It is read as JSON (api/openapi.generated.json): a start that parses
 * the YAML takes 0.15 s longer.
 */

import assert from "node:assert/strict"

/** As much of JSON Schema as the file uses. */
export interface Schema {
  readonly $ref?: string
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly oneOf?: readonly Schema[]
  readonly minimum?: number
  readonly maximum?: number
  readonly maxItems?: number
  readonly maxLength?: number
  readonly "x-bytes-max"?: number
  readonly "x-closed-by"?: string
}

/** Of a path, of a query, or a header. */
export interface Parameter {
  readonly $ref?: string
  readonly name: string
  readonly in: "path" | "query" | "header"
  readonly required?: boolean
  readonly description?: string
  readonly schema: Schema
}

interface Message {
  readonly $ref?: string
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>
}

/** As the file writes it, references and all. */
export interface Operation {
  readonly operationId: string
  readonly "x-roles"?: readonly string[]
  readonly "x-idempotent"?: true
  readonly "x-metered"?: true
  readonly "x-batch"?: true
  readonly "x-request"?: true
  readonly "x-operation"?: string | readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: Message
  readonly responses: Readonly<Record<string, Message>>
}

/** The document. */
export interface Spec {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, Operation>> & { parameters?: readonly Parameter[] }>
  >
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly parameters: Readonly<Record<string, Parameter>>
    readonly responses: Readonly<Record<string, Message>>
  }
}

/** One operation with its references resolved. */
export interface Endpoint {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly operation: Operation
  readonly parameters: readonly Parameter[]
  readonly body: Schema | undefined
  readonly status: number
  readonly mediaType: string | undefined
  readonly response: Schema | undefined
}

const methods = ["get", "post", "put", "patch", "delete"]

/** Reads api/openapi.generated.json. */
export function readSpec(json: string): Spec {
  // Made from a file of ours, which tests check.
  return JSON.parse(json) as Spec
}

/** Every operation, in the order of the file. */
export function listEndpoints(spec: Spec): Endpoint[] {
  return Object.entries(spec.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method]
      if (operation === undefined) return []
      return [resolve(spec, { path, method, operation, shared: item.parameters ?? [] })]
    }),
  )
}

function resolve(
  spec: Spec,
  found: {
    readonly path: string
    readonly method: string
    readonly operation: Operation
    readonly shared: readonly Parameter[]
  },
): Endpoint {
  const { path, method, operation, shared } = found
  const { parameters, responses } = spec.components
  const [status, answer] = Object.entries(operation.responses)[0] ?? ["200", {}]
  const content = Object.entries(deref(answer, responses).content ?? {})[0]
  return {
    id: operation.operationId,
    method: method.toUpperCase(),
    path,
    operation,
    parameters: [...shared, ...(operation.parameters ?? [])].map((one) => deref(one, parameters)),
    body: operation.requestBody?.content?.["application/json"]?.schema,
    status: Number(status),
    mediaType: content?.[0],
    response: content?.[1].schema,
  }
}

function deref<T extends { readonly $ref?: string }>(
  one: T,
  shared: Readonly<Record<string, T>>,
): T {
  if (one.$ref === undefined) return one
  const found = shared[refName(one.$ref)]
  assert(found !== undefined, `${one.$ref} leads nowhere`)
  return found
}

/** `#/components/schemas/Key` -> `Key`. */
export function refName(ref: string): string {
  return ref.slice(ref.lastIndexOf("/") + 1)
}

/** `Idempotency-Key` -> `idempotencyKey`: a parameter's name as a property. */
export function propertyName(name: string): string {
  return name
    .split("-")
    .map((word, at) => (at === 0 ? word.charAt(0).toLowerCase() : word.charAt(0)) + word.slice(1))
    .join("")
}
