/**
 * RFC 3161 over HTTP (section 3.4): `POST /tsp/<key>`. Who asks proves himself as everywhere, by a
 * bearer or a certificate. Clients of timestamps can do neither, so a token may stand in the
 * address, `/tsp/<key>/<token>`, if its holder can do nothing but get timestamps. A base address
 * may name the partition, `/p/<partition>/tsp/<key>`, for certificates.
 */

import { parseTimestampQuery } from "../../codec/timestamp-query.ts"
import { grantedResponse } from "../../codec/timestamp-token.ts"
import { HsmError } from "../../domain/errors.ts"
import { limits } from "../../domain/limits.ts"
import type { Caller } from "../../domain/principal.ts"
import { getsTimestampsAlone } from "../../domain/timestamp.ts"
import { bearerOf, unauthenticated } from "../../identity/authenticator.ts"
import { timestamp } from "../../service/timestamp.ts"
import type { Face, FaceReply, FaceRequest, RequestHead } from "../message.ts"
import { faultOf, headersOf, renderFault, unexpected } from "./errors.ts"
import type { TspOptions } from "./ports.ts"

const paths = /^(?:\/p\/([0-9a-z]{26}))?\/tsp\/([A-Za-z0-9._:@+-]{1,128})(?:\/([A-Za-z0-9_]+))?$/
const owned = /^(?:\/p\/[0-9a-z]{26})?\/tsp(?:\/|$)/
const mediaType = /^application\/timestamp-query *(?:;|$)/i

/** True for the requests of this dialect. */
export function ownsTsp({ path }: RequestHead): boolean {
  return owned.test(path)
}

/** Answers every request, errors included. */
export function createTspFace(options: TspOptions): Face {
  return async (request) => {
    const { requestId } = request
    const named = { operation: "tsp.timestamp" }
    try {
      return { ...(await answer(options, request)), ...named }
    } catch (error) {
      const fault = faultOf(error)
      if (fault === undefined) options.onUnexpected(error, requestId)
      return { ...renderFault(fault ?? unexpected, requestId), ...named }
    }
  }
}

/** Renders what a front refuses before it asks the face. */
export function refuseTsp(error: HsmError, requestId: string): FaceReply {
  return renderFault(faultOf(error) ?? unexpected, requestId)
}

async function answer(options: TspOptions, request: FaceRequest): Promise<FaceReply> {
  const { method, path, header, body, requestId } = request
  if (method !== "POST") throw new HsmError("METHOD_NOT_ALLOWED", "not by this method")
  if (!mediaType.test(header("content-type") ?? "")) {
    throw new HsmError("UNSUPPORTED_MEDIA_TYPE", "no application/timestamp-query")
  }
  if (body.length > limits.timestampQueryBytesMax) {
    throw new HsmError("PAYLOAD_TOO_LARGE", "longer than any request there is")
  }
  const ports = options.ports()
  if (ports === undefined) throw new HsmError("SEALED", "the node is sealed")
  const [, partition, key = "", token] = paths.exec(path) ?? []
  const caller = await callerOf(options, request, { partition, token })
  const query = parseTimestampQuery(body)
  const made = await timestamp(ports, { caller, requestId }, { key, query })
  return { status: 200, headers: headersOf(requestId), body: grantedResponse(made.timestamp) }
}

/** What stands in an address is read by proxies and kept in scripts: it may give nothing else. */
async function callerOf(
  { authenticate }: TspOptions,
  { header, peer }: FaceRequest,
  named: { readonly partition: string | undefined; readonly token: string | undefined },
): Promise<Caller> {
  const { token } = named
  const { address, certificate } = peer
  const partitionHint = named.partition ?? header("x-keyhold-partition")
  const bearer = token ?? bearerOf(header("authorization"))
  const caller = await authenticate({ bearer, partitionHint, certificate, address })
  if (token !== undefined && !getsTimestampsAlone(caller)) throw unauthenticated()
  return caller
}
