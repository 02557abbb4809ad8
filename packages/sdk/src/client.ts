/** The typed call: from an operation's name to its answer. Everything else builds on it. */

import { randomUUID } from "node:crypto"
import { operations, type OperationId, type Operations } from "./api.generated.ts"
import { Deadline } from "./deadline.ts"
import type { Connection } from "./environment.ts"
import { KeyholdError, problemToError } from "./errors.ts"
import { retriesDefault, withRetries } from "./retry.ts"
import { readBytes, readText, Transport, type Answer } from "./transport.ts"

const timeoutDefaultMs = 30_000

export interface ClientOptions extends Connection {
  /** A call's time with all its attempts, a stream's between two pieces; 30,000 if absent. */
  readonly timeoutMs?: number | undefined
  /** Attempts after the first, for calls that are safe to repeat; 3 when absent. */
  readonly retries?: number | undefined
}

export interface CallOptions {
  /** This call's time instead of the client's. */
  readonly timeoutMs?: number | undefined
  /** Aborting it gives the call up. */
  readonly signal?: AbortSignal | undefined
}

/** A member that may be left out when nothing in it is required. */
type Member<Name extends string, T> = T extends undefined
  ? { readonly [name in Name]?: undefined }
  : string extends keyof T
    ? { readonly [name in Name]?: undefined }
    : Partial<T> extends T
      ? { readonly [name in Name]?: T }
      : { readonly [name in Name]: T }

/** What an operation takes: `params` of path, query and header, and the request's `body`. */
export type CallInput<Id extends OperationId> = Member<"params", Operations[Id]["params"]> &
  (Operations[Id]["body"] extends undefined
    ? { readonly body?: undefined }
    : { readonly body: Operations[Id]["body"] }) &
  CallOptions

/** Left out entirely when an operation takes nothing. */
export type CallArguments<Id extends OperationId> =
  Partial<CallInput<Id>> extends CallInput<Id> ? [input?: CallInput<Id>] : [input: CallInput<Id>]

/** One call without its types; what the typed forms come down to. */
export interface RawCall extends CallOptions {
  readonly operation: OperationId
  readonly params?: Params | undefined
  readonly body?: unknown
  /** Whom to ask as, when it is not this operation alone: the operations of a batch. */
  readonly actingFor?: readonly OperationId[] | undefined
  /** The call may be made twice. Decided by the operation when absent. */
  readonly repeatable?: boolean | undefined
}
export type Params = Readonly<Record<string, string | number | undefined>>

/** POSTs that change nothing: made twice, they are merely logged twice. */
const harmless: ReadonlySet<OperationId> = new Set<OperationId>([
  "createTimestamp",
  "decrypt",
  "decryptRaw",
  "encrypt",
  "explain",
  "generateDataKey",
  "mac",
  "random",
  "sign",
  "verify",
  "verifyMac",
])

/** True for an operation that may be made twice, given an idempotency key where it takes one. */
export function isRepeatable(id: OperationId): boolean {
  const { method, idempotent } = operations[id]
  return method === "GET" || idempotent || harmless.has(id)
}

/** A node, and how to ask it. Holds open connections: {@link Client.close} ends them. */
export class Client {
  readonly #transport: Transport
  readonly #url: URL
  readonly #token: Connection["token"]
  readonly #timeoutMs: number
  readonly #retries: number

  /** @throws {@link KeyholdError} CONFIGURATION for a URL that is not HTTPS. */
  constructor(options: ClientOptions) {
    this.#url = parseUrl(options.url)
    this.#token = options.token
    this.#timeoutMs = options.timeoutMs ?? timeoutDefaultMs
    this.#retries = options.retries ?? retriesDefault
    this.#transport = new Transport(options)
  }

  /** The node's address, without a slash at its end. */
  get url(): string {
    return this.#url.href.replace(/\/$/, "")
  }

