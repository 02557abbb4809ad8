/**
 * The binary call: frames in, frames out, over the same services as every other dialect. Knows
 * nothing of sockets: a connection hands it bytes and takes away what it has to send.
 */

import { CodecError } from "../../codec/error.ts"
import { FrameWriter, readFrame, type Frame, type FrameFields } from "../../codec/frame.ts"
import { HsmError } from "../../domain/errors.ts"
import { Failed, type Outcome } from "../../domain/outcome.ts"
import { parseId } from "../../domain/ids.ts"
import { limits } from "../../domain/limits.ts"
import type { Caller } from "../../domain/principal.ts"
import type { Evidence } from "../../identity/authenticator.ts"
import {
  joinAlike,
  useAlike,
  useGroup,
  type Asked,
  type UseService,
} from "../../service/use-alike.ts"
import type { UsePorts } from "../../service/ports.ts"
import type { Face, Peer } from "../message.ts"
import { frameCalls, type Answer } from "./calls.ts"

export interface FrameFaceOptions {
  /** Services' ports; undefined while the node is sealed. */
  readonly ports: () => UsePorts | undefined
  readonly authenticate: (evidence: Evidence) => Promise<Caller>
  /** Answers call 255: Keyhold's own API. */
  readonly rest: Face
  /** HTTP's status of an error, for metrics. */
  readonly statusOf: (error: HsmError) => number
  /** Told of errors that no caller can have caused; the answer says only INTERNAL. */
  readonly onUnexpected: (error: unknown, requestId: string) => void
}

/** What is known when a call has been answered, for metrics. */
export interface FrameDone {
  readonly operation: string
  readonly status: number
}

const hello = 0
const request = 255
const result = 0
const failure = 1

/** One connection's conversation. */
export class FrameSession {
  readonly #options: FrameFaceOptions
  readonly #id: string
  readonly #peer: Peer
  readonly #out = new FrameWriter()
  readonly #onDone: (done: FrameDone) => void
  /** From the hello on. */
  #evidence: Evidence | undefined
  /** Who calls, in the turn under way. */
  #caller: Promise<Caller> | undefined
  #calls = 0
  #underWay = 0

  /** @param id - names the connection in the log. */
  constructor(
    options: FrameFaceOptions,
    at: { readonly id: string; readonly peer: Peer; readonly onDone: (done: FrameDone) => void },
  ) {
    this.#options = options
    this.#id = at.id
    this.#peer = at.peer
    this.#onDone = at.onDone
  }

  /** Calls that have no answer yet. */
  get underWay(): number {
    return this.#underWay
  }

  /** Answers that are ready to be sent; empty when there are none. */
  takeAnswers(): Buffer | undefined {
    return this.#out.isEmpty ? undefined : this.#out.take()
  }

  /**
   * Takes bytes in, which begin with a frame.
   *
   * @param ready - called after each answer that was not ready before this returned.
   * @returns how many bytes were used; fewer when a frame is not whole, or too many calls wait.
   * @throws CodecError when they are no frames: then the connection has to end.
   */
  take(bytes: Buffer, ready: () => void): number {
    let at = 0
    // Frames that are taken in one turn are one look at the records: nothing changes in between.
    this.#caller = undefined
    const groups: Taken[][] = []
    try {
      while (this.#underWay < limits.framesUnderWayMax) {
        const frame = readFrame(bytes, at)
        if (frame === undefined) break
        at = frame.end
        this.#underWay += 1
        joinAlike(groups, this.#taken(frame))
      }
    } finally {
      for (const group of groups) void this.#answerGroup(group, ready)
    }
    return at
  }

  #taken({ number, kind, fields }: Frame): Taken {
    this.#calls += 1
    return { number, kind, fields, call: this.#calls, asked: tryAsk(kind, fields) }
  }

  /** Calls that ask alike go together, as far as their service allows. Never rejects. */
  async #answerGroup(group: readonly Taken[], ready: () => void): Promise<void> {
    if (group.length > 1) {
      const outcomes = await this.#tryTogether(group)
      if (outcomes !== undefined) {
        for (const [at, one] of group.entries()) this.#tell(one, outcomes[at])
        ready()
        return
      }
    }
    for (const one of group) void this.#answer(one).then(ready)
  }

  /** Undefined, and nothing has happened, when the calls have to go one by one. */
  async #tryTogether(group: readonly Taken[]): Promise<readonly Outcome<object>[] | undefined> {
    const evidence = this.#evidence
    const ports = this.#options.ports()
    if (evidence === undefined || ports === undefined) return undefined
    const requestIdOf = (at: number): string => this.#requestId(group[at]?.call)
    return await useGroup(group, async (uses) => {
      this.#caller ??= this.#options.authenticate(evidence)
      const caller = await this.#caller
      const context = { caller, requestId: requestIdOf(0), within: this.#id }
      return await useAlike(ports, { ...uses, context, requestIdOf })
    })
  }

