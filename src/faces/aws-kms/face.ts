/**
 * The AWS KMS API: `awsJson1_1` on `POST /`, signed by an access key. A request is authenticated,
 * its input read strictly, handed to services, and rendered. Trusts the front for the peer's
 * address.
 */

import { accountIdOf } from "../../codec/account-id.ts"
import { parseJson } from "../../codec/json.ts"
import { uuidOf } from "../../codec/uuid.ts"
import { HsmError } from "../../domain/errors.ts"
import { limits } from "../../domain/limits.ts"
import type { Face, FaceReply, FaceRequest, RequestHead } from "../message.ts"
import { faultOf, tellForbidden } from "./errors.ts"
import { exceptions, Fault } from "./fault.ts"
import type { Call } from "./operation.ts"
import { operationOf } from "./operations.ts"
import type { AwsKmsOptions } from "./ports.ts"
import { answerSts, isSts } from "./sts.ts"

const targetPrefix = "TrentService."
/** What the signature has to cover beside its own date: whom it is for, and what is asked. */
const signedHeaders = ["host", "x-amz-date", "x-amz-target"]

/** True for the requests of this dialect: the AWS SDKs post everything to one path. */
export function ownsAwsKms(head: RequestHead): boolean {
  if (head.method !== "POST" || head.path !== "/") return false
  return head.header("x-amz-target") !== undefined || isSts(head)
}

/** Answers every request, errors included. */
export function createAwsKmsFace(options: AwsKmsOptions): Face {
  return (request) => answer(options, request)
}

/** Renders what a front refuses before it asks the face. */
export function refuseAwsKms(error: HsmError, requestId: string): FaceReply {
  return renderFault(faultOf(error) ?? unexpected, requestId)
}

async function answer(options: AwsKmsOptions, request: FaceRequest): Promise<FaceReply> {
  const { requestId } = request
  if (isSts(request)) return await answerSts(options, request)
  const target = request.header("x-amz-target") ?? ""
  const name = target.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : ""
  const operation = operationOf(name)
  const named = operation === undefined ? {} : { operation: `aws-kms.${name}` }
  try {
    const call = await authenticate(options, request, name)
    if (operation === undefined) throw new Fault("UnknownOperationException")
    const body = parseJson(request.body, limits.jsonDepthMax)
    const output = await operation.answer(call, body).catch(tellForbidden(call))
    return { ...render(output, requestId), ...named }
  } catch (error) {
    const fault = faultOf(error)
    if (fault === undefined) options.onUnexpected(error, requestId)
    return { ...renderFault(fault ?? unexpected, requestId), ...named }
  }
}

async function authenticate(
  { ports: open, authenticate }: AwsKmsOptions,
  request: FaceRequest,
  name: string,
): Promise<Call> {
  const ports = open()
  if (ports === undefined) throw new HsmError("SEALED", "the node is sealed")
  const { requestId, peer } = request
  const { caller, region } = await authenticate({
    request,
    service: "kms",
    headers: signedHeaders,
    address: peer.address,
  })
  const place = { account: accountIdOf(caller.partition), region }
  return { name, ports, context: { caller, requestId }, place }
}

const unexpected = new Fault(
  "KMSInternalException",
  "Something went wrong; the request id finds it.",
)

function headers(requestId: string): Readonly<Record<string, string>> {
  return {
    "cache-control": "no-store",
    "content-type": "application/x-amz-json-1.1",
    "x-amzn-requestid": uuidOf(requestId),
    "x-content-type-options": "nosniff",
  }
}

function render(output: object | undefined, requestId: string): FaceReply {
  const body = output === undefined ? "" : JSON.stringify(output)
  return { status: 200, headers: headers(requestId), body }
}

function renderFault({ exception, message }: Fault, requestId: string): FaceReply {
  const body = { __type: exception, message: message === "" ? undefined : message }
  const { status } = exceptions[exception]
  return { status, headers: headers(requestId), body: JSON.stringify(body) }
}
