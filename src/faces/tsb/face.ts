/**
 * The dialect of Securosys' Transaction Security Broker: `/v1`, JSON, bytes in base64. A request is
 * authenticated, its body read, handed to services, and rendered. A base address may name the
 * partition, `/p/<partition>/v1`, for clients that cannot send a header of ours.
 */

import { CodecError } from "../../codec/error.ts"
import { parseJson, type JsonValue } from "../../codec/json.ts"
import { HsmError } from "../../domain/errors.ts"
import { parseId, type PartitionId } from "../../domain/ids.ts"
import { limits } from "../../domain/limits.ts"
import { bearerOf } from "../../identity/authenticator.ts"
import { callerByKey } from "../../identity/possession.ts"
import type { Face, FaceReply, FaceRequest, RequestHead } from "../message.ts"
import { faultOf, headersOf, renderFault, unexpected } from "./errors.ts"
import { Fault } from "./fault.ts"
import { Download, type Call, type Output } from "./operation.ts"
import { tsbOpenApi } from "./openapi.ts"
import { findRoute } from "./routes.ts"
import type { TsbOptions } from "./ports.ts"

const base = /^(?:\/p\/([0-9a-z]{26}))?\/v1(\/.*)$/

/** True for the requests of this dialect. */
export function ownsTsb({ path }: RequestHead): boolean {
  return base.test(path)
}

/** Answers every request, errors included. */
export function createTsbFace(options: TsbOptions): Face {
  const described = JSON.stringify(tsbOpenApi(options.version))
  return (request) => {
    const [, , path] = base.exec(request.path) ?? []
    // What it serves is no secret: tools read it before they have a key.
    return path === "/openapi.json" && request.method === "GET"
      ? { status: 200, headers: headersOf(request.requestId), body: described }
      : answer(options, request)
  }
}

/** Renders what a front refuses before it asks the face. */
export function refuseTsb(error: HsmError, requestId: string): FaceReply {
  return renderFault(faultOf(error) ?? unexpected, requestId)
}

async function answer(options: TsbOptions, request: FaceRequest): Promise<FaceReply> {
  const { requestId, method } = request
  const [, partition, path = ""] = base.exec(request.path) ?? []
  const route = findRoute(method, path)
  const named = route instanceof Fault ? {} : { operation: `tsb.${route.name}` }
  try {
    const ports = options.ports()
    if (ports === undefined) throw new HsmError("SEALED", "the node is sealed")
    const byKey = !(route instanceof Fault) && route.operation.byKey === true
    const caller = await authenticate(options, request, { named: partition, byKey })
    if (route instanceof Fault) throw route
    const { body, peer } = request
    const call: Call = {
      ports,
      context: { caller, requestId },
      address: peer.address,
      version: options.version,
      body,
      contentType: request.header("content-type") ?? "",
      parameter: route.parameter,
    }
    const output = await route.operation.answer(call, () => readJson(body))
    const status = route.operation.status ?? 200
    return { status, ...render(output, requestId), ...named }
  } catch (error) {
    const fault = faultOf(error)
    if (fault === undefined) options.onUnexpected(error, requestId)
    return { ...renderFault(fault ?? unexpected, requestId), ...named }
  }
}

/**
 * A bearer or an API key, or both: then the bearer opens the partition, and the API key says who is
 * asking in it. With neither, the client's certificate.
 */
async function authenticate(
  { authenticate: prove }: TsbOptions,
  { header, peer }: FaceRequest,
  { named, byKey }: { readonly named: string | undefined; readonly byKey: boolean },
): Promise<Call["context"]["caller"]> {
  const { address, certificate } = peer
  const partitionHint = named ?? header("x-keyhold-partition")
  const apiKey = header("x-api-key")
  const bearer = bearerOf(header("authorization"))
  const partition = parseId<PartitionId>(partitionHint ?? "")
  if (byKey && apiKey === undefined && partition !== undefined) {
    // A bearer is ignored here, as the original does: what counts is the approver's key.
    return callerByKey(partition, new Uint8Array(), address)
  }
  if (apiKey === undefined && bearer === undefined && certificate === undefined) {
    throw new Fault("missing.access.token", "a bearer token, an API key or a certificate is needed")
  }
  const opened =
    bearer === undefined && apiKey !== undefined
      ? undefined
      : await prove({ bearer, partitionHint, certificate, address })
  if (apiKey === undefined && opened !== undefined) return opened
  const caller = await prove({ bearer: apiKey, partitionHint, certificate, address }).catch(
    (error: unknown) => {
      const isRefusal = error instanceof HsmError && error.code === "UNAUTHENTICATED"
      throw isRefusal ? new Fault("invalid.api.key", "the API key is not valid here") : error
    },
  )
  if (opened === undefined || opened.partition === caller.partition) return caller
  throw new Fault("invalid.access.token", "token and API key are of different partitions")
}

function readJson(body: Uint8Array): JsonValue {
  try {
    return parseJson(body, limits.jsonDepthMax)
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
    throw new Fault("json", `${error.field} ${error.message}`.trim())
  }
}

/** What answers nothing still answers JSON: clients parse what they get. */
function render(output: Output, requestId: string): Pick<FaceReply, "headers" | "body"> {
  const headers = headersOf(requestId)
  if (!(output instanceof Download)) return { headers, body: JSON.stringify(output ?? {}) }
  const { mediaType, fileName, content } = output
  // Names of keys have no quotation marks.
  const disposition = `attachment; filename="${fileName}"`
  const type = { "content-type": mediaType, "content-disposition": disposition }
  return { headers: { ...headers, ...type }, body: content }
}
