/** Endpoints ready to serve: what api/openapi.yaml says about each, with its validators. */

import { CodecError } from "../../codec/error.ts"
import { pointerTo } from "../../codec/json.ts"
import type { OperationId } from "./api.generated.ts"
import type { FaceRequest } from "../message.ts"
import { decodePercent, queryNames, readQuery, type QueryNames } from "./query.ts"
import type { CompositeId, RoutedId, SystemId } from "./route.ts"
import {
  listEndpoints,
  propertyName,
  readSpec,
  refName,
  type Endpoint,
  type Schema,
  type Spec,
} from "./spec.ts"
import { createValidators, fieldPointer, type Validators } from "./validate.ts"

/** One endpoint, prepared at boot. */
export interface Prepared<Id extends OperationId = OperationId> {
  readonly id: Id
  readonly method: string
  readonly path: string
  readonly status: number
  readonly mediaType: string | undefined
  readonly metered: boolean
  readonly check: Validators
  /** Names of the path's open places, in order. */
  readonly pathNames: readonly string[]
  readonly query: QueryNames
  /** Headers that are parameters, in lower case, with their property. */
  readonly headers: readonly (readonly [header: string, property: string])[]
  /** Every parameter's property: what belongs to `params` in an item of a batch. */
  readonly paramNames: ReadonlySet<string>
  /** The body's fields that are bytes, and how many each may have. */
  readonly bytesMax: ReadonlyMap<string, number>
}

/** Parameters and body as they came, not yet validated. */
export interface RawRequest {
  readonly params: Record<string, unknown>
  readonly body: unknown
}

/** The document, ready to serve. */
export interface Api {
  readonly endpoints: readonly Prepared[]
  /** The document as JSON text. */
  readonly json: string
}

/**
 * Makes endpoints and validators from the text of api/openapi.generated.json: once, at boot. Throws
 * what is wrong with the document, which is ours.
 */
export function loadApi(json: string): Api {
  const spec = readSpec(json)
  return { endpoints: prepareEndpoints(spec), json: JSON.stringify(spec) }
}

function prepareEndpoints(spec: Spec): Prepared[] {
  const validators = createValidators(spec)
  return listEndpoints(spec).map((endpoint) => {
    const { id, method, path, status, mediaType, operation, parameters } = endpoint
    return {
      // The generated types and the document name the same operations: a test compares them.
      id: id as OperationId,
      method,
      path,
      status,
      mediaType,
      metered: operation["x-metered"] === true,
      check: validators(endpoint),
      pathNames: openPlaces(path),
      query: queryNames(parameters, ({ schema }) => isInteger(spec, schema)),
      headers: headersOf(endpoint),
      paramNames: new Set(parameters.map(({ name }) => propertyName(name))),
      bytesMax: new Map(bytesOf(spec, endpoint.body)),
    }
  })
}

/**
 * Reads the parameters of path, query and headers; validates and decodes them.
 *
 * @param segments - the path's open segments, still encoded.
 * @throws CodecError that names the parameter as a JSON pointer to its property.
 */
export function readParams(
  endpoint: Prepared,
  segments: readonly string[],
  request: Pick<FaceRequest, "query" | "header">,
): Record<string, unknown> {
  const params: Record<string, string | number> = {}
  readQuery(request.query, endpoint.query, params)
  for (const [index, name] of endpoint.pathNames.entries()) {
    params[name] = decodePercent(segments[index] ?? "", pointerTo("", name))
  }
  for (const [header, property] of endpoint.headers) {
    const value = request.header(header)
    if (value !== undefined) params[property] = value
  }
  endpoint.check.params(params, "")
  return params
}

/**
 * Splits an item of a batch into what its own call would have in path, query, headers and body;
 * validates and decodes both.
 *
 * @param at - the item's JSON pointer.
 * @throws CodecError that names the field inside the whole request.
 */
export function readItem(
  endpoint: Prepared,
  item: Readonly<Record<string, unknown>>,
  at: string,
): RawRequest {
  const params: Record<string, unknown> = {}
  const body: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(item)) {
    if (name === "operation") continue
    if (endpoint.paramNames.has(name)) params[name] = value
    else if (endpoint.check.body !== undefined) body[name] = value
    else throw new CodecError(fieldPointer(at, name), "is unknown")
  }
  endpoint.check.params(params, at)
  if (endpoint.check.body === undefined) return { params, body: undefined }
  endpoint.check.body(body, at)
  return { params, body }
}

const systemIds: ReadonlySet<string> = new Set<SystemId>([
  "live",
  "ready",
  "metrics",
  "explorer",
  "openapi",
  "version",
  "algorithms",
  "sealStatus",
  "unseal",
])
const compositeIds: ReadonlySet<string> = new Set<CompositeId>([
  "batch",
  "createRequest",
  "stampCall",
  "makeCall",
])

/** Answers without a caller. */
export function isSystem(endpoint: Prepared): endpoint is Prepared<SystemId> {
  return systemIds.has(endpoint.id)
}

/** Answers by running the routes of other operations, or parts of them. */
export function isComposite(endpoint: Prepared): endpoint is Prepared<CompositeId> {
  return compositeIds.has(endpoint.id)
}

/** Answers by one service. */
export function isRouted(endpoint: Prepared): endpoint is Prepared<RoutedId> {
  return !systemIds.has(endpoint.id) && !compositeIds.has(endpoint.id)
}

function openPlaces(path: string): string[] {
  return path
    .split("/")
    .filter((part) => part.startsWith("{"))
    .map((part) => part.slice(1, -1))
}

function headersOf({ parameters }: Endpoint): [string, string][] {
  return parameters
    .filter((one) => one.in === "header")
    .map(({ name }) => [name.toLowerCase(), propertyName(name)])
}

function bytesOf(spec: Spec, body: Schema | undefined): [string, number][] {
  const { properties = {} } = resolve(spec, body ?? {}) ?? {}
  return Object.entries(properties).flatMap(([name, schema]): [string, number][] => {
    const bytesMax = resolve(spec, schema)?.["x-bytes-max"]
    return bytesMax === undefined ? [] : [[name, bytesMax]]
  })
}

function isInteger(spec: Spec, schema: Schema): boolean {
  return resolve(spec, schema)?.type === "integer"
}

function resolve({ components }: Spec, schema: Schema): Schema | undefined {
  return schema.$ref === undefined ? schema : components.schemas[refName(schema.$ref)]
}
