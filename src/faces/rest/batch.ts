/**
 * Many operations in one call. Each item goes through the validators, the route and the service of
 * its own call; it is authorized, logged and answered by itself, and its errors are its own result.
 */

import { HsmError } from "../../domain/errors.ts"
import type { BatchRequest, BatchResponse, BatchResult } from "./api.generated.ts"
import { readItem, type Prepared, type RawRequest } from "./endpoints.ts"
import { asHsmError, errorHead } from "./errors.ts"
import type { Call, RoutedId } from "./route.ts"

/** What a batch needs of the face. */
export interface BatchFace {
  /** Endpoints whose operations may stand in a batch: the schema admits no others. */
  readonly byId: ReadonlyMap<string, Prepared<RoutedId>>
  /** Runs a validated request through its route. */
  readonly run: (id: RoutedId, call: Call, request: RawRequest) => Promise<unknown>
  readonly onUnexpected: (error: unknown, requestId: string) => void
}

/** Runs all items at once; results stand in the items' order. Never throws for an item. */
export async function runBatch(
  face: BatchFace,
  call: Call,
  { operations }: BatchRequest,
): Promise<BatchResponse> {
  const results = operations.map((item, index) => runItem(face, call, { item, index }))
  return { results: await Promise.all(results) }
}

/** `"operation"` as a name and the string behind it, wherever it stands. */
const namedOperation = /"operation"\s*:\s*"([A-Za-z]*)"/g

/**
 * True when a batch names no other operations than `these`. A look at the text, before it is
 * parsed: what it misreads, such as an escaped name, counts as another operation.
 */
export function namesOnly(body: Uint8Array, these: ReadonlySet<string>): boolean {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString("latin1")
  const names = [...text.matchAll(namedOperation)]
  return !text.includes("\\") && names.every(([, name = ""]) => these.has(name))
}

async function runItem(
  { byId, run, onUnexpected }: BatchFace,
  call: Call,
  { item, index }: { readonly item: BatchRequest["operations"][number]; readonly index: number },
): Promise<BatchResult> {
  const at = `/operations/${index}`
  // A request id of its own: what a service derives from it must not meet its neighbour's.
  const within = call.context.requestId
  const requestId = `${within}.${index}`
  try {
    const endpoint = byId.get(item.operation)
    if (endpoint === undefined) throw new HsmError("INTERNAL", "no such operation in a batch")
    const request = readItem(endpoint, item, at)
    const context = { ...call.context, requestId, within }
    const body = await run(endpoint.id, { ...call, context }, request)
    // What may stand in a batch answers with an object: a test compares all of them.
    return { status: endpoint.status, ...(body as object) }
  } catch (thrown) {
    const error = asHsmError(thrown)
    if (error.code === "INTERNAL") onUnexpected(thrown, requestId)
    const { field, rule } = error.detail
    const within = field === undefined || field.startsWith(at) ? field : at + field
    const { code, message: detail } = error
    return { status: errorHead(error).status, code, detail, field: within, rule }
  }
}
