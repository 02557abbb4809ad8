/**
 * Keyhold's own API over HTTP. A request is routed, its caller established, parsed strictly, handed
 * to one service, and rendered. Trusts the front for the peer's address and certificate alone.
 */

import { parseJson } from "../../codec/json.ts"
import { HsmError } from "../../domain/errors.ts"
import { limits } from "../../domain/limits.ts"
import type { BatchRequest } from "./api.generated.ts"
import { createRequest, makeCall, stampCall } from "./asked.ts"
import { namesOnly, runBatch, type BatchFace } from "./batch.ts"
import {
  isComposite,
  isRouted,
  isSystem,
  readParams,
  type Prepared,
  type RawRequest,
} from "./endpoints.ts"
import { asHsmError, errorHead, renderProblem } from "./errors.ts"
import { readExplorer, type Asset } from "./explorer.ts"
import { keep, type Face, type FaceReply, type FaceRequest } from "../message.ts"
import type { Elsewhere, RestFaceOptions } from "./ports.ts"
import { isAlikeService, type Asked } from "../../service/use-alike.ts"
import type { AnyRoute, Call, CompositeId, RoutedId, SystemId } from "./route.ts"
import { Router, type Found } from "./router.ts"
import { routes } from "./routes/all.ts"
import { systemRoutes, type System } from "./routes/system.ts"

/** Answers every request, errors included; rejects only when a promise of the front's own does. */
export function createRestFace(options: RestFaceOptions): Face {
  const { endpoints, json } = options.api
  const router = new Router<Prepared>()
  for (const endpoint of endpoints) router.add(endpoint.method, endpoint.path, endpoint)
  const { page, assets } = readExplorer()
  const inside: Inside = {
    options,
    router,
    assets,
    system: { node: options.node, openapi: json, page },
    batch: {
      byId: new Map(endpoints.filter(isRouted).map((endpoint) => [endpoint.id, endpoint])),
      run: runRoute,
      askedOf,
      render: (id, result) => stepsOf(id).render(result),
      onUnexpected: options.onUnexpected,
    },
  }
  return (request) => answer(inside, request)
}

/** Made once, shared by all requests. */
interface Inside {
  readonly options: RestFaceOptions
  readonly router: Router<Prepared>
  readonly assets: ReadonlyMap<string, Asset>
  readonly system: System
  readonly batch: BatchFace
}

async function answer(inside: Inside, request: FaceRequest): Promise<FaceReply> {
  const { elsewhere } = inside.options
  const said = keep(request, inside, () => readHead(inside, request))
  const { found } = said
  if (elsewhere !== undefined && !isHere(inside, elsewhere, found, request)) {
    return await elsewhere.answer(request)
  }
  const asset = inside.assets.get(request.path)
  if (asset !== undefined && request.method === "GET") return { status: 200, ...asset }
  const operation = found.kind === "found" ? found.target.id : undefined
  try {
    if (found.kind === "nothing") throw new HsmError("NOT_FOUND", "nothing lies at this path")
    if (found.kind === "method") return notAllowed(found.allowed, request)
    const { target } = found
    const reply = isSystem(target)
      ? await answerSystem(inside, target, request)
      : await answerCaller(inside, target, said, request)
    return { ...reply, operation }
  } catch (thrown) {
    return { ...refused(inside.options, thrown, request.requestId), operation }
  }
}

/** What follows from a head alone. */
interface Said {
  readonly found: Found<Prepared>
  /** Both throw what is wrong with it. */
  readonly evidence: () => Evidence
  readonly params: () => RawRequest["params"]
}

