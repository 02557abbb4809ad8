/**
 * One connection's requests, one after the other: llhttp's verdict, and a few refusals of our own
 * where node:http would guess. Bounded in every direction before anything is kept.
 */

import { limits } from "../../domain/limits.ts"
import type { RequestHead } from "../../faces/message.ts"
import {
  allocateParser,
  feed,
  freeParser,
  methodNames,
  ok,
  pause,
  refuse,
  type Llhttp,
} from "./llhttp.ts"

/** A request's head, and what it says about the connection. */
export interface ParsedHead extends RequestHead {
  /** The client can take another request's answer on this connection. */
  readonly keepAlive: boolean
  /** HTTP/1.0 knows no chunks. */
  readonly minor: number
  /** Absent with chunks. */
  readonly contentLength: number | undefined
  readonly chunked: boolean
}

/** Why a connection ends: the status that its last answer has. */
export type Refusal = 400 | 417 | 431

/** What comes of bytes. */
export type Step =
  | { readonly kind: "more" }
  /** Asked once, before the first byte of a body is taken. */
  | { readonly kind: "head"; readonly head: ParsedHead; readonly rest: Buffer }
  | { readonly kind: "request"; readonly head: ParsedHead; readonly rest: Buffer }
  | { readonly kind: "refused"; readonly status: Refusal }
  /** The body is beyond its bound. */
  | { readonly kind: "large"; readonly head: ParsedHead }

interface KnownHead {
  readonly bytes: Buffer
  readonly head: ParsedHead
}

const more: Step = { kind: "more" }
const none = Buffer.alloc(0)
/** Chunks may be small, but not only their frames: RFC 9112 section 7.1.1 asks for a bound. */
const wireBytesMax = 2 * limits.bodyBytesMax + 64 * 1024

/** Headers of which a second one means that somebody on the way reads the other. */
const singular = new Set([
  "authorization",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "host",
  "idempotency-key",
  "transfer-encoding",
  "x-amz-target",
  "x-keyhold-partition",
])

export class RequestParser implements Llhttp {
  readonly #parser = allocateParser(this)
  #url = ""
  #field = ""
  #value = ""
  /** The header under way has its value, or a part of it. */
  #valued = false
  #headBytes = 0
  #wireBytes = 0
  #headers = new Map<string, string>()
  #head: ParsedHead | undefined
  #announced = false
  #chunks: Uint8Array[] = []
  #bodyBytes = 0
  #complete = false
  #refusal: Refusal | undefined
  #large = false

  /** The last head in bytes, and what it says: clients repeat theirs. */
  #known: KnownHead | undefined
  /** A request whose head was known: its body is counted here, and llhttp knows nothing of it. */
  #counted: ParsedHead | undefined

  /** True between two requests: an end here loses nothing. */
  get idle(): boolean {
    return this.#wireBytes === 0 && this.#counted === undefined
  }

  /** True until the head under way is whole. */
  get inHead(): boolean {
    return this.#head === undefined && this.#counted === undefined
  }

  /** Takes bytes in, up to the end of one request. */
  take(bytes: Buffer): Step {
    if (this.#counted !== undefined) return this.#count(this.#counted, bytes)
    if (this.idle) {
      const known = this.#recognise(bytes)
      if (known !== undefined) {
        this.#counted = known.head
        return this.#count(known.head, bytes.subarray(known.bytes.length))
      }
    }
    return this.#parse(bytes)
  }

  /** The body of the request that was just told of; called once. */
  takeBody(): Uint8Array {
    const chunks = this.#chunks
    this.#chunks = []
    this.#bodyBytes = 0
    return chunks.length === 1 ? (chunks[0] ?? none) : Buffer.concat(chunks)
  }

  /** Gives llhttp's memory back. */
  close(): void {
    freeParser(this.#parser)
  }

  // --- a known head ------------------------------------------------------------------------------

  /** Byte for byte the last head, from its first byte to the empty line. */
  #recognise(bytes: Buffer): KnownHead | undefined {
    const known = this.#known
    if (known === undefined || bytes.length < known.bytes.length) return undefined
    return known.bytes.compare(bytes, 0, known.bytes.length) === 0 ? known : undefined
  }

  #count(head: ParsedHead, bytes: Buffer): Step {
    const { contentLength = 0 } = head
    const wanted = contentLength - this.#bodyBytes
    const body = bytes.subarray(0, wanted)
    if (body.length > 0) this.#chunks.push(body)
    this.#bodyBytes += body.length
    if (body.length < wanted) return more
    this.#counted = undefined
    return { kind: "request", head, rest: bytes.subarray(body.length) }
  }

