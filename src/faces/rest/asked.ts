/** Making a request: the operation inside goes through the validators and the parser of its own. */

import type { CreateRequestRequest, Request } from "./api.generated.ts"
import type { BatchFace } from "./batch.ts"
import { readItem, type RawRequest } from "./endpoints.ts"
import { milliseconds } from "./times.ts"
import type { Call } from "./route.ts"
import { parseAsked, renderView } from "./routes/requests.ts"
import { HsmError } from "../../domain/errors.ts"

/** Asks for an operation, and answers with the request. Errors are those of the whole call. */
export async function createRequest(
  { byId }: Pick<BatchFace, "byId">,
  { services, ports, context }: Call,
  { params, body }: RawRequest,
): Promise<Request> {
  // The validators of this very operation have passed.
  const { asked, reason, lifeSeconds } = body as CreateRequestRequest
  const { idempotencyKey } = params as { readonly idempotencyKey?: string }
  const endpoint = byId.get(asked.operation)
  if (endpoint === undefined) throw new HsmError("INTERNAL", "no such operation in a request")
  const command = parseAsked(asked.operation, readItem(endpoint, asked, "/asked"))
  const view = await services.makeRequest(ports, context, {
    asked: command,
    reason,
    lifeMs: lifeSeconds === undefined ? undefined : milliseconds(lifeSeconds),
    idempotencyKey,
  })
  return renderView(view)
}
