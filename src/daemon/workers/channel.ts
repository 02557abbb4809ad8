/**
 * Calls between two processes over the channel that one has inherited from the other: a pair of
 * sockets without a name, which nobody else can open. Both ends call and answer. Messages of one
 * direction arrive in the order in which they were sent.
 */

import { HsmError, type ErrorCode, type ErrorDetail } from "../../domain/errors.ts"

/** What a `ChildProcess` and `process` have in common. */
export interface Wire {
  send?(message: Message, callback: (error: Error | null) => void): unknown
  on(event: "message", listener: (message: Message) => void): unknown
  on(event: "disconnect", listener: () => void): unknown
}

/** By name: what goes over, and what comes back. */
type Calls<C> = { readonly [Name in keyof C]: { readonly args: unknown; readonly answer: unknown } }

/** One function per call. */
export type Handlers<C extends Calls<C>> = {
  readonly [Name in keyof C]: (
    args: C[Name]["args"],
  ) => Promise<C[Name]["answer"]> | C[Name]["answer"]
}

/** A call without its answer; both ends share the table, and nobody else holds the channel. */
interface Waiting {
  readonly resolve: (answer: never) => void
  readonly reject: (error: HsmError) => void
}

type Message =
  | { readonly kind: "call"; readonly id: number; readonly call: string; readonly args: unknown }
  | { readonly kind: "answer"; readonly id: number; readonly answer: unknown }
  | {
      readonly kind: "error"
      readonly id: number
      readonly code: ErrorCode
      readonly message: string
      readonly detail: ErrorDetail
    }

/** One end: calls `Theirs`, answers `Ours`. */
export class Channel<Theirs extends Calls<Theirs>, Ours extends Calls<Ours>> {
  readonly #wire: Wire
  readonly #handlers: Handlers<Ours>
  readonly #onBug: (error: unknown) => void
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  #ended = false

  /** @param onBug - told of what a handler threw that is no HsmError; the caller gets INTERNAL. */
  constructor(wire: Wire, handlers: Handlers<Ours>, onBug: (error: unknown) => void) {
    this.#wire = wire
    this.#handlers = handlers
    this.#onBug = onBug
    wire.on("message", (message) => this.#receive(message))
    wire.on("disconnect", () => this.end())
  }

  /** @throws HsmError what the other end threw; STORE_UNAVAILABLE when it has gone: unknown. */
  call<Name extends keyof Theirs & string>(
    call: Name,
    args: Theirs[Name]["args"],
  ): Promise<Theirs[Name]["answer"]> {
    if (this.#ended) return Promise.reject(gone())
    const id = ++this.#lastId
    const waiting = Promise.withResolvers<Theirs[Name]["answer"]>()
    this.#waiting.set(id, waiting)
    this.#send({ kind: "call", id, call, args })
    return waiting.promise
  }

  /** Nothing comes any more: whoever waits is told. */
  end(): void {
    this.#ended = true
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const one of waiting) one.reject(gone())
  }

  #send(message: Message): void {
    this.#wire.send?.(message, (error) => {
      if (error !== null) this.end()
    })
  }

  #receive(message: Message): void {
    if (message.kind === "call") {
      void this.#answer(message)
      return
    }
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (message.kind === "answer") waiting?.resolve(message.answer as never)
    else waiting?.reject(new HsmError(message.code, message.message, message.detail))
  }

  async #answer({ id, call, args }: Extract<Message, { kind: "call" }>): Promise<void> {
    try {
      const handler = this.#handlers[call as keyof Ours] as ((args: unknown) => unknown) | undefined
      if (handler === undefined) throw new TypeError(`no call ${call}`)
      const pending = handler(args)
      // What is known at once is sent at once: then nothing overtakes it.
      const answer: unknown = pending instanceof Promise ? await pending : pending
      this.#send({ kind: "answer", id, answer })
    } catch (error) {
      if (!(error instanceof HsmError)) this.#onBug(error)
      const { code, message, detail } =
        error instanceof HsmError ? error : new HsmError("INTERNAL", "an unexpected error")
      this.#send({ kind: "error", id, code, message, detail })
    }
  }
}

function gone(): HsmError {
  return new HsmError("STORE_UNAVAILABLE", "the other process has ended")
}