/** Takes the request apart: what is kept must not hold its body. */
function readHead(
  { router }: Inside,
  { method, path, query, header, peer }: Omit<FaceRequest, "body">,
): Said {
  const found = router.find(method, path)
  return {
    found,
    evidence: once(() => evidence({ header, peer })),
    params: once(() => {
      if (found.kind !== "found") return {}
      return Object.freeze(readParams(found.target, found.segments, { query, header }))
    }),
  }
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

/** What no operation answers is not answered here either, nor anything while there are no keys. */
function isHere(
  { options }: Inside,
  { here }: Elsewhere,
  found: Found<Prepared>,
  { body }: FaceRequest,
): boolean {
  if (found.kind !== "found" || !here.has(found.target.id) || options.ports() === undefined) {
    return false
  }
  return found.target.id !== "batch" || namesOnly(body, here)
}

function refused({ onUnexpected }: RestFaceOptions, thrown: unknown, requestId: string): FaceReply {
  const error = asHsmError(thrown)
  if (error.code === "INTERNAL") onUnexpected(thrown, requestId)
  return problem(error, requestId)
}

async function answerSystem(
  { system }: Inside,
  endpoint: Prepared<SystemId>,
  request: FaceRequest,
): Promise<FaceReply> {
  const params = readParams(endpoint, [], request)
  const asked = { params, body: readBody(endpoint, request) }
  // The validators of this very operation have passed: that is what its route takes.
  const route = systemRoutes[endpoint.id] as (
    system: System,
    request: RawRequest,
    address: string,
  ) => { status?: number; body: unknown } | Promise<{ status?: number; body: unknown }>
  const { status = endpoint.status, body } = await route(system, asked, request.peer.address)
  return { status, headers: headersOf(endpoint), body: write(body) }
}

async function answerCaller(
  { options, batch }: Inside,
  endpoint: Prepared,
  said: Said,
  request: FaceRequest,
): Promise<FaceReply> {
  const ports = options.ports()
  if (ports === undefined) throw new HsmError("SEALED", "the node is sealed")
  const caller = await options.authenticate(said.evidence())
  // Looked at when the answer is there: by then the partition's record is at hand.
  const perSecond = () =>
    endpoint.metered ? options.operationsPerSecond(caller.partition) : undefined
  try {
    const asked = { params: said.params(), body: readBody(endpoint, request) }
    const context = { caller, requestId: request.requestId }
    const call: Call = { services: options.services, ports, context }
    const body = isComposite(endpoint)
      ? await composites[endpoint.id](batch, call, asked)
      : // Neither system nor composite: there is a route.
        await runRoute(endpoint.id as RoutedId, call, asked)
    return {
      status: endpoint.status,
      headers: withRateLimit(headersOf(endpoint), perSecond()),
      body: isStream(body) ? await primed(body) : write(body),
    }
  } catch (thrown) {
    // Whoever needs others' approval asks where requests are kept.
    const asks = thrown instanceof HsmError && thrown.code === "APPROVAL_REQUIRED"
    if (asks && options.elsewhere !== undefined) return await options.elsewhere.answer(request)
    const reply = refused(options, thrown, request.requestId)
    return { ...reply, headers: withRateLimit(reply.headers, perSecond()) }
  }
}

/** The validators of the operation have passed: that is what each takes. */
const composites: {
  readonly [Id in CompositeId]: (face: BatchFace, call: Call, asked: RawRequest) => Promise<unknown>
} = {
  batch: (face, call, { body }) => runBatch(face, call, body as BatchRequest),
  createRequest,
  stampCall,
  makeCall,
}

function runRoute(id: RoutedId, call: Call, request: RawRequest): Promise<unknown> {
  // The validators of this very operation have passed: that is what its route takes.
  const run = routes[id] as (call: Call, request: RawRequest) => Promise<unknown>
  return run(call, request)
}

/** A route's steps, by the id of its operation: what is found there takes that operation's own. */
function stepsOf(id: RoutedId): Pick<AnyRoute, "service" | "parse" | "render"> {
  return routes[id] as unknown as AnyRoute
}

function askedOf(id: RoutedId, request: RawRequest): Asked | undefined {
  const { service, parse } = stepsOf(id)
  if (service === undefined || !isAlikeService(service)) return undefined
  return { service, command: parse(request) }
}

type Evidence = Parameters<RestFaceOptions["authenticate"]>[0]

function evidence({ header, peer }: Pick<FaceRequest, "header" | "peer">): Evidence {
  return {
    bearer: readBearer(header("authorization")),
    partitionHint: header("x-keyhold-partition"),
    certificate: peer.certificate,
    address: peer.address,
  }
}

/** RFC 6750 section 2.1; the scheme's case does not matter (RFC 9110 section 11.1). */
function readBearer(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined
  if (authorization.slice(0, 7).toLowerCase() === "bearer ") return authorization.slice(7).trim()
  throw new HsmError("UNAUTHENTICATED", "the scheme of Authorization must be Bearer")
}

function readBody({ check }: Prepared, { body, header }: FaceRequest): unknown {
  if (check.body === undefined) {
    if (body.length === 0) return undefined
    throw new HsmError("MALFORMED_REQUEST", "takes no body", { field: "" })
  }
  if (body.length > limits.bodyBytesMax) {
    throw new HsmError("PAYLOAD_TOO_LARGE", `at most ${limits.bodyBytesMax} bytes`)
  }
  if (!isJson(header("content-type"))) {
    throw new HsmError("UNSUPPORTED_MEDIA_TYPE", "the body must be application/json")
  }
  const value = parseJson(body, limits.jsonDepthMax)
  check.body(value, "")
  return value
}

/** JSON has one encoding, so the one parameter that is tolerated says so. */
function isJson(contentType = ""): boolean {
  if (contentType === "application/json") return true
  return /^application\/json\s*;\s*charset="?utf-8"?\s*$/i.test(contentType)
}

/** Every answer's: private, and never taken for anything but what it says. */
const commonHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
} as const

