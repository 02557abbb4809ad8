/** Calls to the writer's thread, and what it tells by itself. */

import type { MessagePort } from "node:worker_threads"
import { HsmError } from "../domain/errors.ts"
import type { Checkpoint } from "./checkpoint.ts"
import type { AuditCall, AuditCalls, CallMessage, WriterMessage } from "./protocol.ts"

/** What an AuditThread needs of a MessagePort; a Worker has it too. */
export interface AuditPort {
  postMessage(message: CallMessage): void
  on(event: "message", listener: (message: WriterMessage) => void): unknown
  on(event: "close" | "exit", listener: () => void): unknown
}

export interface ThreadEvents {
  readonly onCheckpoint: (checkpoint: Checkpoint) => void
  /** The disk, which was full, has space again. */
  readonly onRecovered: () => void
  /** The thread has ended; nothing is answered any more. */
  readonly onEnd: () => void
}

export class AuditThread {
  readonly #port: AuditPort
  /** Emptied when the thread ends. */
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>()
  #nextId = 1
  #ended = false

  /** @param port - the other end is served by serveAuditWriter. */
  constructor(port: AuditPort | MessagePort, events: ThreadEvents) {
    this.#port = port
    port.on("message", (message: WriterMessage) => this.#receive(message, events))
    for (const end of ["close", "exit"] as const) port.on(end, () => this.#end(events))
  }

  /** @throws HsmError what the thread threw; AUDIT_UNAVAILABLE when it has ended. */
  call<C extends AuditCall>(
    call: C,
    args: AuditCalls[C]["args"],
  ): Promise<AuditCalls[C]["answer"]> {
    if (this.#ended) return Promise.reject(threadEnded())
    const waiting = Promise.withResolvers<unknown>()
    const id = this.#nextId++
    this.#calls.set(id, waiting)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    this.#port.postMessage({ id, call, args })
    // The two ends share AuditCalls, and nobody else holds the port.
    return waiting.promise as Promise<AuditCalls[C]["answer"]>
  }

  #receive(message: WriterMessage, events: ThreadEvents): void {
    switch (message.kind) {
      case "answer":
        this.#take(message.id)?.resolve(message.answer)
        break
      case "error":
        this.#take(message.id)?.reject(new HsmError(message.code, message.message))
        break
      case "checkpoint":
        events.onCheckpoint(message.checkpoint)
        break
      case "recovered":
        events.onRecovered()
        break
    }
  }

  #take(id: number): PromiseWithResolvers<unknown> | undefined {
    const waiting = this.#calls.get(id)
    this.#calls.delete(id)
    return waiting
  }

  #end(events: ThreadEvents): void {
    if (this.#ended) return
    this.#ended = true
    events.onEnd()
    for (const waiting of this.#calls.values()) waiting.reject(threadEnded())
    this.#calls.clear()
  }
}

function threadEnded(): HsmError {
  return new HsmError("AUDIT_UNAVAILABLE", "the audit log's thread has ended")
}
