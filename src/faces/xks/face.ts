/**
 * The XKS proxy API 1.0.3: AWS's services encrypt and decrypt under keys that are here, through an
 * external key store of AWS KMS. Each key store is a principal, its path names him, and his access
 * keys sign: `/xks/<principal>/kms/xks/v1`.
 */

import { parseJson, type JsonObject } from "../../codec/json.ts"
import { HsmError } from "../../domain/errors.ts"
import { limits } from "../../domain/limits.ts"
import { checkHealth } from "../../service/key-store.ts"
import type { Face, FaceReply, FaceRequest, RequestHead } from "../message.ts"
import { need, object, text } from "../shapes.ts"
import { Fault, faultOf, headersOf, renderFault, unexpected } from "./errors.ts"
import { operations, type Call, type Operation } from "./operations.ts"
import type { XksOptions } from "./ports.ts"

const base = /^(.*)\/kms\/xks\/v1(\/.*)?$/
const paths = /^\/(?:health|keys\/([A-Za-z0-9._-]{1,128})\/(metadata|encrypt|decrypt))$/
/** What the signature has to cover, whatever else it covers. */
const signedHeaders = ["host", "x-amz-date"]

/** True for the requests of this dialect. */
export function ownsXks({ path }: RequestHead): boolean {
  return base.test(path)
}

/** Where a key store is reached, as AWS's console wants it. */
export function keyStorePath(principal: string): string {
  return `/xks/${principal}/kms/xks/v1`
}

/** Answers every request, errors included. */
export function createXksFace(options: XksOptions): Face {
  return (request) => answer(options, request)
}

/** Renders what a front refuses before it asks the face. */
export function refuseXks(error: HsmError, requestId: string): FaceReply {
  return renderFault(faultOf(error) ?? unexpected, requestId)
}

async function answer(options: XksOptions, request: FaceRequest): Promise<FaceReply> {
  const { requestId } = request
  const [, prefix = "", rest = ""] = base.exec(request.path) ?? []
  const [path, key = "", name] = paths.exec(rest) ?? []
  const named = path === undefined ? {} : { operation: `xks.${name ?? "health"}` }
  try {
    if (request.method !== "POST") {
      throw new Fault("UnsupportedOperationException", "not by this method", 405)
    }
    const call = await authenticate(options, request, key)
    if (
      path === undefined ||
      `${prefix}/kms/xks/v1` !== keyStorePath(call.context.caller.subject)
    ) {
      throw new Fault("InvalidUriPathException", "there is no such path for this access key")
    }
    const operation =
      name === undefined ? health(options) : operations[name as keyof typeof operations]
    const output = await operation(call, readObject(request.body))
    return { status: 200, headers: headersOf(requestId), body: JSON.stringify(output), ...named }
  } catch (error) {
    const fault = faultOf(error)
    if (fault === undefined) options.onUnexpected(error, requestId)
    return { ...renderFault(fault ?? unexpected, requestId), ...named }
  }
}

async function authenticate(
  { ports: open, authenticate: prove }: XksOptions,
  request: FaceRequest,
  key: string,
): Promise<Call> {
  const ports = open()
  if (ports === undefined) throw new HsmError("SEALED", "the node is sealed")
  const { requestId, peer } = request
  const { caller, region } = await prove({
    request,
    service: "kms-xks-proxy",
    headers: signedHeaders,
    address: peer.address,
    clientName: peer.clientName,
  })
  return { ports, context: { caller, requestId }, region, key }
}

function readObject(body: Uint8Array): JsonObject {
  const value = parseJson(body, limits.jsonDepthMax)
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as JsonObject // What is left of JSON's values.
  }
  throw new Fault("ValidationException", "the body is not an object")
}

const healthRequest = object({
  requestMetadata: need(object({ kmsRequestId: need(text), kmsOperation: need(text) })),
})

/** Not subject to a key store's policy: it tells whether anything would work. */
function health({ ready, version }: XksOptions): Operation {
  return async ({ ports, context }, body) => {
    healthRequest.read(body, "")
    const node = await ready()
    const works = node.ready && (await checkHealth(ports, context))
    if (!works) throw new Fault("DependencyTimeoutException", "the node cannot serve now")
    const model = `Keyhold ${version}`
    return {
      xksProxyFleetSize: 1,
      xksProxyVendor: "Keyhold",
      xksProxyModel: model,
      ekmVendor: "Keyhold",
      ekmFleetDetails: [{ id: ports.clusterId, model, healthStatus: "ACTIVE" }],
    }
  }
}