function headersOf({ mediaType, id }: Prepared): Readonly<Record<string, string>> {
  if (id === "explorer") return pageHeaders
  if (mediaType === undefined) return commonHeaders
  return mediaType === "application/json"
    ? jsonHeaders
    : { ...commonHeaders, "content-type": mediaType }
}

const jsonHeaders = { ...commonHeaders, "content-type": "application/json" } as const
/** Scripts and styles from here alone, none inline; nothing frames it. */
const pageHeaders = {
  ...commonHeaders,
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
} as const

/** By the headers of an answer, which exist once, and the rate: written together once. */
const limited = new WeakMap<object, Map<number, Readonly<Record<string, string>>>>()

/** draft-ietf-httpapi-ratelimit-headers, section 3: the quota of a window of one second. */
function withRateLimit(
  headers: Readonly<Record<string, string>>,
  perSecond: number | undefined,
): Readonly<Record<string, string>> {
  if (perSecond === undefined) return headers
  let byRate = limited.get(headers)
  if (byRate === undefined) {
    byRate = new Map()
    limited.set(headers, byRate)
  }
  let both = byRate.get(perSecond)
  if (both === undefined) {
    both = { ...headers, "ratelimit-policy": `"partition";q=${perSecond};w=1` }
    byRate.set(perSecond, both)
  }
  return both
}

function write(body: unknown): string {
  if (typeof body === "string") return body
  return body === undefined ? "" : JSON.stringify(body)
}

function notAllowed(allowed: readonly string[], { method, requestId }: FaceRequest): FaceReply {
  const reply = problem(new HsmError("METHOD_NOT_ALLOWED", `not with ${method}`), requestId)
  return { ...reply, headers: { ...reply.headers, allow: allowed.join(", ") } }
}

/** An error as a reply; for fronts too, which refuse before they ask the face. */
export function problem(error: HsmError, requestId: string): FaceReply {
  const { status, headers } = errorHead(error)
  return {
    status,
    headers: { ...commonHeaders, ...headers },
    body: JSON.stringify(renderProblem(error, requestId)),
  }
}

function isStream(body: unknown): body is AsyncIterable<string> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body
}

/** Draws the first chunk now, so that an error before it still becomes a problem document. */
async function primed(stream: AsyncIterable<string>): Promise<AsyncIterable<string>> {
  const iterator = stream[Symbol.asyncIterator]()
  const first = await iterator.next()
  return (async function* () {
    try {
      for (let chunk = first; chunk.done !== true; chunk = await iterator.next()) yield chunk.value
    } finally {
      await iterator.return?.()
    }
  })()
}
