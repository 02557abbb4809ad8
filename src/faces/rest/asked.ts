/**
 * Asking for an operation, in a request or in a call that brings its approvals: the operation
 * inside goes through the validators and the parser of its own.
 */

import { encodeBase64 } from "../../codec/base64.ts"
import { HsmError } from "../../domain/errors.ts"
import type { RequestedCommand } from "../../service/requestable.ts"
import type {
  CreateRequestRequest,
  MadeCall,
  MakeCallRequest,
  Request,
  RequestedOperation,
  StampCallRequest,
  StampedCall,
} from "./api.generated.ts"
import type { BatchFace } from "./batch.ts"
import { readItem, type RawRequest } from "./endpoints.ts"
import { renderParameters } from "./render-request.ts"
import type { Call } from "./route.ts"
import { parseAsked, renderResult, renderView } from "./routes/requests.ts"
import { milliseconds, renderTime } from "./times.ts"

type Face = Pick<BatchFace, "byId">

/** Asks for an operation, and answers with the request. Errors are those of the whole call. */
export async function createRequest(
  face: Face,
  { services, ports, context }: Call,
  { params, body }: RawRequest,
): Promise<Request> {
  // The validators of this very operation have passed.
  const { asked, reason, lifeSeconds } = body as CreateRequestRequest
  const { idempotencyKey } = params as { readonly idempotencyKey?: string }
  const view = await services.makeRequest(ports, context, {
    asked: readAsked(face, asked),
    reason,
    lifeMs: lifeSeconds === undefined ? undefined : milliseconds(lifeSeconds),
    idempotencyKey,
  })
  return renderView(view)
}

/** Stamps an operation for a call that will bring its approvals. */
export async function stampCall(
  face: Face,
  { services, ports, context }: Call,
  { body }: RawRequest,
): Promise<StampedCall> {
  // The validators of this very operation have passed.
  const { asked, lifeSeconds } = body as StampCallRequest
  const stamped = await services.stampCall(ports, context, {
    asked: readAsked(face, asked),
    lifeMs: lifeSeconds === undefined ? undefined : milliseconds(lifeSeconds),
  })
  const { id, stamp, statement, stampedAt, expiresAt, parameters, approvers } = stamped
  return {
    id,
    stamp: encodeBase64(stamp),
    statement: encodeBase64(statement),
    stampedAt: renderTime(stampedAt),
    expiresAt: renderTime(expiresAt),
    parameters: renderParameters(parameters),
    approvers: approvers.map(({ publicKey, ...approver }) => ({
      ...approver,
      publicKey: encodeBase64(publicKey),
    })),
  }
}

/** Does what was stamped, with the approvals that came along. */
export async function makeCall(
  face: Face,
  { services, ports, context }: Call,
  { body }: RawRequest,
): Promise<MadeCall> {
  // The validators of this very operation have passed.
  const { asked, stamp, approvals } = body as MakeCallRequest
  const made = await services.makeCall(ports, context, {
    asked: readAsked(face, asked),
    stamp,
    approvals,
  })
  return { ...made, result: { ...renderResult(made.operation, made.result) } }
}

function readAsked({ byId }: Face, asked: RequestedOperation): RequestedCommand {
  const endpoint = byId.get(asked.operation)
  if (endpoint === undefined) throw new HsmError("INTERNAL", "no such operation in a request")
  return parseAsked(asked.operation, readItem(endpoint, asked, "/asked"))
}
