/**
 * Many operations in one call. Each item goes through the validators, the route and the service of
 * its own call; it is authorized, logged and answered as there, and its errors are its own result.
 */

import { HsmError } from "../../domain/errors.ts"
import { each, Failed, mapResults } from "../../domain/outcome.ts"
import { joinAlike, useGroup, type Asked } from "../../service/use-alike.ts"
import type { BatchRequest, BatchResponse, BatchResult } from "./api.generated.ts"
import type { Prepared, RawRequest } from "./endpoints.ts"
import { asHsmError, errorHead } from "./errors.ts"
import { ItemReader } from "./items.ts"
import type { Call, RoutedId } from "./route.ts"

/** What a batch needs of the face. */
export interface BatchFace {
  /** Endpoints whose operations may stand in a batch: the schema admits no others. */
  readonly byId: ReadonlyMap<string, Prepared<RoutedId>>
  /** Runs a validated request through its route. */
  readonly run: (id: RoutedId, call: Call, request: RawRequest) => Promise<unknown>
  /** What a validated request asks of its service, where such uses may go together. */
  readonly askedOf: (id: RoutedId, request: RawRequest) => Asked | undefined
  /** The body of a use's result. */
  readonly render: (id: RoutedId, result: object) => unknown
  readonly onUnexpected: (error: unknown, requestId: string) => void
}

/** An item that has passed its validators. Small: it lives until its record is durable. */
interface Item {
  readonly index: number
  readonly endpoint: Prepared<RoutedId>
  readonly request: RawRequest
  /** What its service is asked, where that may go together with others. */
  readonly asked: Asked | undefined
}

/**
 * Runs all items at once; results stand in the items' order. Never throws for an item. Items that
 * ask the same of one key go together, as far as their services allow.
 */
export async function runBatch(
  face: BatchFace,
  call: Call,
  { operations }: BatchRequest,
): Promise<BatchResponse> {
  const results: BatchResult[] = []
  const groups: Item[][] = []
  const reader = new ItemReader()
  for (const [index, operation] of operations.entries()) {
    try {
      joinAlike(groups, readOne(face, reader, operation, index))
    } catch (thrown) {
      results[index] = failure(face, call, index, thrown)
    }
  }
  await Promise.all(groups.map((group) => runGroup(face, call, group, results)))
  return { results }
}

function readOne(
  face: BatchFace,
  reader: ItemReader,
  operation: BatchRequest["operations"][number],
  index: number,
): Item {
  const endpoint = face.byId.get(operation.operation)
  if (endpoint === undefined) throw new HsmError("INTERNAL", "no such operation in a batch")
  const request = reader.read(endpoint, operation, `/operations/${index}`)
  return { index, endpoint, request, asked: face.askedOf(endpoint.id, request) }
}

async function runGroup(
  face: BatchFace,
  call: Call,
  group: readonly Item[],
  results: BatchResult[],
): Promise<void> {
  const bodies = (await tryTogether(face, call, group)) ?? (await runEach(face, call, group))
  for (const [at, { index, endpoint }] of group.entries()) {
    const body = bodies[at]
    results[index] =
      body === undefined || body instanceof Failed
        ? failure(face, call, index, body?.error)
        : // What may stand in a batch answers with an object: a test compares all of them.
          { status: endpoint.status, ...(body as object) }
  }
}

/** Undefined, and nothing has happened, when the items have to go one by one. */
async function tryTogether(
  { render }: BatchFace,
  { services, ports, context }: Call,
  group: readonly Item[],
): Promise<readonly unknown[] | undefined> {
  const asking = {
    context: { ...context, within: context.requestId },
    requestIdOf: (at: number): string => partOf(context, group[at]?.index),
  }
  return await useGroup(group, async (uses) => {
    const outcomes = await services.useAlike(ports, { ...uses, ...asking })
    const [first] = group
    return first && outcomes && mapResults(outcomes, (one) => render(first.endpoint.id, one))
  })
}

async function runEach(
  face: BatchFace,
  call: Call,
  group: readonly Item[],
): Promise<readonly unknown[]> {
  const within = call.context.requestId
  return await each(group, ({ endpoint, request, index }) => {
    const context = { ...call.context, requestId: partOf(call.context, index), within }
    return face.run(endpoint.id, { ...call, context }, request)
  })
}

/** A request id of its own: what a service derives from it must not meet its neighbour's. */
function partOf({ requestId }: Call["context"], index = 0): string {
  return `${requestId}.${index}`
}

function failure(
  { onUnexpected }: BatchFace,
  { context }: Call,
  index: number,
  thrown: unknown,
): BatchResult {
  const error = asHsmError(thrown)
  if (error.code === "INTERNAL") onUnexpected(thrown, partOf(context, index))
  const at = `/operations/${index}`
  const { field, rule } = error.detail
  const within = field === undefined || field.startsWith(at) ? field : at + field
  const { code, message: detail } = error
  return { status: errorHead(error).status, code, detail, field: within, rule }
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
