/** Requests, behind `kh.requests`: operations that wait until others have approved them. */

import type {
  BroughtApproval,
  Operations,
  Request,
  RequestedOperation,
  StampedCall,
  WordRequest,
} from "./api.generated.ts"
import { decodeBase64 } from "./base64.ts"
import type { Call } from "./calls.ts"
import type { CallOptions } from "./client.ts"
import { KeyholdError } from "./errors.ts"
import type { Keyhold } from "./keyhold.ts"
import type { Idempotent } from "./keys.ts"

/** Operations that can be asked for. */
export type AskableId = RequestedOperation["operation"]

export interface AskOptions extends Idempotent {
  /** For approvers to read. */
  readonly reason?: string | undefined
  /** When it expires, unless its rule says earlier; seven days when absent. */
  readonly lifeSeconds?: number | undefined
}

/** Between two attempts to watch, when the node cannot be reached. */
const pauseMs = 1_000

export class Requests {
  readonly #client: Keyhold

  constructor(client: Keyhold) {
    this.#client = client
  }

  /** Asks for an operation. Where nobody has to be asked it is done at once. */
  create(asked: RequestedOperation, options: AskOptions = {}): Promise<Request> {
    const { idempotencyKey, reason, lifeSeconds } = options
    const body = { asked, reason, lifeSeconds }
    return this.#client.call("createRequest", { params: { idempotencyKey }, body })
  }

  /**
   * Asks for one of `calls`, such as `calls.sign("payments", message)`.
   *
   * @returns the request, and how to wait for the call's own answer.
   */
  async ask<T>(call: Call<T, AskableId>, options: AskOptions = {}): Promise<Asked<T>> {
    const request = await this.create(askedOf(call), options)
    return new Asked(this, request, call)
  }

