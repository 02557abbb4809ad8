/**
 * The one operation of AWS STS that key management needs: who am I? Terraform and others ask it to
 * see whether their credentials count. AWS's query protocol: a form goes in, XML comes out.
 */

import { accountIdOf } from "../../codec/account-id.ts"
import { userArn } from "../../codec/user-arn.ts"
import { uuidOf } from "../../codec/uuid.ts"
import { HsmError } from "../../domain/errors.ts"
import type { FaceReply, FaceRequest, RequestHead } from "../message.ts"
import { faultOf } from "./errors.ts"
import { exceptions, Fault } from "./fault.ts"
import type { AwsKmsOptions } from "./ports.ts"

const formType = "application/x-www-form-urlencoded"
const xmlSchema = "https://sts.amazonaws.com/doc/2011-06-15/"

/** True for a form. */
export function isSts({ header }: Pick<RequestHead, "header">): boolean {
  return header("content-type")?.split(";")[0]?.trim().toLowerCase() === formType
}

/** Answers every request, errors included. */
export async function answerSts(options: AwsKmsOptions, request: FaceRequest): Promise<FaceReply> {
  const { requestId, body, peer } = request
  try {
    if (options.ports() === undefined) throw new HsmError("SEALED", "the node is sealed")
    const { caller } = await options.authenticate({
      request,
      service: "sts",
      headers: ["host", "x-amz-date"],
      address: peer.address,
    })
    if (new URLSearchParams(Buffer.from(body).toString()).get("Action") !== "GetCallerIdentity") {
      throw new Fault("UnknownOperationException", "Only GetCallerIdentity is answered here.")
    }
    const account = accountIdOf(caller.partition)
    const identity =
      `<Arn>${escape(userArn(account, caller))}</Arn><UserId>${escape(caller.subject)}</UserId>` +
      `<Account>${account}</Account>`
    const xml =
      `<GetCallerIdentityResponse xmlns="${xmlSchema}">` +
      `<GetCallerIdentityResult>${identity}</GetCallerIdentityResult>` +
      `<ResponseMetadata><RequestId>${uuidOf(requestId)}</RequestId></ResponseMetadata>` +
      `</GetCallerIdentityResponse>`
    return { ...reply(200, xml, requestId), operation: "sts.GetCallerIdentity" }
  } catch (error) {
    const fault = faultOf(error)
    if (fault === undefined) options.onUnexpected(error, requestId)
    return renderFault(fault ?? new Fault("KMSInternalException"), requestId)
  }
}

/** STS calls some faults otherwise than KMS does. */
const codes: Readonly<Record<string, readonly [code: string, status: number]>> = {
  UnrecognizedClientException: ["InvalidClientTokenId", 403],
  InvalidSignatureException: ["SignatureDoesNotMatch", 403],
  MissingAuthenticationTokenException: ["MissingAuthenticationToken", 403],
  IncompleteSignatureException: ["IncompleteSignature", 400],
  UnknownOperationException: ["InvalidAction", 400],
  ThrottlingException: ["Throttling", 400],
}

function renderFault({ exception, message }: Fault, requestId: string): FaceReply {
  const { status: usual } = exceptions[exception]
  const [code, status] = codes[exception] ?? ["InternalFailure", usual]
  const type = status < 500 ? "Sender" : "Receiver"
  const error = `<Type>${type}</Type><Code>${code}</Code><Message>${escape(message)}</Message>`
  const xml =
    `<ErrorResponse xmlns="${xmlSchema}"><Error>${error}</Error>` +
    `<RequestId>${uuidOf(requestId)}</RequestId></ErrorResponse>`
  return reply(status, xml, requestId)
}

function reply(status: number, body: string, requestId: string): FaceReply {
  const headers = {
    "cache-control": "no-store",
    "content-type": "text/xml",
    "x-amzn-requestid": uuidOf(requestId),
    "x-content-type-options": "nosniff",
  }
  return { status, headers, body }
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
}
