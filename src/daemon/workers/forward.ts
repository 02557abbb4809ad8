/** Whole requests from worker to keyholder, and their answers back. */

import type { Face, FaceReply, FaceRequest } from "../../faces/message.ts"
import type { SentReply, SentRequest } from "./protocol.ts"
import type { KeyholderChannel } from "./worker-channel.ts"

/** Answers by asking the keyholder. */
export function forwardTo(keyholder: KeyholderChannel): Face {
  return async (request) => {
    const { body, ...reply } = await keyholder.call("forward", pack(request))
    if (typeof body === "string" || body instanceof Uint8Array) return { ...reply, body }
    return { ...reply, body: pulled(keyholder, body.stream) }
  }
}

async function* pulled(keyholder: KeyholderChannel, stream: number): AsyncGenerator<string, void> {
  let ended = false
  try {
    for (;;) {
      const piece = await keyholder.call("pull", stream)
      if (piece === undefined) {
        ended = true
        return
      }
      yield piece
    }
  } finally {
    if (!ended) await keyholder.call("cancel", stream).catch(() => {}) // It has ended as well.
  }
}

/** What was kept of the head is this process's own. */
function pack({ header: _header, headers, kept: _kept, ...request }: FaceRequest): SentRequest {
  return { ...request, headers: [...(headers?.() ?? [])] }
}

/** The keyholder's side. */
export class Forwarded {
  readonly #answer: (request: FaceRequest) => Promise<FaceReply> | FaceReply
  readonly #streams = new Map<number, AsyncIterator<string>>()
  #lastStream = 0

  constructor(answer: (request: FaceRequest) => Promise<FaceReply> | FaceReply) {
    this.#answer = answer
  }

  async answer({ headers, ...request }: SentRequest): Promise<SentReply> {
    const byName = new Map(headers)
    const reply = await this.#answer({
      ...request,
      header: (name) => byName.get(name),
      headers: () => headers,
    })
    const { body } = reply
    if (typeof body === "string" || body instanceof Uint8Array) return { ...reply, body }
    this.#lastStream += 1
    this.#streams.set(this.#lastStream, body[Symbol.asyncIterator]())
    return { ...reply, body: { stream: this.#lastStream } }
  }

  async pull(stream: number): Promise<string | undefined> {
    const next = await this.#streams.get(stream)?.next()
    if (next?.done === false) return next.value
    this.#streams.delete(stream)
    return undefined
  }

  async cancel(stream: number): Promise<undefined> {
    const iterator = this.#streams.get(stream)
    this.#streams.delete(stream)
    await iterator?.return?.()
    return undefined
  }

  /** The worker has gone: whatever it was reading is let go. */
  async end(): Promise<void> {
    await Promise.all([...this.#streams.keys()].map((stream) => this.cancel(stream)))
  }
}