  /** Never rejects. */
  async #answer(one: Taken): Promise<void> {
    try {
      this.#succeed(one, await this.#run(one))
    } catch (thrown) {
      this.#fail(one, thrown)
    }
  }

  /** In the log. */
  #requestId(call = 0): string {
    return `${this.#id}.${call}`
  }

  #tell(one: Taken, outcome: Outcome<object> | undefined): void {
    if (outcome === undefined || outcome instanceof Failed) this.#fail(one, outcome?.error)
    else this.#succeed(one, frameCalls.get(one.kind)?.render(outcome) ?? {})
  }

  #succeed({ number, kind }: Taken, answer: Answer): void {
    this.#out.add(number, result, answer)
    this.#underWay -= 1
    this.#onDone({ operation: operationOf(kind), status: 200 })
  }

  #fail({ number, kind, call }: Taken, thrown: unknown): void {
    const error = this.#operatingError(thrown, this.#requestId(call))
    this.#out.add(number, failure, errorFields(error))
    this.#underWay -= 1
    this.#onDone({ operation: operationOf(kind), status: this.#options.statusOf(error) })
  }

  async #run({ kind, fields, call: count }: Taken): Promise<Answer> {
    if (kind === hello) return await this.#greet(fields)
    const evidence = this.#evidence
    if (evidence === undefined) throw new HsmError("UNAUTHENTICATED", "the first frame is a hello")
    const requestId = this.#requestId(count)
    if (kind === request) return await this.#pass(fields, evidence, requestId)
    const call = frameCalls.get(kind)
    if (call === undefined) throw new HsmError("MALFORMED_REQUEST", "no such call")
    const ports = this.#options.ports()
    if (ports === undefined) throw new HsmError("SEALED", "the node is sealed")
    this.#caller ??= this.#options.authenticate(evidence)
    const caller = await this.#caller
    return await call.run(ports, { caller, requestId, within: this.#id }, fields)
  }

  async #greet({ bearer, partition }: FrameFields): Promise<Answer> {
    const evidence: Evidence = {
      bearer: bearer?.toString("latin1"),
      partitionHint: partition?.toString("latin1"),
      certificate: this.#peer.certificate,
      address: this.#peer.address,
    }
    if (evidence.partitionHint !== undefined && parseId(evidence.partitionHint) === undefined) {
      throw new CodecError("/partition", "is not an id")
    }
    // Calls may follow in the same piece: each is judged by itself.
    this.#evidence = evidence
    await this.#options.authenticate(evidence)
    return {}
  }

  /** Any operation of Keyhold's own API, as HTTP would bring it. */
  async #pass(fields: FrameFields, evidence: Evidence, requestId: string): Promise<Answer> {
    const [path = "", query = ""] = (fields.path?.toString("latin1") ?? "").split(/\?(.*)/s)
    const headers = new Map<string, string>()
    if (evidence.bearer !== undefined) headers.set("authorization", `Bearer ${evidence.bearer}`)
    if (evidence.partitionHint !== undefined) {
      headers.set("x-keyhold-partition", evidence.partitionHint)
    }
    if (fields.body !== undefined) headers.set("content-type", "application/json")
    const reply = await this.#options.rest({
      method: fields.method?.toString("latin1") ?? "GET",
      path,
      query,
      header: (name) => headers.get(name),
      headers: () => headers.entries(),
      body: fields.body ?? nothing,
      requestId,
      peer: this.#peer,
    })
    const { status, body } = reply
    if (typeof body === "string" || body instanceof Uint8Array) return { status, body }
    let whole = ""
    for await (const piece of body) {
      whole += piece
      if (whole.length > limits.bodyBytesMax) {
        throw new HsmError("PAYLOAD_TOO_LARGE", "the answer is longer than a frame")
      }
    }
    return { status, body: whole }
  }

  #operatingError(thrown: unknown, requestId: string): HsmError {
    if (thrown instanceof HsmError) return thrown
    if (thrown instanceof CodecError) {
      return new HsmError("MALFORMED_REQUEST", thrown.message, { field: thrown.field })
    }
    this.#options.onUnexpected(thrown, requestId)
    return new HsmError("INTERNAL", "something went wrong here; the log has more")
  }
}

const nothing = new Uint8Array(0)

/** A frame that is being answered. */
interface Taken extends Omit<Frame, "end"> {
  /** How many the connection had brought with it. */
  readonly call: number
  /** What it asks of its service, where such calls may go together. */
  readonly asked: Asked<UseService> | undefined
}

/** Undefined too when the fields are wrong: the call itself says how. */
function tryAsk(kind: number, fields: FrameFields): Asked<UseService> | undefined {
  try {
    return frameCalls.get(kind)?.asked?.(fields)
  } catch (error) {
    if (error instanceof CodecError) return undefined
    throw error
  }
}

function operationOf(kind: number): string {
  if (kind === hello) return "hello"
  return frameCalls.get(kind)?.operation ?? "request"
}

function errorFields({ code, message, detail }: HsmError): Answer {
  const { field, rule, retryAfterSeconds: retryAfter } = detail
  return { code, detail: message, field, rule, retryAfter }
}