  /** What came in one piece, and is framed by a length or nothing, can be recognised again. */
  #know(head: ParsedHead, bytes: Buffer): void {
    const { contentLength = 0 } = head
    if (head.chunked || !head.keepAlive || head.header("expect") !== undefined) return
    if (contentLength > limits.bodyBytesMax) return
    const end = bytes.indexOf("\r\n\r\n") + 4
    if (end < 4 || end > limits.headBytesMax) return
    this.#known = {
      bytes: Buffer.from(bytes.subarray(0, end)),
      head: { ...head, kept: new Map() },
    }
  }

  // --- llhttp ------------------------------------------------------------------------------------

  #parse(bytes: Buffer): Step {
    const begins = this.idle
    this.#wireBytes += bytes.length
    const taken = feed(this.#parser, bytes)
    if (this.#large && this.#head !== undefined) return { kind: "large", head: this.#head }
    if (taken === undefined || this.#refusal !== undefined) {
      return { kind: "refused", status: this.#refusal ?? 400 }
    }
    const head = this.#head
    const rest = bytes.subarray(taken)
    if (this.#complete && head !== undefined) {
      if (begins) this.#know(head, bytes)
      this.#reset()
      return { kind: "request", head, rest }
    }
    if (this.#wireBytes > wireBytesMax && head !== undefined) return { kind: "large", head }
    if (head !== undefined && !this.#announced) {
      this.#announced = true
      if (begins) this.#know(head, bytes)
      return { kind: "head", head, rest }
    }
    return more
  }

  #reset(): void {
    this.#url = ""
    this.#headBytes = 0
    this.#wireBytes = 0
    this.#headers = new Map()
    this.#head = undefined
    this.#announced = false
    this.#complete = false
  }

  onMessageBegin(): void {
    this.#field = ""
    this.#value = ""
    this.#valued = false
  }

  onUrl(text: string): number {
    this.#url += text
    return this.#within(text)
  }

  onHeaderField(text: string): number {
    // A name after a value, an empty one too, begins the next header.
    const refused = this.#valued ? this.#keepHeader() : ok
    this.#field += text
    return refused === ok ? this.#within(text) : refused
  }

  onHeaderValue(text: string): number {
    this.#value += text
    this.#valued = true
    return this.#within(text)
  }

  onHeadersComplete({
    method,
    minor,
    upgrade,
    keepAlive,
  }: Parameters<Llhttp["onHeadersComplete"]>[0]): number {
    const refused = this.#keepHeader()
    if (refused !== ok) return refused
    const headers = this.#headers
    // RFC 9112 section 3.2; nothing else is spoken here, and no tunnels.
    if ((minor > 0 && !headers.has("host")) || upgrade) return this.#refuse(400)
    const expect = headers.get("expect")
    if (expect !== undefined && expect.toLowerCase() !== "100-continue") return this.#refuse(417)
    const url = this.#url
    const mark = url.indexOf("?")
    const length = headers.get("content-length")
    this.#head = {
      method: methodNames[method] ?? "",
      path: mark < 0 ? url : url.slice(0, mark),
      query: mark < 0 ? "" : url.slice(mark + 1),
      header: (name) => headers.get(name),
      headers: () => headers.entries(),
      keepAlive,
      minor,
      contentLength: length === undefined ? undefined : Number(length),
      chunked: headers.has("transfer-encoding"),
    }
    return ok
  }

  onBody(bytes: Uint8Array): number {
    this.#bodyBytes += bytes.length
    if (this.#bodyBytes > limits.bodyBytesMax) {
      this.#large = true
      return refuse
    }
    this.#chunks.push(bytes)
    return ok
  }

  onMessageComplete(): number {
    this.#complete = true
    return pause
  }

  #keepHeader(): number {
    const name = this.#field.toLowerCase()
    const value = this.#value
    this.#field = ""
    this.#value = ""
    this.#valued = false
    // Behind the body: a trailer, which nothing here asks for.
    if (name === "" || this.#head !== undefined) return ok
    const before = this.#headers.get(name)
    if (before !== undefined && singular.has(name)) return this.#refuse(400)
    this.#headers.set(name, before === undefined ? value : `${before}, ${value}`)
    return ok
  }

  #within(text: string): number {
    this.#headBytes += text.length
    return this.#headBytes > limits.headBytesMax ? this.#refuse(431) : ok
  }

  #refuse(status: Refusal): number {
    this.#refusal = status
    return refuse
  }
}