  /**
   * Has one of `calls` stamped, so that it can bring its approvals along later: no request is kept,
   * and the answer comes at once.
   *
   * @param lifeSeconds - when the stamp expires; an hour when absent.
   */
  async stamp<T>(
    call: Call<T, AskableId>,
    { lifeSeconds }: Pick<AskOptions, "lifeSeconds"> = {},
  ): Promise<Stamped<T>> {
    const asked = askedOf(call)
    const body = { asked, lifeSeconds }
    const stamped = await this.#client.call("stampCall", { body })
    return new Stamped(this.#client, { asked, stamped }, call)
  }

  get(id: string): Promise<Request> {
    return this.#client.call("getRequest", { params: { request: id } })
  }

  /** Every request that matches, without parameters and results. */
  list(filters: Operations["listRequests"]["params"] = {}): AsyncGenerator<Request, void, void> {
    return this.#client.list("listRequests", filters)
  }

  /** Brings an approver's signed word; `wordOn` makes one. */
  speak(id: string, word: WordRequest): Promise<Request> {
    return this.#client.call("speakOnRequest", { params: { request: id }, body: word })
  }

  /** Takes a request back. */
  cancel(id: string): Promise<Request> {
    return this.#client.call("cancelRequest", { params: { request: id } })
  }

  /**
   * Requests as they change, beginning with those that are open or ended lately; goes on when the
   * stream ends or the node restarts, and then may show a request twice.
   */
  async *watch({ signal }: Pick<CallOptions, "signal"> = {}): AsyncGenerator<Request, void, void> {
    for (;;) {
      if (signal?.aborted === true) return
      try {
        yield* this.watchOnce({ signal })
      } catch (error) {
        const passing = error instanceof KeyholdError && error.code === "UNREACHABLE"
        if (!passing) throw error
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    }
  }

  /** One stream of at most a minute, or of so many seconds. */
  async *watchOnce(
    options: Pick<CallOptions, "signal"> & { readonly seconds?: number | undefined } = {},
  ): AsyncGenerator<Request, void, void> {
    const { signal, seconds } = options
    const stream = await this.#client.call("watchRequests", { params: { seconds }, signal })
    for await (const data of events(stream)) yield JSON.parse(data) as Request // The API says so.
  }

  /** Waits until a request has ended. @throws {@link KeyholdError} ABORTED. */
  async ended(id: string, { signal }: Pick<CallOptions, "signal"> = {}): Promise<Request> {
    const now = await this.get(id)
    if (!isOpen(now)) return now
    for await (const changed of this.watch({ signal })) {
      if (changed.id === id && !isOpen(changed)) return await this.get(id)
    }
    throw new KeyholdError("ABORTED", "the wait for a request was given up")
  }
}

/** A call that was asked for. */
export class Asked<T> {
  readonly request: Request
  readonly #requests: Requests
  readonly #call: Call<T, AskableId>

  constructor(requests: Requests, request: Request, call: Call<T, AskableId>) {
    this.#requests = requests
    this.request = request
    this.#call = call
  }

  /**
   * The call's own answer, when it has been approved and executed.
   *
   * @throws {@link KeyholdError} with the failure's code; APPROVAL_REQUIRED when the request was
   * rejected, cancelled, or expired.
   */
  async answer(options: Pick<CallOptions, "signal"> = {}): Promise<T> {
    const { state, result, failure, id } = await this.#requests.ended(this.request.id, options)
    // The result of a request is the answer of its operation.
    if (result !== undefined) return this.#call.read(result as never)
    if (failure !== undefined) throw new KeyholdError(failure.code, failure.detail)
    throw new KeyholdError("APPROVAL_REQUIRED", `the request ${id} is ${state}`)
  }
}

/** A call that was stamped, and waits for its approvals. */
export class Stamped<T> {
  /** What every approver signs: `wordOn("approval", statement, key)`. */
  readonly statement: Uint8Array
  readonly stamped: StampedCall
  readonly #client: Keyhold
  readonly #asked: RequestedOperation
  readonly #call: Call<T, AskableId>

  constructor(
    client: Keyhold,
    { asked, stamped }: { readonly asked: RequestedOperation; readonly stamped: StampedCall },
    call: Call<T, AskableId>,
  ) {
    this.#client = client
    this.#asked = asked
    this.#call = call
    this.stamped = stamped
    this.statement = decodeBase64(stamped.statement)
  }

  /**
   * Makes the call with its approvals. They are good for once, so it is never repeated by itself.
   *
   * @throws {@link KeyholdError} APPROVAL_REQUIRED while some are missing, or a timelock runs;
   * CONFLICT when they have been used, or it is too late.
   */
  async make(approvals: readonly BroughtApproval[], options: CallOptions = {}): Promise<T> {
    const body = {
      asked: this.#asked,
      stamp: this.stamped.stamp,
      approvals: approvals.map(({ publicKey, mechanism, signature }) => {
        return { publicKey, mechanism, signature }
      }),
    }
    const { result } = await this.#client.call("makeCall", { body, ...options })
    // The result of a call is the answer of its operation.
    return this.#call.read(result as never)
  }
}

function askedOf({ operation, params, body = {} }: Call<unknown, AskableId>): RequestedOperation {
  // The call was typed when it was made.
  return { ...definedOf(params), ...definedOf(body), operation } as RequestedOperation
}

/** True while a request can still be approved or executed. */
export function isOpen({ state }: Request): boolean {
  return state === "pending" || state === "approved"
}

/** The bytes that an approver signs. @throws {@link KeyholdError} when the request has ended. */
export function statementOf({ id, state, statement }: Request): Uint8Array {
  if (statement !== undefined) return decodeBase64(statement)
  throw new KeyholdError("CONFLICT", `the request ${id} is ${state}`)
}

function definedOf(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** The data of server-sent events (WHATWG HTML section 9.2), one line each, as the node writes. */
async function* events(stream: AsyncIterable<string>): AsyncGenerator<string, void, void> {
  let rest = ""
  for await (const piece of stream) {
    const lines = (rest + piece).split("\n")
    rest = lines.pop() ?? ""
    for (const line of lines) if (line.startsWith("data: ")) yield line.slice("data: ".length)
  }
}