  /**
   * Makes one call and answers with the operation's own answer.
   *
   * Repeated on passing failures when that is safe: reads, cryptography, and creating calls, to
   * which an idempotency key is added when the caller names none.
   *
   * @throws {@link KeyholdError} with the node's code, or one of `clientErrorCodes`.
   */
  call<const Id extends OperationId>(
    operation: Id,
    ...[input]: CallArguments<Id>
  ): Promise<Operations[Id]["response"]> {
    // The input's shape is the operation's, and the generated table says what answers it.
    const { params, body, timeoutMs, signal } = (input ?? {}) as Omit<RawCall, "operation">
    return this.send({ operation, params, body, timeoutMs, signal })
  }

  /** Makes a call whose types have been checked elsewhere. */
  async send(call: RawCall): Promise<unknown> {
    const { operation, repeatable = isRepeatable(operation) } = call
    const deadline = new Deadline(call.timeoutMs ?? this.#timeoutMs, call.signal)
    const request = this.#request(call)
    const { signal } = deadline
    try {
      signal.throwIfAborted()
      const reply = await withRetries(
        async () => {
          const answer = await this.#transport.send({ ...request, signal })
          return isStream(answer) ? answer : { value: await readAnswer(answer, signal) }
        },
        { retries: repeatable ? this.#retries : 0, signal },
      )
      if (!("value" in reply)) return lines(reply, deadline)
      deadline.end()
      return reply.value
    } catch (error) {
      deadline.end()
      throw error
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.#transport.close()
  }

  #request({ operation, params = {}, body, actingFor = [operation] }: RawCall) {
    const { method, path, pathParams, queryParams, idempotent } = operations[operation]
    const url = new URL(this.#url)
    url.pathname += fillPath(path, pathParams, params)
    for (const name of queryParams) {
      const value = params[name]
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    const token = typeof this.#token === "function" ? this.#token(actingFor) : this.#token
    const headers: Record<string, string> = { accept: "application/json, application/problem+json" }
    if (token !== undefined) headers["authorization"] = `Bearer ${token}`
    if (idempotent) headers["idempotency-key"] = String(params["idempotencyKey"] ?? randomUUID())
    if (body === undefined) return { method, url, headers }
    const text = JSON.stringify(body)
    headers["content-type"] = "application/json"
    headers["content-length"] = String(Buffer.byteLength(text))
    return { method, url, headers, body: text }
  }
}

function parseUrl(text: string): URL {
  if (!URL.canParse(text) || !text.startsWith("https://")) {
    throw new KeyholdError("CONFIGURATION", "the node's URL begins with https://")
  }
  const url = new URL(text)
  url.pathname = url.pathname.replace(/\/+$/, "")
  url.search = ""
  return url
}

function fillPath(path: string, names: readonly string[], params: Params): string {
  let filled = path.slice(1)
  for (const name of names) {
    const value = String(params[name] ?? "")
    // An empty segment, or one of dots, would name another operation.
    if (/^\.{0,2}$/.test(value)) {
      throw new KeyholdError("CONFIGURATION", `the parameter ${name} is no name or id`)
    }
    filled = filled.replace(`{${name}}`, () => encodeURIComponent(value))
  }
  return filled
}

function isStream({ status, headers }: Answer): boolean {
  return (
    status < 300 && /^(application\/jsonl|text\/event-stream)/.test(headers["content-type"] ?? "")
  )
}

/** Pieces of text, each of one or more whole lines or parts of one. */
async function* lines(answer: Answer, deadline: Deadline): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true })
  try {
    for await (const piece of readBytes(answer.body, deadline.signal)) {
      deadline.extend()
      yield decoder.decode(piece, { stream: true })
    }
    yield decoder.decode()
  } finally {
    deadline.end()
  }
}

async function readAnswer(answer: Answer, signal: AbortSignal): Promise<unknown> {
  const { status, headers } = answer
  const text = await readText(answer, signal)
  if (status >= 300) throw problemToError(status, text, headers["retry-after"])
  if (status === 204) return undefined
  if (headers["content-type"]?.startsWith("application/json") !== true) return text
  try {
    return JSON.parse(text)
  } catch {
    throw new KeyholdError("INVALID_RESPONSE", "the answer is not JSON", { status })
  }
}
