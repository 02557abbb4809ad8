/**
 * Many operations in one call. Each item goes through the validators, the route and the service of
 * its own call; it is authorized, logged and answered as there, and its errors are its own result.
 */

import { HsmError } from "../../domain/errors.ts"
import type { Context } from "../../service/commands.ts"
import { joinAlike, type Asked } from "../../service/use-alike.ts"
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
  for (const [index, item] of operations.entries()) {
    const read = readOne(face, call, reader, { item, index })
    if ("failure" in read) results[index] = read.failure
    else joinAlike(groups, read.item)
  }
  await Promise.all(groups.map((group) => runGroup(face, call, group, results)))
  return { results }
}

/** An item that has passed its validators. */
interface Item {
  readonly index: number
  readonly endpoint: Prepared<RoutedId>
  readonly request: RawRequest
  readonly context: Context
  /** What its service is asked, where that may go together with others. */
  readonly asked: Asked | undefined
}

async function runGroup(
  face: BatchFace,
  call: Call,
  group: readonly Item[],
  results: BatchResult[],
): Promise<void> {
  if (await runTogether(face, call, group, results)) return
  await Promise.all(
    group.map(async (item) => {
      const { endpoint, request, context } = item
      try {
        const body = await face.run(endpoint.id, { ...call, context }, request)
        results[item.index] = success(item, body)
      } catch (thrown) {
        results[item.index] = failure(face, item.index, item.context.requestId, thrown)
      }
    }),
  )
}

/** False, and nothing has happened, when the items have to go one by one. */
async function runTogether(
  face: BatchFace,
  { services, ports }: Call,
  group: readonly Item[],
  results: BatchResult[],
): Promise<boolean> {
  if (group.length < 2) return false
  const uses = group.flatMap(({ asked, context }) =>
    asked === undefined ? [] : { ...asked, context },
  )
  const fail = ({ index, context }: Item, thrown: unknown): void => {
    results[index] = failure(face, index, context.requestId, thrown)
  }
  let outcomes
  try {
    outcomes = await services.useAlike(ports, uses)
  } catch (thrown) {
    for (const item of group) fail(item, thrown)
    return true
  }
  if (outcomes === undefined) return false
  for (const [at, item] of group.entries()) {
    const outcome = outcomes[at] ?? { error: undefined }
    if ("error" in outcome) fail(item, outcome.error)
    else results[item.index] = success(item, face.render(item.endpoint.id, outcome.result))
  }
  return true
}

/** What may stand in a batch answers with an object: a test compares all of them. */
function success({ endpoint }: Item, body: unknown): BatchResult {
  return { status: endpoint.status, ...(body as object) }
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

function readOne(
  face: BatchFace,
  { context }: Call,
  reader: ItemReader,
  { item, index }: { readonly item: BatchRequest["operations"][number]; readonly index: number },
): { readonly item: Item } | { readonly failure: BatchResult } {
  // A request id of its own: what a service derives from it must not meet its neighbour's.
  const within = context.requestId
  const requestId = `${within}.${index}`
  try {
    const endpoint = face.byId.get(item.operation)
    if (endpoint === undefined) throw new HsmError("INTERNAL", "no such operation in a batch")
    const request = reader.read(endpoint, item, `/operations/${index}`)
    const asked = face.askedOf(endpoint.id, request)
    const own = { ...context, requestId, within }
    return { item: { index, endpoint, request, asked, context: own } }
  } catch (thrown) {
    return { failure: failure(face, index, requestId, thrown) }
  }
}

function failure(
  { onUnexpected }: BatchFace,
  index: number,
  requestId: string,
  thrown: unknown,
): BatchResult {
  const error = asHsmError(thrown)
  if (error.code === "INTERNAL") onUnexpected(thrown, requestId)
  const at = `/operations/${index}`
  const { field, rule } = error.detail
  const within = field === undefined || field.startsWith(at) ? field : at + field
  const { code, message: detail } = error
  return { status: errorHead(error).status, code, detail, field: within, rule }
}
