/**
 * llhttp, the parser of Node itself, as undici ships it in WebAssembly: the same verdict on every
 * byte as node:http, without an object per request. One instance serves all connections; nothing
 * in it waits, so that only one of them is inside at a time.
 */

import assert from "node:assert/strict"
import { createRequire } from "node:module"

/** What a connection's parser is told while bytes are fed; an answer that is not 0 stops it. */
export interface Llhttp {
  onMessageBegin(): void
  onUrl(text: string): number
  onHeaderField(text: string): number
  onHeaderValue(text: string): number
  onHeadersComplete(head: {
    readonly method: number
    readonly minor: number
    readonly upgrade: boolean
    readonly keepAlive: boolean
  }): number
  /** A view of the bytes that are being fed. */
  onBody(bytes: Uint8Array): number
  onMessageComplete(): number
}

interface Exports {
  readonly memory: WebAssembly.Memory
  malloc(bytes: number): number
  llhttp_alloc(type: number): number
  llhttp_free(parser: number): void
  llhttp_execute(parser: number, at: number, length: number): number
  llhttp_get_method(parser: number): number
  llhttp_get_http_minor(parser: number): number
  llhttp_get_error_pos(parser: number): number
  llhttp_resume(parser: number): void
}

/** HPE_OK, HPE_USER and HPE_PAUSED of llhttp.h: what a callback answers. */
export const ok = 0
export const refuse = 24
export const pause = 21
/** HTTP_REQUEST of llhttp.h. */
const requests = 1
/** Fed at most so many at a time: what one TLS record holds, and a socket reads at once. */
const windowBytes = 64 * 1024

const owners = new Map<number, Llhttp>()
/** Of the call under way. */
let fed: Buffer = Buffer.alloc(0)
let fedFrom = 0

function ownerOf(parser: number): Llhttp {
  const owner = owners.get(parser)
  assert(owner !== undefined)
  return owner
}

function textAt(at: number, length: number): string {
  const start = at - window + fedFrom
  return fed.toString("latin1", start, start + length)
}

function load(): Exports {
  const require = createRequire(import.meta.url)
  const module = new WebAssembly.Module(
    require("undici/lib/llhttp/llhttp_simd-wasm.js") as Uint8Array<ArrayBuffer>,
  )
  const { exports } = new WebAssembly.Instance(module, {
    env: {
      wasm_on_message_begin: (parser: number) => {
        ownerOf(parser).onMessageBegin()
        return 0
      },
      wasm_on_url: (parser: number, at: number, length: number) =>
        ownerOf(parser).onUrl(textAt(at, length)),
      wasm_on_status: () => 0,
      wasm_on_header_field: (parser: number, at: number, length: number) =>
        ownerOf(parser).onHeaderField(textAt(at, length)),
      wasm_on_header_value: (parser: number, at: number, length: number) =>
        ownerOf(parser).onHeaderValue(textAt(at, length)),
      wasm_on_headers_complete: (
        parser: number,
        _status: number,
        upgrade: number,
        keepAlive: number,
      ) =>
        ownerOf(parser).onHeadersComplete({
          method: llhttp.llhttp_get_method(parser),
          minor: llhttp.llhttp_get_http_minor(parser),
          upgrade: upgrade === 1,
          keepAlive: keepAlive === 1,
        }),
      wasm_on_body: (parser: number, at: number, length: number) => {
        const start = at - window + fedFrom
        return ownerOf(parser).onBody(fed.subarray(start, start + length))
      },
      wasm_on_message_complete: (parser: number) => ownerOf(parser).onMessageComplete(),
    },
  })
  // What undici's build of llhttp exports; a test feeds it every kind of request.
  return exports as unknown as Exports
}

const llhttp = load()
const window = llhttp.malloc(windowBytes)

/** Names by llhttp's numbers. */
export const methodNames: readonly string[] = readMethods()

function readMethods(): string[] {
  const require = createRequire(import.meta.url)
  const { METHODS } = require("undici/lib/llhttp/constants.js") as {
    readonly METHODS: Readonly<Record<string, number>>
  }
  const names: string[] = []
  for (const [name, number] of Object.entries(METHODS)) names[number] = name
  return names
}

/** One parser in llhttp's memory. */
export function allocateParser(owner: Llhttp): number {
  const parser = llhttp.llhttp_alloc(requests)
  owners.set(parser, owner)
  return parser
}

export function freeParser(parser: number): void {
  owners.delete(parser)
  llhttp.llhttp_free(parser)
}

/**
 * Feeds bytes.
 *
 * @returns how many were taken when a callback paused the parser, all of them when none did, and
 * undefined when they are no HTTP.
 */
export function feed(parser: number, bytes: Buffer): number | undefined {
  for (let at = 0; at < bytes.length; at += windowBytes) {
    const length = Math.min(windowBytes, bytes.length - at)
    // Its memory may have grown, and then moved, since the last call.
    new Uint8Array(llhttp.memory.buffer, window, length).set(bytes.subarray(at, at + length))
    fed = bytes
    fedFrom = at
    const code = llhttp.llhttp_execute(parser, window, length)
    if (code === ok) continue
    if (code !== pause) return undefined
    const taken = llhttp.llhttp_get_error_pos(parser) - window
    llhttp.llhttp_resume(parser)
    return at + taken
  }
  return bytes.length
}
