/** Many calls in one request, each authorized, logged and answered by itself. */

import { randomUUID } from "node:crypto"
import { operations, type BatchResult } from "./api.generated.ts"
import type { BatchOperationId, Call } from "./calls.ts"
import { isRepeatable, type CallOptions, type Client } from "./client.ts"
import { KeyholdError } from "./errors.ts"

/** Items that the node takes at once. */
const itemsMax = 1_000
/** The node takes 4 MiB; the rest is for what stands around the items. */
const bodyBytesMax = 4 * 1024 * 1024 - 1024

/** What became of one call. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: KeyholdError }

type AnyCall = Call<unknown>
/** The outcomes of calls, in their order. */
export type Outcomes<Calls extends readonly AnyCall[]> = {
  readonly [index in keyof Calls]: Calls[index] extends Call<infer T> ? Outcome<T> : never
}

/**
 * Makes any number of calls, as many at once as the node takes; answers in their order.
 *
 * A call's own failure is its own outcome. When a request as a whole fails, that is thrown, and
 * the calls of the requests before it have been made.
 */
export async function runBatch<const Calls extends readonly AnyCall[]>(
  client: Client,
  calls: Calls,
  options: CallOptions,
): Promise<Outcomes<Calls>> {
  const outcomes: Outcome<unknown>[] = []
  for (const part of split(calls.map(toItem))) {
    const results = await send(
      client,
      part.map(({ item }) => item),
      options,
    )
    if (results.length !== part.length) {
      throw new KeyholdError("INVALID_RESPONSE", "the answer has another number of results")
    }
    for (const [index, result] of results.entries()) {
      const call = calls[outcomes.length]
      if (call !== undefined && index < part.length) outcomes.push(readResult(call, result))
    }
  }
  // One outcome for each call, read by that call's own reader.
  return outcomes as Outcomes<Calls>
}

interface Item {
  readonly item: Readonly<Record<string, unknown>> & { readonly operation: BatchOperationId }
  /** Of its JSON text. */
  readonly bytes: number
}

function toItem({ operation, params, body }: AnyCall): Item {
  const key = operations[operation].idempotent ? { idempotencyKey: randomUUID() } : {}
  const item = { operation, ...key, ...params, ...body }
  return { item, bytes: Buffer.byteLength(JSON.stringify(item)) + 1 }
}

/** Cuts items into requests, by number and by size. */
function* split(items: readonly Item[]): Generator<readonly Item[], void, void> {
  let part: Item[] = []
  let bytes = 0
  for (const item of items) {
    if (part.length === itemsMax || (part.length > 0 && bytes + item.bytes > bodyBytesMax)) {
      yield part
      part = []
      bytes = 0
    }
    part.push(item)
    bytes += item.bytes
  }
  if (part.length > 0) yield part
}

async function send(
  client: Client,
  items: readonly Item["item"][],
  options: CallOptions,
): Promise<readonly BatchResult[]> {
  const actingFor = items.map(({ operation }) => operation)
  const answer = await client.send({
    operation: "batch",
    body: { operations: items },
    actingFor,
    repeatable: actingFor.every(isRepeatable),
    ...options,
  })
  // The generated table says what answers a batch.
  return (answer as { readonly results: readonly BatchResult[] }).results
}

function readResult(call: AnyCall, result: BatchResult): Outcome<unknown> {
  if ("code" in result) {
    const { code, detail, status, field, rule } = result
    return { ok: false, error: new KeyholdError(code, detail, { status, field, rule }) }
  }
  // The call's reader takes the answer of the call's operation, which stands at its place.
  return { ok: true, value: call.read(result as never) }
}
